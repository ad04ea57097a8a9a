package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/logmask"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"
)

// globals are the flags of every command.
type globals struct {
	Data      string `help:"Directory of everything that this installation keeps: database, keys, mails, gateways' state." default:"./data" env:"ACQUIT_DATA" type:"path" placeholder:"DIR"`
	Database  string `help:"PostgreSQL address (postgres://user@host/name), instead of the SQLite file in the data directory." env:"ACQUIT_DATABASE" placeholder:"URL"`
	KeyFile   string `help:"Key file that seals secrets. Keep it on another disk than the database in production." env:"ACQUIT_KEY_FILE" type:"path" placeholder:"FILE"`
	Gateways  string `name:"gateway-dir" help:"Directory with gateway programs (acquit-gateway-*), besides the one that acquit lies in." env:"ACQUIT_GATEWAYS" type:"path" placeholder:"DIR"`
	LogLevel  string `help:"What to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"ACQUIT_LOG_LEVEL"`
	LogFormat string `help:"How to log: text for people, json for machines." enum:"text,json" default:"text" env:"ACQUIT_LOG_FORMAT"`
}

type cli struct {
	globals
	Version kong.VersionFlag `help:"Print the version and exit."`

	Serve   serveCmd   `cmd:"" help:"Serve the screens, the pay pages, the webhooks and the JSON API."`
	Demo    demoCmd    `cmd:"" help:"Make a demonstration company with a year of business."`
	Migrate migrateCmd `cmd:"" help:"Bring the database's schema up to date."`
	Export  exportCmd  `cmd:"" help:"Write a fiscal year as FEC or CSV."`
	Verify  verifyCmd  `cmd:"" help:"Recompute the hash chain of a company's entries, and check the evidence kept."`
	User    userCmd    `cmd:"" help:"Create users and set passwords."`
	Plugin  pluginCmd  `cmd:"" help:"List gateway programs and say which to trust."`
	Key     keyCmd     `cmd:"" help:"Change the key that seals secrets."`
}

// session is what a command runs with.
type session struct {
	ctx context.Context
	g   *globals
	out io.Writer
	log zerolog.Logger
	now func() time.Time
}

// run is the program: it returns the exit code. 0 is well, 1 is "it could not be done", 2 is wrong usage, 3 is a broken
// chain found by verify.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("acquit"), kong.Description("Online payment of invoices and deposits, posted into double-entry books."),
		kong.Vars{"version": version}, kong.Writers(stdout, stderr), kong.Exit(func(code int) { exited = code }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(stderr, "acquit:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "acquit: %v\nTry \"acquit --help\", or \"acquit COMMAND --help\".\n", err)
		return 2
	}
	s := &session{ctx: ctx, g: &c.globals, out: stdout, log: newLogger(stderr, c.globals), now: time.Now}
	err = k.Run(s)
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return 130
	case len(fault.All(err)) > 0:
		fmt.Fprintln(stderr, "acquit:", i18n.Words{}.Fault("en", err))
	default:
		fmt.Fprintln(stderr, "acquit:", err)
	}
	return 1
}

// exitCode ends the program with a code after everything was said.
type exitCode int

func (exitCode) Error() string { return "" }

// newLogger makes the log of the whole program: use cases, screens, gateway programs. Everything in it is masked.
func newLogger(w io.Writer, g globals) zerolog.Logger {
	level, err := zerolog.ParseLevel(g.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel
	}
	if g.LogFormat == "text" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: "15:04:05", NoColor: w != os.Stderr}
	}
	return zerolog.New(logmask.Writer(w)).Level(level).With().Timestamp().Logger()
}

// database is where the books are.
func (g *globals) database() string {
	if g.Database != "" {
		return g.Database
	}
	return filepath.Join(g.Data, "acquit.db")
}

func (g *globals) keyFile() string {
	if g.KeyFile != "" {
		return g.KeyFile
	}
	return filepath.Join(g.Data, "secret.key")
}

func (g *globals) lockFile() string { return filepath.Join(g.Data, "plugins.lock") }
