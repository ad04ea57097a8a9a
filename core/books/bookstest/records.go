package bookstest

import (
	"context"
	"fmt"
	"sort"
	"testing"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

func testRoundTrip(t *testing.T, store books.Store) {
	Found(t, store)
	f := &Filler{}
	for _, k := range books.Kinds() {
		id := "id " + k.String()
		for step, want := range []any{sample(k, f, id), sample(k, f, id), blank(k, id)} {
			fresh := step == 0 && k != books.Companies
			if err := write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(k, id, want, fresh)} }); err != nil {
				t.Fatalf("%s, step %d: %v", k, step, err)
			}
			key := id
			if k == books.Companies {
				key = Company
			}
			got := load(t, store, Company, k, key)
			if got == nil {
				t.Fatalf("%s, step %d: not there", k, step)
			}
			if d := Diff(want, got); d != "" {
				t.Errorf("%s, step %d: %s", k, step, d)
			}
		}
		if got := load(t, store, Company, k, "another"); got != nil {
			t.Errorf("%s: found what is not there: %v", k, got)
		}
	}
	// Not known to be new, and new all the same.
	want := sample(books.Feeds, f, "unseen")
	must(t, write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(books.Feeds, "unseen", want, false)} }))
	if d := Diff(want, load(t, store, Company, books.Feeds, "unseen")); d != "" {
		t.Error(d)
	}
}

func testSetup(t *testing.T, store books.Store) {
	f := &Filler{}
	company := sample(books.Companies, f, Company).(party.Company)
	settings := []any{sample(books.Accounts, f, "101"), sample(books.Journals, f, "JX"), sample(books.Years, f, "2031"),
		sample(books.VATCodes, f, "TX"), sample(books.Methods, f, "pm_x"), sample(books.Connections, f, "gw_x")}
	b := books.New(store, Clock())
	must(t, b.Create(ctx, company, settings...))
	want := books.NewSetup(append([]any{company}, settings...))
	s, err := store.Begin(ctx, Company)
	must(t, err)
	defer s.Rollback()
	if head := s.State().Head; head != ledger.Genesis(Company) {
		t.Errorf("the chain begins at %v", head)
	}
	got, err := s.Setup(ctx)
	must(t, err)
	for _, d := range []string{
		Diff(want.Company, got.Company), Diff(want.Chart.Accounts, got.Chart.Accounts), Diff(want.Chart.Journals, got.Chart.Journals),
		Diff(want.Chart.Years, got.Chart.Years), Diff(want.VATCodes, got.VATCodes), Diff(want.Methods, got.Methods),
		Diff(want.Connections, got.Connections),
	} {
		if d != "" {
			t.Error(d)
		}
	}
}

func testIsolation(t *testing.T, store books.Store) {
	Found(t, store, "co_other")
	f := &Filler{}
	for _, k := range books.Kinds() {
		if k == books.Companies {
			continue
		}
		mine, theirs := sample(k, f, "same"), sample(k, f, "same")
		must(t, write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(k, "same", mine, true)} }))
		if got := load(t, store, "co_other", k, "same"); got != nil {
			t.Errorf("%s of %s is found in co_other", k, Company)
		}
		must(t, write(t, store, "co_other", func(c *books.Changes) { c.Puts = []books.Put{put(k, "same", theirs, true)} }))
		if d := Diff(mine, load(t, store, Company, k, "same")); d != "" {
			t.Errorf("%s was changed from another company: %s", k, d)
		}
		if d := Diff(theirs, load(t, store, "co_other", k, "same")); d != "" {
			t.Error(d)
		}
	}
}

func testRollback(t *testing.T, store books.Store) {
	Found(t, store)
	f := &Filler{}
	before := sample(books.Customers, f, "cus_1")
	must(t, write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(books.Customers, "cus_1", before, true)} }))
	s, err := store.Begin(ctx, Company)
	must(t, err)
	state := s.State()
	c := &books.Changes{Company: Company, At: Clock()(), State: state, Puts: []books.Put{
		put(books.Customers, "cus_1", sample(books.Customers, f, "cus_1"), false),
		put(books.Customers, "cus_2", sample(books.Customers, f, "cus_2"), true),
		put(books.Sequences, "n", billing.Sequence{ID: "n", Last: 4}, true),
	}}
	stage(t, c, Sale("s1", "inv_1", 100))
	c.State.SetupVersion++
	must(t, s.Save(ctx, c))
	s.Rollback()
	s.Rollback()
	if err := s.Commit(ctx); err == nil {
		t.Error("a transaction was committed after it was rolled back")
	}
	if d := Diff(before, load(t, store, Company, books.Customers, "cus_1")); d != "" {
		t.Error(d)
	}
	for k, id := range map[books.Kind]string{books.Customers: "cus_2", books.Sequences: "n"} {
		if got := load(t, store, Company, k, id); got != nil {
			t.Errorf("%s was kept: %v", k, got)
		}
	}
	s, err = store.Begin(ctx, Company)
	must(t, err)
	defer s.Rollback()
	if s.State() != state {
		t.Errorf("state %v became %v", state, s.State())
	}
	_, err = s.Entry(ctx, 1)
	Expect(t, err, fault.UnknownThing)
}

func testNew(t *testing.T, store books.Store) {
	Found(t, store)
	f := &Filler{}
	for _, k := range books.Kinds() {
		if k == books.Companies {
			continue
		}
		first := sample(k, f, "one")
		must(t, write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(k, "one", first, true)} }))
		err := write(t, store, Company, func(c *books.Changes) {
			c.Puts = []books.Put{put(k, "two", sample(k, f, "two"), true), put(k, "one", sample(k, f, "one"), true)}
		})
		Expect(t, err, fault.AlreadyExists)
		want := fault.New(fault.Conflict, fault.AlreadyExists, "what", k.String(), "id", "one")
		if got := fault.All(err)[0]; Diff(*want, *got) != "" {
			t.Errorf("%s: %v", k, got)
		}
		if d := Diff(first, load(t, store, Company, k, "one")); d != "" {
			t.Errorf("%s was overwritten: %s", k, d)
		}
		if load(t, store, Company, k, "two") != nil {
			t.Errorf("%s: half of a refused transaction was kept", k)
		}
	}
}

func testUnique(t *testing.T, store books.Store) {
	Found(t, store, "co_other")
	arrival := func(id string) inbox.Arrival {
		return inbox.Arrival{ID: id, ConnectionID: "gw_1", Kind: gateway.KindPayment, ExternalID: "ch_1"}
	}
	for _, c := range []struct {
		kind          books.Kind
		first, second any
		elsewhere     bool // another company may have the same
	}{
		{books.Customers, party.Customer{ID: "a", Code: "C1"}, party.Customer{ID: "b", Code: "C1"}, true},
		{books.Methods, billing.PaymentMethod{ID: "a", Code: "CB"}, billing.PaymentMethod{ID: "b", Code: "CB"}, true},
		{books.Quotes, billing.Quote{ID: "a", Number: "DE2026-00001"}, billing.Quote{ID: "b", Number: "DE2026-00001"}, true},
		{books.Invoices, billing.Invoice{ID: "a", Number: "FA2026-00001"}, billing.Invoice{ID: "b", Number: "FA2026-00001"}, true},
		{books.Arrivals, arrival("a"), arrival("b"), true},
		{books.Exports, ledger.Export{ID: "a", Number: 1}, ledger.Export{ID: "b", Number: 1}, true},
		{books.Links, inbox.PayLink{ID: "a", Hash: "h"}, inbox.PayLink{ID: "b", Hash: "h"}, false},
	} {
		add := func(company, id string, v any) error {
			return write(t, store, company, func(x *books.Changes) { x.Puts = []books.Put{put(c.kind, id, v, true)} })
		}
		must(t, add(Company, "a", c.first))
		Expect(t, add(Company, "b", c.second), fault.AlreadyExists)
		if err := add("co_other", "a", c.first); (err == nil) != c.elsewhere {
			t.Errorf("%s in another company: %v", c.kind, err)
		}
		// The same in one transaction.
		err := write(t, store, "co_other", func(x *books.Changes) {
			x.Puts = []books.Put{put(c.kind, "c", rename(c.first, "c", "new"), true), put(c.kind, "d", rename(c.first, "d", "new"), true)}
		})
		Expect(t, err, fault.AlreadyExists)
	}
	// Documents without a number do not hinder each other.
	must(t, write(t, store, Company, func(x *books.Changes) {
		x.Puts = []books.Put{put(books.Invoices, "x", billing.Invoice{ID: "x"}, true), put(books.Invoices, "y", billing.Invoice{ID: "y"}, true)}
	}))
}

// rename gives a record another id and another unique key.
func rename(v any, id, key string) any {
	switch v := v.(type) {
	case party.Customer:
		v.ID, v.Code = id, key
		return v
	case billing.PaymentMethod:
		v.ID, v.Code = id, key
		return v
	case billing.Quote:
		v.ID, v.Number = id, key
		return v
	case billing.Invoice:
		v.ID, v.Number = id, key
		return v
	case inbox.Arrival:
		v.ID, v.ExternalID = id, key
		return v
	case ledger.Export:
		v.ID, v.Number = id, 77
		return v
	case inbox.PayLink:
		v.ID, v.Hash = id, key
		return v
	}
	panic("bookstest: nothing unique")
}

func testDeposits(t *testing.T, store books.Store) {
	Found(t, store)
	quote := func(first, second billing.Deposit) billing.Quote {
		first.ID, first.Position, second.ID, second.Position = "dep_1", 1, "dep_2", 2
		return billing.Quote{ID: "quo_1", Totals: billing.Totals{Gross: 1000}, Deposits: []billing.Deposit{first, second}}
	}
	online := func(s billing.DepositState) billing.Deposit {
		return billing.Deposit{State: s, Online: true, Amount: 100}
	}
	offline := billing.Deposit{State: billing.DepositRequested, Amount: 100}
	save := func(q billing.Quote) error {
		return write(t, store, Company, func(c *books.Changes) { c.Puts = []books.Put{put(books.Quotes, q.ID, q, false)} })
	}
	must(t, save(quote(online(billing.DepositRequested), offline)))
	err := save(quote(online(billing.DepositRequested), online(billing.DepositDraft)))
	Expect(t, err, fault.SecondOnlineDeposit)
	if p := fault.All(err)[0].Params; len(p) != 1 || p[0].Value != "1" {
		t.Errorf("the deposit in the way is %v", p)
	}
	for _, s := range []billing.DepositState{billing.DepositPaid, billing.DepositApplied} {
		Expect(t, save(quote(online(s), online(billing.DepositRequested))), fault.SecondOnlineDeposit)
	}
	// The place changes hands in one transaction, whichever is written first.
	must(t, save(quote(online(billing.DepositCancelled), online(billing.DepositRequested))))
	must(t, save(quote(online(billing.DepositRequested), online(billing.DepositRefunded))))
	must(t, save(quote(offline, online(billing.DepositRequested))))
	must(t, save(quote(online(billing.DepositDraft), offline)))
	// Deposits of other quotes have places of their own.
	other := quote(online(billing.DepositRequested), offline)
	other.ID, other.Deposits[0].ID, other.Deposits[1].ID = "quo_2", "dep_3", "dep_4"
	must(t, save(other))
}

func testAttempts(t *testing.T, store books.Store) {
	Found(t, store)
	attempt := func(id, document string, s inbox.AttemptState) books.Put {
		return put(books.Attempts, id, inbox.Attempt{ID: id, Document: inbox.InvoiceDocument, DocumentID: document, State: s, Amount: money.Of(100, money.EUR)}, false)
	}
	save := func(puts ...books.Put) error {
		return write(t, store, Company, func(c *books.Changes) { c.Puts = puts })
	}
	must(t, save(attempt("att_1", "inv_1", inbox.Created)))
	for _, s := range []inbox.AttemptState{inbox.Created, inbox.Opened, inbox.PendingPay} {
		Expect(t, save(attempt("att_2", "inv_1", s)), fault.PaymentInProgress)
	}
	must(t, save(attempt("att_2", "inv_2", inbox.Created)))
	must(t, save(attempt("att_3", "inv_1", inbox.Succeeded)))
	// The next one may begin in the transaction that ends the first.
	must(t, save(attempt("att_4", "inv_1", inbox.Opened), attempt("att_1", "inv_1", inbox.Expired)))
	Expect(t, save(attempt("att_1", "inv_1", inbox.Opened)), fault.PaymentInProgress)

	// Nobody without an e-mail address is asked to pay online.
	silent := party.Customer{ID: "cus_silent", Code: "SILENT", Name: "Muet"}
	must(t, save(put(books.Customers, silent.ID, silent, false)))
	of := func(p books.Put) books.Put {
		at := p.Value.(inbox.Attempt)
		at.CustomerID = silent.ID
		p.Value = at
		return p
	}
	err := save(of(attempt("att_5", "inv_5", inbox.Created)))
	Expect(t, err, fault.EmailMissing)
	if p := fault.All(err)[0].Params; len(p) != 1 || p[0].Value != silent.Name {
		t.Errorf("the customer without an address is %v", p)
	}
}

func testParts(t *testing.T, store books.Store) {
	Found(t, store)
	f := &Filler{}
	receipt := sample(books.Receipts, f, "rec_1").(inbox.Receipt)
	quote := sample(books.Quotes, f, "quo_1").(billing.Quote)
	save := func() {
		t.Helper()
		must(t, write(t, store, Company, func(c *books.Changes) {
			c.Puts = []books.Put{put(books.Receipts, "rec_1", receipt, false), put(books.Quotes, "quo_1", quote, false)}
		}))
		if d := Diff(receipt, load(t, store, Company, books.Receipts, "rec_1")); d != "" {
			t.Error(d)
		}
		if d := Diff(quote, load(t, store, Company, books.Quotes, "quo_1")); d != "" {
			t.Error(d)
		}
	}
	save()
	receipt.Allocations = append(receipt.Allocations, receipt.Allocations[0])
	quote.Deposits = append(quote.Deposits, billing.Deposit{ID: "dep_x", Position: 3})
	save()
	receipt.Allocations, quote.Deposits = receipt.Allocations[1:2], quote.Deposits[1:2]
	save()
	receipt.Allocations, quote.Deposits = nil, nil
	save()
}

func testTexts(t *testing.T, store books.Store) {
	Found(t, store)
	for i, text := range []string{`\u0000`, `'); DELETE FROM customers; --`, `it''s`, `\'`, `?`, `?0 ?company_id`, `$1`, "\u2028", "\U0001f9fe", `"a":`, "%_", "$$"} {
		id := fmt.Sprintf("cus_%d", i)
		want := party.Customer{ID: id, Code: id, Name: text, Note: text}
		line := billing.Invoice{ID: id, Note: text, Lines: []billing.DocLine{{Description: text}}, Customer: want}
		must(t, write(t, store, Company, func(c *books.Changes) {
			c.Puts = []books.Put{put(books.Customers, id, want, true), put(books.Invoices, id, line, true)}
			c.Events = []inbox.Event{{ID: id, Ref: text, Detail: text}}
		}))
		if d := Diff(want, load(t, store, Company, books.Customers, id)); d != "" {
			t.Errorf("%q: %s", text, d)
		}
		if d := Diff(line, load(t, store, Company, books.Invoices, id)); d != "" {
			t.Errorf("%q: %s", text, d)
		}
		if load(t, store, Company, books.Customers, text) != nil {
			t.Errorf("%q finds a customer", text)
		}
	}
}

// testMany writes and loads more at once than fits into one statement.
func testMany(t *testing.T, store books.Store) {
	b := Found(t, store)
	const n = 3210
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("inv_%05d", i))
	}
	must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
		for i, id := range ids {
			tx.Invoices.Put(billing.Invoice{ID: id, Number: fmt.Sprintf("FA2026-%05d", i+1), Date: civil.Of(2026, 1, 1), Kind: billing.Standard})
			tx.Receipts.Put(inbox.Receipt{ID: "rec_" + id, Allocations: []inbox.Allocation{{DocumentID: id, Amount: 1}}})
			if _, err := tx.Post(ctx, Sale("s "+id, id, 100), "test"); err != nil {
				return err
			}
			tx.Log("test", "made", id, "")
		}
		return nil
	}))
	s, err := store.Begin(ctx, Company)
	must(t, err)
	defer s.Rollback()
	for _, k := range []books.Kind{books.Invoices, books.Receipts} {
		keys := append([]string{"absent"}, ids...)
		if k == books.Receipts {
			for i := range keys {
				keys[i] = "rec_" + keys[i]
			}
		}
		found, err := s.Load(ctx, k, keys)
		must(t, err)
		if len(found) != n {
			t.Errorf("loaded %d of %d %ss", len(found), n, k)
		}
	}
	lines, err := s.Lines(ctx, ids)
	must(t, err)
	if len(lines) != n {
		t.Errorf("%d lines of %d documents", len(lines), n)
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i].Seq < lines[j].Seq })
	for i, l := range lines {
		if l.Document != ids[i] || l.Seq != int64(i+1) {
			t.Fatalf("line %d is of %s in entry %d", i, l.Document, l.Seq)
		}
	}
	s.Rollback()
	verify(t, store, Company, n)
}
