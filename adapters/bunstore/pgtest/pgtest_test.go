package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// asVictim makes this test binary start a server, say where, and wait to be killed.
const asVictim = "PGTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(asVictim) != "" {
		beVictim()
	}
	os.Exit(m.Run())
}

func beVictim() {
	srv, err := Start(context.Background(), Options{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(srv.dir)
	select {}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func value[T any](t *testing.T, conn *pgx.Conn, query string, args ...any) T {
	t.Helper()
	var v T
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestDatabasesAreApart(t *testing.T) {
	one, two := connect(t, New(t)), connect(t, New(t))
	if _, err := one.Exec(t.Context(), "CREATE TABLE things (id bigint)"); err != nil {
		t.Fatal(err)
	}
	const count = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'things'"
	if n := value[int](t, one, count); n != 1 {
		t.Errorf("the table is there %d times", n)
	}
	if n := value[int](t, two, count); n != 0 {
		t.Error("the table of one database is seen in the other")
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	watch := connect(t, New(t))
	var name string
	t.Run("user", func(t *testing.T) {
		dsn := New(t)
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimPrefix(u.Path, "/")
		if n := value[int](t, watch, "SELECT count(*) FROM pg_database WHERE datname = $1", name); n != 1 {
			t.Fatalf("database %q is there %d times", name, n)
		}
		// Left open on purpose: a forgotten connection must not keep the database.
		if _, err := pgx.Connect(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
	})
	if n := value[int](t, watch, "SELECT count(*) FROM pg_database WHERE datname = $1", name); n != 0 {
		t.Errorf("database %q outlived its test", name)
	}
}

func TestDatabasesAreMadeInParallel(t *testing.T) {
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			conn := connect(t, New(t))
			if _, err := conn.Exec(t.Context(), "CREATE TABLE things (id bigint)"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRoleIsAsInProduction(t *testing.T) {
	conn := connect(t, New(t))
	if value[bool](t, conn, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") {
		t.Error("the role is a superuser: what needs one would pass here and fail in production")
	}
	if v := value[int](t, conn, "SELECT current_setting('server_version_num')::int / 10000"); v < minMajor {
		t.Errorf("the server is PostgreSQL %d", v)
	}
	if v := value[string](t, conn, "SELECT lower('ÉTÉ')"); v != "été" {
		t.Errorf("the server lowers ÉTÉ to %q", v)
	}
	if v := value[string](t, conn, "SELECT current_setting('fsync')"); v != "off" {
		t.Errorf("fsync is %s", v)
	}
}

func TestPasswordIsAsked(t *testing.T) {
	u, err := url.Parse(New(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []*url.Userinfo{url.UserPassword(role, "wrong"), url.User("postgres")} {
		u.User = user
		if conn, err := pgx.Connect(t.Context(), u.String()); err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("%s may log in without the password", user)
		}
	}
}

func TestDurableServer(t *testing.T) {
	parent, err := os.MkdirTemp("", "pgtest-") // t.TempDir is closed to the account that runs the server
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(parent) })
	if err := os.Chmod(parent, 0o755); err != nil {
		t.Fatal(err)
	}
	srv, err := Start(t.Context(), Options{Durable: true, Dir: parent, Settings: map[string]string{"work_mem": "7MB"}})
	if err != nil {
		t.Fatal(err)
	}
	dsn, _, err := srv.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, dsn)
	for name, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "work_mem": "7MB"} {
		if got := value[string](t, conn, "SELECT current_setting($1)", name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
	if filepath.Dir(srv.dir) != parent {
		t.Errorf("the cluster is in %s, not in %s", srv.dir, parent)
	}
	pid := serverPID(t, srv.dir)
	for range 2 {
		if err := srv.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if alive(pid) {
		t.Error("the server runs on after Stop")
	}
	if _, err := os.Stat(srv.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cluster's files are still there: %v", err)
	}
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	_, err := Start(t.Context(), Options{Settings: map[string]string{"shared_buffers": "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "shared_buffers"`) {
		t.Errorf("the error is %v", err)
	}
}

// TestKilledProgramLeavesNothing kills a program that has a server, with the signal that no program can handle.
func TestKilledProgramLeavesNothing(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(self)
	victim.Env = append(os.Environ(), asVictim+"=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	dir := strings.TrimSpace(line)
	if err != nil || !filepath.IsAbs(dir) {
		t.Fatalf("the program said %q, %v", line, err)
	}
	pid := serverPID(t, dir)
	if !alive(pid) {
		t.Fatal("the server does not run")
	}

	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // ends with the signal

	eventually(t, "the server ends", func() bool { return !alive(pid) })
	eventually(t, "the cluster's files are removed", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

// serverPID reads the number of the server's process from its lock file.
func serverPID(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// alive says whether there is a process with this number; the supervisor buries its server at once.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
