package app_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// old puts n payments a day apart, the last one ten days before the connection.
func (s *till) old(n int) {
	for i := range n {
		m := moved(fmt.Sprintf("old_%04d", i), gateway.KindPayment, 1000)
		m.OccurredAt = apptest.Epoch.Add(-time.Duration(10*24+n-i) * time.Hour)
		s.play.Put(m)
	}
}

func TestAConnectionIsReadFromNowOn(t *testing.T) {
	s := newTill(t)
	s.old(3)
	m := moved("yesterday", gateway.KindPayment, 1000)
	m.OccurredAt = apptest.Epoch.Add(-5 * time.Hour)
	s.play.Put(m)
	s.play.Put(moved("new", gateway.KindPayout, 1000))
	s.refresh()
	all := s.arrivals(app.ArrivalQuery{})
	if len(all) != 2 {
		t.Fatalf("%d arrivals, want the new one and that of the overlap", len(all))
	}
	for _, ar := range all {
		if want := map[string]inbox.State{"yesterday": inbox.Past, "new": inbox.Ready}[ar.ExternalID]; ar.State != want {
			t.Errorf("%s is %s", ar.ExternalID, ar.State)
		}
	}
	if n := len(s.arrivals(app.ArrivalQuery{ToDo: true})); n != 1 {
		t.Errorf("%d rows on the desk", n)
	}
}

// TestTheSecondOfTheConnection: what a provider tells in whole seconds is not older than a connection made within that second.
func TestTheSecondOfTheConnection(t *testing.T) {
	w := apptest.New(t)
	w.Clock.Advance(700 * time.Millisecond)
	s := &till{World: w, t: t, conn: w.NewConnection(t)}
	s.play = w.Provider(s.conn)
	for id, at := range map[string]time.Duration{"before": -time.Second, "same": 0} {
		m := moved(id, gateway.KindPayout, 1000)
		m.OccurredAt = apptest.Epoch.Add(at)
		s.play.Put(m)
	}
	s.refresh()
	for _, ar := range s.arrivals(app.ArrivalQuery{}) {
		if want := map[string]inbox.State{"before": inbox.Past, "same": inbox.Ready}[ar.ExternalID]; ar.State != want {
			t.Errorf("%s is %s", ar.ExternalID, ar.State)
		}
	}
	if n := len(s.arrivals(app.ArrivalQuery{})); n != 2 {
		t.Errorf("%d arrivals", n)
	}
}

func TestHistoryIsImportedInPieces(t *testing.T) {
	s := newTill(t)
	c := s.Settings(t).Company
	c.AutoIntegrate = true
	_, err := s.UpdateCompany(ctx, s.Owner, c)
	apptest.OK(t, err)
	const many = 2500 // more than one piece
	s.old(many)
	s.refresh()
	if n := len(s.arrivals(app.ArrivalQuery{})); n != 0 {
		t.Fatalf("%d arrivals before anybody asked", n)
	}
	for since, code := range map[string]fault.Code{"2027-01-01": fault.BadDate, "1990-01-01": fault.BadDate} {
		_, err := s.ImportHistory(ctx, s.Owner, s.conn.ID, day(since))
		apptest.Refused(t, err, code, "since")
	}
	_, err = s.ImportHistory(ctx, s.Actor(access.Sales), s.conn.ID, day("2026-01-01"))
	apptest.Refused(t, err, fault.NotAllowed)
	_, err = s.ImportHistory(ctx, s.Owner, s.conn.ID, day("2026-01-01"))
	apptest.OK(t, err)
	s.WorkOnce(ctx)
	h := s.feed().History
	if !h.Running() || h.Found == 0 || h.Found >= many || h.Reached.IsZero() {
		t.Errorf("after one piece: %+v", h)
	}
	// A new payment does not wait for what is left of it.
	s.play.Put(moved("new", gateway.KindPayout, 1000))
	s.WorkOnce(ctx)
	if n := len(s.arrivals(app.ArrivalQuery{Search: "new"})); n != 1 {
		t.Error("the new payment waits for history")
	}
	for range 10 {
		s.WorkOnce(ctx)
	}
	h = s.feed().History
	if h.Running() || h.Found < many || h.Problem != "" || s.feed().LastError != "" {
		t.Errorf("at the end: %+v", h)
	}
	home, err := s.Store.Home(ctx, s.Company.ID, s.Today())
	if err != nil || home.InReview+home.ToIntegrate != 0 {
		t.Errorf("history asks for attention: %+v, %v", home, err)
	}
	entries, err := s.Store.Entries(ctx, s.Company.ID, app.EntryQuery{})
	if err != nil || len(entries.Items) > 3 { // the invoice, the payout, its fee
		t.Errorf("history was posted: %d entries, %v", len(entries.Items), err)
	}
}

func TestHistoryOutOfTheProvidersReach(t *testing.T) {
	s := newTill(t)
	s.WorkOnce(ctx) // the day's proof is over
	_, err := s.ImportHistory(ctx, s.Owner, s.conn.ID, day("2020-01-01"))
	apptest.OK(t, err)
	n := 0
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if n++; call == "list_payments" && n == 2 { // the first is for what is new
				s.fails(gateway.ErrPermanent, gateway.NotDone, "too_old")
			}
		}
	})
	s.WorkOnce(ctx)
	if f := s.feed(); f.History.Running() || f.History.Problem != string(fault.GatewayRefused) || f.LastError != "" || s.connection().Status != inbox.Connected {
		t.Errorf("%+v", f)
	}
}

func TestWhatIsOldIsDismissedOrTakenUpTogether(t *testing.T) {
	s := newTill(t)
	s.old(5)
	payout := moved("old_payout", gateway.KindPayout, 3000)
	payout.OccurredAt = apptest.Epoch.Add(-9 * 24 * time.Hour)
	s.play.Put(payout)
	_, err := s.ImportHistory(ctx, s.Owner, s.conn.ID, day("2026-01-01"))
	apptest.OK(t, err)
	s.WorkOnce(ctx)
	past := app.Selection{Query: app.ArrivalQuery{States: []inbox.State{inbox.Past}, Kinds: []string{string(gateway.KindPayment)}}}
	_, err = s.DismissAll(ctx, s.Owner, past, " ")
	apptest.Refused(t, err, fault.ReasonNeeded, "reason")
	_, err = s.DismissAll(ctx, s.Actor(access.Auditor), past, "x")
	apptest.Refused(t, err, fault.NotAllowed)
	got, err := s.DismissAll(ctx, s.Owner, past, "saisis à la main en janvier")
	if err != nil || got != (app.Sorted{Done: 5}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = s.DismissAll(ctx, s.Owner, past, "encore"); err != nil || got.Done != 0 {
		t.Errorf("again: %+v, %v", got, err)
	}
	for _, ar := range s.arrivals(app.ArrivalQuery{States: []inbox.State{inbox.Dismissed}}) {
		if ar.Dismissal != "saisis à la main en janvier" || ar.DismissedBy != s.Owner.Name {
			t.Errorf("%+v", ar.Arrival)
		}
	}
	// One of them after all, and the payout: they come to the desk like anything else.
	one := s.arrivals(app.ArrivalQuery{States: []inbox.State{inbox.Dismissed}})[0]
	back, err := s.RestoreArrival(ctx, s.Owner, one.ID)
	if err != nil || back.State != inbox.Past {
		t.Errorf("%+v, %v", back, err)
	}
	got, err = s.TakeUpAll(ctx, s.Owner, app.Selection{Query: app.ArrivalQuery{States: []inbox.State{inbox.Past}}})
	if err != nil || got != (app.Sorted{Done: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
	if s.ok() != 1 {
		t.Error("the payout was not posted")
	}
	if left := s.arrivals(app.ArrivalQuery{ToDo: true}); len(left) != 1 || !left[0].Has(inbox.Unmatched) {
		t.Errorf("%+v", left)
	}
	// A fresh snapshot does not send it back.
	m := moved(one.ExternalID, gateway.KindPayment, 1000)
	m.OccurredAt = one.OccurredAt
	m.PayoutID = "po_1"
	s.play.Put(m)
	s.refresh()
	if left := s.arrivals(app.ArrivalQuery{ToDo: true}); len(left) != 1 {
		t.Errorf("%+v", left)
	}
}

func TestTwoReadersDoNotDouble(t *testing.T) {
	s := newTill(t)
	s.play.Put(moved("pay_1", gateway.KindPayout, 1000))
	second := app.PollResult{}
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if call == "list_payments" {
				apptest.OK(t, s.RefreshAll(ctx, s.Owner, "")) // somebody presses the button meanwhile
				var err error
				second, err = s.Refresh(ctx, s.Owner, s.conn.ID)
				apptest.OK(t, err)
			}
		}
	})
	if r := s.refresh(); r.Movements != 1 || r.Running {
		t.Errorf("%+v", r)
	}
	if second != (app.PollResult{Running: true}) || s.count("list_payments") != 1 {
		t.Errorf("%+v, read %d times", second, s.count("list_payments"))
	}
	f := s.feed()
	if f.Found != 1 || f.Reading(s.Clock.Now()) {
		t.Errorf("%+v", f)
	}
}

// TestASlowReaderKeepsItsList: a lease is renewed for as long as the gateway takes to answer.
func TestASlowReaderKeepsItsList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTill(t)
		s.play.Put(moved("pay_1", gateway.KindPayout, 1000))
		second, asked := app.PollResult{}, false
		s.play.Change(func(p *apptest.Provider) {
			p.Before = func(call string) {
				if call != "list_payments" || asked {
					return
				}
				asked = true
				tick := time.NewTicker(5 * time.Second) // of the bubble's clock: nobody waits
				defer tick.Stop()
				for range 12 {
					s.Clock.Advance(5 * time.Second)
					<-tick.C
				}
				var err error
				second, err = s.Refresh(ctx, s.Owner, s.conn.ID)
				apptest.OK(t, err)
			}
		})
		if r := s.refresh(); r.Movements != 1 {
			t.Errorf("%+v", r)
		}
		if second != (app.PollResult{Running: true}) || s.count("list_payments") != 1 {
			t.Errorf("%+v, read %d times", second, s.count("list_payments"))
		}
		if s.feed().Reading(s.Clock.Now()) {
			t.Error("the list is still taken")
		}
	})
}

// TestAReaderThatDiesIsSucceeded: the lease ends by itself.
func TestAReaderThatDiesIsSucceeded(t *testing.T) {
	s := newTill(t)
	s.play.Put(moved("pay_1", gateway.KindPayout, 1000))
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if call == "list_payments" {
				panic("killed")
			}
		}
	})
	func() {
		defer func() { _ = recover() }()
		s.refresh()
	}()
	s.play.Change(func(p *apptest.Provider) { p.Before = nil })
	if !s.feed().Reading(s.Clock.Now()) {
		t.Error("the dead reader left no lease: the test shows nothing")
	}
	s.Clock.Advance(3 * time.Minute)
	s.WorkOnce(ctx)
	if ar := s.only(); ar.ExternalID != "pay_1" {
		t.Errorf("%+v", ar)
	}
}

func TestRefreshAll(t *testing.T) {
	s := newTill(t)
	other := s.NewConnection(t)
	s.WorkOnce(ctx)
	s.play.Put(moved("pay_1", gateway.KindPayout, 1000))
	s.Provider(other).Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "503", "") })
	apptest.Refused(t, s.RefreshAll(ctx, s.Actor(access.Sales), ""), fault.NotAllowed)
	apptest.Refused(t, s.RefreshAll(ctx, s.Owner, "gw_none"), fault.UnknownThing)
	for range 2 {
		apptest.OK(t, s.RefreshAll(ctx, s.Owner, ""))
	}
	if f := s.feed(); !f.Reading(s.Clock.Now()) {
		t.Errorf("nothing says that it is being read: %+v", f)
	}
	s.WorkOnce(ctx)
	if f := s.feed(); f.Reading(s.Clock.Now()) || f.Found != 1 || !f.LastExchange.Equal(s.Clock.Now()) {
		t.Errorf("%+v", f)
	}
	if ar := s.only(); ar.Sightings[0].Source != inbox.ByRefresh {
		t.Errorf("seen by %s", ar.Sightings[0].Source)
	}
	f, err := s.Store.Feed(ctx, s.Company.ID, other.ID)
	if err != nil || f.LastError != string(fault.GatewayDown) || f.Reading(s.Clock.Now()) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestWebhookThatNobodyCouldReach(t *testing.T) {
	s := newTill(t)
	h, err := s.Hook(ctx, s.Owner, s.conn.ID)
	if err != nil || !h.Installer || !h.Reachable || h.URL != s.connection().WebhookURL {
		t.Errorf("%+v, %v", h, err)
	}
	live, err := s.Connect(ctx, s.Owner, apptest.PlayGateway, map[string]string{"key": "live_acme_1"})
	apptest.OK(t, err)
	s.BaseURL = "http://localhost:8080"
	_, err = s.InstallWebhook(ctx, s.Owner, live.ID)
	apptest.Refused(t, err, fault.WebhookUnreachable)
	if h, err = s.Hook(ctx, s.Owner, live.ID); err != nil || h.Reachable {
		t.Errorf("%+v, %v", h, err)
	}
	_, err = s.InstallWebhook(ctx, s.Actor(access.Sales), live.ID)
	apptest.Refused(t, err, fault.NotAllowed)
	s.fails(gateway.ErrPermanent, gateway.NotDone, "url_invalid")
	_, err = s.InstallWebhook(ctx, s.Owner, s.conn.ID)
	apptest.Refused(t, err, fault.GatewayRefused)
}

func TestReasonsInWords(t *testing.T) {
	s := newTill(t)
	known, err := s.Gateways.Known(ctx)
	apptest.OK(t, err)
	g := known[0]
	g.Info.Reasons = []gateway.Reason{{Code: "PENDING_REVIEW", Text: gateway.Text{"fr": "Le prestataire vérifie le paiement.", "en": "The provider checks the payment."}}}
	s.Gateways.Know(g)
	for code, want := range map[string]string{"PENDING_REVIEW": "Le prestataire vérifie le paiement.", "ODD": "ODD", "": ""} {
		if got := s.Reason(ctx, s.conn, code, "fr"); got != want {
			t.Errorf("%q is %q", code, got)
		}
	}
}
