package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// checked is a world with one gateway account whose proofs are looked at.
type checked struct {
	*apptest.World
	*rand.Rand
	t        *testing.T
	conn     inbox.Connection
	at       *apptest.Provider
	customer party.Customer
	n        int
	payments []gateway.Payment
}

func newChecked(t *testing.T, seed uint64) *checked {
	w := apptest.New(t)
	c := &checked{World: w, Rand: rand.New(rand.NewPCG(seed, 3)), t: t, conn: w.NewConnection(t), customer: w.NewCustomer(t, "")}
	c.at = w.Provider(c.conn)
	return c
}

func (c *checked) movement(k gateway.Kind, amount, fee int64) gateway.Payment {
	c.n++
	m := gateway.Payment{ID: fmt.Sprintf("%s_%d", k, c.n), Kind: k, State: gateway.Succeeded, Gross: money.Of(amount, money.EUR)}
	return apptest.WithFee(m, fee)
}

// pay has somebody pay, gets to know of it, and puts it on the customer's account so that it may be posted.
func (c *checked) pay(amount, fee int64) gateway.Payment {
	c.t.Helper()
	m := c.at.Put(c.movement(gateway.KindPayment, amount, fee))
	c.poll()
	_, err := c.KeepAsCredit(context.Background(), c.Owner, c.arrivalID(m), c.customer.ID)
	apptest.OK(c.t, err)
	return m
}

func (c *checked) arrivalID(m gateway.Payment) string {
	return inbox.ArrivalID(c.conn.ID, m.Kind, m.ID)
}

func (c *checked) poll() {
	c.t.Helper()
	_, err := c.Refresh(context.Background(), c.Owner, c.conn.ID)
	apptest.OK(c.t, err)
}

func (c *checked) integrate() {
	c.t.Helper()
	_, err := c.IntegrateReady(context.Background(), c.Owner)
	apptest.OK(c.t, err)
}

func (c *checked) prove() inbox.Proof {
	c.t.Helper()
	c.at.Change(func(p *apptest.Provider) { p.At = latest(p.At, c.Clock.Now()) })
	p, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID)
	apptest.OK(c.t, err)
	kept, err := c.Views.Proof(context.Background(), c.Company.ID, p.ID)
	apptest.OK(c.t, err)
	if kept.State != p.State || len(kept.Balances) != len(p.Balances) {
		c.t.Fatalf("kept as %+v, answered as %+v", kept, p)
	}
	return p
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// later lets time pass, at the provider too.
func (c *checked) later(d time.Duration) {
	c.Clock.Advance(d)
	c.at.Change(func(p *apptest.Provider) { p.At = latest(p.At, c.Clock.Now()) })
}

// euros is the proof in euros, and checks that it adds up.
func (c *checked) euros(p inbox.Proof) inbox.ProofBalance {
	c.t.Helper()
	if len(p.Balances) == 0 || p.Balances[0].Currency != money.EUR {
		c.t.Fatalf("no balance in euros: %+v", p)
	}
	for _, b := range p.Balances {
		sum := b.Books + b.Unexplained
		for _, l := range b.Lines {
			if l.Counted {
				sum += l.Amount
			}
		}
		if p.HasBalance && sum != b.Provider {
			c.t.Fatalf("%s does not add up: %+v", b.Currency, b)
		}
	}
	return p.Balances[0]
}

func (c *checked) want(p inbox.Proof, state inbox.ProofState) inbox.ProofBalance {
	c.t.Helper()
	b := c.euros(p)
	if p.State != state {
		c.t.Fatalf("%s, want %s: %+v", p.State, state, p)
	}
	return b
}

func found(p inbox.Proof, what inbox.FindingWhat) []string {
	var out []string
	for _, f := range p.Findings {
		if f.What == what {
			out = append(out, f.ExternalID)
		}
	}
	return out
}

func TestProofOfAnAccount(t *testing.T) {
	c := newChecked(t, 1)
	paid := c.pay(100_00, 3_00)
	b := c.want(c.prove(), inbox.ProofProven)
	if b.Books != 0 || b.Provider != 97_00 || b.Unpaid != 97_00 || b.Line(inbox.LineReady).Amount != 97_00 || b.Line(inbox.LineReady).Items[0].ArrivalID != c.arrivalID(paid) {
		t.Errorf("before OK: %+v", b)
	}
	c.integrate()
	if b = c.want(c.prove(), inbox.ProofProven); b.Books != 97_00 || b.Provider != 97_00 || b.Unpaid != 97_00 || len(b.Lines) != 0 {
		t.Errorf("after OK: %+v", b)
	}
	late := c.pay(50_00, -1)
	c.integrate()
	if b = c.want(c.prove(), inbox.ProofProven); b.Books != 147_00 || b.Line(inbox.LineFeeUnknown).Count != 1 {
		t.Errorf("a commission that is not known: %+v", b)
	}
	c.at.Put(apptest.WithFee(late, 2_00))
	if b = c.want(c.prove(), inbox.ProofProven); b.Line(inbox.LineFee).Amount != -2_00 || b.Provider != 145_00 {
		t.Errorf("a commission that waits: %+v", b)
	}
	c.integrate()
	if _, ok := c.at.PayOut(money.EUR); !ok {
		t.Fatal("nothing paid out")
	}
	if b = c.want(c.prove(), inbox.ProofProven); b.Unpaid != 0 || b.Provider != 0 || b.Books != 145_00 || b.Line(inbox.LineReady).Amount != -145_00 {
		t.Errorf("paid out: %+v", b)
	}
	c.integrate()
	if b = c.want(c.prove(), inbox.ProofProven); b.Unpaid != 0 || b.Books != 0 {
		t.Errorf("paid out and posted: %+v", b)
	}
	h, err := c.Views.Home(context.Background(), c.Company.ID, c.Today())
	apptest.OK(t, err)
	if h.Unproven != 0 {
		t.Errorf("%d connections ask for a look", h.Unproven)
	}
	c.later(3 * 24 * time.Hour)
	if h, _ = c.Views.Home(context.Background(), c.Company.ID, c.Today()); h.Unproven != 1 {
		t.Errorf("%d connections ask for a look after three days", h.Unproven)
	}
}

// Whatever happens at the provider and at the desk, the proof explains it to the cent.
func TestRandomMovementsAreProven(t *testing.T) {
	for seed := range uint64(12) {
		c := newChecked(t, seed)
		c.at.Change(func(p *apptest.Provider) { p.Quiet = seed%3 == 1; p.Mute = seed%6 == 5 })
		for range 120 {
			c.step()
		}
		p := c.prove()
		b := c.want(p, map[bool]inbox.ProofState{false: inbox.ProofProven, true: inbox.ProofListed}[seed%6 == 5])
		for _, b := range p.Balances {
			if b.Unexplained != 0 || b.UnpaidRest != 0 {
				t.Errorf("seed %d: %+v", seed, b)
			}
		}
		if len(p.Findings) != 0 || len(p.Payouts) != 0 || seed%6 != 5 && !p.HasItems {
			t.Errorf("seed %d: %+v", seed, p)
		}
		if seed%6 == 5 {
			continue
		}
		c.wrong(seed, b)
	}
}

// step is one thing that happens.
func (c *checked) step() {
	ctx := context.Background()
	amount := 1_00 + c.Int64N(10_000)
	switch c.IntN(14) {
	case 0, 1, 2:
		c.payments = append(c.payments, c.pay(amount, c.Int64N(100)))
	case 3:
		c.payments = append(c.payments, c.pay(amount, -1))
	case 4: // commissions become known
		for i, m := range c.payments {
			if m.FeeState == gateway.FeeUnknown && c.IntN(2) == 0 {
				c.payments[i] = c.at.Put(apptest.WithFee(m, c.Int64N(100)))
			}
		}
	case 5:
		if len(c.payments) > 0 {
			of := c.payments[c.IntN(len(c.payments))]
			r := c.movement(gateway.KindRefund, 1+c.Int64N(of.Gross.Minor()/3+1), 0)
			r.RelatedID = of.ID
			c.at.Put(r)
		}
	case 6:
		c.at.Put(c.movement(gateway.KindFee, 1+c.Int64N(200), 0))
	case 7:
		m := c.movement(gateway.KindAdjustment, 1+c.Int64N(200), 0)
		m.Gross = money.Of(-m.Gross.Minor(), money.EUR)
		c.at.Put(apptest.WithFee(m, 0))
	case 8:
		m := c.movement(gateway.KindPayment, amount, 0)
		m.Gross = money.Of(amount, "USD")
		c.at.Put(apptest.WithFee(m, 7))
	case 9:
		m := c.movement(gateway.KindPayment, amount, -1)
		m.State, m.Reason = gateway.Pending, "processing"
		c.at.Put(m)
	case 10:
		c.at.PayOut(money.EUR)
	case 11:
		c.poll()
		c.integrate()
	case 12:
		c.poll()
		page, err := c.Views.Arrivals(ctx, c.Company.ID, app.ArrivalQuery{States: []inbox.State{inbox.Review, inbox.Ready}, Paging: app.Paging{Limit: 200}})
		apptest.OK(c.t, err)
		if len(page.Items) > 0 {
			a := page.Items[c.IntN(len(page.Items))]
			if c.IntN(2) == 0 {
				_, err = c.DismissArrival(ctx, c.Owner, a.ID, "essai")
			} else {
				_, err = c.AcceptArrival(ctx, c.Owner, a.ID)
			}
			apptest.OK(c.t, err)
		}
	default:
		c.later(time.Duration(1+c.IntN(40)) * time.Hour)
		if p := c.prove(); c.IntN(2) == 0 && p.State != inbox.ProofProven && p.State != inbox.ProofListed {
			c.t.Fatalf("on the way: %+v", p)
		}
	}
}

// wrong does each thing that a proof is there for, and sees it named.
func (c *checked) wrong(seed uint64, before inbox.ProofBalance) {
	t := c.t
	c.later(time.Hour)

	lost := c.at.Slip(c.movement(gateway.KindFee, 1_23, 0))
	c.later(2 * inbox.ProofLateness)
	c.poll()
	if _, err := c.Views.Arrival(context.Background(), c.Company.ID, c.arrivalID(lost)); fault.KindOf(err) != fault.NotFound {
		t.Fatalf("seed %d: the movement is not lost: %v", seed, err)
	}
	p := c.prove()
	b := c.want(p, inbox.ProofProven)
	if got := found(p, inbox.FoundMissing); !slices.Equal(got, []string{lost.ID}) || b.Provider != before.Provider-1_23 {
		t.Errorf("seed %d: a lost movement: %+v", seed, p)
	}
	ar, err := c.Views.Arrival(context.Background(), c.Company.ID, c.arrivalID(lost))
	if err != nil || len(ar.Sightings) != 1 || ar.Sightings[0].Source != inbox.ByProof {
		t.Errorf("seed %d: taken in as %+v, %v", seed, ar.Sightings, err)
	}
	if p = c.prove(); len(found(p, inbox.FoundMissing)) != 0 {
		t.Errorf("seed %d: found twice: %+v", seed, p.Findings)
	}

	// One of ours that the provider does not have: the books are wrong by it once it is posted.
	twice := c.pay(77_00, 1_00)
	c.later(2 * inbox.ProofLateness)
	c.integrate()
	c.at.Forget(twice.ID)
	p = c.prove()
	b = c.want(p, inbox.ProofExplained)
	if got := found(p, inbox.FoundGone); !slices.Equal(got, []string{twice.ID}) || b.Line(inbox.LineGone).Amount != -76_00 || !b.Line(inbox.LineGone).Counted {
		t.Errorf("seed %d: a movement of ours alone: %+v", seed, p)
	}
	c.at.Put(twice)
	if p = c.prove(); len(p.Findings) != 0 {
		t.Errorf("seed %d: it came back: %+v", seed, p.Findings)
	}

	// The provider says another amount than the one that was posted.
	altered := c.pay(60_00, 1_00)
	c.integrate()
	c.at.Distort(altered.ID, func(m *gateway.Payment) { m.Gross = money.Of(55_00, money.EUR); *m = apptest.WithFee(*m, 1_00) })
	p = c.prove()
	b = c.want(p, inbox.ProofExplained)
	if got := found(p, inbox.FoundAltered); !slices.Equal(got, []string{altered.ID}) || p.Findings[0].Ours.Minor() != 60_00 || p.Findings[0].Amount.Minor() != 55_00 ||
		b.Line(inbox.LineAltered).Amount != -5_00 || b.Line(inbox.LineAltered).Items[0].ArrivalID != c.arrivalID(altered) {
		t.Errorf("seed %d: another amount: %+v", seed, p)
	}

	// An entry that nobody but the books knows of.
	e, err := c.PostEntry(context.Background(), c.Owner, app.EntryInput{Journal: "OD", Date: c.Today(), Piece: "X", Label: "Erreur", Lines: []app.EntryLine{
		{Account: c.conn.GatewayAccount, Debit: 13_37}, {Account: "471000", Credit: 13_37}}})
	apptest.OK(t, err)
	p = c.prove()
	if l := c.want(p, inbox.ProofExplained).Line(inbox.LineNewEntry); !l.Counted || l.Amount != -13_37 || l.Items[0].Seq != e.Seq {
		t.Errorf("seed %d: an entry by hand: %+v", seed, p)
	}
	c.later(25 * time.Hour)
	if l := c.want(c.prove(), inbox.ProofExplained).Line(inbox.LineEntry); !l.Counted || l.Items[0].Seq != e.Seq {
		t.Errorf("seed %d: the day after: %+v", seed, l)
	}
	_, err = c.ReverseEntry(context.Background(), c.Owner, e.Seq, civil.Date{}, "erreur")
	apptest.OK(t, err)
	if b = c.want(c.prove(), inbox.ProofExplained); b.Line(inbox.LineEntry).Counted || b.Unexplained != 0 {
		t.Errorf("seed %d: taken back: %+v", seed, b)
	}
}

// gateways.md, failure mode 21.
func TestMode21_PayoutDoesNotEqualTheSum(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	c.pay(50_00, 1_00)
	po, _ := c.at.PayOut(money.EUR)
	c.at.Distort(po.ID, func(m *gateway.Payment) { m.Gross = money.Of(140_00, money.EUR) }) // instead of 146
	c.poll()
	c.integrate()
	c.later(time.Hour)
	p := c.prove()
	b := c.want(p, inbox.ProofExplained)
	if len(p.Payouts) != 1 || p.Payouts[0].ExternalID != po.ID || p.Payouts[0].Difference() != 6_00 || p.Payouts[0].Items != 2 {
		t.Fatalf("the payout: %+v", p.Payouts)
	}
	if b.Books != 6_00 || b.Provider != 6_00 || b.Unpaid != 0 || b.UnpaidRest != 0 || b.Line(inbox.LinePayout).Amount != 6_00 {
		t.Errorf("the three numbers: %+v", b)
	}
	ar, err := c.Views.Arrival(context.Background(), c.Company.ID, c.arrivalID(po))
	if err != nil || ar.State != inbox.Integrated {
		t.Errorf("what reached the bank is posted all the same: %s, %v", ar.State, err)
	}
}

// gateways.md, failure mode 21: a payout that failed after it was paid comes back as a movement of its own.
func TestMode21_PayoutReversed(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	po, _ := c.at.PayOut(money.EUR)
	c.poll()
	c.integrate()
	back := c.movement(gateway.KindPayoutReversal, po.Gross.Minor(), 0)
	back.RelatedID = po.ID
	c.at.Put(back)
	if b := c.want(c.prove(), inbox.ProofProven); b.Provider != 97_00 || b.Unpaid != 97_00 || b.Books != 0 {
		t.Errorf("returned: %+v", b)
	}
	c.integrate()
	if b := c.want(c.prove(), inbox.ProofProven); b.Books != 97_00 {
		t.Errorf("returned and posted: %+v", b)
	}
}

// gateways.md, failure mode 22.
func TestMode22_MultiCurrencyPayout(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	usd := c.movement(gateway.KindPayment, 1, 0)
	usd.Gross = money.Of(40_00, "USD")
	usd = c.at.Put(apptest.WithFee(usd, 2_00))
	po, _ := c.at.PayOut(money.EUR)
	usd.PayoutID = po.ID
	c.at.Put(usd)
	c.later(time.Hour)
	p := c.prove()
	c.want(p, inbox.ProofExplained)
	if len(p.Payouts) != 1 || p.Payouts[0].Difference() != 0 || !slices.Equal(p.Payouts[0].Others, []money.Money{money.Of(38_00, "USD")}) {
		t.Fatalf("the payout: %+v", p.Payouts)
	}
	for _, b := range p.Balances {
		if b.Unexplained != 0 || b.UnpaidRest != 0 {
			t.Errorf("nothing is recomputed: %+v", b)
		}
	}
}

// gateways.md, failure mode 34: what happened during a stop longer than the provider keeps events is found in its list.
func TestMode34_LongStop(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	c.integrate()
	c.want(c.prove(), inbox.ProofProven)
	c.later(40 * 24 * time.Hour)
	slipped := c.at.Slip(c.movement(gateway.KindFee, 5_00, 0)) // no event, and no place in the list that was begun
	c.later(60 * 24 * time.Hour)
	p := c.prove() // it lies before the window: the balance tells
	if b := c.euros(p); p.State != inbox.ProofUnsettled || b.Unexplained != -5_00 {
		t.Fatalf("%+v", p)
	}
	p = c.prove() // so the whole list is read
	if b := c.want(p, inbox.ProofProven); !slices.Equal(found(p, inbox.FoundMissing), []string{slipped.ID}) || b.Line(inbox.LineReady).Amount != -5_00 {
		t.Errorf("%+v", p)
	}
}

func TestProofWithoutABalance(t *testing.T) {
	c := newChecked(t, 1)
	c.at.Change(func(p *apptest.Provider) { p.Mute = true })
	c.pay(100_00, 3_00)
	c.integrate()
	p := c.prove()
	if b := c.want(p, inbox.ProofListed); p.HasBalance || b.Books != 97_00 || b.Provider != 0 || b.Unexplained != 0 || b.Unpaid != 97_00 {
		t.Errorf("%+v", p)
	}
}

// A movement that the gateway describes wrongly is named, and the balance shows that it is missing.
func TestProofNamesWhatIsQuarantined(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	bad := c.movement(gateway.KindPayment, 20_00, 1_00)
	bad.Net = money.Of(15_00, money.EUR)
	bad = c.at.Put(bad)
	c.later(time.Hour)
	p := c.prove()
	if b := c.want(p, inbox.ProofExplained); !slices.Equal(found(p, inbox.FoundBad), []string{bad.ID}) || b.Unexplained != 15_00 {
		t.Errorf("%+v", p)
	}
	c.later(inbox.ProofLateness)
	c.want(c.prove(), inbox.ProofDifferent)
}

// A check that is cut off goes on from where it was; what it found so far is not lost, and the gateway is asked outside
// transactions (the doubles see to that).
func TestProofGoesOnAfterAFailure(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	c.integrate()
	c.WorkOnce(context.Background())
	calls := len(c.at.Calls())
	c.WorkOnce(context.Background())
	for _, call := range c.at.Calls()[calls:] {
		if call == "balance" {
			t.Error("checked again on the same day")
		}
	}
	lost := c.at.Slip(c.movement(gateway.KindFee, 1_23, 0))
	c.later(25 * time.Hour)
	c.poll()
	c.at.Change(func(p *apptest.Provider) {
		p.Break = func(call string) error {
			if call == "balance" {
				return gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "down", "")
			}
			return nil
		}
	})
	if _, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID); !fault.Has(err, fault.GatewayDown) {
		t.Fatalf("got %v", err)
	}
	run, err := c.Views.ProofRun(context.Background(), c.Company.ID, c.conn.ID)
	if err != nil || run.Step == "" || run.Failures != 1 || !slices.Equal(found(run.Part, inbox.FoundMissing), []string{lost.ID}) {
		t.Fatalf("the place: %+v, %v", run, err)
	}
	c.at.Change(func(p *apptest.Provider) { p.Break = nil })
	c.later(time.Minute)
	c.WorkOnce(context.Background())
	last, err := c.Views.LastProofs(context.Background(), c.Company.ID)
	if err != nil || len(last) != 1 || last[0].State != inbox.ProofProven || last[0].ID != run.Part.ID || !slices.Equal(found(last[0], inbox.FoundMissing), []string{lost.ID}) {
		t.Errorf("the end of it: %+v, %v", last, err)
	}
}

// One that fails again and again is given up, says why, and is tried anew later.
func TestProofIsGivenUp(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	c.at.Change(func(p *apptest.Provider) {
		p.Break = func(call string) error {
			if call == "balance" {
				return gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "down", "")
			}
			return nil
		}
	})
	for range 10 {
		if _, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID); err == nil {
			t.Fatal("no failure")
		}
	}
	last, err := c.Views.LastProofs(context.Background(), c.Company.ID)
	if err != nil || len(last) != 1 || last[0].State != inbox.ProofIncomplete || last[0].Problem != string(fault.GatewayDown) {
		t.Errorf("%+v, %v", last, err)
	}
}

// Money moves while the three numbers are read: that is no difference.
func TestProofWhileMoneyMoves(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	c.later(time.Hour)
	looks := 0
	c.at.Change(func(p *apptest.Provider) {
		p.Break = func(call string) error {
			if call == "balance" {
				if looks++; looks == 1 {
					p.PutLocked(c.movement(gateway.KindFee, 4_00, 0))
				}
			}
			return nil
		}
	})
	p, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID)
	apptest.OK(t, err)
	if b := c.want(p, inbox.ProofProven); looks != 2 || b.Provider != 93_00 || len(p.Findings) != 0 {
		t.Errorf("after %d looks: %+v", looks, p)
	}
}

func TestProofIsRefused(t *testing.T) {
	c := newChecked(t, 1)
	_, err := c.ProveNow(context.Background(), c.Actor("sales"), c.conn.ID)
	apptest.Refused(t, err, fault.NotAllowed)
	_, err = c.ProveNow(context.Background(), c.Owner, "gw_none")
	apptest.Refused(t, err, fault.UnknownThing)
	other := c.NewCompany(t)
	_, err = c.ProveNow(context.Background(), other, c.conn.ID)
	apptest.Refused(t, err, fault.UnknownThing)
}

// What was found is not lost by a crash just after it was taken in, when it is no longer missing.
func TestProofKilledAfterTakingIn(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	lost := c.at.Slip(c.movement(gateway.KindFee, 1_23, 0))
	c.later(2 * inbox.ProofLateness)
	c.poll()
	dead := false
	c.Store.BeforeCommit = func(ch *books.Changes) error {
		if dead {
			return errors.New("the program is gone")
		}
		dead = slices.ContainsFunc(ch.Puts, func(p books.Put) bool { return p.ID == c.arrivalID(lost) })
		return nil
	}
	if _, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID); err == nil || !dead {
		t.Fatalf("it went on: %v", err)
	}
	c.Store.BeforeCommit = nil
	if _, err := c.Views.Arrival(context.Background(), c.Company.ID, c.arrivalID(lost)); err != nil {
		t.Fatal(err)
	}
	p := c.prove()
	if c.want(p, inbox.ProofProven); !slices.Equal(found(p, inbox.FoundMissing), []string{lost.ID}) || p.Listed != 2 {
		t.Errorf("after the restart: %+v", p)
	}
}

// Several at once do one check's work: who finds another at it says so, and nothing is found or taken in twice.
func TestProofsAtOnce(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	c.integrate()
	lost := c.at.Slip(c.movement(gateway.KindFee, 1_23, 0))
	c.later(2 * inbox.ProofLateness)
	c.poll()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var done []inbox.Proof
	for range 8 {
		wg.Go(func() {
			p, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done = append(done, p)
			} else if !fault.Has(err, fault.Busy) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	kept, err := c.Views.Proofs(context.Background(), c.Company.ID, app.ProofQuery{Connection: c.conn.ID})
	apptest.OK(t, err)
	var missing []string
	for _, p := range kept.Items {
		c.want(p, inbox.ProofProven)
		missing = append(missing, found(p, inbox.FoundMissing)...)
	}
	if len(done) == 0 || len(kept.Items) != len(done) || !slices.Equal(missing, []string{lost.ID}) {
		t.Errorf("%d done, %d kept, %v missing", len(done), len(kept.Items), missing)
	}
}
