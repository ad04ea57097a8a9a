package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

func (s *service) entries() {
	const tag = "Entries"
	add(s, endpoint{method: get, path: "/entries", id: "listEntries", tag: tag, needs: access.Read, summary: "The journal, in order of posting"}, s.listEntries)
	add(s, endpoint{method: post, path: "/entries", id: "postEntry", tag: tag, needs: access.Keep, status: 201,
		summary: "Post an entry, for ever",
		text:    "It balances or does not exist (`entry_unbalanced`); it is numbered without gaps and chained by hash. A mistake is corrected by a reversal."}, s.postEntry)
	add(s, endpoint{method: get, path: "/entries/{entry}", id: "getEntry", tag: tag, needs: access.Read, summary: "One entry, by its position in the chain"}, s.getEntry)
	add(s, endpoint{method: post, path: "/entries/{entry}/reverse", id: "reverseEntry", tag: tag, needs: access.Keep, status: 201,
		summary: "Undo an entry with an opposite one", text: "Entries of documents and receipts are undone there (`not_reversible`)."}, s.reverseEntry)
}

// EntryFields is an entry to be posted.
type EntryFields struct {
	Journal   string       `json:"journal" maxLength:"8" example:"OD"`
	Date      date         `json:"date"`
	Piece     string       `json:"piece" maxLength:"100" doc:"Voucher reference."`
	PieceDate date         `json:"piece_date,omitzero" doc:"The date when absent."`
	Label     string       `json:"label" maxLength:"200"`
	Lines     []EntryLines `json:"lines" minItems:"2" maxItems:"10000"`
}

// EntryLines is one line of it: one of debit and credit, positive, in the currency of the books.
type EntryLines struct {
	Account string  `json:"account" maxLength:"12" example:"411000"`
	Aux     string  `json:"aux,omitzero" maxLength:"17" example:"C0001" doc:"The customer's code, on customers' accounts."`
	Label   string  `json:"label,omitzero" maxLength:"200" doc:"The entry's when absent."`
	Debit   *amount `json:"debit,omitempty"`
	Credit  *amount `json:"credit,omitempty"`
	Foreign *amount `json:"foreign,omitempty" doc:"The amount in another currency, signed."`
}

// entry is a posted entry.
type entry struct {
	Seq        int64       `json:"seq" doc:"Position in the company's chain, from 1: the entry's identifier."`
	Year       string      `json:"year"`
	Number     int64       `json:"number" doc:"EcritureNum: without gaps in the fiscal year."`
	Journal    string      `json:"journal"`
	Date       date        `json:"date"`
	Piece      string      `json:"piece"`
	PieceDate  date        `json:"piece_date"`
	Label      string      `json:"label"`
	Source     string      `json:"source" doc:"What was posted; nothing is posted twice."`
	Reverses   int64       `json:"reverses,omitzero" doc:"Seq of the entry that this one undoes."`
	ReversedBy int64       `json:"reversed_by,omitzero" doc:"Seq of the entry that undid this one."`
	PostedAt   time.Time   `json:"posted_at"`
	PostedBy   string      `json:"posted_by"`
	Lines      []entryLine `json:"lines"`
	Prev       string      `json:"prev" doc:"SHA-256 of the entry before, hexadecimal."`
	Hash       string      `json:"hash" doc:"SHA-256 of this entry; docs/chain.md says how it is made."`
}

// entryLine is one line of a posted entry.
type entryLine struct {
	Account  string  `json:"account"`
	Aux      string  `json:"aux,omitzero"`
	Label    string  `json:"label,omitzero"`
	Debit    *amount `json:"debit,omitempty"`
	Credit   *amount `json:"credit,omitempty"`
	Foreign  *amount `json:"foreign,omitempty"`
	Document string  `json:"document_id,omitzero" doc:"The invoice, deposit… that the line opens or settles."`
	Letter   string  `json:"letter,omitzero" doc:"Matching code (lettrage)."`
}

// entryRef points at an entry.
type entryRef struct {
	Seq     int64  `json:"seq"`
	Year    string `json:"year"`
	Number  int64  `json:"number"`
	Journal string `json:"journal"`
}

func entryRefOf(e ledger.Entry) entryRef { return entryRef{e.Seq, e.Year, e.Number, e.Journal} }

func entryOf(e *ledger.Entry, cur money.Currency) entry {
	lines := make([]entryLine, len(e.Lines))
	sides := make([]amount, len(e.Lines)) // one allocation for all: each line has one side
	for i, l := range e.Lines {
		lines[i] = entryLine{Account: l.Account, Aux: l.Aux, Label: l.Label, Foreign: someAmount(l.Foreign), Document: l.Document}
		if l.Debit != 0 {
			sides[i] = amountOf(l.Debit, cur)
			lines[i].Debit = &sides[i]
		} else {
			sides[i] = amountOf(l.Credit, cur)
			lines[i].Credit = &sides[i]
		}
	}
	return entry{Seq: e.Seq, Year: e.Year, Number: e.Number, Journal: e.Journal, Date: dateOf(e.Date), Piece: e.Piece, PieceDate: dateOf(e.PieceDate),
		Label: e.Label, Source: e.Source, Reverses: e.Reverses, PostedAt: e.PostedAt, PostedBy: e.PostedBy, Lines: lines, Prev: e.Prev.String(), Hash: e.Hash.String()}
}

func entryViewOf(v app.EntryView, cur money.Currency) entry {
	e := entryOf(&v.Entry, cur)
	e.ReversedBy = v.ReversedBy
	for i := range e.Lines {
		if i < len(v.Letters) {
			e.Lines[i].Letter = v.Letters[i]
		}
	}
	return e
}

func (s *service) listEntries(c *call, in *struct {
	Journal string     `query:"journal" maxLength:"8"`
	Year    string     `query:"year" maxLength:"9"`
	From    civil.Date `query:"from" format:"date"`
	To      civil.Date `query:"to" format:"date"`
	Search  string     `query:"search" maxLength:"100" doc:"In label and voucher."`
	Sort    string     `query:"sort" enum:"seq,-seq" default:"seq"`
	Paging
}) (page[entry], error) {
	v, err := s.views(c)
	if err != nil {
		return page[entry]{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return page[entry]{}, err
	}
	q := app.EntryQuery{Journal: in.Journal, Year: in.Year, From: in.From, To: in.To, Search: in.Search}
	_, q.Desc = order(in.Sort)
	if q.Paging, err = in.paging(); err != nil {
		return page[entry]{}, err
	}
	p, err := v.Entries(c.ctx, c.who.Company, q)
	return list(c, p, err, func(e app.EntryView) entry { return entryViewOf(e, cur) })
}

// postEntry is the path that is measured against the database itself: it asks the store nothing but the posting.
func (s *service) postEntry(c *call, in *struct{ Body EntryFields }) (entry, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return entry{}, err
	}
	var r reading
	b := &in.Body
	e := app.EntryInput{Journal: b.Journal, Date: r.date(b.Date, "date"), Piece: b.Piece, PieceDate: r.date(b.PieceDate, "piece_date"),
		Label: b.Label, Lines: make([]app.EntryLine, len(b.Lines))}
	for i := range b.Lines {
		l, n := &b.Lines[i], itoa(i)
		e.Lines[i] = app.EntryLine{Account: l.Account, Aux: l.Aux, Label: l.Label, Debit: r.amount(l.Debit, cur, "lines", n, "debit"),
			Credit: r.amount(l.Credit, cur, "lines", n, "credit"), Foreign: r.money(l.Foreign, "lines", n, "foreign")}
	}
	if err := r.Err(); err != nil {
		return entry{}, err
	}
	posted, err := s.app.PostEntry(c.ctx, c.who, e)
	return s.showPosted(c, &posted, cur, err)
}

// showPosted answers with an entry just posted, or posted by an earlier request.
func (s *service) showPosted(c *call, posted *ledger.Entry, cur money.Currency, err error) (entry, error) {
	if made, again := c.replayed(err); again {
		seq, err := strconv.ParseInt(strings.TrimPrefix(made, "entry:"), 10, 64)
		if err != nil {
			return entry{}, err
		}
		c.created("/entries/" + strconv.FormatInt(seq, 10))
		return s.getEntry(c, &entryPath{seq})
	}
	if err != nil {
		return entry{}, err
	}
	c.created("/entries/" + strconv.FormatInt(posted.Seq, 10))
	return entryOf(posted, cur), nil
}

type entryPath struct {
	Entry int64 `path:"entry" minimum:"1"`
}

func (s *service) getEntry(c *call, in *entryPath) (entry, error) {
	v, err := s.views(c)
	if err != nil {
		return entry{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return entry{}, err
	}
	e, err := v.Entry(c.ctx, c.who.Company, in.Entry)
	if err != nil {
		return entry{}, err
	}
	return entryViewOf(e, cur), nil
}

func (s *service) reverseEntry(c *call, in *struct {
	Entry int64 `path:"entry" minimum:"1"`
	Body  *struct {
		Date   date   `json:"date,omitzero" doc:"An open day; today or the first open day after it when absent."`
		Reason string `json:"reason,omitzero" maxLength:"120"`
	}
}) (entry, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return entry{}, err
	}
	var r reading
	var on civil.Date
	reason := ""
	if in.Body != nil {
		on, reason = r.date(in.Body.Date, "date"), in.Body.Reason
	}
	if err := r.Err(); err != nil {
		return entry{}, err
	}
	var posted ledger.Entry
	if err = s.unseen(c); err == nil {
		posted, err = s.app.ReverseEntry(c.ctx, c.who, in.Entry, on, reason)
	}
	return s.showPosted(c, &posted, cur, err)
}
