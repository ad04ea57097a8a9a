package apptest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

var _ app.Views = (*Store)(nil)

// look runs fn on a company's committed books.
func look[T any](s *Store, company string, fn func(*shelf) (T, error)) (T, error) {
	outside("a view is asked")
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, ok := s.companies[company]
	if !ok {
		var none T
		return none, unknown("company", company)
	}
	return fn(b)
}

func one[T interface{ Clone() T }](s *Store, company string, k books.Kind, id string) (T, error) {
	return look(s, company, func(b *shelf) (T, error) {
		v, ok := b.records[books.Ref{Kind: k, ID: id}].(T)
		if !ok {
			return v, unknown(k.String(), id)
		}
		return v.Clone(), nil
	})
}

// all lists the records of a kind that pass, in order of id.
func all[T interface{ Clone() T }](b *shelf, k books.Kind, pass func(T) bool) []T {
	var keys []string
	for r := range b.records {
		if r.Kind == k {
			keys = append(keys, r.ID)
		}
	}
	slices.Sort(keys)
	var out []T
	for _, id := range keys {
		if v := b.records[books.Ref{Kind: k, ID: id}].(T); pass(v) {
			out = append(out, v.Clone())
		}
	}
	return out
}

func get[T any](b *shelf, k books.Kind, id string) T {
	v, _ := b.records[books.Ref{Kind: k, ID: id}].(T)
	return v
}

// paged cuts one page out of a list; the cursor is a position.
func paged[T any](list []T, p app.Paging) (app.Page[T], error) {
	from := 0
	if p.Cursor != "" {
		n, err := strconv.Atoi(p.Cursor)
		if err != nil || n < 0 || n > len(list) {
			return app.Page[T]{}, fault.New(fault.Invalid, fault.BadCursor)
		}
		from = n
	}
	limit := p.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	if p.Back {
		from = max(0, from-limit)
	}
	to := min(len(list), from+limit)
	out := app.Page[T]{Items: list[from:to:to]}
	if to < len(list) {
		out.Next = strconv.Itoa(to)
	}
	if from > 0 {
		out.Prev = strconv.Itoa(from)
	}
	return out, nil
}

func order[T any](list []T, desc bool, compare func(a, b T) int) {
	slices.SortStableFunc(list, func(a, b T) int {
		if desc {
			return compare(b, a)
		}
		return compare(a, b)
	})
}

func holds(search string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), strings.ToLower(search)) {
			return true
		}
	}
	return search == ""
}

func among[T comparable](v T, list []T) bool { return len(list) == 0 || slices.Contains(list, v) }

func within(d, from, to civil.Date) bool {
	return (from.IsZero() || !d.Before(from)) && (to.IsZero() || !to.Before(d))
}

// Link implements app.Views.
func (s *Store) Link(_ context.Context, hash string) (string, inbox.PayLink, error) {
	outside("a view is asked")
	s.mu.RLock()
	defer s.mu.RUnlock()
	for company, b := range s.companies {
		for _, l := range all(b, books.Links, func(l inbox.PayLink) bool { return l.Hash == hash }) {
			return company, l, nil
		}
	}
	return "", inbox.PayLink{}, fault.New(fault.NotFound, fault.LinkUnknown)
}

// Companies implements app.Views.
func (s *Store) Companies(context.Context) ([]app.CompanyRef, error) {
	var out []app.CompanyRef
	for id, name := range s.names() {
		out = append(out, app.CompanyRef{ID: id, Name: name})
	}
	order(out, false, func(a, b app.CompanyRef) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out, nil
}

// DueWork implements app.Views.
func (s *Store) DueWork(_ context.Context, now time.Time, limit int) (app.Work, error) {
	outside("a view is asked")
	s.mu.RLock()
	defer s.mu.RUnlock()
	type due struct {
		at time.Time
		app.WorkItem
	}
	var mails, deliveries, feeds, proofs, refunds []due
	for company, b := range s.companies {
		for _, m := range all(b, books.Mails, func(m inbox.Mail) bool {
			return (m.State == inbox.MailQueued || m.State == inbox.MailSending) && !m.NextTry.After(now)
		}) {
			mails = append(mails, due{m.NextTry, app.WorkItem{Company: company, ID: m.ID}})
		}
		for _, d := range all(b, books.Deliveries, func(d inbox.Delivery) bool {
			return (d.State == inbox.DeliveryStored || d.State == inbox.DeliveryOrphan) && !d.NextTry.IsZero() && !d.NextTry.After(now)
		}) {
			deliveries = append(deliveries, due{d.NextTry, app.WorkItem{Company: company, ID: d.ID}})
		}
		for _, r := range all(b, books.Refunds, func(r inbox.Refund) bool { return r.Open() && !r.NextTry.IsZero() && !r.NextTry.After(now) }) {
			refunds = append(refunds, due{r.NextTry, app.WorkItem{Company: company, ID: r.ID}})
		}
		for _, c := range all(b, books.Connections, func(c inbox.Connection) bool { return c.Status == inbox.Connected }) {
			if f := get[inbox.Feed](b, books.Feeds, c.ID); !f.NextPoll.After(now) {
				feeds = append(feeds, due{f.NextPoll, app.WorkItem{Company: company, ID: c.ID}})
			}
			if r := get[inbox.ProofRun](b, books.ProofRuns, c.ID); !r.NextRun.After(now) && !get[inbox.Feed](b, books.Feeds, c.ID).LastExchange.IsZero() {
				proofs = append(proofs, due{r.NextRun, app.WorkItem{Company: company, ID: c.ID}})
			}
		}
	}
	first := func(list []due) []app.WorkItem {
		order(list, false, func(a, b due) int {
			return cmp.Or(a.at.Compare(b.at), strings.Compare(a.ID, b.ID), strings.Compare(a.Company, b.Company))
		})
		var out []app.WorkItem
		for _, d := range list[:min(limit, len(list))] {
			out = append(out, d.WorkItem)
		}
		return out
	}
	return app.Work{Mails: first(mails), Deliveries: first(deliveries), Feeds: first(feeds), Proofs: first(proofs), Refunds: first(refunds)}, nil
}

// Customer implements app.Views.
func (s *Store) Customer(_ context.Context, company, id string) (party.Customer, error) {
	return one[party.Customer](s, company, books.Customers, id)
}

// CustomerByCode implements app.Views.
func (s *Store) CustomerByCode(_ context.Context, company, code string) (party.Customer, error) {
	return look(s, company, func(b *shelf) (party.Customer, error) {
		for _, c := range all(b, books.Customers, func(c party.Customer) bool { return c.Code == code }) {
			return c, nil
		}
		return party.Customer{}, unknown("customer", code)
	})
}

// Customers implements app.Views.
func (s *Store) Customers(_ context.Context, company string, q app.CustomerQuery) (app.Page[app.CustomerRow], error) {
	return look(s, company, func(b *shelf) (app.Page[app.CustomerRow], error) {
		var rows []app.CustomerRow
		for _, c := range all(b, books.Customers, func(c party.Customer) bool {
			return holds(q.Search, c.Code, c.Name, string(c.Email)) && (q.Active == nil || c.Active == *q.Active)
		}) {
			row := app.CustomerRow{Customer: c}
			for _, v := range all(b, books.Invoices, func(v billing.Invoice) bool { return v.CustomerID == c.ID }) {
				row.Due += v.Due()
			}
			rows = append(rows, row)
		}
		order(rows, q.Desc, func(a, b app.CustomerRow) int {
			if q.Sort == "code" {
				return strings.Compare(a.Code, b.Code)
			}
			return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
		})
		return paged(rows, q.Paging)
	})
}

// Statement implements app.Views.
func (s *Store) Statement(_ context.Context, company, id string, from, to civil.Date) (app.Statement, error) {
	return look(s, company, func(b *shelf) (app.Statement, error) {
		c := get[party.Customer](b, books.Customers, id)
		if c.ID == "" {
			return app.Statement{}, unknown("customer", id)
		}
		st := app.Statement{Customer: c}
		st.Before, st.Lines, st.After = b.ledger(func(l ledger.Line) bool { return l.Aux == c.Code }, from, to)
		return st, nil
	})
}

// ledger reads the lines that pass in order of date: what stood before the period, the lines in it with a running balance,
// and what stands at its end.
func (b *shelf) ledger(pass func(ledger.Line) bool, from, to civil.Date) (before int64, lines []app.AccountLine, after int64) {
	carried := b.carriedOn(to)
	entries := slices.Clone(b.entries)
	order(entries, false, func(x, y ledger.Entry) int {
		return cmp.Or(cmp.Compare(x.Date.Number(), y.Date.Number()), cmp.Compare(x.Seq, y.Seq))
	})
	for _, e := range entries {
		if !to.IsZero() && to.Before(e.Date) || e.Date.Before(carried) {
			continue
		}
		for n, l := range e.Lines {
			if !pass(l) {
				continue
			}
			after += l.Debit - l.Credit
			if !from.IsZero() && e.Date.Before(from) {
				before = after
				continue
			}
			label := l.Label
			if label == "" {
				label = e.Label
			}
			lines = append(lines, app.AccountLine{Seq: e.Seq, Number: e.Number, Year: e.Year, Journal: e.Journal, Date: e.Date, Piece: e.Piece, Label: label,
				Aux: l.Aux, Debit: l.Debit, Credit: l.Credit, Letter: b.letter(e.Seq, n, time.Time{}), Foreign: l.Foreign, Balance: after})
		}
	}
	return before, lines, after
}

// carriedOn is the first day whose lines make up balances on a day; no day asks for the last there is.
func (b *shelf) carriedOn(d civil.Date) civil.Date {
	chart := &ledger.Chart{}
	for r, v := range b.records {
		if r.Kind == books.Years {
			chart.Years = append(chart.Years, v.(ledger.FiscalYear))
		}
	}
	ledger.SortYears(chart.Years)
	if d.IsZero() && len(chart.Years) > 0 {
		d = chart.Years[len(chart.Years)-1].End
	}
	return posting.CarriedOn(chart, d)
}

// letter is the code of the matching that held a line at an instant; none asks for now.
func (b *shelf) letter(seq int64, n int, asOf time.Time) string {
	code, _ := b.lettered(seq, n, asOf)
	return code
}

func (b *shelf) lettered(seq int64, n int, asOf time.Time) (string, time.Time) {
	for _, m := range b.matches {
		if m.Seq != seq || m.N != n {
			continue
		}
		if asOf.IsZero() && m.ended.IsZero() || !asOf.IsZero() && !m.at.After(asOf) && (m.ended.IsZero() || m.ended.After(asOf)) {
			return m.code, m.at
		}
	}
	return "", time.Time{}
}

// Quote implements app.Views.
func (s *Store) Quote(_ context.Context, company, id string) (billing.Quote, error) {
	return one[billing.Quote](s, company, books.Quotes, id)
}

// Quotes implements app.Views.
func (s *Store) Quotes(_ context.Context, company string, q app.QuoteQuery) (app.Page[app.QuoteRow], error) {
	return look(s, company, func(b *shelf) (app.Page[app.QuoteRow], error) {
		var rows []app.QuoteRow
		for _, v := range all(b, books.Quotes, func(v billing.Quote) bool {
			c := get[party.Customer](b, books.Customers, v.CustomerID)
			return holds(q.Search, v.Number, v.Reference, c.Name, c.Code) && among(v.State, q.States) && (q.Customer == "" || v.CustomerID == q.Customer)
		}) {
			row := app.QuoteRow{ID: v.ID, Number: v.Number, State: v.State, CustomerID: v.CustomerID, CustomerName: get[party.Customer](b, books.Customers, v.CustomerID).Name,
				Date: v.Date, ValidUntil: v.ValidUntil, Currency: v.Currency, Gross: v.Totals.Gross, SentAt: v.SentAt}
			for _, d := range v.Deposits {
				if d.Live() {
					row.Deposits++
					row.Requested += d.Amount
				}
				row.Received += d.Received
			}
			rows = append(rows, row)
		}
		order(rows, q.Desc, func(x, y app.QuoteRow) int {
			switch q.Sort {
			case "number":
				return strings.Compare(x.Number+x.ID, y.Number+y.ID)
			case "amount":
				return cmp.Compare(x.Gross, y.Gross)
			}
			return cmp.Compare(x.Date.Number(), y.Date.Number())
		})
		return paged(rows, q.Paging)
	})
}

// Invoice implements app.Views.
func (s *Store) Invoice(_ context.Context, company, id string) (billing.Invoice, error) {
	return one[billing.Invoice](s, company, books.Invoices, id)
}

// Invoices implements app.Views.
func (s *Store) Invoices(_ context.Context, company string, q app.InvoiceQuery) (app.Page[app.InvoiceRow], error) {
	return look(s, company, func(b *shelf) (app.Page[app.InvoiceRow], error) {
		rows := b.invoices(func(v billing.Invoice) bool {
			c := get[party.Customer](b, books.Customers, v.CustomerID)
			return holds(q.Search, v.Number, v.Reference, c.Name, c.Code) && among(v.Kind, q.Kinds) && among(v.Life, q.Lives) && among(v.Settlement(), q.Settlements) &&
				(!q.Overdue || v.Overdue(q.Today)) && (q.Customer == "" || v.CustomerID == q.Customer) && (q.Quote == "" || v.QuoteID == q.Quote) && within(v.Date, q.From, q.To)
		})
		order(rows, q.Desc, func(x, y app.InvoiceRow) int {
			var c int
			switch q.Sort {
			case "number":
				c = strings.Compare(x.Number, y.Number)
			case "due_date":
				c = cmp.Compare(x.DueDate.Number(), y.DueDate.Number())
			case "amount":
				c = cmp.Compare(x.Gross, y.Gross)
			case "balance":
				c = cmp.Compare(x.Balance, y.Balance)
			case "customer":
				c = strings.Compare(x.CustomerName, y.CustomerName)
			default:
				c = cmp.Compare(x.Date.Number(), y.Date.Number())
			}
			return cmp.Or(c, strings.Compare(x.ID, y.ID))
		})
		return paged(rows, q.Paging)
	})
}

func (b *shelf) invoices(pass func(billing.Invoice) bool) []app.InvoiceRow {
	var rows []app.InvoiceRow
	for _, v := range all(b, books.Invoices, pass) {
		row := app.InvoiceRow{ID: v.ID, Number: v.Number, Kind: v.Kind, Life: v.Life, Settlement: v.Settlement(), CustomerID: v.CustomerID, CustomerName: v.Customer.Name,
			Date: v.Date, DueDate: v.DueDate, Currency: v.Currency, Gross: v.Totals.Gross, Balance: v.Due(), SentAt: v.SentAt, PaidAt: v.PaidAt}
		for _, r := range all(b, books.Receipts, func(r inbox.Receipt) bool { return r.ArrivalID != "" }) {
			for _, a := range r.Allocations {
				row.Online = row.Online || a.DocumentID == v.ID
			}
		}
		row.InProgress = len(all(b, books.Attempts, func(a inbox.Attempt) bool { return a.DocumentID == v.ID && a.State.InProgress() })) > 0
		rows = append(rows, row)
	}
	return rows
}

// Credits implements app.Views.
func (s *Store) Credits(_ context.Context, company, invoice string) ([]app.InvoiceRow, error) {
	return look(s, company, func(b *shelf) ([]app.InvoiceRow, error) {
		return b.invoices(func(v billing.Invoice) bool { return v.CreditOf == invoice }), nil
	})
}

// PayLink implements app.Views.
func (s *Store) PayLink(_ context.Context, company, document string) (inbox.PayLink, error) {
	return one[inbox.PayLink](s, company, books.Links, document)
}

// Attempt implements app.Views.
func (s *Store) Attempt(_ context.Context, company, id string) (inbox.Attempt, error) {
	return one[inbox.Attempt](s, company, books.Attempts, id)
}

// AttemptBySession implements app.Views.
func (s *Store) AttemptBySession(_ context.Context, company, connection, session string) (inbox.Attempt, error) {
	return look(s, company, func(b *shelf) (inbox.Attempt, error) {
		for _, a := range all(b, books.Attempts, func(a inbox.Attempt) bool { return a.ConnectionID == connection && a.SessionID == session }) {
			return a, nil
		}
		return inbox.Attempt{}, unknown("attempt", session)
	})
}

// AttemptsOpen implements app.Views.
func (s *Store) AttemptsOpen(_ context.Context, company, connection string) ([]inbox.Attempt, error) {
	return look(s, company, func(b *shelf) ([]inbox.Attempt, error) {
		return all(b, books.Attempts, func(a inbox.Attempt) bool {
			return a.State.InProgress() && (connection == "" || a.ConnectionID == connection)
		}), nil
	})
}

// AttemptsOf implements app.Views.
func (s *Store) AttemptsOf(_ context.Context, company, document string) ([]inbox.Attempt, error) {
	return look(s, company, func(b *shelf) ([]inbox.Attempt, error) {
		list := all(b, books.Attempts, func(a inbox.Attempt) bool { return a.DocumentID == document })
		slices.Reverse(list)
		return list, nil
	})
}

// Arrival implements app.Views.
func (s *Store) Arrival(_ context.Context, company, id string) (inbox.Arrival, error) {
	return one[inbox.Arrival](s, company, books.Arrivals, id)
}

// Arrivals implements app.Views.
func (s *Store) Arrivals(_ context.Context, company string, q app.ArrivalQuery) (app.Page[app.ArrivalRow], error) {
	return look(s, company, func(b *shelf) (app.Page[app.ArrivalRow], error) {
		var rows []app.ArrivalRow
		for _, a := range all(b, books.Arrivals, func(a inbox.Arrival) bool {
			return (!q.ToDo || a.ToDo()) && among(a.State, q.States) && (q.Connection == "" || a.ConnectionID == q.Connection) &&
				among(string(a.Kind), q.Kinds) && (q.Document == "" || a.DocumentID == q.Document) && (q.Payout == "" || a.PayoutID == q.Payout) &&
				(q.Related == "" || a.RelatedID == q.Related)
		}) {
			row := app.ArrivalRow{Arrival: a, CustomerName: get[party.Customer](b, books.Customers, a.CustomerID).Name}
			switch a.Document {
			case inbox.InvoiceDocument:
				row.DocumentNumber = get[billing.Invoice](b, books.Invoices, a.DocumentID).Number
			case inbox.DepositDocument:
				row.QuoteID = get[inbox.PayLink](b, books.Links, a.DocumentID).QuoteID
				row.DocumentNumber = get[billing.Quote](b, books.Quotes, row.QuoteID).Number
			}
			if holds(q.Search, a.PayerName, a.ExternalID, row.DocumentNumber, row.CustomerName) {
				rows = append(rows, row)
			}
		}
		order(rows, q.Desc, func(x, y app.ArrivalRow) int {
			return cmp.Or(x.OccurredAt.Compare(y.OccurredAt), strings.Compare(x.ID, y.ID))
		})
		return paged(rows, q.Paging)
	})
}

func (s *Store) arrivalIDs(company string, limit int, pass func(inbox.Arrival) bool) ([]string, error) {
	return look(s, company, func(b *shelf) ([]string, error) {
		list := all(b, books.Arrivals, pass)
		order(list, false, func(x, y inbox.Arrival) int {
			return cmp.Or(x.OccurredAt.Compare(y.OccurredAt), strings.Compare(x.ID, y.ID))
		})
		var out []string
		for _, a := range list[:min(limit, len(list))] {
			out = append(out, a.ID)
		}
		return out, nil
	})
}

// ArrivalsReady implements app.Views.
func (s *Store) ArrivalsReady(_ context.Context, company string, limit int) ([]string, error) {
	return s.arrivalIDs(company, limit, func(a inbox.Arrival) bool {
		return a.State == inbox.Ready || a.State == inbox.Integrated && a.FeeDue() != 0
	})
}

// ArrivalsUnmatched implements app.Views.
func (s *Store) ArrivalsUnmatched(_ context.Context, company string, limit int) ([]string, error) {
	return s.arrivalIDs(company, limit, func(a inbox.Arrival) bool {
		return a.Awaiting()
	})
}

// ArrivalsUnvalued implements app.Views.
func (s *Store) ArrivalsUnvalued(_ context.Context, company string, limit int) ([]string, error) {
	return s.arrivalIDs(company, limit, func(a inbox.Arrival) bool {
		return a.State == inbox.Review && (a.Has(inbox.RateMissing) || a.Has(inbox.BalanceUnknown))
	})
}

// toBe is what a payment will settle, in minor units.
func toBe(a inbox.Arrival) int64 {
	if a.Settled.Currency() != "" {
		return a.Settled.Minor()
	}
	return a.Gross.Minor()
}

// Waiting implements app.Views.
func (s *Store) Waiting(_ context.Context, company, document string) (int64, error) {
	return look(s, company, func(b *shelf) (int64, error) {
		var sum int64
		for _, a := range all(b, books.Arrivals, func(a inbox.Arrival) bool {
			return a.Kind == gateway.KindPayment && a.DocumentID == document && (a.State == inbox.Ready || a.State == inbox.Review)
		}) {
			sum += toBe(a)
		}
		return sum, nil
	})
}

// Receipt implements app.Views.
func (s *Store) Receipt(_ context.Context, company, id string) (inbox.Receipt, error) {
	return one[inbox.Receipt](s, company, books.Receipts, id)
}

// Receipts implements app.Views.
func (s *Store) Receipts(_ context.Context, company string, q app.ReceiptQuery) (app.Page[app.ReceiptRow], error) {
	return look(s, company, func(b *shelf) (app.Page[app.ReceiptRow], error) {
		var rows []app.ReceiptRow
		for _, r := range all(b, books.Receipts, func(r inbox.Receipt) bool {
			of := q.Document == "" || slices.ContainsFunc(r.Allocations, func(a inbox.Allocation) bool { return a.DocumentID == q.Document })
			return of && (q.Customer == "" || r.CustomerID == q.Customer) && (q.Online == nil || *q.Online == (r.ArrivalID != "")) && within(r.Date, q.From, q.To)
		}) {
			c := get[party.Customer](b, books.Customers, r.CustomerID)
			if holds(q.Search, r.Reference, c.Name, c.Code) {
				rows = append(rows, app.ReceiptRow{Receipt: r, CustomerName: c.Name, CustomerCode: c.Code})
			}
		}
		order(rows, true, func(x, y app.ReceiptRow) int {
			return cmp.Or(cmp.Compare(x.Date.Number(), y.Date.Number()), strings.Compare(x.ID, y.ID))
		})
		return paged(rows, q.Paging)
	})
}

// Refund implements app.Views.
func (s *Store) Refund(_ context.Context, company, id string) (inbox.Refund, error) {
	return one[inbox.Refund](s, company, books.Refunds, id)
}

// RefundsOf implements app.Views.
func (s *Store) RefundsOf(_ context.Context, company, receipt string) ([]inbox.Refund, error) {
	return look(s, company, func(b *shelf) ([]inbox.Refund, error) {
		list := all(b, books.Refunds, func(r inbox.Refund) bool { return r.ReceiptID == receipt })
		order(list, true, func(a, b inbox.Refund) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
		})
		return list, nil
	})
}

// RefundsOpen implements app.Views.
func (s *Store) RefundsOpen(_ context.Context, company, connection string) ([]inbox.Refund, error) {
	return look(s, company, func(b *shelf) ([]inbox.Refund, error) {
		list := all(b, books.Refunds, func(r inbox.Refund) bool {
			pending := r.State == inbox.RefundAccepted && get[inbox.Arrival](b, books.Arrivals, r.ArrivalID).State == inbox.Waiting
			return r.ConnectionID == connection && (r.Open() || pending)
		})
		order(list, false, func(a, b inbox.Refund) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
		})
		return list, nil
	})
}

// ArrivalsAwaiting implements app.Views.
func (s *Store) ArrivalsAwaiting(_ context.Context, company string, others []string) ([]string, error) {
	return look(s, company, func(b *shelf) ([]string, error) {
		var out []string
		for _, a := range all(b, books.Arrivals, func(a inbox.Arrival) bool { return a.Awaiting() && a.RelatedID != "" }) {
			if slices.ContainsFunc(others, func(id string) bool {
				o := get[inbox.Arrival](b, books.Arrivals, id)
				return o.ConnectionID == a.ConnectionID && o.ExternalID == a.RelatedID
			}) {
				out = append(out, a.ID)
			}
		}
		slices.Sort(out)
		return out, nil
	})
}

// Feed implements app.Views.
func (s *Store) Feed(_ context.Context, company, connection string) (inbox.Feed, error) {
	return one[inbox.Feed](s, company, books.Feeds, connection)
}

func (b *shelf) view(e ledger.Entry) app.EntryView {
	v := app.EntryView{Entry: e, ReversedBy: b.reversed[e.Seq]}
	v.Lines = slices.Clone(e.Lines)
	for n := range e.Lines {
		v.Letters = append(v.Letters, b.letter(e.Seq, n, time.Time{}))
	}
	return v
}

// Entry implements app.Views.
func (s *Store) Entry(_ context.Context, company string, seq int64) (app.EntryView, error) {
	return look(s, company, func(b *shelf) (app.EntryView, error) {
		if seq < 1 || seq > int64(len(b.entries)) {
			return app.EntryView{}, unknown("entry", strconv.FormatInt(seq, 10))
		}
		return b.view(b.entries[seq-1]), nil
	})
}

// Entries implements app.Views.
func (s *Store) Entries(_ context.Context, company string, q app.EntryQuery) (app.Page[app.EntryView], error) {
	return look(s, company, func(b *shelf) (app.Page[app.EntryView], error) {
		var list []app.EntryView
		for _, e := range b.entries {
			if (q.Journal == "" || e.Journal == q.Journal) && (q.Year == "" || e.Year == q.Year) && within(e.Date, q.From, q.To) && holds(q.Search, e.Label, e.Piece) {
				list = append(list, b.view(e))
			}
		}
		if q.Desc {
			slices.Reverse(list)
		}
		return paged(list, q.Paging)
	})
}

// EntriesOf implements app.Views.
func (s *Store) EntriesOf(_ context.Context, company, document string) ([]app.EntryView, error) {
	return look(s, company, func(b *shelf) ([]app.EntryView, error) {
		var list []app.EntryView
		for _, e := range b.entries {
			if slices.ContainsFunc(e.Lines, func(l ledger.Line) bool { return l.Document == document }) {
				list = append(list, b.view(e))
			}
		}
		return list, nil
	})
}

// AccountLines implements app.Views.
func (s *Store) AccountLines(_ context.Context, company string, q app.AccountQuery) (app.AccountPage, error) {
	return look(s, company, func(b *shelf) (app.AccountPage, error) {
		before, lines, after := b.ledger(func(l ledger.Line) bool { return l.Account == q.Account && (q.Aux == "" || l.Aux == q.Aux) }, q.From, q.To)
		page, err := paged(lines, q.Paging)
		out := app.AccountPage{Page: page, Before: before, Total: after}
		if len(page.Items) > 0 {
			first := page.Items[0]
			out.Before = first.Balance - first.Debit + first.Credit
		}
		return out, err
	})
}

// TrialBalance implements app.Views.
func (s *Store) TrialBalance(_ context.Context, company string, from, to civil.Date) ([]app.BalanceRow, error) {
	return look(s, company, func(b *shelf) ([]app.BalanceRow, error) {
		rows := map[string]*app.BalanceRow{}
		carried := b.carriedOn(to)
		for _, e := range b.entries {
			if !to.IsZero() && to.Before(e.Date) || e.Date.Before(carried) {
				continue
			}
			for _, l := range e.Lines {
				r := rows[l.Account]
				if r == nil {
					r = &app.BalanceRow{Account: l.Account, Label: get[ledger.Account](b, books.Accounts, l.Account).Label}
					rows[l.Account] = r
				}
				if !from.IsZero() && e.Date.Before(from) {
					r.Before += l.Debit - l.Credit
				} else {
					r.Debit += l.Debit
					r.Credit += l.Credit
				}
			}
		}
		var out []app.BalanceRow
		for _, r := range rows {
			r.After = r.Before + r.Debit - r.Credit
			out = append(out, *r)
		}
		order(out, false, func(x, y app.BalanceRow) int { return strings.Compare(x.Account, y.Account) })
		return out, nil
	})
}

// Balance implements app.Views.
func (s *Store) Balance(_ context.Context, company, account, aux string) (int64, error) {
	return look(s, company, func(b *shelf) (int64, error) {
		_, _, sum := b.ledger(func(l ledger.Line) bool { return l.Account == account && (aux == "" || l.Aux == aux) }, civil.Date{}, civil.Date{})
		return sum, nil
	})
}

// Standing implements app.Views.
func (s *Store) Standing(_ context.Context, company, account string, cur money.Currency, to civil.Date) (books.Standing, error) {
	return look(s, company, func(b *shelf) (books.Standing, error) {
		var out books.Standing
		since := b.carriedOn(to)
		for _, e := range b.entries {
			if e.Date.Before(since) || !to.IsZero() && to.Before(e.Date) {
				continue
			}
			for _, l := range e.Lines {
				if l.Account != account {
					continue
				}
				out.Book += l.Debit - l.Credit
				if l.Foreign.Currency() == cur {
					out.Foreign += l.Foreign.Minor()
				}
			}
		}
		return out, nil
	})
}

// Charges implements app.Views.
func (s *Store) Charges(_ context.Context, company, journal string, accounts []string, from, to civil.Date) ([]app.MonthSum, error) {
	return look(s, company, func(b *shelf) ([]app.MonthSum, error) {
		sums := map[int]int64{}
		for _, e := range b.entries {
			if e.Journal != journal || !within(e.Date, from, to) {
				continue
			}
			for _, l := range e.Lines {
				if slices.Contains(accounts, l.Account) {
					sums[e.Date.Number()/100] += l.Debit - l.Credit
				}
			}
		}
		var out []app.MonthSum
		for _, m := range slices.Sorted(maps.Keys(sums)) {
			out = append(out, app.MonthSum{Month: civil.FromNumber(m*100 + 1), Sum: sums[m]})
		}
		return out, nil
	})
}

// Posted implements app.Views.
func (s *Store) Posted(_ context.Context, company string, sources []string) (map[string]app.EntryRef, error) {
	return look(s, company, func(b *shelf) (map[string]app.EntryRef, error) {
		out := map[string]app.EntryRef{}
		for _, e := range b.entries {
			if slices.Contains(sources, e.Source) {
				out[e.Source] = app.EntryRef{Seq: e.Seq, Number: e.Number}
			}
		}
		return out, nil
	})
}

// Rates implements app.Views.
func (s *Store) Rates(_ context.Context, company string, q app.RateQuery) (app.Page[ledger.Rate], error) {
	return look(s, company, func(b *shelf) (app.Page[ledger.Rate], error) {
		var list []ledger.Rate
		for ref, v := range b.records {
			if r, ok := v.(ledger.Rate); ok && ref.Kind == books.Rates && !r.Rate.IsZero() && (q.Currency == "" || r.Currency == q.Currency) {
				list = append(list, r)
			}
		}
		order(list, false, func(x, y ledger.Rate) int {
			return cmp.Or(cmp.Compare(y.Date.Number(), x.Date.Number()), strings.Compare(string(y.Currency), string(x.Currency)))
		})
		return paged(list, q.Paging)
	})
}

// Head implements app.Views.
func (s *Store) Head(_ context.Context, company string) (ledger.Head, error) {
	return look(s, company, func(b *shelf) (ledger.Head, error) { return b.head, nil })
}

// Mail implements app.Views.
func (s *Store) Mail(_ context.Context, company, id string) (inbox.Mail, error) {
	return one[inbox.Mail](s, company, books.Mails, id)
}

// Mails implements app.Views.
func (s *Store) Mails(_ context.Context, company string, q app.MailQuery) (app.Page[inbox.Mail], error) {
	return look(s, company, func(b *shelf) (app.Page[inbox.Mail], error) {
		list := all(b, books.Mails, func(m inbox.Mail) bool { return among(m.State, q.States) && (q.Ref == "" || m.Ref == q.Ref) })
		slices.Reverse(list)
		return paged(list, q.Paging)
	})
}

// History implements app.Views.
func (s *Store) History(_ context.Context, company, ref string) ([]inbox.Event, error) {
	return look(s, company, func(b *shelf) ([]inbox.Event, error) {
		var out []inbox.Event
		for _, e := range b.events {
			if e.Ref == ref {
				out = append(out, e)
			}
		}
		return out, nil
	})
}

// Exports implements app.Views.
func (s *Store) Exports(_ context.Context, company string) ([]ledger.Export, error) {
	return look(s, company, func(b *shelf) ([]ledger.Export, error) {
		var out []ledger.Export
		for r, v := range b.records {
			if r.Kind == books.Exports {
				out = append(out, v.(ledger.Export))
			}
		}
		order(out, false, func(x, y ledger.Export) int { return cmp.Compare(x.Number, y.Number) })
		return out, nil
	})
}

// Home implements app.Views. It counts what needs attention; the months are those of the present year with money in.
func (s *Store) Home(_ context.Context, company string, today civil.Date) (app.Home, error) {
	return look(s, company, func(b *shelf) (app.Home, error) {
		var h app.Home
		for _, a := range all(b, books.Arrivals, func(inbox.Arrival) bool { return true }) {
			switch {
			case a.State == inbox.Ready:
				h.ToIntegrate++
				if a.Kind == gateway.KindPayment {
					h.ToIntegrateSum += toBe(a)
				}
			case a.State == inbox.Review:
				h.InReview++
			case a.State == inbox.Integrated && a.FeeDue() != 0:
				h.ToIntegrate++
			case a.State == inbox.Integrated && a.FeeState == gateway.FeeUnknown:
				h.FeesPending++
				if a.OccurredAt.AddDate(0, 0, 3).Before(today.Time()) {
					h.FeesAged++
				}
			}
		}
		for _, v := range all(b, books.Invoices, func(billing.Invoice) bool { return true }) {
			h.DueSum += v.Due()
			if v.Overdue(today) {
				h.Overdue++
				h.OverdueSum += v.Due()
			}
			if v.Life == billing.Draft {
				h.DraftInvoices++
			}
		}
		h.MailsFailed = len(all(b, books.Mails, func(m inbox.Mail) bool { return m.State == inbox.MailFailed }))
		h.ConnectionsDown = len(all(b, books.Connections, func(c inbox.Connection) bool { return c.Status == inbox.NeedsAttention }))
		h.Unproven = b.unproven(today)
		h.Deliveries = len(all(b, books.Deliveries, func(d inbox.Delivery) bool { return d.State == inbox.DeliveryOrphan }))
		months := map[civil.Date]*app.Month{}
		for _, r := range all(b, books.Receipts, func(r inbox.Receipt) bool { return r.Date.Year() == today.Year() && r.ReversedSeq == 0 }) {
			first := civil.Of(r.Date.Year(), r.Date.Month(), 1)
			if months[first] == nil {
				months[first] = &app.Month{Month: first}
			}
			if r.ArrivalID != "" {
				months[first].Online += r.Amount.Minor()
			} else {
				months[first].Other += r.Amount.Minor()
			}
		}
		for _, m := range months {
			h.Months = append(h.Months, *m)
		}
		order(h.Months, false, func(x, y app.Month) int { return cmp.Compare(x.Month.Number(), y.Month.Number()) })
		return h, nil
	})
}

// Lines implements app.Views. The names are those of now.
func (s *Store) Lines(_ context.Context, company string, q app.LineQuery, each func(*app.ExportLine) error) error {
	lines, err := look(s, company, func(b *shelf) ([]app.ExportLine, error) {
		var out []app.ExportLine
		aux := map[string]string{}
		for _, c := range all(b, books.Customers, func(party.Customer) bool { return true }) {
			aux[c.Code] = c.Name
		}
		for _, e := range b.entries {
			if q.Year != "" && e.Year != q.Year || q.Journal != "" && e.Journal != q.Journal || q.UpTo != 0 && e.Seq > q.UpTo {
				continue
			}
			for n, l := range e.Lines {
				x := app.ExportLine{Seq: e.Seq, Journal: e.Journal, JournalLabel: get[ledger.Journal](b, books.Journals, e.Journal).Label, Year: e.Year, Number: e.Number,
					Date: e.Date, Account: l.Account, AccountLabel: get[ledger.Account](b, books.Accounts, l.Account).Label, Aux: l.Aux, AuxLabel: aux[l.Aux], Piece: e.Piece,
					PieceDate: e.PieceDate, Label: l.Label, Debit: l.Debit, Credit: l.Credit, ValidDate: civil.On(e.PostedAt), Foreign: l.Foreign}
				if x.Label == "" {
					x.Label = e.Label
				}
				var at time.Time
				if x.Letter, at = b.lettered(e.Seq, n, q.AsOf); x.Letter != "" {
					x.LetterDate = civil.On(at)
				}
				out = append(out, x)
			}
		}
		return out, nil
	})
	if err != nil {
		return err
	}
	var shared app.ExportLine // as good as a real store's: gone with the next line
	for _, l := range lines {
		shared = l
		if err := each(&shared); err != nil {
			return err
		}
	}
	return nil
}

// Chain implements app.Views.
func (s *Store) Chain(_ context.Context, company string, each func(*ledger.Entry) error) (ledger.Head, error) {
	type snapshot struct {
		entries []ledger.Entry
		head    ledger.Head
	}
	snap, err := look(s, company, func(b *shelf) (snapshot, error) {
		out := snapshot{head: b.head}
		for _, e := range b.entries {
			e.Lines = slices.Clone(e.Lines)
			out.entries = append(out.entries, e)
		}
		return out, nil
	})
	if err != nil {
		return ledger.Head{}, err
	}
	for i := range snap.entries {
		if err := each(&snap.entries[i]); err != nil {
			return snap.head, err
		}
	}
	return snap.head, nil
}

// Tamper changes a posted entry in what the views read, as somebody with the database in hand could.
func (s *Store) Tamper(company string, seq int64, change func(*ledger.Entry)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.companies[company]
	e := b.entries[seq-1]
	e.Lines = slices.Clone(e.Lines)
	change(&e)
	b.entries[seq-1] = e
}

// Total is what a company's accounts with a prefix add up to, for tests of invariants: debit less credit, minor units.
func (s *Store) Total(company, prefix string) int64 {
	sum, err := look(s, company, func(b *shelf) (int64, error) {
		_, _, sum := b.ledger(func(l ledger.Line) bool { return strings.HasPrefix(l.Account, prefix) }, civil.Date{}, civil.Date{})
		return sum, nil
	})
	if err != nil {
		panic(err)
	}
	return sum
}

// EUR is an amount of cents.
func EUR(cents int64) money.Money { return money.Of(cents, money.EUR) }
