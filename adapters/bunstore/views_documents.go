package bunstore

import (
	"context"
	"math"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/money"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Quote implements app.Views.
func (s *Store) Quote(ctx context.Context, company, id string) (billing.Quote, error) {
	return one(ctx, s, quotes, books.Quotes, company, id)
}

var quoteOrders = []order{
	{name: "date", columns: []column{number("q.date"), text("q.id")}},
	{name: "number", columns: []column{text("q.number_key"), text("q.id")}},
	{name: "amount", columns: []column{number("q.gross"), text("q.id")}},
}

// quoteListRow is a quote as the list reads it.
type quoteListRow struct {
	ID           string
	Number       string
	State        billing.QuoteState
	CustomerID   string
	CustomerName string
	Date         int
	ValidUntil   int
	Currency     money.Currency
	Gross        int64
	SentAt       int64
}

// Quotes implements app.Views.
func (s *Store) Quotes(ctx context.Context, company string, f app.QuoteQuery) (app.Page[app.QuoteRow], error) {
	var none app.Page[app.QuoteRow]
	o, err := pick(f.Sort, f.Desc, quoteOrders...)
	if err != nil {
		return none, err
	}
	k, err := o.paging(f.Paging)
	if err != nil {
		return none, err
	}
	var rows []quoteListRow
	q := s.read.NewSelect().
		ColumnExpr("q.id, q.number, q.state, q.customer_id, q.date, q.valid_until, q.currency, q.gross, q.sent_at").
		ColumnExpr("coalesce(c.name, '') AS customer_name").Where("q.company_id = ?", company)
	found, err := s.documentsFound(ctx, "quotes", company, f.Search, billing.QuoteSeries)
	if err != nil {
		return none, err
	}
	if found != nil {
		q = q.TableExpr("(?) AS f CROSS JOIN quotes AS q", found).Where("q.id = f.id")
	} else {
		q = q.TableExpr("quotes AS q")
	}
	q = q.Join("LEFT JOIN customers AS c ON c.company_id = q.company_id AND c.id = q.customer_id")
	if len(f.States) > 0 {
		q = q.Where("q.state IN (?)", bun.In(f.States))
	}
	if f.Customer != "" {
		q = q.Where("q.customer_id = ?", f.Customer)
	}
	if err := k.apply(q).Scan(ctx, &rows); err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	at := func(r *quoteListRow) []any {
		switch o.name {
		case "number":
			return []any{numberKey(r.Number), r.ID}
		case "amount":
			return []any{r.Gross, r.ID}
		}
		return []any{r.Date, r.ID}
	}
	return page(k, rows, at, func(rows []quoteListRow) ([]app.QuoteRow, error) {
		out := make([]app.QuoteRow, len(rows))
		for i, r := range rows {
			out[i] = app.QuoteRow{ID: r.ID, Number: r.Number, State: r.State, CustomerID: r.CustomerID, CustomerName: r.CustomerName,
				Date: day(r.Date), ValidUntil: day(r.ValidUntil), Currency: r.Currency, Gross: r.Gross, SentAt: instant(r.SentAt)}
		}
		return out, s.addDeposits(ctx, company, out)
	})
}

// addDeposits sums up the deposits of some quotes: how many live, what they ask for, and what was received at all.
func (s *Store) addDeposits(ctx context.Context, company string, list []app.QuoteRow) error {
	if len(list) == 0 {
		return nil
	}
	at := make(map[string]*app.QuoteRow, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	const live = "CASE WHEN state IN ('cancelled', 'refunded') THEN 0 ELSE "
	rows, err := s.read.QueryContext(ctx, `SELECT quote_id, `+s.total(live+"1 END")+`, `+s.total(live+"amount END")+`, `+s.total("received")+`
		FROM deposits WHERE company_id = ? AND quote_id IN (?) GROUP BY quote_id`,
		company, bun.In(idsOf(list, func(r app.QuoteRow) string { return r.ID })))
	if err != nil {
		return s.refusal(ctx, err, nil)
	}
	return scanAll(rows, func() error {
		var id string
		var sum app.QuoteRow
		if err := rows.Scan(&id, &sum.Deposits, &sum.Requested, &sum.Received); err != nil {
			return err
		}
		q := at[id]
		q.Deposits, q.Requested, q.Received = sum.Deposits, sum.Requested, sum.Received
		return nil
	})
}

// Invoice implements app.Views.
func (s *Store) Invoice(ctx context.Context, company, id string) (billing.Invoice, error) {
	return one(ctx, s, invoices, books.Invoices, company, id)
}

var invoiceOrders = []order{
	{name: "date", columns: []column{number("i.date"), text("i.id")}},
	{name: "number", columns: []column{text("i.number_key"), text("i.id")}},
	{name: "due_date", columns: []column{number("i.due_date"), text("i.id")}},
	{name: "amount", columns: []column{number("i.gross"), text("i.id")}},
	{name: "balance", columns: []column{number("i.balance"), text("i.id")}},
	{name: "customer", columns: []column{text("i.customer_key"), text("i.id")}},
}

// invoiceListRow is an invoice as the list reads it.
type invoiceListRow struct {
	ID           string
	Number       string
	Kind         billing.InvoiceKind
	Life         billing.Life
	Settlement   billing.Settlement
	CustomerID   string
	CustomerName string
	CustomerKey  string
	Date         int
	DueDate      int
	Currency     money.Currency
	Gross        int64
	Balance      int64
	Online       bool
	InProgress   bool
	SentAt       int64
	PaidAt       int64
}

// at is the row's place in an order.
func (r *invoiceListRow) at(o order) []any {
	switch o.name {
	case "number":
		return []any{numberKey(r.Number), r.ID}
	case "due_date":
		return []any{r.DueDate, r.ID}
	case "amount":
		return []any{r.Gross, r.ID}
	case "balance":
		return []any{r.Balance, r.ID}
	case "customer":
		return []any{r.CustomerKey, r.ID}
	}
	return []any{r.Date, r.ID}
}

const invoiceListColumns = `i.id, i.number, i.kind, i.life, i.settlement, i.customer_id, i.customer_name, i.customer_key, i.date, i.due_date,
	i.currency, i.gross, i.balance, i.sent_at, i.paid_at,
	EXISTS (SELECT 1 FROM receipt_allocations AS a JOIN receipts AS r ON r.company_id = a.company_id AND r.id = a.receipt_id
		WHERE a.company_id = i.company_id AND a.document_id = i.id AND r.online AND r.reversed_seq = 0) AS online,
	EXISTS (SELECT 1 FROM attempts AS t WHERE t.company_id = i.company_id AND t.document_id = i.id
		AND t.state IN ('created', 'opened', 'pending')) AS in_progress`

// Invoices implements app.Views.
func (s *Store) Invoices(ctx context.Context, company string, f app.InvoiceQuery) (app.Page[app.InvoiceRow], error) {
	var none app.Page[app.InvoiceRow]
	o, err := pick(f.Sort, f.Desc, invoiceOrders...)
	if err != nil {
		return none, err
	}
	k, err := o.paging(f.Paging)
	if err != nil {
		return none, err
	}
	found, err := s.documentsFound(ctx, "invoices", company, f.Search, billing.InvoiceSeries, billing.CreditSeries)
	if err != nil {
		return none, err
	}
	var rows []invoiceListRow
	if statuses := statusesFor(f.Kinds, f.Lives, f.Settlements, f.Overdue); len(statuses) > 0 {
		var ids schema.QueryAppender
		if narrow := f.Customer != "" || f.Quote != "" || found != nil; narrow {
			ids = invoicesAmong(s.read, company, f, statuses, found, k)
		} else {
			few, err := s.fewInDates(ctx, company, f, o, statuses)
			if err != nil {
				return none, err
			}
			ids = s.invoiceRuns(company, f, statuses, k, few)
		}
		err := s.read.NewSelect().TableExpr("(?) AS p CROSS JOIN invoices AS i", ids).ColumnExpr(invoiceListColumns).
			Where("i.company_id = ?", company).Where("i.id = p.id").
			OrderExpr("?", k.orderBy()).Scan(ctx, &rows)
		if err != nil {
			return none, s.refusal(ctx, err, nil)
		}
	}
	return page(k, rows, func(r *invoiceListRow) []any { return r.at(o) }, func(rows []invoiceListRow) ([]app.InvoiceRow, error) {
		return invoiceRows(rows), nil
	})
}

func invoiceRows(rows []invoiceListRow) []app.InvoiceRow {
	out := make([]app.InvoiceRow, len(rows))
	for i, r := range rows {
		out[i] = app.InvoiceRow{ID: r.ID, Number: r.Number, Kind: r.Kind, Life: r.Life, Settlement: r.Settlement, CustomerID: r.CustomerID,
			CustomerName: r.CustomerName, Date: day(r.Date), DueDate: day(r.DueDate), Currency: r.Currency, Gross: r.Gross, Balance: r.Balance,
			Online: r.Online, InProgress: r.InProgress, SentAt: instant(r.SentAt), PaidAt: instant(r.PaidAt)}
	}
	return out
}

// invoicesAmong selects a page of ids among few invoices: those of a customer, of a quote, or that a search found. The
// plus keeps the engines from walking an index of all invoices in search of them; so does CROSS JOIN, which SQLite takes
// for an order to begin on the left.
func invoicesAmong(db *bun.DB, company string, f app.InvoiceQuery, statuses []status, found schema.QueryAppender, k keyset) schema.QueryAppender {
	q := db.NewSelect()
	if found != nil {
		q = q.TableExpr("(?) AS f CROSS JOIN invoices AS i", found).Where("i.id = f.id")
	} else {
		q = q.TableExpr("invoices AS i")
	}
	q = q.Column("i.id").Where("i.company_id = ?", company).Where("+i.status IN (?)", bun.In(statuses))
	if f.Customer != "" {
		q = q.Where("i.customer_id = ?", f.Customer)
	}
	if f.Quote != "" {
		q = q.Where("i.quote_id = ?", f.Quote).Where("i.quote_id <> ''")
	}
	return bun.SafeQuery("SELECT id FROM (?) AS page", k.apply(invoiceDates(q, f)))
}

func invoiceDates(q *bun.SelectQuery, f app.InvoiceQuery) *bun.SelectQuery {
	if f.Overdue {
		q = q.Where("i.due_date < ?", f.Today.Number())
	}
	if !f.From.IsZero() {
		q = q.Where("i.date >= ?", f.From.Number())
	}
	if !f.To.IsZero() {
		q = q.Where("i.date <= ?", f.To.Number())
	}
	return q
}

// fewInDates says that a period holds so few invoices that they are better all read by their date and sorted than looked
// for in the order asked for. That order is no help where it follows the dates: then everything before the period, or
// behind it, would be walked over first.
func (s *Store) fewInDates(ctx context.Context, company string, f app.InvoiceQuery, o order, statuses []status) (bool, error) {
	if f.From.IsZero() && f.To.IsZero() || o.name == "date" {
		return false, nil
	}
	most := 50_000
	if o.name == "amount" || o.name == "customer" {
		if most = 5000; s.isPG() { // which sees for itself how many there are, but not how they lie
			return false, nil
		}
	}
	first, last := dates(f.From, f.To)
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT id FROM invoices `+s.indexedBy("date")+`
		WHERE company_id = ? AND status IN (?) AND date BETWEEN ? AND ? LIMIT ?) AS few`, company, bun.In(statuses), first, last, most+1).Scan(&n)
	return n <= most, s.refusal(ctx, err, nil)
}

// indexedBy tells SQLite which index of invoices to take: it does not know how few rows of a list are asked for.
func (s *Store) indexedBy(order string) string {
	if s.isPG() {
		return ""
	}
	return "INDEXED BY invoices_by_" + order
}

// invoiceRuns selects a page of ids among all invoices: a page of each status, read in order from the index that begins
// with it, merged. few makes it read a period and sort it instead.
func (s *Store) invoiceRuns(company string, f app.InvoiceQuery, statuses []status, k keyset, few bool) schema.QueryAppender {
	run := func(status schema.QueryAppender) schema.QueryAppender {
		q := s.read.NewSelect().Column("i.id", k.order.columns[0].name).Where("i.company_id = ?", company).Where("i.status = ?", status)
		if !few {
			return k.apply(invoiceDates(q.TableExpr("invoices AS i "+s.indexedBy(k.order.name)), f))
		}
		// The limit is none, but keeps the planners from taking the order into the period again.
		period := invoiceDates(q.TableExpr("invoices AS i "+s.indexedBy("date")), f).Limit(math.MaxInt32)
		return k.apply(s.read.NewSelect().TableExpr("(?) AS i", period).Column("i.id", k.order.columns[0].name))
	}
	if len(statuses) == 1 {
		return bun.SafeQuery("SELECT id FROM (?) AS page", run(bun.SafeQuery("?", statuses[0])))
	}
	var runs schema.QueryAppender
	if s.isPG() {
		// One plan for all statuses: planning a dozen branches would cost more than reading them.
		runs = bun.SafeQuery("SELECT i.* FROM unnest(ARRAY[?]::smallint[]) AS s (status) CROSS JOIN LATERAL (?) AS i", bun.In(statuses), run(bun.SafeQuery("s.status")))
	} else {
		all := make([]schema.QueryAppender, len(statuses))
		for i, st := range statuses {
			all[i] = bun.SafeQuery("SELECT * FROM (?)", run(bun.SafeQuery("?", st)))
		}
		runs = joined{all, " UNION ALL "}
	}
	return bun.SafeQuery("SELECT id FROM (SELECT * FROM (?) AS i ORDER BY ? LIMIT ?) AS page", runs, k.orderBy(), k.limit+1)
}

// Credits implements app.Views.
func (s *Store) Credits(ctx context.Context, company, invoiceID string) ([]app.InvoiceRow, error) {
	var rows []invoiceListRow
	err := s.read.NewSelect().TableExpr("invoices AS i").ColumnExpr(invoiceListColumns).Where("i.company_id = ?", company).
		Where("i.credit_of = ?", invoiceID).Where("i.credit_of <> ''").OrderExpr("i.date, i.id").Scan(ctx, &rows)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	return invoiceRows(rows), nil
}
