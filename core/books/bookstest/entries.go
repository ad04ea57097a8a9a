package bookstest

import (
	"context"
	"testing"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// stage seals drafts behind the state of c without the checks of the core.
func stage(t *testing.T, c *books.Changes, drafts ...ledger.Draft) {
	t.Helper()
	for _, d := range drafts {
		e := ledger.Entry{Year: "2026", Journal: d.Journal, Date: d.Date, Piece: d.Piece, PieceDate: d.Date, Label: d.Label, Source: d.Source, Lines: d.Lines}
		e, c.State.Head = ledger.Seal(e, c.State.Head, c.State.Head.Seq+1, c.At, "test")
		c.Entries = append(c.Entries, e)
	}
}

// verify checks the whole chain and that it has so many entries.
func verify(t *testing.T, store books.Store, company string, entries int64) {
	t.Helper()
	s, err := store.Begin(ctx, company)
	must(t, err)
	defer s.Rollback()
	if s.State().Head.Seq != entries {
		t.Errorf("%d entries, want %d", s.State().Head.Seq, entries)
	}
	v := ledger.NewVerifier(company)
	for seq := int64(1); seq <= s.State().Head.Seq; seq++ {
		e, err := s.Entry(ctx, seq)
		must(t, err)
		if b := v.Next(&e); b != nil {
			t.Fatalf("the chain is broken: %+v", *b)
		}
	}
	if b := v.End(s.State().Head); b != nil {
		t.Fatalf("the chain's end: %+v", *b)
	}
}

func testEntries(t *testing.T, store books.Store) {
	b := Found(t, store)
	f := &Filler{}
	var posted []ledger.Entry
	for i, amount := range []int64{1, 120_000, money.Max} {
		d := Sale(f.Text()[:20]+"x", "inv_"+f.Text(), amount)
		d.Label, d.Piece = "Étiquette \\u0000 'é'", "PIÈCE/"+string(rune('A'+i))
		d.PieceDate, d.Reverses = civil.Of(2025, 12, 31), int64(i)
		d.Lines[0].Foreign, d.Lines[0].Label = money.Of(-amount, "KWD"), "l'étiquette"
		must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
			e, err := tx.Post(ctx, d, "usr_é")
			posted = append(posted, e)
			if err != nil {
				return err
			}
			again, err := tx.Entry(ctx, e.Seq)
			if d := Diff(e, again); d != "" {
				t.Errorf("as staged: %s", d)
			}
			return err
		}))
	}
	s, err := store.Begin(ctx, Company)
	must(t, err)
	defer s.Rollback()
	for _, want := range posted {
		got, err := s.Entry(ctx, want.Seq)
		must(t, err)
		if d := Diff(want, got); d != "" {
			t.Error(d)
		}
		if got.Digest() != got.Hash {
			t.Errorf("entry %d does not give its hash any more", got.Seq)
		}
	}
	for _, seq := range []int64{0, -1, 4} {
		_, err := s.Entry(ctx, seq)
		Expect(t, err, fault.UnknownThing)
	}
	if s.State().Head != (ledger.Head{Seq: 3, Hash: posted[2].Hash}) {
		t.Errorf("head %v", s.State().Head)
	}
}

func testMatching(t *testing.T, store books.Store) {
	b := Found(t, store)
	// in runs fn in a transaction and checks the codes of the document's lines on the customers' account, seen from
	// inside and then from the next transaction.
	in := func(fn func(context.Context, *books.Tx) error, want ...string) {
		t.Helper()
		check := func(ctx context.Context, tx *books.Tx) error {
			lines, err := tx.Lines(ctx, "inv_1")
			if err != nil {
				return err
			}
			var got []string
			for _, l := range lines {
				got = append(got, l.Code)
			}
			if d := Diff(want, got); d != "" {
				t.Errorf("codes: %s", d)
			}
			return nil
		}
		must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
			if err := fn(ctx, tx); err != nil {
				return err
			}
			return check(ctx, tx)
		}))
		must(t, b.Write(ctx, Company, check))
	}
	post := func(d ledger.Draft) func(context.Context, *books.Tx) error {
		return func(ctx context.Context, tx *books.Tx) error {
			_, err := tx.Post(ctx, d, "test")
			return err
		}
	}
	match := func(want bool) func(context.Context, *books.Tx) error {
		return func(ctx context.Context, tx *books.Tx) error {
			got, err := tx.Match(ctx, "inv_1", "411000")
			if got != want {
				t.Errorf("matched: %v, want %v", got, want)
			}
			return err
		}
	}
	unmatch := func(ctx context.Context, tx *books.Tx) error { return tx.Unmatch(ctx, "inv_1", "411000") }
	in(post(Sale("s1", "inv_1", 1000)), "")
	in(match(false), "")
	in(post(Payment("p1", "inv_1", 400, 10)), "", "")
	in(match(false), "", "")
	in(func(ctx context.Context, tx *books.Tx) error {
		if err := post(Payment("p2", "inv_1", 600, 10))(ctx, tx); err != nil {
			return err
		}
		return match(true)(ctx, tx)
	}, "AAA", "AAA", "AAA")
	in(match(false), "AAA", "AAA", "AAA")
	in(unmatch, "", "", "")
	in(match(true), "AAB", "AAB", "AAB")
	in(func(ctx context.Context, tx *books.Tx) error {
		if err := unmatch(ctx, tx); err != nil {
			return err
		}
		return match(true)(ctx, tx)
	}, "AAC", "AAC", "AAC")
	in(func(ctx context.Context, tx *books.Tx) error {
		if err := unmatch(ctx, tx); err != nil {
			return err
		}
		if err := match(true)(ctx, tx); err != nil {
			return err
		}
		return unmatch(ctx, tx)
	}, "", "", "")
	in(func(ctx context.Context, tx *books.Tx) error {
		for _, step := range []func(context.Context, *books.Tx) error{match(true), unmatch, match(true)} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}, "AAF", "AAF", "AAF")
	// What is matched already stays so; new lines get a code of their own.
	in(func(ctx context.Context, tx *books.Tx) error {
		for _, d := range []ledger.Draft{Sale("s2", "inv_1", 50), Payment("p3", "inv_1", 50, 1)} {
			if err := post(d)(ctx, tx); err != nil {
				return err
			}
		}
		return match(true)(ctx, tx)
	}, "AAF", "AAF", "AAF", "AAG", "AAG")
	// The database lets no line into two matchings.
	err := write(t, store, Company, func(c *books.Changes) {
		c.Matchings = []ledger.Matching{{Code: "ZZZ", At: c.At, Lines: []ledger.LineRef{{Seq: 1, N: 0}, {Seq: 2, N: 2}}}}
	})
	if err == nil {
		t.Error("a line was matched twice")
	}
	// Lines of no document and of other documents are not returned.
	s, err := store.Begin(ctx, Company)
	must(t, err)
	defer s.Rollback()
	for _, documents := range [][]string{{""}, {"inv_2"}, {"", "inv_2"}, {}} {
		lines, err := s.Lines(ctx, documents)
		if err != nil || len(lines) != 0 {
			t.Errorf("lines of %q: %v, %v", documents, lines, err)
		}
	}
}

func testEntryRules(t *testing.T, store books.Store) {
	b := Found(t, store)
	must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
		_, err := tx.Post(ctx, Sale("s1", "inv_1", 100), "test")
		return err
	}))
	post := func(change func(*ledger.Draft)) error {
		return write(t, store, Company, func(c *books.Changes) {
			good, d := Sale("good", "inv_2", 100), Sale("s2", "inv_3", 100)
			change(&d)
			stage(t, c, good, d)
		})
	}
	err := post(func(d *ledger.Draft) { d.Source = "s1" })
	Expect(t, err, fault.DuplicatePosting)
	if p := fault.All(err)[0].Params; len(p) != 1 || p[0].Value != "1" {
		t.Errorf("the entry posted before is %v", p)
	}
	Expect(t, post(func(d *ledger.Draft) { d.Lines[1].Credit = 99 }), fault.EntryUnbalanced)
	Expect(t, post(func(d *ledger.Draft) { d.Lines = d.Lines[:1] }), fault.EntryTooShort)
	Expect(t, post(func(d *ledger.Draft) { d.Lines = nil }), fault.EntryTooShort)
	Expect(t, post(func(d *ledger.Draft) { d.Lines[0].Debit, d.Lines[1].Credit = 0, 0 }), fault.LineEmpty)
	Expect(t, post(func(d *ledger.Draft) { d.Lines[0].Credit, d.Lines[1].Debit = 100, 100 }), fault.LineTwoSided)
	// A number or a place in the chain is taken once.
	if err := write(t, store, Company, func(c *books.Changes) {
		stage(t, c, Sale("s3", "inv_3", 100))
		c.Entries[0].Number = 1
	}); err == nil {
		t.Error("two entries have one number")
	}
	if err := write(t, store, Company, func(c *books.Changes) {
		c.State.Head = ledger.Genesis(Company)
		stage(t, c, Sale("s4", "inv_4", 100))
		c.Entries[0].Number = 9
	}); err == nil {
		t.Error("two entries have one place in the chain")
	}
	verify(t, store, Company, 1)
}

func testClosed(t *testing.T, store books.Store) {
	b := Found(t, store)
	closeUntil := func(d civil.Date) func(*books.Tx) {
		return func(tx *books.Tx) {
			c := tx.Setup().Company
			c.ClosedUntil = d
			tx.Set(c)
		}
	}
	must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
		// Posted while the period was open, which closes in the same transaction.
		if _, err := tx.Post(ctx, Sale("s1", "inv_1", 100), "test"); err != nil {
			return err
		}
		closeUntil(civil.Of(2026, 3, 1))(tx)
		_, err := tx.Post(ctx, Sale("s2", "inv_2", 100), "test")
		Expect(t, err, fault.PeriodClosed)
		return nil
	}))
	direct := func() error {
		return write(t, store, Company, func(c *books.Changes) { stage(t, c, Sale("s3", "inv_3", 100)) })
	}
	Expect(t, direct(), fault.PeriodClosed)
	must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
		closeUntil(civil.Of(2026, 2, 28))(tx)
		_, err := tx.Post(ctx, Sale("s4", "inv_4", 100), "test")
		return err
	}))
	must(t, direct())
	verify(t, store, Company, 3)
}

func testFrozen(t *testing.T, store books.Store) {
	Found(t, store)
	f := &Filler{}
	issued := sample(books.Invoices, f, "inv_1").(billing.Invoice)
	issued.Life = billing.Issued
	draft := sample(books.Invoices, f, "inv_2").(billing.Invoice)
	draft.Life = billing.Draft
	save := func(v billing.Invoice) error {
		return write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(books.Invoices, v.ID, v, false)} })
	}
	must(t, save(issued))
	must(t, save(draft))
	must(t, save(issued)) // as it was
	for name, change := range map[string]func(*billing.Invoice){
		"number":     func(v *billing.Invoice) { v.Number += "x" },
		"life":       func(v *billing.Invoice) { v.Life = billing.Draft },
		"date":       func(v *billing.Invoice) { v.Date = v.Date.AddDays(1) },
		"due date":   func(v *billing.Invoice) { v.DueDate = v.DueDate.AddDays(1) },
		"customer":   func(v *billing.Invoice) { v.Customer.Name += "x" },
		"total":      func(v *billing.Invoice) { v.Totals.Gross++ },
		"VAT":        func(v *billing.Invoice) { v.Totals.Rows[0].VAT++ },
		"line":       func(v *billing.Invoice) { v.Lines[1].Description += "x" },
		"deduction":  func(v *billing.Invoice) { v.Deductions[0].Gross++ },
		"entry":      func(v *billing.Invoice) { v.EntrySeq++ },
		"issued at":  func(v *billing.Invoice) { v.IssuedAt = v.IssuedAt.Add(1000) },
		"kind":       func(v *billing.Invoice) { v.Kind = billing.Credit },
		"on debits":  func(v *billing.Invoice) { v.OnDebits = !v.OnDebits },
		"one of its": func(v *billing.Invoice) { v.Note += "x" },
	} {
		v := issued.Clone()
		change(&v)
		err := save(v)
		if !fault.Has(err, fault.NotDraft) {
			t.Errorf("%s of an issued invoice changed: %v", name, err)
		}
		v = draft.Clone()
		change(&v)
		if err := save(v); err != nil {
			t.Errorf("%s of a draft cannot change: %v", name, err)
		}
		must(t, save(draft))
	}
	// What happens to it later is not frozen.
	later := issued.Clone()
	later.Paid, later.Credited, later.Dispute = 1, 2, 3
	later.VATMoved, later.VATCredited = map[string]int64{"S20": 4}, map[string]int64{"S20": 5}
	later.NetCredited = map[string]int64{"S20": 6}
	later.SentAt, later.PaidAt, later.UpdatedAt = later.SentAt.Add(1e9), later.PaidAt.Add(1e9), later.UpdatedAt.Add(1e9)
	later.UpdatedBy, later.MethodID, later.Version = "usr_2", "pm_2", later.Version+1
	must(t, save(later))
	if d := Diff(later, load(t, store, Company, books.Invoices, "inv_1")); d != "" {
		t.Error(d)
	}
}
