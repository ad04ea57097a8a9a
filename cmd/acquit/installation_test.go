package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/mail/smtptest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
	"github.com/rs/zerolog"
)

// patience bounds each wait of these tests. What is waited for comes in milliseconds; the rest is for busy machines.
const patience = time.Minute

// programs is a folder with the real programs, built once for the whole run.
var programs = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(scratch, "bin")
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "github.com/acquit-app/acquit/cmd/acquit",
		"github.com/acquit-app/acquit/cmd/acquit-gateway-sandbox", "github.com/acquit-app/acquit/cmd/acquit-gateway-stripe", "github.com/acquit-app/acquit/cmd/acquit-gateway-paypal")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

// scratch is a folder for what all tests share.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "acquit-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// installation is what an operator has: a data directory, a database, gateway programs, a mail server, and one company.
type installation struct {
	t        *testing.T
	ctx      context.Context
	data     string
	database string // as --database takes it; empty: the SQLite file in data
	bin      string
	smtp     *smtptest.Server
	store    *bunstore.Store // looks at the same books

	company  string
	who      access.Actor
	conn     inbox.Connection
	online   string // payment method ids
	transfer string
	base     string // address, while it serves
	level    string // of its log; empty: warn
	log      *lockedBuffer
}

const (
	clerk    = "claire@example.com"
	password = "correct horse battery"
)

// onEach runs a test on an installation of each database.
func onEach(t *testing.T, test func(*installation)) {
	engines(t, func(t *testing.T, database string) { test(install(t, database)) })
}

// install makes an installation with a company that can sell and be paid through the sandbox, as its set-up leaves it.
func install(t *testing.T, database string) *installation {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t: t, ctx: t.Context(), data: t.TempDir(), bin: bin, smtp: smtptest.New(t)}
	if strings.Contains(database, "://") {
		i.database = database
	} else {
		database = filepath.Join(i.data, "acquit.db")
	}
	i.do("plugin", "trust", "sandbox")
	i.found()
	if i.store, err = bunstore.Open(context.WithoutCancel(i.ctx), database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.store.Close() })
	return i
}

func (i *installation) must(err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}

// flags are what every command of this installation is given.
func (i *installation) flags() []string {
	f := []string{"--data", i.data, "--gateway-dir", i.bin, "--log-level", cmp.Or(i.level, "warn")}
	if i.database != "" {
		f = append(f, "--database", i.database)
	}
	return f
}

// do runs a command in process, which must succeed, and returns what it said.
func (i *installation) do(args ...string) string {
	i.t.Helper()
	code, out, errs := i.try(args...)
	if code != 0 {
		i.t.Fatalf("acquit %s: %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// try runs a command in process and returns its exit code, what it said, and what it complained of.
func (i *installation) try(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(i.ctx, append(args, i.flags()...), &o, &e)
	return code, o.String(), e.String()
}

// house opens the installation as a command does. Its gateway programs must not be running elsewhere.
func (i *installation) house() *house {
	i.t.Helper()
	s := &session{ctx: i.ctx, g: &globals{Data: i.data, Database: i.database, Gateways: i.bin}, out: io.Discard, log: zerolog.Nop(), now: time.Now}
	h, err := s.build("http://127.0.0.1:1", false)
	i.must(err)
	return h
}

func (i *installation) found() {
	i.t.Helper()
	h := i.house()
	defer func() { i.must(h.Close()) }()
	u, err := h.app.FirstUser(i.ctx, app.NewUser{Email: clerk, Name: "Claire Morel", Password: password, Language: "fr"})
	i.must(err)
	c, err := h.app.CreateCompany(i.ctx, app.NewCompany{Company: testCompany()}, u)
	i.must(err)
	i.company = c.ID
	i.who, err = h.app.As(i.ctx, u, c.ID)
	i.must(err)
	i.must(h.app.SetMail(i.ctx, i.who, party.MailServer{Kind: "smtp", Host: i.smtp.Host, Port: i.smtp.Port, Security: "none", From: "compta@example.com", FromName: "Atelier Test"}, ""))
	setup, err := h.app.Setup(i.ctx, i.who)
	i.must(err)
	for id, m := range setup.Methods {
		switch m.Code {
		case "CB":
			i.online = id
		case "VIR":
			i.transfer = id
		}
	}
	i.conn, err = h.app.Connect(i.ctx, i.who, "sandbox", map[string]string{"merchant_name": "Atelier Test", "fee": "standard", "payer_language": "fr"})
	i.must(err)
	i.conn, err = h.app.SwitchOn(i.ctx, i.who, i.conn.ID)
	i.must(err)
	i.must(h.app.FinishSetup(i.ctx, i.who))
}

// serve runs "acquit serve" in process until the test ends, or until the function returned is called.
func (i *installation) serve(args ...string) (stop func()) {
	i.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(i.ctx))
	said := newAnnouncement()
	complaints := &lockedBuffer{}
	i.log = complaints
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...), i.flags()...), said, complaints)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != 0 {
			i.t.Errorf("serve ended with %d\n%s", code, complaints.String())
		}
		if i.t.Failed() {
			i.t.Logf("the log of serve:\n%s", complaints.String())
		}
	})
	i.t.Cleanup(stop)
	select {
	case i.base = <-said.address:
	case code := <-ended:
		ended <- code
		i.t.Fatalf("serve ended at once with %d\n%s", code, complaints.String())
	case <-time.After(patience):
		i.t.Fatalf("serve does not say where it listens\n%s", complaints.String())
	}
	return stop
}

// console is the sandbox, while its program runs.
func (i *installation) console() *drive.Console {
	i.t.Helper()
	c, err := drive.In(filepath.Join(i.data, "gateways", "state", "sandbox"))
	i.must(err)
	return c
}

// customer makes a customer to whom online payment can be offered.
func testCustomer(name, email string) party.Customer {
	return party.Customer{Name: name, Kind: party.Business, SIREN: "552100554", Email: party.Email(email), Language: "fr", Active: true,
		Address: party.Address{Street: "1 rue du Port", PostalCode: "69001", City: "Lyon", Country: "FR"}}
}

// ledger is all that is posted, as text that an accountant can read: journal, piece and lines with account, customer, debit,
// credit and matching letter. Years in numbers are written YYYY and the sandbox's references are cut, so that the text is
// the same whenever the test runs.
func (i *installation) ledger() string {
	i.t.Helper()
	head, err := i.store.Head(i.ctx, i.company)
	i.must(err)
	var b strings.Builder
	for seq := int64(1); seq <= head.Seq; seq++ {
		e, err := i.store.Entry(i.ctx, i.company, seq)
		i.must(err)
		fmt.Fprintf(&b, "%s %s\n", e.Journal, drawn.ReplaceAllString(strings.ReplaceAll(e.Piece, fmt.Sprint(e.Date.Year()), "YYYY"), "${1}_…"))
		for n, l := range e.Lines {
			fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("  %-6s %-5s %9s %9s %s", l.Account, l.Aux, cents(l.Debit), cents(l.Credit), e.Letters[n]), " "))
		}
	}
	return b.String()
}

// drawn are references that the sandbox draws at random.
var drawn = regexp.MustCompile(`\b(pay|re|dp|po)_[a-z0-9]+`)

func cents(minor int64) string {
	if minor == 0 {
		return ""
	}
	return money.Of(minor, money.EUR).Plain()
}

// posted compares what is in the books with a text, spaces and line ends around its lines apart.
func (i *installation) posted(want string) {
	i.t.Helper()
	want = strings.TrimSpace(lineEnds.ReplaceAllString(want, "\n"))
	if got := strings.TrimSpace(i.ledger()); got != want {
		i.t.Errorf("the books hold\n%s\nwant\n%s", got, want)
	}
}

var lineEnds = regexp.MustCompile(` *\n`)

// until looks again and again until something is so.
func (i *installation) until(what string, ok func() bool) {
	i.t.Helper()
	waitUntil(i.t, what, ok)
}

func waitUntil(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// announcement is the output of serve; it tells the address that stands in it.
type announcement struct {
	lockedBuffer
	address chan string
	once    sync.Once
}

func newAnnouncement() *announcement { return &announcement{address: make(chan string, 1)} }

func (a *announcement) Write(p []byte) (int, error) {
	n, err := a.lockedBuffer.Write(p)
	if _, rest, ok := strings.Cut(a.String(), " is listening on "); ok {
		if address, _, whole := strings.Cut(rest, "\n"); whole {
			a.once.Do(func() { a.address <- address })
		}
	}
	return n, err
}

// lockedBuffer can be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
