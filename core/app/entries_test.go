package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

func TestPostEntry(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	e := post(t, w, 1250)
	if e.Seq != 1 || e.Number != 1 || e.Year != "2026" || e.PostedBy != w.Owner.ID || !strings.HasPrefix(e.Source, "entry:") || e.Total() != 1250 {
		t.Errorf("%+v", e)
	}
	seen, err := w.Store.Entry(ctx, w.Company.ID, 1)
	if err != nil || seen.Hash != e.Hash {
		t.Errorf("%+v, %v", seen, err)
	}
	bad := entry(100)
	bad.Date = civil.Date{}
	_, err = w.PostEntry(ctx, w.Owner, bad)
	apptest.Refused(t, err, fault.Required, "date")
	bad = entry(100)
	bad.Lines[0].Debit, bad.Journal = 99, "XX"
	_, err = w.PostEntry(ctx, w.Owner, bad)
	apptest.Refused(t, err, fault.EntryUnbalanced, "lines")
	apptest.Refused(t, err, fault.UnknownJournal, "journal")
	_, err = w.PostEntry(ctx, w.Actor(access.Sales), entry(100))
	apptest.Refused(t, err, fault.NotAllowed)
	if head, _ := w.Store.Head(ctx, w.Company.ID); head.Seq != 1 {
		t.Errorf("refusals left %d entries", head.Seq)
	}
}

func TestPostEntryOnCustomers(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewCustomer(t, "")
	in := entry(100)
	in.Lines[1] = app.EntryLine{Account: "411000", Aux: "C0099", Credit: 100}
	_, err := w.PostEntry(ctx, w.Owner, in)
	apptest.Refused(t, err, fault.UnknownThing, "lines.1.aux")
	in.Lines[1].Aux = ""
	_, err = w.PostEntry(ctx, w.Owner, in)
	apptest.Refused(t, err, fault.AuxRequired, "lines.1.aux")
	in.Lines[1].Aux = strings.ToLower(c.Code)
	for range 2 { // the second time the code is remembered
		e, err := w.PostEntry(ctx, w.Owner, in)
		if err != nil || e.Lines[1].Aux != c.Code {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	in.Lines[1] = app.EntryLine{Account: "401000", Aux: "EDF", Credit: 100} // suppliers have no register
	_, err = w.PostEntry(ctx, w.Owner, in)
	apptest.OK(t, err)
	st, err := w.Statement(ctx, w.Owner, c.ID, civil.Date{}, civil.Date{})
	if err != nil || len(st.Lines) != 2 || st.After != -200 {
		t.Errorf("%+v, %v", st, err)
	}

	// A code that one company knows is not known to another.
	other := w.NewCompany(t)
	_, err = w.PostEntry(ctx, other, app.EntryInput{Journal: "OD", Date: in.Date, Piece: "P", Label: "L", Lines: []app.EntryLine{{Account: "512100", Debit: 1}, {Account: "411000", Aux: c.Code, Credit: 1}}})
	apptest.Refused(t, err, fault.UnknownThing, "lines.1.aux")
}

func TestPostEntryOnce(t *testing.T) {
	w := apptest.New(t)
	ctx := books.WithKey(context.Background(), "k1", "f1")
	e, err := w.PostEntry(ctx, w.Owner, entry(100))
	apptest.OK(t, err)
	_, err = w.PostEntry(ctx, w.Owner, entry(100))
	if made, again := app.Replayed(err); !again || made != "entry:1" || e.Seq != 1 {
		t.Errorf("sent again: %v", err)
	}
}

// TestPostingAtOnce: many at once leave no gap, no double and a sound chain.
func TestPostingAtOnce(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	numbers := map[int64]bool{}
	for range 200 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			e, err := w.PostEntry(ctx, w.Owner, entry(100))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			numbers[e.Number] = true
		}()
	}
	wg.Wait()
	for n := int64(1); n <= 200; n++ {
		if !numbers[n] {
			t.Fatalf("number %d is missing", n)
		}
	}
	if r, err := w.Verify(ctx, w.Owner, nil); err != nil || r.Err() != nil || r.Entries != 200 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestReverseEntry(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	e := post(t, w, 1250)
	r, err := w.ReverseEntry(ctx, w.Owner, e.Seq, civil.Date{}, " double saisie ")
	apptest.OK(t, err)
	if r.Reverses != e.Seq || r.Date != w.Today() || r.Label != "Contre-passation de l'écriture 1 : double saisie" || r.Lines[0].Credit != 1250 || w.Store.Total(w.Company.ID, "512") != 0 {
		t.Errorf("%+v", r)
	}
	_, err = w.ReverseEntry(ctx, w.Owner, e.Seq, civil.Date{}, "")
	apptest.Refused(t, err, fault.AlreadyReversed)
	_, err = w.ReverseEntry(ctx, w.Owner, r.Seq, civil.Date{}, "")
	apptest.Refused(t, err, fault.NotReversible)
	_, err = w.ReverseEntry(ctx, w.Owner, 99, civil.Date{}, "")
	apptest.Refused(t, err, fault.UnknownThing)
	_, err = w.ReverseEntry(ctx, w.Owner, e.Seq, civil.Date{}, strings.Repeat("x", 121))
	apptest.Refused(t, err, fault.TooLong, "reason")
	_, err = w.ReverseEntry(ctx, w.Actor(access.Auditor), e.Seq, civil.Date{}, "")
	apptest.Refused(t, err, fault.NotAllowed)

	// When today is closed the first open day is taken; a day that is asked for is not moved.
	e = post(t, w, 20)
	w.Clock.Advance(24 * 30 * 3600e9)
	apptest.OK(t, w.ClosePeriod(ctx, w.Owner, civil.MustParse("2026-06-30")))
	_, err = w.ReverseEntry(ctx, w.Owner, e.Seq, civil.MustParse("2026-06-30"), "")
	apptest.Refused(t, err, fault.PeriodClosed, "date")
	r, err = w.ReverseEntry(ctx, w.Owner, e.Seq, civil.MustParse("2026-07-01"), "")
	if err != nil || r.Date.String() != "2026-07-01" {
		t.Errorf("%+v, %v", r, err)
	}
}

// asked tells of questions to the views.
type asked struct {
	app.Views
	entry  chan struct{} // after an entry was read
	byCode int
}

func (a *asked) Entry(ctx context.Context, company string, seq int64) (app.EntryView, error) {
	v, err := a.Views.Entry(ctx, company, seq)
	if a.entry != nil {
		a.entry <- struct{}{}
	}
	return v, err
}

func (a *asked) CustomerByCode(ctx context.Context, company, code string) (party.Customer, error) {
	a.byCode++
	return a.Views.CustomerByCode(ctx, company, code)
}

// TestReverseEntryAtOnce: a second reversal that looked before the first was committed finds out when it posts.
func TestReverseEntryAtOnce(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	e := post(t, w, 10)
	views := &asked{Views: w.Views, entry: make(chan struct{}, 2)}
	w.Views = views
	other := make(chan error, 1)
	var once sync.Once
	w.Store.BeforeCommit = func(*books.Changes) error {
		once.Do(func() {
			<-views.entry // the first has looked
			go func() {
				_, err := w.ReverseEntry(ctx, w.Owner, e.Seq, civil.Date{}, "")
				other <- err
			}()
			<-views.entry // and so has the second
		})
		return nil
	}
	_, err := w.ReverseEntry(ctx, w.Owner, e.Seq, civil.Date{}, "")
	apptest.OK(t, err)
	apptest.Refused(t, <-other, fault.AlreadyReversed)
}

// TestCodesAreRemembered: the path that is measured asks for a customer's code once.
func TestCodesAreRemembered(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	views := &asked{Views: w.Views}
	w.Views = views
	in := entry(100)
	in.Lines[1] = app.EntryLine{Account: "411000", Aux: w.NewCustomer(t, "").Code, Credit: 100}
	for range 10 {
		_, err := w.PostEntry(ctx, w.Owner, in)
		apptest.OK(t, err)
	}
	if views.byCode != 1 {
		t.Errorf("the store was asked %d times", views.byCode)
	}
}

// TestDocumentsAreUndoneWhereTheyWereMade: an invoice's entry is no manual one.
func TestDocumentsAreUndoneWhereTheyWereMade(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	w.NewConnection(t)
	openPayPage(t, w)
	e, err := w.Store.Entry(ctx, w.Company.ID, 1)
	if err != nil || !strings.HasPrefix(e.Source, "invoice:") {
		t.Fatalf("%+v, %v", e, err)
	}
	_, err = w.ReverseEntry(ctx, w.Owner, 1, civil.Date{}, "")
	apptest.Refused(t, err, fault.NotReversible)
}

func BenchmarkPostEntry(b *testing.B) {
	w := apptest.New(b)
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		in := entry(100)
		for pb.Next() {
			if _, err := w.PostEntry(ctx, w.Owner, in); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
