package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/pluginhost"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

type demoCmd struct {
	Invoices int    `help:"How many invoices the year has." default:"600"`
	Seed     uint64 `help:"The same seed, number and day make the same books." default:"1"`
	Until    string `help:"Day on which the books will be looked at. Default: today." placeholder:"YYYY-MM-DD" xor:"day"`
	IfEmpty  bool   `help:"Do nothing when there is a company already."`

	Play       bool   `name:"gateways" help:"Connect Stripe and PayPal too, to simulators that \"acquit serve\" then runs." xor:"day"`
	Simulators string `help:"Where the simulator of Stripe listens on this machine; that of PayPal is one port further." default:"127.0.0.1:8090" placeholder:"HOST:PORT"`
	BaseURL    string `help:"Where \"acquit serve\" will listen: the simulators report there what happens. Elsewhere it is found all the same, at the next refresh." default:"http://127.0.0.1:8080" placeholder:"URL"`
}

// Help explains what is not on the one line.
func (demoCmd) Help() string {
	return `The company is fictional and its money is play money: the sandbox gateway, which lies beside acquit, plays the payment provider.
Its people log in with the password printed at the end. Run "acquit serve" with the same --data afterwards.

With --gateways it is paid through Stripe and PayPal too, in test mode: simulators of both, which keep their state below simulators/ in the data
directory and which "acquit serve" runs on loopback from then on. Their programs, beside acquit, are the real ones. On a simulator's own page
you play the rest of the world: banks, disputes, refunds, payouts. What they play happens now, so that it cannot be combined with --until.`
}

// demoUser is who the demonstration's books belong to. The password is public: it opens play money only.
var demoUser = app.NewUser{ //nolint:gosec // public on purpose
	Email: "claire@demo.example", Name: "Claire Morel", Password: "acquit-demo-2026", Language: "fr",
}

func (c *demoCmd) Run(s *session) (err error) {
	clock := new(app.DemoClock)
	base := "http://localhost"
	if c.Play {
		base = strings.TrimSuffix(c.BaseURL, "/")
	}
	h, err := s.buildAt(base, true, clock.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if all, err := h.app.Views.Companies(s.ctx); err != nil {
		return err
	} else if c.IfEmpty && len(all) > 0 {
		return nil
	}
	if !c.Play {
		_, err = c.seed(s, h, clock)
		return err
	}
	if err := s.needGateways("stripe", "paypal"); err != nil {
		return err
	}
	sims, err := s.openSimulators(c.Simulators, false) // who serves later delivers the webhooks
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sims.Close()) }()
	company, err := c.seed(s, h, clock)
	if err != nil {
		return err
	}
	clock.Set(time.Time{})
	if err := playGateways(s, h, sims, company); err != nil {
		return fmt.Errorf("what Stripe and PayPal play: %w", err)
	}
	sims.say(s)
	return nil
}

// needGateways sees to it that gateways' programs are there and may run, before anything is made.
func (s *session) needGateways(names ...string) error {
	found, err := s.findPlugins()
	if err != nil {
		return err
	}
	for _, name := range names {
		i := slices.IndexFunc(found, func(f pluginhost.Found) bool { return f.Name == name })
		switch {
		case i < 0:
			return fmt.Errorf("there is no program acquit-gateway-%s beside acquit: \"make build\" puts it there", name)
		case !found[i].Trusted():
			return fmt.Errorf("%s is not trusted: run \"acquit plugin trust %s\" with the same --data", found[i].Path, name)
		}
	}
	return nil
}

// seed makes the company and its year, and says so.
func (c *demoCmd) seed(s *session, h *house, clock *app.DemoClock) (company party.Company, err error) {
	until := h.app.Today()
	if c.Until != "" {
		if until, err = civil.Parse(c.Until); err != nil {
			return company, err
		}
	}
	// The demonstration tells the sandbox its story in process; the gateway's program takes it from the folder later.
	box := sandbox.New(sandbox.Options{Dir: h.host.StateDir("sandbox"), Log: s.log})
	company, err = h.app.SeedDemo(s.ctx, app.DemoOptions{Invoices: c.Invoices, Seed: c.Seed, Until: until, Clock: clock.Set, Progress: c.progress(s), Provider: box})
	if err := errors.Join(err, box.Close()); err != nil {
		return company, err
	}
	if err := c.letIn(s, h, company.ID); err != nil {
		return company, err
	}
	head, err := h.app.Views.Head(s.ctx, company.ID)
	if err != nil {
		return company, err
	}
	fmt.Fprintf(s.out, "%s: %d invoices, %d entries, chain head %s\n", company.Name, c.Invoices, head.Seq, head.Hash)
	fmt.Fprintf(s.out, "Log in as %s with the password %s\n", demoUser.Email, demoUser.Password)
	return company, nil
}

// letIn gives the demonstration's user a role; one installation may hold several demonstrations.
func (c *demoCmd) letIn(s *session, h *house, company string) error {
	some, err := h.app.HasUsers(s.ctx)
	if err != nil {
		return err
	}
	if !some {
		u, err := h.app.FirstUser(s.ctx, demoUser)
		if err != nil {
			return err
		}
		return h.app.Directory.SetMember(s.ctx, access.Member{UserID: u.ID, Company: company, Role: access.Owner})
	}
	u := demoUser
	u.Role = access.Owner
	_, err = h.app.AddUser(s.ctx, operator(company), u)
	return err
}

// progress says how far the story is, about once a second.
func (c *demoCmd) progress(s *session) func(done, total int) {
	var last time.Time
	return func(done, total int) {
		if now := time.Now(); now.Sub(last) >= time.Second || done == total {
			last = now
			fmt.Fprintf(s.out, "%d of %d invoices\n", done, total)
		}
	}
}
