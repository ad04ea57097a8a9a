package bunstore

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

const (
	defaultPage = 50
	maxPage     = 200
)

// order is how a list is sorted: by columns whose values together are unique, all in one direction.
type order struct {
	name    string // of the sort, part of its cursors
	columns []column
	desc    bool
}

// column is one column of an order, with the alias of its table.
type column struct {
	name   string
	number bool // an integer, not a text
}

func text(name string) column   { return column{name: name} }
func number(name string) column { return column{name: name, number: true} }

// pick finds the order that a query asks for among those a list has; empty is the first. Code: bad_choice.
func pick(sort string, desc bool, orders ...order) (order, error) {
	if sort == "" {
		sort = orders[0].name
	}
	var names []string
	for _, o := range orders {
		if o.name == sort {
			o.desc = desc
			return o, nil
		}
		names = append(names, o.name)
	}
	return order{}, fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(sort), "allowed", strings.Join(names, ", ")).On("sort")
}

// keyset is a place in a list and the direction to read from there. It costs the same at any depth: the place is the
// values of the order's columns in the last row seen, not a count of rows.
type keyset struct {
	order order
	at    []any // empty: the beginning, or the end when reading back
	back  bool
	limit int
}

// cursorDoc is what a cursor holds.
type cursorDoc struct {
	Order string   `json:"o"`
	At    []string `json:"a"`
}

// paging reads where a page begins. Code: bad_cursor.
func (o order) paging(p app.Paging) (keyset, error) {
	k := keyset{order: o, back: p.Back, limit: p.Limit}
	if k.limit == 0 {
		k.limit = defaultPage
	}
	k.limit = min(max(k.limit, 1), maxPage)
	if p.Cursor == "" {
		return k, nil
	}
	bad := fault.New(fault.Invalid, fault.BadCursor).On("cursor")
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil {
		return k, bad
	}
	var c cursorDoc
	if err := json.Unmarshal(b, &c); err != nil || c.Order != o.id() || len(c.At) != len(o.columns) {
		return k, bad
	}
	for i, v := range c.At {
		if !o.columns[i].number {
			if strings.ContainsRune(v, 0) {
				return k, bad
			}
			k.at = append(k.at, v)
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return k, bad
		}
		k.at = append(k.at, n)
	}
	return k, nil
}

func (o order) id() string {
	if o.desc {
		return o.name + "-"
	}
	return o.name
}

func (o order) cursor(at []any) string {
	c := cursorDoc{Order: o.id()}
	for _, v := range at {
		switch v := v.(type) {
		case string:
			c.At = append(c.At, v)
		case int:
			c.At = append(c.At, strconv.Itoa(v))
		case int64:
			c.At = append(c.At, strconv.FormatInt(v, 10))
		default:
			panic("bunstore: a cursor of neither text nor number")
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte(mustJSON(c)))
}

// descending says whether the rows are to be read from the greatest to the smallest.
func (k keyset) descending() bool { return k.order.desc != k.back }

// condition is the WHERE term that skips what lies before the page.
func (k keyset) condition() schema.QueryWithArgs {
	if k.at == nil {
		return bun.SafeQuery("1 = 1")
	}
	op := " > "
	if k.descending() {
		op = " < "
	}
	var names, marks []string
	for _, c := range k.order.columns {
		names = append(names, c.name)
		marks = append(marks, "?")
	}
	return bun.SafeQuery("("+strings.Join(names, ", ")+")"+op+"("+strings.Join(marks, ", ")+")", k.at...)
}

// orderBy is the ORDER BY list.
func (k keyset) orderBy() schema.QueryWithArgs {
	var b strings.Builder
	for i, c := range k.order.columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.name)
		if k.descending() {
			b.WriteString(" DESC")
		}
	}
	return bun.SafeQuery(b.String())
}

// apply adds condition, order and limit to a query. One row more than the page holds tells whether the list goes on.
func (k keyset) apply(q *bun.SelectQuery) *bun.SelectQuery {
	return q.Where("?", k.condition()).OrderExpr("?", k.orderBy()).Limit(int64(k.limit + 1))
}

// page turns what apply found into a page. at gives the values of the order's columns of a row.
func page[R, T any](k keyset, rows []R, at func(*R) []any, item func([]R) ([]T, error)) (app.Page[T], error) {
	more := len(rows) > k.limit
	if more {
		rows = rows[:k.limit]
	}
	if k.back {
		slices.Reverse(rows)
	}
	var p app.Page[T]
	if len(rows) > 0 {
		if first := k.order.cursor(at(&rows[0])); more && k.back || !k.back && k.at != nil {
			p.Prev = first
		}
		if last := k.order.cursor(at(&rows[len(rows)-1])); more && !k.back || k.back && k.at != nil {
			p.Next = last
		}
	} else if k.at != nil {
		// Nothing lies beyond the cursor: the only way is back.
		if here := k.order.cursor(k.at); k.back {
			p.Next = here
		} else {
			p.Prev = here
		}
	}
	var err error
	p.Items, err = item(rows)
	return p, err
}
