package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/chromedp/chromedp/kb"
)

// TestE2EDemoGateways makes a demonstration with Stripe and PayPal by the command, pays through both in a browser, plays a
// bank on a simulator's console, and finds everything again after a restart.
func TestE2EDemoGateways(t *testing.T) {
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t: t, ctx: t.Context(), data: t.TempDir(), bin: bin}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	i.must(err)
	listen := free.Addr().String()
	i.must(free.Close())
	demo := []string{"demo", "--gateways", "--invoices", "80", "--simulators", "127.0.0.1:0", "--base-url", "http://" + listen}

	if code, _, errs := i.try(demo...); code != 1 || !strings.Contains(errs, "acquit plugin trust stripe") {
		t.Errorf("gateways that nobody trusts: %d, %s", code, errs)
	}
	for _, g := range []string{"sandbox", "stripe", "paypal"} {
		i.do("plugin", "trust", g)
	}
	if out := i.do(demo...); !strings.Contains(out, "Stripe's simulator is at http://127.0.0.1:") {
		t.Errorf("demo said %s", out)
	}
	if out := i.do(append(demo, "--if-empty")...); out != "" {
		t.Errorf("the second time it said %s", out)
	}
	if i.store, err = bunstore.Open(context.WithoutCancel(i.ctx), filepath.Join(i.data, "acquit.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.store.Close() })
	all, err := i.store.Companies(i.ctx)
	i.must(err)
	i.company = all[0].ID
	i.inTheDesk()
	links := i.twoInvoices()

	stop := i.serve("--listen", listen)
	at, err := readAddresses((&globals{Data: i.data}).simulators())
	i.must(err)
	for n, gateway := range []string{"Stripe", "PayPal"} {
		payer := i.stranger()
		payer.Open(i.base + links[n])
		payer.says("main", "Stripe", "PayPal")
		payer.Screenshot("pay-page", 1280)
		payer.Leave(func() { payer.Press("Payer " + []string{"1 234,00 €", "1 235,20 €"}[n] + " avec " + gateway) })
		payer.Leave(func() { payer.Click([]string{"button[value=card]", "button[value=pay]"}[n]) })
		payer.WaitText("h1", "C'est réglé, merci")
	}
	visitor := i.stranger()
	visitor.Open("http://" + at.Stripe + "/")
	visitor.Leave(func() { visitor.Press("La banque confirme") })
	visitor.says("main", "1234,00 €")
	visitor.Accessible()
	visitor.Screenshot("stripe", 1280)
	visitor.Screenshot("stripe", 390)
	i.until("the debit is known to have succeeded, by webhook", func() bool {
		return len(i.arrivals(app.ArrivalQuery{States: []inbox.State{inbox.Ready}, Search: "pi_"}, 92880)) == 1
	})
	visitor.Open("http://" + at.PayPal + "/")
	visitor.says("main", "PENDING_REVIEW")
	visitor.Accessible()
	visitor.Screenshot("paypal", 1280)
	p := i.demoClerk()
	p.menu("/inbox")
	p.says("#arrivals", "1 234,00 €", "1 235,20 €", "928,80 €")
	stop()

	if code, _, errs := i.tryWithPortTaken(at.Stripe, "serve", "--listen", "127.0.0.1:0"); code != 1 || !strings.Contains(errs, "simulator of Stripe") {
		t.Errorf("with its port taken serve ends with %d, %s", code, errs)
	}
	i.serve("--listen", listen)
	p = i.demoClerk()
	p.menu("/inbox")
	p.says("#arrivals", "1 234,00 €", "1 235,20 €", "928,80 €")
	p.press("OK : intégrer la sélection")
	p.says("main", "intégrées")
	visitor.Open("http://" + at.Stripe + "/")
	visitor.says("main", "1234,00 €")
	if out := i.do("verify"); !strings.Contains(out, "sound") || strings.Contains(out, "BROKEN") {
		t.Errorf("verify said %s", out)
	}
}

// inTheDesk checks that the story left something of each kind to look at, and that no money is unexplained.
func (i *installation) inTheDesk() {
	i.t.Helper()
	setup, err := books.New(i.store, nil).Setup(i.ctx, i.company)
	i.must(err)
	for _, c := range setup.Connections {
		if c.Gateway == "sandbox" {
			continue
		}
		if c.WebhookURL == "" || !c.On || c.Status != inbox.Connected {
			i.t.Errorf("%s is %s, on %v, its webhook at %q", c.Gateway, c.Status, c.On, c.WebhookURL)
		}
		have := map[string]int{}
		list, err := i.store.Arrivals(i.ctx, i.company, app.ArrivalQuery{Connection: c.ID, Paging: app.Paging{Limit: 100}})
		i.must(err)
		for _, r := range list.Items {
			have[fmt.Sprintf("%s %s", r.Kind, r.State)]++
		}
		for _, want := range []string{"payment integrated", "payment ready", "payment waiting", "payout integrated", "refund ready"} {
			if have[want] == 0 {
				i.t.Errorf("%s has no %s: %v", c.Gateway, want, have)
			}
		}
		if have["dispute ready"]+have["dispute waiting"] != 1 {
			i.t.Errorf("%s has no dispute: %v", c.Gateway, have)
		}
		proofs, err := i.store.Proofs(i.ctx, i.company, app.ProofQuery{Connection: c.ID, Complete: true, Paging: app.Paging{Limit: 1}})
		i.must(err)
		if len(proofs.Items) != 1 || len(proofs.Items[0].Findings) > 0 {
			i.t.Errorf("%s is not proven: %+v", c.Gateway, proofs.Items)
			continue
		}
		for _, b := range proofs.Items[0].Balances {
			if b.Unexplained != 0 || b.UnpaidRest != 0 || b.Account == "" {
				i.t.Errorf("%s in %s, account %q: %d unexplained, %d not paid out", c.Gateway, b.Currency, b.Account, b.Unexplained, b.UnpaidRest)
			}
		}
	}
}

// twoInvoices sends two invoices of 1,234.00 and 1,235.20 and returns the paths of their pay links.
func (i *installation) twoInvoices() (paths []string) {
	i.t.Helper()
	h := i.house()
	defer func() { i.must(h.Close()) }()
	u, err := h.app.Login(i.ctx, demoUser.Email, demoUser.Password)
	i.must(err)
	p := &play{ctx: i.ctx, app: h.app}
	p.who, err = h.app.As(i.ctx, u, i.company)
	i.must(err)
	p.cast()
	for _, price := range []string{"1028.3333", "1029.3333"} {
		link, err := h.app.PayURL(i.ctx, p.who, p.invoice("Lustre", price))
		i.must(err)
		paths = append(paths, link[strings.Index(link, "/p/"):])
	}
	i.must(p.err)
	return paths
}

func (i *installation) arrivals(q app.ArrivalQuery, cents int64) (out []app.ArrivalRow) {
	i.t.Helper()
	q.Limit = 100
	list, err := i.store.Arrivals(i.ctx, i.company, q)
	i.must(err)
	for _, r := range list.Items {
		if r.Gross.Equal(money.Of(cents, money.EUR)) {
			out = append(out, r)
		}
	}
	return out
}

// demoClerk is the demonstration's user, logged in.
func (i *installation) demoClerk() person {
	i.t.Helper()
	p := i.stranger()
	p.Open(i.base + "/login")
	p.FillLabel("Adresse e-mail", demoUser.Email)
	p.FillLabel("Mot de passe", demoUser.Password)
	p.Leave(func() { p.Key(kb.Enter) })
	return p
}

// tryWithPortTaken runs a command while something else listens where a simulator would.
func (i *installation) tryWithPortTaken(address string, args ...string) (code int, out, errs string) {
	i.t.Helper()
	ln, err := net.Listen("tcp", address)
	i.must(err)
	defer func() { i.must(ln.Close()) }()
	return i.try(args...)
}

// TestDemoGatewaysRefuses: what cannot be is said before anything is made.
func TestDemoGatewaysRefuses(t *testing.T) {
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for says, c := range map[string]struct {
		code int
		args []string
	}{
		"--until":                    {2, []string{"--until", "2026-06-15"}},
		"no address of this machine": {1, []string{"--simulators", "0.0.0.0:8090"}},
		"cannot listen on":           {1, []string{"--simulators", taken.Addr().String()}},
		"65535":                      {1, []string{"--simulators", "127.0.0.1:65535"}},
	} {
		i := &installation{t: t, ctx: t.Context(), data: t.TempDir(), bin: bin}
		for _, g := range []string{"stripe", "paypal"} {
			i.do("plugin", "trust", g)
		}
		if code, _, errs := i.try(append([]string{"demo", "--gateways"}, c.args...)...); code != c.code || !strings.Contains(errs, says) {
			t.Errorf("%v: %d, %s", c.args, code, errs)
		}
		h := i.house()
		if all, err := h.app.Views.Companies(i.ctx); err != nil || len(all) != 0 {
			t.Errorf("%v left %v, %v", c.args, all, err)
		}
		i.must(h.Close())
		if at, err := readAddresses((&globals{Data: i.data}).simulators()); err != nil || at != (addresses{}) {
			t.Errorf("%v left the addresses %v, %v", c.args, at, err)
		}
	}
}
