package proofs

import (
	"context"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

var ctx = context.Background()

// scene is an installation in memory with the screens on it, and a gateway account with something to prove.
type scene struct {
	*apptest.World
	t     *testing.T
	house *screentest.House
	conn  inbox.Connection
	play  *apptest.Provider
	base  string
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.New(t)
	s := &scene{World: w, t: t, base: "/c/" + w.Company.ID}
	s.house = screentest.New(t, w.Company.ID, w.Company.Name, func(o *fiberweb.Options) { o.Now = w.Clock.Now })
	Mount(s.house.Server, w.App)
	s.conn = w.NewConnection(t)
	s.play = w.Provider(s.conn)
	return s
}

func (s *scene) put(id string, k gateway.Kind, cents, fee int64) gateway.Payment {
	return s.play.Put(apptest.WithFee(gateway.Payment{ID: id, Kind: k, State: gateway.Succeeded, Gross: apptest.EUR(cents), Payer: gateway.Payer{Name: "Jean Valjean"}}, fee))
}

// busy has movements in every state, a payout, and a movement that is not at the provider any more.
func (s *scene) busy() (payout string) {
	s.t.Helper()
	customer := s.NewCustomer(s.t, "")
	for _, p := range []struct {
		id         string
		cents, fee int64
	}{{"pay_a", 1_240_00, 18_40}, {"pay_b", 99_90, 1_70}, {"pay_c", 415_00, -1}, {"pay_lost", 60_00, 1_00}} {
		m := s.put(p.id, gateway.KindPayment, p.cents, p.fee)
		s.poll()
		_, err := s.KeepAsCredit(ctx, s.Owner, inbox.ArrivalID(s.conn.ID, m.Kind, m.ID), customer.ID)
		apptest.OK(s.t, err)
	}
	_, err := s.IntegrateReady(ctx, s.Owner)
	apptest.OK(s.t, err)
	po, _ := s.play.PayOut(money.EUR)
	s.put("pay_unknown", gateway.KindPayment, 75_00, 1_20)
	s.put("fee_month", gateway.KindFee, 12_00, 0)
	s.poll()
	s.Clock.Advance(9 * time.Hour)
	s.play.Slip(gateway.Payment{ID: "fee_slipped", Kind: gateway.KindFee, State: gateway.Succeeded, Gross: apptest.EUR(3_00), FeeState: gateway.FeeNone})
	return inbox.ArrivalID(s.conn.ID, po.Kind, po.ID)
}

func (s *scene) poll() {
	s.t.Helper()
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(s.t, err)
}

func TestOverviewAndOneCheck(t *testing.T) {
	s := newScene(t)
	me := s.house.As(t, access.Accountant)
	me.Get(s.base+"/proofs").Want(200, "Pas encore vérifiée")
	payout := s.busy()
	page := me.Send(s.base+"/proofs", s.base+"/proofs/now/"+s.conn.ID)
	last, err := s.Views.LastProofs(ctx, s.Company.ID)
	apptest.OK(t, err)
	if len(last) != 1 || last[0].State != inbox.ProofProven {
		t.Fatalf("%+v", last)
	}
	page.Goes(s.base + "/proofs/" + last[0].ID)
	me.Get(s.base+"/proofs/"+last[0].ID).Want(200, "Prouvé", "Solde du compte "+s.conn.GatewayAccount, "Écart non expliqué", "fee_slipped", "Manquait ici", "Arrivé, attend votre décision")
	me.Get(s.base+"/payouts/"+payout).Want(200, "au centime", "pay_a", "Par nature")
	s.house.As(t, access.Auditor).Get(s.base+"/proofs").Want(200, "Prouvé").Lacks("Vérifier maintenant")
	s.house.As(t, access.Sales).Send(s.base+"/proofs", s.base+"/proofs/now/"+s.conn.ID).Want(403)
}

func TestCSVOfAnExplanation(t *testing.T) {
	s := newScene(t)
	s.busy()
	evil := s.put("=HYPERLINK(1)", gateway.KindFee, 1_00, 0)
	s.poll()
	p, err := s.ProveNow(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	body := s.house.As(t, access.Auditor).Get(s.base + "/proofs/" + p.ID + "/csv").Body
	rest, bom := strings.CutPrefix(body, "\ufeff")
	r := csv.NewReader(strings.NewReader(rest))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || !bom || len(rows) < 8 {
		t.Fatalf("%v: %q", err, body)
	}
	seen := false
	for _, row := range rows {
		seen = seen || row[2] == "'"+evil.ID
		if strings.HasPrefix(row[2], "=") {
			t.Errorf("a formula: %q", row)
		}
	}
	if !seen {
		t.Errorf("the movement is not there: %q", rows)
	}
	if last := rows[1]; last[4] != "EUR" || !strings.Contains(last[5], ",") {
		t.Errorf("the balance of the books: %q", last)
	}
}

// TestTheScreensInABrowser looks at each page with something on it, on a desk and on a telephone.
func TestTheScreensInABrowser(t *testing.T) {
	s := newScene(t)
	payout := s.busy()
	good, err := s.ProveNow(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	s.play.Forget("pay_lost")
	s.Clock.Advance(25 * time.Hour)
	bad, err := s.ProveNow(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	if good.State != inbox.ProofProven || bad.State != inbox.ProofExplained {
		t.Fatalf("%s, then %s", good.State, bad.State)
	}
	host := s.house.Serve(t)
	p := browsertest.New(t)
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Accountant))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	for name, path := range map[string]string{"proofs": "/proofs", "proof": "/proofs/" + good.ID, "proof-explained": "/proofs/" + bad.ID, "payout": "/payouts/" + payout} {
		p.Open(host + s.base + path)
		p.Accessible()
		p.Screenshot(name, 1280)
		p.Screenshot(name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); wide > 1280 {
			t.Errorf("%s is %d wide", name, wide)
		}
	}
}
