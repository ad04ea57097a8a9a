package bunstore

import (
	"context"
	"strings"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// PayLink implements app.Views.
func (s *Store) PayLink(ctx context.Context, company, document string) (inbox.PayLink, error) {
	return one(ctx, s, links, books.Links, company, document)
}

// Attempt implements app.Views.
func (s *Store) Attempt(ctx context.Context, company, id string) (inbox.Attempt, error) {
	return one(ctx, s, attempts, books.Attempts, company, id)
}

// AttemptBySession implements app.Views.
func (s *Store) AttemptBySession(ctx context.Context, company, connection, session string) (inbox.Attempt, error) {
	return oneWhere(ctx, s, attempts, books.Attempts, company, session, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("connection_id = ?", connection).Where("session_id = ?", session).Where("session_id <> ''").Order("id DESC")
	})
}

// AttemptsOpen implements app.Views.
func (s *Store) AttemptsOpen(ctx context.Context, company, connection string) ([]inbox.Attempt, error) {
	list, err := attempts.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		if connection != "" {
			q = q.Where("connection_id = ?", connection)
		}
		return q.Where("state IN ('created', 'opened', 'pending')").Order("connection_id", "id")
	})
	return list, s.refusal(ctx, err, nil)
}

// AttemptsOf implements app.Views.
func (s *Store) AttemptsOf(ctx context.Context, company, document string) ([]inbox.Attempt, error) {
	list, err := attempts.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("document_id = ?", document).Order("created_at DESC", "id DESC")
	})
	return list, s.refusal(ctx, err, nil)
}

// Arrival implements app.Views.
func (s *Store) Arrival(ctx context.Context, company, id string) (inbox.Arrival, error) {
	return one(ctx, s, arrivals, books.Arrivals, company, id)
}

var arrivalOrder = order{name: "date", columns: []column{number("a.occurred_at"), text("a.id")}}

// arrivalListRow is an arrival with names beside it.
type arrivalListRow struct {
	arrivalRow     `bun:",extend"`
	CustomerName   string
	DocumentNumber string
	QuoteID        string
}

// Arrivals implements app.Views.
func (s *Store) Arrivals(ctx context.Context, company string, f app.ArrivalQuery) (app.Page[app.ArrivalRow], error) {
	var none app.Page[app.ArrivalRow]
	o := arrivalOrder
	o.desc = f.Desc
	k, err := o.paging(f.Paging)
	if err != nil {
		return none, err
	}
	found, err := s.arrivalsFound(ctx, company, f.Search)
	if err != nil {
		return none, err
	}
	q := s.read.NewSelect().Column("a.id", "a.occurred_at").Where("a.company_id = ?", company)
	if found != nil {
		q = q.TableExpr("(?) AS f CROSS JOIN arrivals AS a", found).Where("a.id = f.id")
	} else {
		q = q.TableExpr("arrivals AS a")
	}
	if f.ToDo || onlyToDo(f.States) {
		q = q.Where("a.to_do")
	}
	if len(f.States) > 0 {
		q = q.Where("a.state IN (?)", bun.In(f.States))
	}
	if f.Connection != "" {
		q = q.Where("a.connection_id = ?", f.Connection)
	}
	if len(f.Kinds) > 0 {
		q = q.Where("a.kind IN (?)", bun.In(f.Kinds))
	}
	if f.Related != "" {
		q = q.Where("a.related_id = ?", f.Related).Where("a.related_id <> ''")
	}
	if f.Document != "" {
		q = q.Where("a.document_id = ?", f.Document).Where("a.document_id <> ''")
	}
	if f.Payout != "" {
		q = q.Where("a.payout_id = ?", f.Payout).Where("a.payout_id <> ''")
	}
	var rows []arrivalListRow
	err = s.read.NewSelect().TableExpr("(?) AS page CROSS JOIN arrivals AS a", k.apply(q)).
		Where("a.company_id = ?", company).Where("a.id = page.id").
		Join("LEFT JOIN customers AS c ON c.company_id = a.company_id AND c.id = a.customer_id").
		Join("LEFT JOIN invoices AS i ON a.document_kind = 'invoice' AND i.company_id = a.company_id AND i.id = a.document_id").
		Join("LEFT JOIN deposits AS d ON a.document_kind = 'deposit' AND d.company_id = a.company_id AND d.id = a.document_id").
		Join("LEFT JOIN quotes AS q ON q.company_id = d.company_id AND q.id = d.quote_id").
		ColumnExpr("a.*, coalesce(c.name, '') AS customer_name, coalesce(i.number, q.number, '') AS document_number, coalesce(q.id, '') AS quote_id").
		OrderExpr("?", k.orderBy()).Scan(ctx, &rows)
	if err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	return page(k, rows, func(r *arrivalListRow) []any { return []any{r.OccurredAt, r.ID} }, func(rows []arrivalListRow) ([]app.ArrivalRow, error) {
		out := make([]app.ArrivalRow, len(rows))
		for i, r := range rows {
			v, err := fromArrival(r.arrivalRow)
			if err != nil {
				return nil, err
			}
			out[i] = app.ArrivalRow{Arrival: v, CustomerName: r.CustomerName, DocumentNumber: r.DocumentNumber, QuoteID: r.QuoteID}
		}
		return out, nil
	})
}

// onlyToDo says whether all these states wait for somebody, so that the short index of such arrivals will do.
func onlyToDo(states []inbox.State) bool {
	for _, st := range states {
		if st != inbox.Ready && st != inbox.Review {
			return false
		}
	}
	return len(states) > 0
}

// arrivalsFound selects the ids of arrivals by the gateway's id, the payer, the number of the document or the customer.
func (s *Store) arrivalsFound(ctx context.Context, company, search string) (schema.QueryAppender, error) {
	key := searchKey(search)
	if key == "" {
		return nil, nil
	}
	ways := []schema.QueryAppender{
		bun.SafeQuery("SELECT * FROM (SELECT id FROM arrivals WHERE company_id = ? AND external_id >= ? AND external_id < ? LIMIT ?) AS e",
			company, search, after(search), maxFound),
		bun.SafeQuery(`SELECT * FROM (SELECT id FROM arrivals WHERE company_id = ? AND payer_key LIKE ? ESCAPE '\' ORDER BY occurred_at DESC LIMIT ?) AS p`,
			company, containing(key), maxFound),
	}
	named, err := s.customersNamed(ctx, company, search)
	if err != nil {
		return nil, err
	}
	if len(named) > 0 {
		ways = append(ways, s.latestOf("arrivals", "occurred_at", company, named))
	}
	found, err := s.documentsFound(ctx, "invoices", company, search, billing.InvoiceSeries)
	if err != nil {
		return nil, err
	}
	offers, err := s.documentsFound(ctx, "quotes", company, search, billing.QuoteSeries)
	if err != nil {
		return nil, err
	}
	ways = append(ways,
		bun.SafeQuery("SELECT id FROM arrivals WHERE company_id = ? AND document_id <> '' AND document_id IN (?)", company, found),
		bun.SafeQuery(`SELECT id FROM arrivals WHERE company_id = ? AND document_id <> '' AND document_id IN
			(SELECT id FROM deposits WHERE company_id = ? AND quote_id IN (?))`, company, company, offers))
	return joined{ways, " UNION "}, nil
}

// ArrivalsReady implements app.Views.
func (s *Store) ArrivalsReady(ctx context.Context, company string, limit int) ([]string, error) {
	return s.arrivalIDs(ctx, company, "postable", limit)
}

// ArrivalsUnmatched implements app.Views.
func (s *Store) ArrivalsUnmatched(ctx context.Context, company string, limit int) ([]string, error) {
	return s.arrivalIDs(ctx, company, "unmatched", limit)
}

func (s *Store) arrivalIDs(ctx context.Context, company, which string, limit int) ([]string, error) {
	var ids []string
	err := s.read.NewSelect().Table("arrivals").Column("id").Where("company_id = ?", company).Where("?", bun.Ident(which)).
		Order("occurred_at", "id").Limit(int64(limit)).Scan(ctx, &ids)
	return ids, s.refusal(ctx, err, nil)
}

// ArrivalsUnvalued implements app.Views.
func (s *Store) ArrivalsUnvalued(ctx context.Context, company string, limit int) ([]string, error) {
	return s.arrivalIDs(ctx, company, "unvalued", limit)
}

// toBe is what a payment will settle: its gross amount as long as nobody knows better.
const toBe = "CASE WHEN settled_currency = '' THEN gross ELSE settled END"

// Waiting implements app.Views.
func (s *Store) Waiting(ctx context.Context, company, document string) (int64, error) {
	var sum int64
	err := s.read.QueryRowContext(ctx, `SELECT `+s.total(toBe)+` FROM arrivals
		WHERE company_id = ? AND document_id = ? AND document_id <> '' AND kind = 'payment' AND state IN ('ready', 'review')`, company, document).Scan(&sum)
	return sum, s.refusal(ctx, err, nil)
}

// Receipt implements app.Views.
func (s *Store) Receipt(ctx context.Context, company, id string) (inbox.Receipt, error) {
	return one(ctx, s, receipts, books.Receipts, company, id)
}

var receiptOrder = order{name: "date", columns: []column{number("r.date"), text("r.id")}, desc: true}

// Receipts implements app.Views.
func (s *Store) Receipts(ctx context.Context, company string, f app.ReceiptQuery) (app.Page[app.ReceiptRow], error) {
	var none app.Page[app.ReceiptRow]
	k, err := receiptOrder.paging(f.Paging)
	if err != nil {
		return none, err
	}
	found, err := s.receiptsFound(ctx, company, f.Search)
	if err != nil {
		return none, err
	}
	if f.Document != "" {
		of := bun.SafeQuery("SELECT DISTINCT receipt_id AS id FROM receipt_allocations WHERE company_id = ? AND document_id = ?", company, f.Document)
		if found != nil {
			found = bun.SafeQuery("SELECT id FROM (?) AS d WHERE id IN (?)", of, found)
		} else {
			found = of
		}
	}
	q := s.read.NewSelect().ColumnExpr("r.*").Where("r.company_id = ?", company)
	if found != nil {
		q = q.TableExpr("(?) AS f CROSS JOIN receipts AS r", found).Where("r.id = f.id")
	} else {
		q = q.TableExpr("receipts AS r")
	}
	if f.Customer != "" {
		q = q.Where("r.customer_id = ?", f.Customer)
	}
	if f.Online != nil {
		q = q.Where("r.online = ?", *f.Online)
	}
	first, last := dates(f.From, f.To)
	var rows []receiptRow
	if err := k.apply(q.Where("r.date BETWEEN ? AND ?", first, last)).Scan(ctx, &rows); err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	return page(k, rows, func(r *receiptRow) []any { return []any{r.Date, r.ID} }, func(rows []receiptRow) ([]app.ReceiptRow, error) {
		list, err := receipts.decode(ctx, s.read, company, rows)
		if err != nil {
			return nil, err
		}
		names, err := s.customersOf(ctx, company, idsOf(list, func(v inbox.Receipt) string { return v.CustomerID }))
		if err != nil {
			return nil, err
		}
		out := make([]app.ReceiptRow, len(list))
		for i, v := range list {
			out[i] = app.ReceiptRow{Receipt: v, CustomerName: names[v.CustomerID].Name, CustomerCode: names[v.CustomerID].Code}
		}
		return out, nil
	})
}

// receiptsFound selects the ids of receipts by reference, customer or number of a document they settle.
func (s *Store) receiptsFound(ctx context.Context, company, search string) (schema.QueryAppender, error) {
	key := searchKey(search)
	if key == "" {
		return nil, nil
	}
	prefix := strings.ToUpper(strings.TrimSpace(search))
	ways := []schema.QueryAppender{
		bun.SafeQuery("SELECT * FROM (SELECT id FROM receipts WHERE company_id = ? AND reference_key <> '' AND reference_key >= ? AND reference_key < ? LIMIT ?) AS r",
			company, key, after(key), maxFound),
		bun.SafeQuery("SELECT * FROM (SELECT receipt_id FROM receipt_allocations WHERE company_id = ? AND number >= ? AND number < ? ORDER BY number DESC LIMIT ?) AS a",
			company, prefix, after(prefix), maxFound),
	}
	named, err := s.customersNamed(ctx, company, search)
	if err != nil {
		return nil, err
	}
	if len(named) > 0 {
		ways = append(ways, s.latestOf("receipts", "date", company, named))
	}
	return joined{ways, " UNION "}, nil
}

// customersOf reads the names of some customers, by id.
func (s *Store) customersOf(ctx context.Context, company string, ids []string) (map[string]customerRow, error) {
	out := map[string]customerRow{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []customerRow
	err := s.read.NewSelect().Model(&rows).Column("id", "code", "name").Where("company_id = ?", company).Where("id IN (?)", bun.In(ids)).Scan(ctx)
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, s.refusal(ctx, err, nil)
}

// Feed implements app.Views.
func (s *Store) Feed(ctx context.Context, company, connection string) (inbox.Feed, error) {
	return one(ctx, s, feeds, books.Feeds, company, connection)
}
