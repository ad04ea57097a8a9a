package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
)

type writer = io.Writer

// Small components that tables and fact lists are filled with. They write escaped text and nothing around it.

// Text is plain text.
func Text(s string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w writer) error {
		_, err := io.WriteString(w, templ.EscapeString(s))
		return err
	})
}

// Key is a text of the catalogues.
func Key(key string, params ...string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		_, err := io.WriteString(w, templ.EscapeString(T(ctx, key, params...)))
		return err
	})
}

// Amount is an amount with its currency; no amount is nothing.
func Amount(m money.Money) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		if m.Currency() == "" {
			return nil
		}
		_, err := io.WriteString(w, L(ctx).Money(m))
		return err
	})
}

// Side is an amount without its currency for debit and credit columns, where nothing is written for zero.
func Side(m money.Money) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		if m.IsZero() {
			return nil
		}
		_, err := io.WriteString(w, L(ctx).Amount(m))
		return err
	})
}

// Day is a date; no date is nothing.
func Day(d civil.Date) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		if d.IsZero() {
			return nil
		}
		_, err := io.WriteString(w, `<time datetime="`+d.String()+`">`+templ.EscapeString(L(ctx).Date(d))+`</time>`)
		return err
	})
}
