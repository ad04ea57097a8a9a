package app_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// proofStage is a World with one connection whose provider reports movements.
type proofStage struct {
	*apptest.World
	t    *testing.T
	ctx  context.Context
	conn inbox.Connection
	play *apptest.Provider
}

func newProofStage(t *testing.T) proofStage {
	t.Helper()
	w := apptest.New(t)
	s := proofStage{World: w, t: t, ctx: context.Background(), conn: w.NewConnection(t)}
	s.play = w.Provider(s.conn)
	return s
}

// reports puts a movement at the provider, reads it from there, and returns the arrival.
func (s proofStage) reports(m gateway.Payment, fee int64) inbox.Arrival {
	s.t.Helper()
	if m.State == "" {
		m.State = gateway.Succeeded
	}
	m = s.play.Put(apptest.WithFee(m, fee))
	s.poll()
	return s.arrival(inbox.ArrivalID(s.conn.ID, m.Kind, m.ID))
}

func (s proofStage) poll() {
	s.t.Helper()
	_, err := s.Refresh(s.ctx, s.Owner, s.conn.ID)
	apptest.OK(s.t, err)
}

func (s proofStage) arrival(id string) inbox.Arrival {
	s.t.Helper()
	ar, err := s.Store.Arrival(s.ctx, s.Company.ID, id)
	apptest.OK(s.t, err)
	return ar
}

func (s proofStage) evidence(subject string) inbox.Evidence {
	s.t.Helper()
	e, err := s.Evidence(s.ctx, s.Owner, subject)
	apptest.OK(s.t, err)
	return e
}

// integrated is a payout that is posted.
func (s proofStage) integrated(external string) inbox.Arrival {
	s.t.Helper()
	ar := s.reports(gateway.Payment{ID: external, Kind: gateway.KindPayout, Gross: apptest.EUR(5000)}, 0)
	got, err := s.Integrate(s.ctx, s.Owner, []string{ar.ID})
	apptest.OK(s.t, err)
	apptest.OK(s.t, got[0].Err)
	return s.arrival(ar.ID)
}

// paid is a payment of a customer that is posted, with a fee that is known.
func (s proofStage) paid(external string) inbox.Arrival {
	s.t.Helper()
	c := s.NewCustomer(s.t, "")
	ar := s.reports(gateway.Payment{ID: external, Kind: gateway.KindPayment, Gross: apptest.EUR(10_000), Payer: gateway.Payer{Name: "Jean Valjean", Email: "jean@exemple.fr"}}, 100)
	_, err := s.KeepAsCredit(s.ctx, s.Owner, ar.ID, c.ID)
	apptest.OK(s.t, err)
	got, err := s.Integrate(s.ctx, s.Owner, []string{ar.ID})
	apptest.OK(s.t, err)
	apptest.OK(s.t, got[0].Err)
	return s.arrival(ar.ID)
}

// held counts the payloads whose bytes are in the books.
func (s proofStage) held() (n int) {
	s.t.Helper()
	apptest.OK(s.t, s.Store.EvidenceAll(s.ctx, s.Company.ID, func(l app.EvidenceLine) error {
		if len(l.Sealed) > 0 {
			n++
		}
		return nil
	}))
	return n
}

func TestEachPayloadIsKeptOnce(t *testing.T) {
	s := newProofStage(t)
	m := gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, Gross: apptest.EUR(10_000)}
	ar := s.reports(m, -1)
	first := s.evidence(ar.ID)
	if len(first.Pieces) != 1 || first.Pieces[0].Hash != ar.EvidenceHash || first.Pieces[0].Source != inbox.ByRefresh || first.Pieces[0].Gateway != apptest.PlayGateway ||
		first.Pieces[0].GatewayVersion != "1" || first.Pieces[0].FirstSeen.IsZero() {
		t.Fatalf("%+v, the arrival rests on %s", first, ar.EvidenceHash)
	}
	// The same payload again, by another way in: one piece, one more sighting.
	d := s.play.Announce("evt_1", nil, []string{"pay_1"})
	apptest.OK(t, s.Webhook(s.ctx, s.Company.ID, s.conn.ID, d))
	s.WorkOnce(s.ctx)
	if e, now := s.evidence(ar.ID), s.arrival(ar.ID); len(e.Pieces) != 1 || len(now.Sightings) != 2 || now.Sightings[1].Delivery != ids.Derive(ids.Delivery, s.conn.ID, "evt_1") {
		t.Errorf("%d pieces, sightings %+v", len(e.Pieces), now.Sightings)
	}
	// The fee becomes known: another payload.
	now := s.reports(m, 150)
	if e := s.evidence(ar.ID); len(e.Pieces) != 2 || e.Pieces[0] != first.Pieces[0] || e.Pieces[1].Hash != now.EvidenceHash || now.EvidenceHash == ar.EvidenceHash {
		t.Errorf("%+v", e)
	}
	if n := s.held(); n != 3 { // and the webhook's
		t.Errorf("%d payloads are held", n)
	}
	x, err := s.OpenEvidence(s.ctx, s.Owner, ar.ID, ar.EvidenceHash)
	apptest.OK(t, err)
	if !bytes.Contains(x.Raw, []byte(`"id":"pay_1"`)) || inbox.HashOf(x.Raw) != ar.EvidenceHash || len(x.Raw) != x.Size {
		t.Errorf("opened %q", x.Raw)
	}
}

// A payload that tells of an earlier state than the one known, as a late answer does, is not what the arrival rests on.
func TestAnOutdatedPayloadIsNotKept(t *testing.T) {
	s := newProofStage(t)
	ar := s.reports(gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, Gross: apptest.EUR(10_000)}, 100)
	now := s.reports(gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, State: gateway.Pending, Gross: apptest.EUR(10_000)}, -1)
	if e := s.evidence(ar.ID); len(e.Pieces) != 1 || now.EvidenceHash != ar.EvidenceHash {
		t.Errorf("%+v, rests on %s", e, now.EvidenceHash)
	}
}

func TestAnEntryRestsOnItsPayload(t *testing.T) {
	s := newProofStage(t)
	ar := s.paid("pay_1")
	if ar.EntryEvidence == "" || ar.EntryEvidence != ar.EvidenceHash || ar.FeeEvidence != ar.EvidenceHash {
		t.Fatalf("rests on %q, %q, %q", ar.EntryEvidence, ar.FeeEvidence, ar.EvidenceHash)
	}
	// The provider says something else of it later: the entry still rests on what it was posted on.
	later := s.reports(gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, Gross: apptest.EUR(10_000)}, 130)
	if later.EvidenceHash == ar.EvidenceHash || later.EntryEvidence != ar.EntryEvidence {
		t.Errorf("rests on %q, %q", later.EntryEvidence, later.EvidenceHash)
	}
	_, err := s.Integrate(s.ctx, s.Owner, []string{ar.ID})
	apptest.OK(t, err)
	later = s.arrival(ar.ID)
	for seq, want := range map[int64]string{later.EntrySeq: ar.EntryEvidence, later.FeeEntrySeq: later.EvidenceHash} {
		subject, hash, err := s.EvidenceOfEntry(s.ctx, s.Actor(access.Auditor), seq)
		if err != nil || subject != ar.ID || hash != want {
			t.Errorf("entry %d rests on %s %s, %v", seq, subject, hash, err)
		}
	}
	if _, _, err := s.EvidenceOfEntry(s.ctx, s.Owner, 99); !fault.Has(err, fault.UnknownThing) {
		t.Errorf("an entry that is not there: %v", err)
	}
}

// A provider whose answer differs each time fills no disk: the first is kept, what entries rest on, and the latest.
func TestPayloadsOfOneArrivalAreBounded(t *testing.T) {
	s := newProofStage(t)
	n := 0
	s.play.Change(func(p *apptest.Provider) {
		p.Raw = func(m gateway.Payment) []byte { n++; return fmt.Appendf(nil, `{"id":%q,"n":%d}`, m.ID, n) }
	})
	first := s.paid("pay_1")
	for fee := range int64(40) {
		s.reports(gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, Gross: apptest.EUR(10_000)}, 200+fee)
	}
	last := s.arrival(first.ID)
	e := s.evidence(first.ID)
	if len(e.Pieces) != inbox.MaxPieces || e.LetGo != 41-inbox.MaxPieces || e.Pieces[0].Hash != first.EvidenceHash || e.Pieces[inbox.MaxPieces-1].Hash != last.EvidenceHash {
		t.Errorf("%d pieces, %d let go", len(e.Pieces), e.LetGo)
	}
	if n := s.held(); n != inbox.MaxPieces {
		t.Errorf("%d payloads are held", n)
	}
	// What tells nothing new does not push out what does.
	before := s.evidence(first.ID).Pieces
	for range 30 {
		s.reports(gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, Gross: apptest.EUR(10_000)}, 239)
	}
	if after := s.evidence(first.ID); fmt.Sprint(after.Pieces) != fmt.Sprint(before) || s.arrival(first.ID).EvidenceHash != last.EvidenceHash {
		t.Error("repetitions in other words pushed out what told something")
	}
	if r, err := s.VerifyEvidence(s.ctx, s.Owner); err != nil || r.Bad != 0 || r.Sound != inbox.MaxPieces {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWhatAnEntryRestsOnIsNeverLetGo(t *testing.T) {
	var e inbox.Evidence
	piece := func(n int) inbox.Piece { return inbox.Piece{Hash: fmt.Sprint(n)} }
	for n := range 40 {
		e.Keep(piece(n), true, "3", "17")
	}
	for _, hash := range []string{"0", "3", "17", "39", "38"} {
		if _, ok := e.Find(hash); !ok {
			t.Errorf("%s is gone", hash)
		}
	}
	if len(e.Pieces) != inbox.MaxPieces || e.LetGo != 40-inbox.MaxPieces {
		t.Errorf("%d pieces, %d let go", len(e.Pieces), e.LetGo)
	}
}

func TestWhoMayOpenEvidence(t *testing.T) {
	s := newProofStage(t)
	ar := s.paid("pay_1")
	for _, r := range []access.Role{access.Owner, access.Accountant, access.Auditor} {
		if _, err := s.OpenEvidence(s.ctx, s.Actor(r), ar.ID, ar.EvidenceHash); err != nil {
			t.Errorf("%s: %v", r, err)
		}
	}
	_, err := s.OpenEvidence(s.ctx, s.Actor(access.Sales), ar.ID, ar.EvidenceHash)
	apptest.Refused(t, err, fault.NotAllowed)
	// Each look is in the arrival's history; the refused one is not.
	done, err := s.Store.History(s.ctx, s.Company.ID, ar.ID)
	apptest.OK(t, err)
	var looked []string
	for _, e := range done {
		if e.Action == "evidence_opened" && e.Detail == ar.EvidenceHash {
			looked = append(looked, e.Actor)
		}
	}
	if strings.Join(looked, " ") != "Owner Accountant Auditor" {
		t.Errorf("looks on record: %v", looked)
	}
	// Another company does not find it, whichever way it asks.
	stranger := s.NewCompany(t)
	_, err = s.OpenEvidence(s.ctx, stranger, ar.ID, ar.EvidenceHash)
	apptest.Refused(t, err, fault.UnknownThing)
	for _, subject := range []string{"", "arr_", s.conn.ID, "../etc"} {
		_, err = s.OpenEvidence(s.ctx, s.Owner, subject, ar.EvidenceHash)
		apptest.Refused(t, err, fault.UnknownThing)
	}
	_, err = s.OpenEvidence(s.ctx, s.Owner, ar.ID, strings.Repeat("0", 64))
	apptest.Refused(t, err, fault.UnknownThing)
}

// payload reads what is kept of a payload, sealed.
func (s proofStage) payload(subject, hash string) inbox.Payload {
	s.t.Helper()
	p, err := s.Store.Payload(s.ctx, s.Company.ID, inbox.PayloadID(s.Company.ID, subject, hash))
	apptest.OK(s.t, err)
	return p
}

func (s proofStage) put(company string, p inbox.Payload) {
	s.t.Helper()
	apptest.OK(s.t, s.Books.Write(s.ctx, company, func(_ context.Context, tx *books.Tx) error {
		tx.Payloads.Put(p)
		return nil
	}))
}

// A sealed payload opens in its place only, and unaltered only.
func TestEvidenceThatWasTamperedWith(t *testing.T) {
	s := newProofStage(t)
	a, b := s.paid("pay_1"), s.integrated("po_1")
	if r, err := s.VerifyEvidence(s.ctx, s.Actor(access.Auditor)); err != nil || r != (app.EvidenceReport{Sound: 2}) {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err := s.VerifyEvidence(s.ctx, s.Actor(access.Sales))
	apptest.Refused(t, err, fault.NotAllowed)
	good := s.payload(a.ID, a.EvidenceHash)
	bad := func(name string, sealed []byte, what app.EvidenceFault) {
		t.Helper()
		p := good.Clone()
		p.Sealed = sealed
		s.put(s.Company.ID, p)
		_, err := s.OpenEvidence(s.ctx, s.Owner, a.ID, a.EvidenceHash)
		if !fault.Has(err, fault.EvidenceBroken) {
			t.Errorf("%s: %v", name, err)
		}
		r, err := s.VerifyEvidence(s.ctx, s.Owner)
		if err != nil || r.Sound != 1 || r.Bad != 1 || r.First == nil || *r.First != (app.BadEvidence{Subject: a.ID, Hash: a.EvidenceHash, What: what}) {
			t.Errorf("%s: %+v %+v, %v", name, r, r.First, err)
		}
	}
	flipped := bytes.Clone(good.Sealed)
	flipped[len(flipped)-1] ^= 1
	bad("a bit flipped", flipped, app.EvidenceAltered)
	bad("another arrival's", s.payload(b.ID, b.EvidenceHash).Sealed, app.EvidenceAltered)
	bad("cut", good.Sealed[:len(good.Sealed)/2], app.EvidenceAltered)
	bad("gone", nil, app.EvidenceMissing)
	// Sealed by this program, for this place, and yet other bytes: the hash tells.
	other, err := s.Sealer.Seal([]byte{1, 1, 0, 0, 255, 255}, s.Company.ID+"/"+a.ID+"/"+a.EvidenceHash)
	apptest.OK(t, err)
	bad("other bytes", other, app.EvidenceAltered)
	s.put(s.Company.ID, good)

	// Copied into another company with everything that leads to it: it does not open there.
	thief, file := s.NewCompany(t), s.evidence(a.ID)
	apptest.OK(t, s.Books.Write(s.ctx, thief.Company, func(_ context.Context, tx *books.Tx) error {
		tx.Evidence.Put(file)
		p := good.Clone()
		p.ID = inbox.PayloadID(thief.Company, a.ID, a.EvidenceHash)
		tx.Payloads.Put(p)
		return nil
	}))
	_, err = s.OpenEvidence(s.ctx, thief, a.ID, a.EvidenceHash)
	apptest.Refused(t, err, fault.EvidenceBroken)

	// The whole file of an arrival taken away: what the arrival rests on is missed.
	apptest.OK(t, s.Books.Write(s.ctx, s.Company.ID, func(_ context.Context, tx *books.Tx) error {
		tx.Evidence.Put(inbox.Evidence{ID: a.ID})
		return nil
	}))
	if r, err := s.VerifyEvidence(s.ctx, s.Owner); err != nil || r.Bad == 0 || r.First.What != app.EvidenceMissing {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWebhooksAreKeptAsTheyCame(t *testing.T) {
	s := newProofStage(t)
	s.reports(gateway.Payment{ID: "pay_1", Kind: gateway.KindPayment, Gross: apptest.EUR(10_000)}, 100)
	d := s.play.Announce("evt_1", nil, []string{"pay_1"})
	d.Headers = append(d.Headers, gateway.Header{Name: "Content-Type", Value: "application/json"}, gateway.Header{Name: "Authorization", Value: "Bearer telltale"},
		gateway.Header{Name: "X-Odd", Value: "a\r\nInjected: b"})
	for range 3 {
		apptest.OK(t, s.Webhook(s.ctx, s.Company.ID, s.conn.ID, d))
	}
	id := ids.Derive(ids.Delivery, s.conn.ID, "evt_1")
	e := s.evidence(id)
	if len(e.Pieces) != 1 {
		t.Fatalf("%+v", e)
	}
	x, err := s.OpenEvidence(s.ctx, s.Owner, id, e.Pieces[0].Hash)
	apptest.OK(t, err)
	want := "Signature: (" + fmt.Sprint(len("signed by "+s.play.Account)) + " bytes)\nContent-Type: application/json\nAuthorization: (15 bytes)\nX-Odd: a  Injected: b\n\n" + string(d.Body)
	if string(x.Raw) != want {
		t.Errorf("kept\n%s\nwant\n%s", x.Raw, want)
	}
}

func TestRetention(t *testing.T) {
	s := newProofStage(t)
	over, undecided := s.paid("pay_over"), s.reports(gateway.Payment{ID: "pay_open", Kind: gateway.KindPayment, Gross: apptest.EUR(700)}, 5)
	feeless := s.reports(gateway.Payment{ID: "pay_feeless", Kind: gateway.KindPayment, Gross: apptest.EUR(900)}, -1)
	_, err := s.KeepAsCredit(s.ctx, s.Owner, feeless.ID, s.NewCustomer(t, "").ID)
	apptest.OK(t, err)
	_, err = s.Integrate(s.ctx, s.Owner, []string{feeless.ID})
	apptest.OK(t, err)
	contested := s.paid("pay_contested")
	dispute := s.reports(gateway.Payment{ID: "dp_1", Kind: gateway.KindDispute, Gross: apptest.EUR(10_000), RelatedID: "pay_contested"}, 0)
	_, err = s.Integrate(s.ctx, s.Owner, []string{dispute.ID})
	apptest.OK(t, err)
	dismissed := s.reports(gateway.Payment{ID: "x_1", Kind: gateway.KindOther, Gross: apptest.EUR(100)}, 0)
	_, err = s.DismissArrival(s.ctx, s.Owner, dismissed.ID, "sans suite")
	apptest.OK(t, err)
	apptest.OK(t, s.Webhook(s.ctx, s.Company.ID, s.conn.ID, s.play.Announce("evt_1", nil, []string{"pay_over"})))
	s.WorkOnce(s.ctx)
	delivery := ids.Derive(ids.Delivery, s.conn.ID, "evt_1")

	erased := func(subject string) bool {
		t.Helper()
		p := s.evidence(subject).Pieces[0]
		kept := s.payload(subject, p.Hash)
		if p.ErasedAt.IsZero() != (len(kept.Sealed) > 0) || p.ErasedAt.IsZero() != kept.ErasedAt.IsZero() {
			t.Errorf("%s: the list says erased %v, %d bytes are there", subject, p.ErasedAt, len(kept.Sealed))
		}
		return !p.ErasedAt.IsZero()
	}
	all := map[string]string{"over": over.ID, "undecided": undecided.ID, "fee awaited": feeless.ID, "contested": contested.ID, "dispute": dispute.ID, "dismissed": dismissed.ID, "webhook": delivery}
	expect := func(when string, gone ...string) {
		t.Helper()
		if _, err := s.EraseExpired(s.ctx, s.Company.ID); err != nil {
			t.Fatal(err)
		}
		for name, subject := range all {
			if want := strings.Contains(" "+strings.Join(gone, ",")+",", name+","); erased(subject) != want {
				t.Errorf("%s: the evidence of %s: erased %v, want %v", when, name, !want, want)
			}
		}
	}
	expect("at once")
	s.Clock.Set(apptest.Epoch.AddDate(0, party.DefaultEvidenceMonths, -1))
	expect("a day before 48 months")
	s.Clock.Set(apptest.Epoch.AddDate(0, party.DefaultEvidenceMonths, 1))
	expect("after 48 months", "over", "dismissed", "webhook")

	// The hash and all that was read from it stay; the bytes are gone for good, even when the provider tells them again.
	_, err = s.OpenEvidence(s.ctx, s.Owner, over.ID, over.EvidenceHash)
	apptest.Refused(t, err, fault.EvidenceErased)
	if now := s.arrival(over.ID); now.EntryEvidence != over.EntryEvidence || now.PayerName != "Jean Valjean" {
		t.Errorf("%+v", now)
	}
	apptest.OK(t, s.Webhook(s.ctx, s.Company.ID, s.conn.ID, s.play.Announce("evt_2", nil, []string{"pay_over"})))
	s.WorkOnce(s.ctx)
	if !erased(over.ID) {
		t.Error("what was erased is kept again")
	}
	if r, err := s.VerifyEvidence(s.ctx, s.Owner); err != nil || r.Bad != 0 || r.Erased != 3 {
		t.Errorf("%+v, %v", r, err)
	}

	// The dispute is won: then there is nothing to wait for any more. A decision lets the rest go.
	won := s.reports(gateway.Payment{ID: "dp_1w", Kind: gateway.KindDisputeReversal, Gross: apptest.EUR(10_000), RelatedID: "dp_1"}, 0)
	got, err := s.Integrate(s.ctx, s.Owner, []string{won.ID})
	apptest.OK(t, err)
	apptest.OK(t, got[0].Err)
	expect("the dispute won", "over", "dismissed", "webhook", "contested", "dispute")
	_, err = s.DismissArrival(s.ctx, s.Owner, undecided.ID, "sans suite")
	apptest.OK(t, err)
	s.reports(gateway.Payment{ID: "pay_feeless", Kind: gateway.KindPayment, Gross: apptest.EUR(900)}, 7)
	_, err = s.Integrate(s.ctx, s.Owner, []string{feeless.ID})
	apptest.OK(t, err)
	expect("decided", "over", "dismissed", "webhook", "contested", "dispute", "undecided", "fee awaited")
	if e := s.evidence(feeless.ID); e.Pieces[0].Months != party.DefaultEvidenceMonths || len(e.Pieces) != 2 || !e.Pieces[1].ErasedAt.IsZero() {
		t.Errorf("%+v", e)
	}
}

func TestRetentionIsASetting(t *testing.T) {
	s := newProofStage(t)
	ar := s.integrated("po_1")
	c := s.Settings(t).Company
	for _, months := range []int{-1, 121} {
		c.EvidenceMonths = months
		_, err := s.UpdateCompany(s.ctx, s.Owner, c)
		apptest.Refused(t, err, fault.BadQuantity, "evidence_months")
	}
	c.EvidenceMonths = 1
	_, err := s.UpdateCompany(s.ctx, s.Owner, c)
	apptest.OK(t, err)
	s.Clock.Advance(32 * 24 * time.Hour)
	if n, err := s.EraseExpired(s.ctx, s.Company.ID); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if p := s.evidence(ar.ID).Pieces[0]; p.Months != 1 || !p.ErasedAt.Equal(s.Clock.Now()) {
		t.Errorf("%+v", p)
	}
	// More than one batch.
	for n := range 450 {
		s.play.Put(apptest.WithFee(gateway.Payment{ID: fmt.Sprintf("po_x%d", n), Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(100)}, 0))
	}
	s.poll()
	_, err = s.IntegrateReady(s.ctx, s.Owner)
	apptest.OK(t, err)
	s.Clock.Advance(32 * 24 * time.Hour)
	if n, err := s.EraseExpired(s.ctx, s.Company.ID); n != 450 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
}

// counting counts what is loaded, by kind.
type counting struct {
	books.Store
	loads map[books.Kind]int
}

func (c counting) Begin(ctx context.Context, company string) (books.Session, error) {
	s, err := c.Store.Begin(ctx, company)
	return countingSession{s, c.loads}, err
}

type countingSession struct {
	books.Session
	loads map[books.Kind]int
}

func (c countingSession) Load(ctx context.Context, k books.Kind, ids []string) ([]any, error) {
	c.loads[k] += len(ids)
	return c.Session.Load(ctx, k, ids)
}

// Posting ten thousand arrivals reads no evidence, and no payload is ever read by writing.
func TestIntegratingLoadsNoEvidence(t *testing.T) {
	s := newProofStage(t)
	const n = 10_000
	for i := range n {
		s.play.Put(apptest.WithFee(gateway.Payment{ID: fmt.Sprintf("po_%d", i), Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(100)}, 0))
	}
	loads := map[books.Kind]int{}
	s.Store.Store = counting{s.Store.Store, loads}
	s.poll()
	s.poll()
	clear(loads)
	got, err := s.IntegrateReady(s.ctx, s.Owner)
	if err != nil || len(got) != n {
		t.Fatalf("%d, %v", len(got), err)
	}
	if loads[books.Evidence] != 0 || loads[books.Payloads] != 0 || loads[books.Arrivals] != n {
		t.Errorf("loaded %v", loads)
	}
	s.play.Put(apptest.WithFee(gateway.Payment{ID: "po_0", Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(100)}, 0))
	s.poll()
	if loads[books.Payloads] != 0 {
		t.Errorf("%d payloads were loaded", loads[books.Payloads])
	}
}
