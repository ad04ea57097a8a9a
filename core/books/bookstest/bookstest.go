// Package bookstest is the conformance suite of stores: what the pen relies on, checked on memory, SQLite and PostgreSQL
// alike.
package bookstest

import (
	"context"
	"testing"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
)

// Run checks a store. open returns an empty one, for one subtest.
func Run(t *testing.T, open func(t *testing.T) books.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, books.Store)
	}{
		{"companies that do not exist", testUnknownCompany},
		{"every kind of record comes back as it was put", testRoundTrip},
		{"settings load together", testSetup},
		{"records of another company are not found", testIsolation},
		{"entries come back as they were posted", testEntries},
		{"lines of documents and their matching", testMatching},
		{"what stands on an account, in two currencies", testStanding},
		{"what is rolled back leaves nothing", testRollback},
		{"new means new", testNew},
		{"unique keys", testUnique},
		{"one deposit of a quote is online", testDeposits},
		{"one payment in progress for a document", testAttempts},
		{"entries the core would not make", testEntryRules},
		{"closed periods", testClosed},
		{"issued invoices are frozen", testFrozen},
		{"allocations and deposits that go away", testParts},
		{"texts that databases dislike", testTexts},
		{"thousands of records at once", testMany},
		{"each command gets its own answer", testGroup},
		{"commands of a group see each other", testGroupSees},
		{"rows of a batch that fail alone", testTry},
		{"idempotency keys", testKeys},
		{"a command that panics", testPanic},
		{"a caller who leaves", testCancelled},
		{"a commit that fails", testCommitFails},
		{"numbers without gaps", testNumbers},
		{"two programs on one store", testTwoPrograms},
		{"settings that another program changes", testSetupElsewhere},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var ctx = context.Background()

// write runs a transaction that puts changes into the store without the core looking at them.
func write(t *testing.T, store books.Store, company string, change func(*books.Changes)) error {
	t.Helper()
	s, err := store.Begin(ctx, company)
	must(t, err)
	defer s.Rollback()
	c := &books.Changes{Company: company, At: Clock()(), State: s.State()}
	change(c)
	if err := s.Save(ctx, c); err != nil {
		return err
	}
	return s.Commit(ctx)
}

// put makes a Put of a record under its key.
func put(k books.Kind, id string, v any, fresh bool) books.Put {
	if k == books.Companies {
		id = Company
	}
	return books.Put{Ref: books.Ref{Kind: k, ID: id}, Value: v, New: fresh}
}

// load reads one record in a transaction of its own; nil when it is not there.
func load(t *testing.T, store books.Store, company string, k books.Kind, id string) any {
	t.Helper()
	s, err := store.Begin(ctx, company)
	must(t, err)
	defer s.Rollback()
	found, err := s.Load(ctx, k, []string{id})
	must(t, err)
	switch len(found) {
	case 0:
		return nil
	case 1:
		return found[0]
	}
	t.Fatalf("%d records %s %s", len(found), k, id)
	return nil
}

func testUnknownCompany(t *testing.T, store books.Store) {
	_, err := store.Begin(ctx, "co_none")
	Expect(t, err, fault.UnknownThing)
	_, err = store.SetupVersion(ctx, "co_none")
	Expect(t, err, fault.UnknownThing)
	b := Found(t, store)
	Expect(t, b.Create(ctx, CompanyOf(Company), Settings()...), fault.AlreadyExists)
	if v, err := store.SetupVersion(ctx, Company); err != nil || v != 1 {
		t.Fatalf("settings version %d, %v", v, err)
	}
}
