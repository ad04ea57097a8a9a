package bunstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// How lists are searched. Neither engine finds text in the middle of a column fast, and only one of them could learn to.
// So a search finds the beginning of a number, of a reference, and of any word of a customer's name, code or e-mail, each
// by an index; digits alone also find the document of that running number. What it finds is bounded, the latest first,
// and then filtered and sorted like any list: a search that finds more than a person can read is answered as fast as one
// that finds a single row. All documents of a customer, however many, are found by filtering for the customer.

const (
	// maxFound bounds the documents that one way of a search finds: ten pages.
	maxFound = 500
	// maxNamed bounds the customers whose documents a search finds; they share maxFound, the latest of each.
	maxNamed = 50
)

// customersByWords selects the ids of customers of whom every word searched for begins some word; nil without a search.
func customersByWords(db *bun.DB, company, search string) schema.QueryAppender {
	words := strings.Fields(searchKey(search))
	if len(words) == 0 {
		return nil
	}
	parts := make([]schema.QueryAppender, len(words))
	for i, w := range words {
		parts[i] = bun.SafeQuery("SELECT customer_id FROM customer_words WHERE company_id = ? AND word >= ? AND word < ?", company, w, after(w))
	}
	return joined{parts, " INTERSECT "}
}

// customersNamed finds the ids of at most maxNamed customers.
func (s *Store) customersNamed(ctx context.Context, company, search string) ([]string, error) {
	words := customersByWords(s.read, company, search)
	if words == nil {
		return nil, nil
	}
	var ids []string
	err := s.read.NewSelect().ColumnExpr("customer_id").TableExpr("(?) AS w", words).Distinct().Limit(maxNamed).Scan(ctx, &ids)
	return ids, s.refusal(ctx, err, nil)
}

// latestOf selects the ids of the latest records of some customers, maxFound in all.
func (s *Store) latestOf(table, date, company string, customers []string) schema.QueryAppender {
	of := func(customer schema.QueryAppender) schema.QueryAppender {
		return bun.SafeQuery("SELECT id FROM (SELECT id FROM ? WHERE company_id = ? AND customer_id = ? AND customer_id <> '' ORDER BY ? DESC LIMIT ?) AS d",
			bun.Ident(table), company, customer, bun.Ident(date), max(1, maxFound/len(customers)))
	}
	if s.isPG() {
		return bun.SafeQuery("SELECT l.id FROM unnest(ARRAY[?]) AS c (id) CROSS JOIN LATERAL (?) AS l", bun.In(customers), of(bun.Ident("c.id")))
	}
	each := make([]schema.QueryAppender, len(customers))
	for i, c := range customers {
		each[i] = of(bun.SafeQuery("?", c))
	}
	return bun.SafeQuery("SELECT id FROM (?) AS l", joined{each, " UNION ALL "})
}

// documentsFound selects the ids of the quotes or invoices that a search finds, each once; nil without a search.
func (s *Store) documentsFound(ctx context.Context, table, company, search string, series ...billing.Series) (schema.QueryAppender, error) {
	search = strings.TrimSpace(search)
	if search == "" {
		return nil, nil
	}
	t := bun.Ident(table)
	prefix, reference := strings.ToUpper(search), searchKey(search)
	ways := []schema.QueryAppender{
		bun.SafeQuery("SELECT * FROM (SELECT id FROM ? WHERE company_id = ? AND number <> '' AND number >= ? AND number < ? ORDER BY number DESC LIMIT ?) AS a",
			t, company, prefix, after(prefix), maxFound),
		bun.SafeQuery("SELECT * FROM (SELECT id FROM ? WHERE company_id = ? AND reference_key <> '' AND reference_key >= ? AND reference_key < ? LIMIT ?) AS b",
			t, company, reference, after(reference), maxFound),
	}
	named, err := s.customersNamed(ctx, company, search)
	if err != nil {
		return nil, err
	}
	if len(named) > 0 {
		ways = append(ways, s.latestOf(table, "date", company, named))
	}
	numbers, err := s.numbersOf(ctx, company, search, series)
	if err != nil {
		return nil, err
	}
	if len(numbers) > 0 {
		ways = append(ways, bun.SafeQuery("SELECT id FROM ? WHERE company_id = ? AND number <> '' AND number IN (?)", t, company, bun.In(numbers)))
	}
	return joined{ways, " UNION "}, nil
}

// numbersOf are the legal numbers that a running number stands for: one for each series and fiscal year.
func (s *Store) numbersOf(ctx context.Context, company, search string, series []billing.Series) ([]string, error) {
	n, err := strconv.ParseInt(search, 10, 64)
	if err != nil || n <= 0 {
		return nil, nil
	}
	list, err := years.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	var out []string
	for _, y := range list {
		for _, x := range series {
			out = append(out, billing.FormatNumber(x, y.ID, n))
		}
	}
	return out, nil
}

// containing is a LIKE pattern that finds a search key anywhere.
func containing(search string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search) + "%"
}

// joined is several queries with something between them.
type joined struct {
	parts   []schema.QueryAppender
	between string
}

// AppendQuery implements schema.QueryAppender.
func (j joined) AppendQuery(gen schema.QueryGen, b []byte) (_ []byte, err error) {
	for i, p := range j.parts {
		if i > 0 {
			b = append(b, j.between...)
		}
		if b, err = p.AppendQuery(gen, b); err != nil {
			return nil, err
		}
	}
	return b, nil
}
