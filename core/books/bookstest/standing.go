package bookstest

import (
	"context"
	"testing"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

func testStanding(t *testing.T, store books.Store) {
	b := Found(t, store)
	post := func(tx *books.Tx, source string, day civil.Date, amount int64, foreign money.Money) {
		t.Helper()
		l := ledger.Line{Account: "517100", Debit: amount, Foreign: foreign}
		against := ledger.Line{Account: "706000", Credit: amount}
		if amount < 0 {
			l.Debit, l.Credit, against.Debit, against.Credit = 0, -amount, -amount, 0
		}
		_, err := tx.Post(ctx, ledger.Draft{Journal: "BQ", Date: day, Piece: source, Label: source, Source: source, Lines: []ledger.Line{l, against}}, "test")
		must(t, err)
	}
	expect := func(tx *books.Tx, cur money.Currency, since civil.Date, book, foreign int64) {
		t.Helper()
		got, err := tx.Standing(ctx, "517100", cur, since)
		must(t, err)
		if got != (books.Standing{Book: book, Foreign: foreign}) {
			t.Errorf("%s since %s: %+v, want %d and %d", cur, since, got, book, foreign)
		}
	}
	jan, mar := civil.Of(2026, 1, 10), civil.Of(2026, 3, 1)
	must(t, b.Write(ctx, Company, func(_ context.Context, tx *books.Tx) error {
		expect(tx, "USD", civil.Date{}, 0, 0)
		post(tx, "a", jan, 89286, money.Of(100000, "USD"))
		post(tx, "b", mar, -3513, money.Of(-3935, "USD"))
		expect(tx, "USD", civil.Date{}, 85773, 96065) // what is staged counts
		return nil
	}))
	must(t, b.Write(ctx, Company, func(_ context.Context, tx *books.Tx) error {
		post(tx, "c", mar, 100, money.Of(7, "KWD"))
		post(tx, "d", mar, 200, money.Money{})
		expect(tx, "USD", civil.Date{}, 86073, 96065)
		expect(tx, "KWD", civil.Date{}, 86073, 7)
		expect(tx, "USD", mar, -3213, -3935)
		expect(tx, "USD", mar.AddDays(1), 0, 0)
		return nil
	}))
	s, err := store.Begin(ctx, Company)
	must(t, err)
	defer s.Rollback()
	if got, err := s.Standing(ctx, "517100", "USD", civil.Date{}); err != nil || got != (books.Standing{Book: 86073, Foreign: 96065}) {
		t.Errorf("the store has %+v, %v", got, err)
	}
}
