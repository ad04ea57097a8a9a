package app

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// MaxRates bounds the rates saved at once: thirty currencies of half a year.
const MaxRates = 5000

// SaveRates puts rates into the company's table; one that a currency has on that day already is replaced, which changes
// nothing that was posted. Movements that waited for a rate are looked at again. Codes, on "rates.<n>.<field>": those of
// ledger.Rate.Validate; on "rates" required, too_long.
func (a *App) SaveRates(ctx context.Context, who access.Actor, list []ledger.Rate) ([]ledger.Rate, error) {
	switch {
	case len(list) == 0:
		return nil, fault.New(fault.Invalid, fault.Required).On("rates")
	case len(list) > MaxRates:
		return nil, fault.New(fault.Invalid, fault.TooLong, "max", itoa(MaxRates)).On("rates")
	}
	out := slices.Clone(list)
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		var f fault.Collect
		names := make([]string, len(out))
		for i := range out {
			if err := f.Add(out[i].Validate(tx.Setup().Company.Currency), "rates", strconv.Itoa(i)); err != nil {
				return err
			}
			names[i] = out[i].ID
		}
		if err := f.Err(); err != nil {
			return err
		}
		if err := tx.Rates.Load(ctx, names...); err != nil {
			return err
		}
		for i := range out {
			old, _, err := tx.Rates.Find(ctx, out[i].ID)
			if err != nil {
				return err
			}
			out[i].By, out[i].Version = who.Name, old.Version+1
			tx.Rates.Put(out[i])
		}
		tx.Log(who.Name, "rates_saved", "rates", itoa(int64(len(out))))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, a.revalue(ctx, who)
}

// RemoveRate takes a rate out of the table; what was posted by it stays. Code: unknown_thing.
func (a *App) RemoveRate(ctx context.Context, who access.Actor, id string) error {
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		r, ok, err := tx.Rates.Find(ctx, id)
		if err != nil {
			return err
		}
		if !ok || r.Rate.IsZero() {
			return notFound("rate", id)
		}
		r.Rate, r.By = decimal.Zero, who.Name
		r.Version++
		tx.Rates.Put(r)
		tx.Log(who.Name, "rate_removed", "rates", id)
		return nil
	})
	return err
}

// revalue looks again at what waits for a rate or for the account of its balance. Who may not decide on it changes its
// state all the same: nothing is posted by that.
func (a *App) revalue(ctx context.Context, who access.Actor) error {
	list, err := a.Views.ArrivalsUnvalued(ctx, who.Company, MaxBatch)
	if err != nil || len(list) == 0 {
		return err
	}
	var ready []string
	err = a.Books.Write(books.WithoutKey(ctx), who.Company, func(ctx context.Context, tx *books.Tx) error {
		ready = ready[:0]
		order, err := a.loadBatch(ctx, tx, list)
		if err != nil {
			return err
		}
		for _, id := range order {
			if err := a.reclassify(ctx, tx, id); err != nil {
				return err
			}
			if ar, ok, err := tx.Arrivals.Find(ctx, id); err != nil {
				return err
			} else if ok && ar.Plain() {
				ready = append(ready, id)
			}
		}
		return nil
	})
	if err == nil {
		a.automatic(ctx, who.Company, ready)
	}
	return err
}

// ReadRates reads rates that were pasted or sent as CSV: date, currency, rate and, if given, source on each line, separated by
// semicolons, tabs or commas; dates as 2026-03-13 or 13/03/2026; rates with a comma or a point. A first line of names is
// passed over. source is for lines without one of their own. Codes, on "rates.<n>.<field>" by line from 0: bad_date,
// bad_currency, bad_rate, required; on "rates" bad_body, too_long.
func ReadRates(text, source string) ([]ledger.Rate, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace, r.LazyQuotes = separator(text), -1, true, true
	var out []ledger.Rate
	var f fault.Collect
	for n := 0; ; n++ {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, fault.BadBody, "detail", fault.Clip(err.Error())).On("rates")
		}
		if len(out) == MaxRates {
			return nil, fault.New(fault.Invalid, fault.TooLong, "max", itoa(MaxRates)).On("rates")
		}
		x := ledger.Rate{Source: source}
		err = readRate(&x, fields)
		if n == 0 && fault.Has(err, fault.BadDate) {
			continue // names of columns
		}
		if err := f.Add(err, "rates", strconv.Itoa(n)); err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, f.Err()
}

func readRate(x *ledger.Rate, fields []string) error {
	var f fault.Collect
	for len(fields) < 3 {
		fields = append(fields, "")
	}
	var err error
	if x.Date, err = readDay(strings.TrimSpace(fields[0])); err != nil {
		_ = f.Add(err, "date")
	}
	if x.Currency, err = money.ParseCurrency(strings.ToUpper(strings.TrimSpace(fields[1]))); err != nil {
		_ = f.Add(err, "currency")
	}
	rate, ok := money.ParseDecimal(fields[2])
	if !ok {
		_ = f.Add(fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(fields[2])), "rate")
	}
	x.Rate = rate
	if len(fields) > 3 && strings.TrimSpace(fields[3]) != "" {
		x.Source = fields[3]
		_ = f.Add(party.CleanText(&x.Source, 0, 80), "source")
	}
	return f.Err()
}

// readDay reads a date as programs or as the French write it. Code: bad_date.
func readDay(s string) (civil.Date, error) {
	if p := strings.Split(s, "/"); len(p) == 3 && len(p[0]) == 2 && len(p[1]) == 2 && len(p[2]) == 4 {
		if d, err := civil.Parse(p[2] + "-" + p[1] + "-" + p[0]); err == nil {
			return d, nil
		}
	}
	d, err := civil.Parse(s)
	if err != nil {
		err = fault.New(fault.Invalid, fault.BadDate, "found", fault.Clip(s))
	}
	return d, err
}

func separator(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	for _, c := range []rune{';', '\t'} {
		if strings.ContainsRune(line, c) {
			return c
		}
	}
	return ','
}
