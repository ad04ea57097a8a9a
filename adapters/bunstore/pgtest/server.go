package pgtest

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed supervise.sh
var supervise string

// Options say what kind of server Start starts. The zero Options are those of tests.
type Options struct {
	// Durable keeps fsync, synchronous_commit and full_page_writes on, as in production, so that times mean something.
	Durable bool
	// Dir is the folder in which the cluster's own folder is made, which decides the disk that is measured; the account
	// that runs the server must be able to enter it. Empty: the system's temporary folder.
	Dir string
	// Settings are further server settings by their name in postgresql.conf; they win over those chosen here.
	Settings map[string]string
}

// Server is one running cluster.
type Server struct {
	// Bin is the folder of the server's programs; pgbench and psql lie there too.
	Bin string

	dir      string // the cluster's own folder, owned by the account that runs it
	port     int
	password string // of the role that owns the databases
	stdin    io.Closer
	process  *os.Process
	log      *logTail
	gone     chan struct{} // closed when the supervisor has ended
	count    atomic.Int64
}

// role owns every database that CreateDatabase makes.
const role = "acquit"

// Start makes a cluster and starts it on a free port of loopback. The caller stops it; should it die before that, the
// cluster goes with it. The error is ErrMissing, possibly wrapped, when PostgreSQL is not installed.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := findBin(systemPlaces())
	if err != nil {
		return nil, err
	}
	// Between choosing a port and binding it another program may take it; then another one is chosen.
	for tries := 1; ; tries++ {
		srv, err := start(ctx, bin, o)
		if err == nil {
			return srv, nil
		}
		if tries == 5 || !errors.Is(err, errPortTaken) {
			return nil, err
		}
	}
}

var errPortTaken = errors.New("the chosen port was taken meanwhile")

func start(ctx context.Context, bin string, o Options) (*Server, error) {
	account, err := serverAccount()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(o.Dir, "acquit-pg-")
	if err != nil {
		return nil, err
	}
	srv := &Server{Bin: bin, dir: dir, password: rand.Text(), log: newLogTail("database system is ready to accept connections"), gone: make(chan struct{})}
	if srv.port, err = freePort(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := srv.launch(account, o); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	select {
	case <-srv.log.ready:
	case <-srv.gone:
		if srv.log.contains("Address already in use") {
			return nil, errPortTaken
		}
		return nil, fmt.Errorf("PostgreSQL did not start:\n%s", srv.log)
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("PostgreSQL was not ready in time: %w\n%s", ctx.Err(), srv.log), srv.Stop())
	}
	if err := srv.admin(ctx, "CREATE ROLE "+role+" LOGIN PASSWORD '"+srv.password+"'"); err != nil {
		return nil, errors.Join(err, srv.Stop())
	}
	return srv, nil
}

// launch starts the supervisor, which makes the cluster and runs the server.
func (s *Server) launch(account *syscall.Credential, o Options) error {
	if account != nil {
		if err := os.Chown(s.dir, int(account.Uid), int(account.Gid)); err != nil {
			return err
		}
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervise, "supervise.sh", s.Bin, s.dir}, s.arguments(o)...)...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + s.dir}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.WaitDelay = 10 * time.Second
	// A session of its own: the terminal's ^C is for the tests, and the server goes when they are gone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: account}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting PostgreSQL in %s (can its account enter that folder?): %w", s.dir, err)
	}
	s.stdin, s.process = stdin, cmd.Process
	go func() {
		_ = cmd.Wait() // how it ended is in the log
		close(s.gone)
	}()
	return nil
}

// arguments are the server's command line.
func (s *Server) arguments(o Options) []string {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(s.port),
		"unix_socket_directories": s.dir,
		// Enough for packages that try out concurrency with many pools at once.
		"max_connections": "300",
		// Where the users are, and not UTC: times that go through the server's zone unawares are seen.
		"timezone": "Europe/Paris",
	}
	if !o.Durable {
		settings["fsync"] = "off"
		settings["synchronous_commit"] = "off"
		settings["full_page_writes"] = "off"
	}
	for name, value := range o.Settings {
		settings[name] = value
	}
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	slices.Sort(names)
	var args []string
	for _, name := range names {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// CreateDatabase makes an empty database and returns its connection string, and the function that drops it together
// with whatever is still connected to it.
func (s *Server) CreateDatabase(ctx context.Context) (dsn string, drop func(context.Context) error, err error) {
	name := fmt.Sprintf("acquit_%d", s.count.Add(1))
	if err := s.admin(ctx, "CREATE DATABASE "+name+" OWNER "+role); err != nil {
		return "", nil, err
	}
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, s.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/" + name, RawQuery: "sslmode=disable",
	}
	drop = func(ctx context.Context) error { return s.admin(ctx, "DROP DATABASE "+name+" WITH (FORCE)") }
	return u.String(), drop, nil
}

// admin runs one statement as superuser, who is reached by the socket in the cluster's folder only.
func (s *Server) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres", s.dir, s.port))
	if err != nil {
		return fmt.Errorf("%w\n%s", err, s.log)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", strings.Fields(statement)[0], err)
	}
	return nil
}

// Stop ends the server at once and removes its files. Databases and connections go with it. It may be called twice.
func (s *Server) Stop() error {
	_ = s.stdin.Close()
	select {
	case <-s.gone:
	case <-time.After(patience):
		// The supervisor leads its own process group, the server included.
		_ = syscall.Kill(-s.process.Pid, syscall.SIGKILL)
		<-s.gone
	}
	return os.RemoveAll(s.dir)
}

// serverAccount is who runs the server: nil for the present user, and another account where that is root, whom
// PostgreSQL refuses.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var missing error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			missing = err
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root and there is no account to run it as: %w", missing)
}

// freePort asks the system for a port of loopback that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}
