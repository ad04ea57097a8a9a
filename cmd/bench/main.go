// Command bench measures Acquit beside the machine's own limits, in the same run, and prints one table: for each goal
// what was measured, what bounds it, the ratio, and whether the goal is met (docs/performance.md says how to read it).
//
// Everything is real: the server on a loopback socket with its tokens and idempotency keys, a file of SQLite synced on
// each commit, a throw-away PostgreSQL with the durability of production. Client, server and database share the machine.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// options are the flags. Sizes default to what finishes in a few minutes on two cores.
type options struct {
	Only     []string      `help:"Sections to run: posting, integration, inbox, exports, lists. Default: all." placeholder:"SECTION"`
	Engine   []string      `help:"Engines: sqlite, postgres." default:"sqlite,postgres"`
	For      time.Duration `help:"How long each rate is measured." default:"3s"`
	Payments int           `help:"Payments integrated in one OK." default:"10000"`
	Lines    int           `help:"Lines of the large books." default:"1000000"`
	Invoices int           `help:"Invoices of the list." default:"100000"`
	Sustain  time.Duration `help:"How long webhooks come in at a fixed rate." default:"10s"`
	Rate     int           `help:"That rate, a second." default:"1000"`
	Dir      string        `help:"Folder on the disk to measure. Default: the system's temporary folder." placeholder:"DIR" type:"existingdir"`

	Child childCmd `cmd:"" hidden:"" help:"One export or verification in a process of its own, for its memory."`
	Run   runCmd   `cmd:"" default:"withargs" help:"Measure and print the table."`
}

type runCmd struct{}

// section is one group of measurements on one engine.
type section struct {
	name string
	run  func(*lab) error
}

var sections = []section{
	{"posting", posting}, {"integration", integration}, {"inbox", webhooks}, {"exports", exports}, {"lists", lists},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	k := kong.Parse(&o, kong.Name("bench"), kong.Description("Measures Acquit beside the machine's own limits."), kong.UsageOnError())
	k.BindTo(ctx, (*context.Context)(nil))
	k.FatalIfErrorf(k.Run(&o))
}

// Run measures each section on each engine.
func (runCmd) Run(ctx context.Context, o *options) error {
	for _, name := range o.Only {
		if !slices.ContainsFunc(sections, func(s section) bool { return s.name == name }) {
			return fmt.Errorf("there is no section %q", name)
		}
	}
	began := time.Now()
	out := &table{}
	for _, engine := range o.Engine {
		for _, s := range sections {
			if len(o.Only) > 0 && !slices.Contains(o.Only, s.name) {
				continue
			}
			if err := runSection(ctx, o, engine, s, out); err != nil {
				return fmt.Errorf("%s on %s: %w", s.name, engine, err)
			}
		}
	}
	fmt.Printf("%s, %d CPUs, %s. Client, server and database share them; only ratios of one run compare.\n\n", strings.Join(o.Engine, " and "), runtime.NumCPU(), runtime.Version())
	out.print(os.Stdout)
	fmt.Printf("\n%s in all.\n", time.Since(began).Round(time.Second))
	return nil
}

// runSection gives a section a database of its own.
func runSection(ctx context.Context, o *options, engine string, s section, out *table) (err error) {
	fmt.Fprintf(os.Stderr, "bench: %s on %s\n", s.name, engine)
	l, err := openLab(ctx, o, engine, out)
	if err != nil {
		return err
	}
	defer func() {
		if e := l.Close(); err == nil {
			err = e
		}
	}()
	return s.run(l)
}
