package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

type demoCmd struct {
	Invoices int    `help:"How many invoices the year has." default:"600"`
	Seed     uint64 `help:"The same seed, number and day make the same books." default:"1"`
	Until    string `help:"Day on which the books will be looked at. Default: today." placeholder:"YYYY-MM-DD"`
	IfEmpty  bool   `help:"Do nothing when there is a company already."`
}

// Help explains what is not on the one line.
func (demoCmd) Help() string {
	return `The company is fictional and its money is play money: the sandbox gateway, which lies beside acquit, plays the payment provider.
Its people log in with the password printed at the end. Run "acquit serve" with the same --data afterwards.`
}

// demoUser is who the demonstration's books belong to. The password is public: it opens play money only.
var demoUser = app.NewUser{ //nolint:gosec // public on purpose
	Email: "claire@demo.example", Name: "Claire Morel", Password: "acquit-demo-2026", Language: "fr",
}

func (c *demoCmd) Run(s *session) (err error) {
	clock := new(app.DemoClock)
	h, err := s.buildAt("http://localhost", true, clock.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if all, err := h.app.Views.Companies(s.ctx); err != nil {
		return err
	} else if c.IfEmpty && len(all) > 0 {
		return nil
	}
	until := h.app.Today()
	if c.Until != "" {
		if until, err = civil.Parse(c.Until); err != nil {
			return err
		}
	}
	// The demonstration tells the sandbox its story in process; the gateway's program takes it from the folder later.
	box := sandbox.New(sandbox.Options{Dir: h.host.StateDir("sandbox"), Log: s.log})
	company, err := h.app.SeedDemo(s.ctx, app.DemoOptions{Invoices: c.Invoices, Seed: c.Seed, Until: until, Clock: clock.Set, Progress: c.progress(s), Provider: box})
	if err := errors.Join(err, box.Close()); err != nil {
		return err
	}
	if err := c.letIn(s, h, company.ID); err != nil {
		return err
	}
	head, err := h.app.Views.Head(s.ctx, company.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: %d invoices, %d entries, chain head %s\n", company.Name, c.Invoices, head.Seq, head.Hash)
	fmt.Fprintf(s.out, "Log in as %s with the password %s\n", demoUser.Email, demoUser.Password)
	return nil
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
