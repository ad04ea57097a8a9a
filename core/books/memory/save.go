package memory

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// set changes a map in a way that can be taken back.
func set[K comparable, V any](x *session, m map[K]V, k K, v V) {
	before, had := m[k]
	x.undo = append(x.undo, func() {
		if had {
			m[k] = before
		} else {
			delete(m, k)
		}
	})
	m[k] = v
}

func drop[K comparable, V any](x *session, m map[K]V, k K) {
	if before, had := m[k]; had {
		x.undo = append(x.undo, func() { m[k] = before })
		delete(m, k)
	}
}

func (x *session) save(c *books.Changes) error {
	// Places are given up before others take them, as in the databases.
	for _, p := range c.Puts {
		before, exists := x.books.records[p.Ref]
		if p.New && exists {
			return exist(p.Kind, p.ID)
		}
		if exists {
			if err := frozen(before, p.Value); err != nil {
				return err
			}
			for _, u := range uniques(before) {
				drop(x, x.books.unique, u.key)
			}
		}
	}
	for _, p := range c.Puts {
		for _, u := range uniques(p.Value) {
			if holder, taken := x.books.unique[u.key]; taken && holder != u.id {
				return u.refusal(p)
			}
			set(x, x.books.unique, u.key, u.id)
		}
		if q, ok := p.Value.(billing.Quote); ok {
			if err := oneOnline(q); err != nil {
				return err
			}
		}
		if at, ok := p.Value.(inbox.Attempt); ok && at.State == inbox.Created {
			if err := x.reachable(at.CustomerID, c); err != nil {
				return err
			}
		}
		if l, ok := p.Value.(inbox.PayLink); ok {
			if err := x.hash(l); err != nil {
				return err
			}
		}
	}
	if err := x.post(c); err != nil {
		return err
	}
	for _, p := range c.Puts {
		set(x, x.books.records, p.Ref, p.Value)
	}
	return x.match(c)
}

// reachable is the e-mail rule, as the databases repeat it.
func (x *session) reachable(customer string, c *books.Changes) error {
	ref := books.Ref{Kind: books.Customers, ID: customer}
	v := x.books.records[ref]
	for _, p := range c.Puts {
		if p.Ref == ref {
			v = p.Value
		}
	}
	if k, ok := v.(party.Customer); ok && k.Email == "" {
		return fault.New(fault.Refused, fault.EmailMissing, "customer", k.Name)
	}
	return nil
}

func (x *session) hash(l inbox.PayLink) error {
	x.store.mu.Lock()
	defer x.store.mu.Unlock()
	mine := x.id + "/" + l.ID
	if holder, taken := x.store.hashes[l.Hash]; taken && holder != mine {
		return exist(books.Links, l.ID)
	}
	hash, hashes := l.Hash, x.store.hashes
	if _, had := hashes[hash]; !had {
		x.undo = append(x.undo, func() {
			x.store.mu.Lock()
			defer x.store.mu.Unlock()
			delete(hashes, hash)
		})
	}
	hashes[hash] = mine
	return nil
}

func exist(k books.Kind, id string) error {
	return fault.New(fault.Conflict, fault.AlreadyExists, "what", k.String(), "id", id)
}

// unique is a key that only one record may have.
type unique struct {
	key, id string
	refusal func(books.Put) error
}

func uniques(v any) []unique {
	exists := func(p books.Put) error { return exist(p.Kind, p.ID) }
	one := func(key, id string, refusal func(books.Put) error) []unique { return []unique{{key, id, refusal}} }
	switch v := v.(type) {
	case party.Customer:
		return one("customer code "+v.Code, v.ID, exists)
	case billing.PaymentMethod:
		return one("method code "+v.Code, v.ID, exists)
	case billing.Quote:
		if v.Number != "" {
			return one("quote "+v.Number, v.ID, exists)
		}
	case billing.Invoice:
		if v.Number != "" {
			return one("invoice "+v.Number, v.ID, exists)
		}
	case ledger.Export:
		return one("export "+strconv.FormatInt(v.Number, 10), v.ID, exists)
	case inbox.Arrival:
		return one(fmt.Sprintf("arrival %q %q %q", v.ConnectionID, v.Kind, v.ExternalID), v.ID, exists)
	case inbox.Refund:
		if v.Open() {
			return one("refund of "+v.ReceiptID, v.ID, func(books.Put) error { return fault.New(fault.Conflict, fault.RefundInProgress) })
		}
	case inbox.Attempt:
		if v.State.InProgress() {
			return one("attempt on "+v.DocumentID, v.ID, func(books.Put) error { return fault.New(fault.Conflict, fault.PaymentInProgress) })
		}
	}
	return nil
}

// oneOnline is the deposit rule alone, as the databases repeat it.
func oneOnline(q billing.Quote) error {
	holder := 0
	for _, d := range q.Deposits {
		if !d.Online || !d.Live() {
			continue
		}
		if holder != 0 {
			return fault.New(fault.Refused, fault.SecondOnlineDeposit, "deposit", strconv.Itoa(holder)).On("method")
		}
		holder = d.Position
	}
	return nil
}

// frozen refuses to change what an issued invoice has printed on it.
func frozen(before, after any) error {
	old, ok := before.(billing.Invoice)
	if !ok || old.Life != billing.Issued {
		return nil
	}
	printed := func(v billing.Invoice) string {
		v = v.Clone()
		v.MethodID, v.Paid, v.Credited, v.Dispute, v.VATMoved, v.VATCredited, v.NetCredited = "", 0, 0, 0, nil, nil, nil
		v.SentAt, v.PaidAt, v.UpdatedAt = v.IssuedAt, v.IssuedAt, v.IssuedAt
		v.UpdatedBy, v.Version = "", 0
		return fmt.Sprintf("%+v", v)
	}
	if printed(old) != printed(after.(billing.Invoice)) {
		return fault.New(fault.Refused, fault.NotDraft, "number", old.Number)
	}
	return nil
}

// closedUntil is the latest day closed before these changes; a period that they reopen is open to them.
func (x *session) closedUntil(c *books.Changes) civil.Date {
	stored, _ := x.books.records[books.Ref{Kind: books.Companies, ID: x.id}].(party.Company)
	closed := stored.ClosedUntil
	for _, p := range c.Puts {
		if v, ok := p.Value.(party.Company); ok && v.ClosedUntil.Before(closed) {
			closed = v.ClosedUntil
		}
	}
	return closed
}

func (x *session) post(c *books.Changes) error {
	closed := x.closedUntil(c)
	for _, e := range c.Entries {
		if err := balanced(e); err != nil {
			return err
		}
		if !closed.Before(e.Date) {
			return fault.New(fault.Refused, fault.PeriodClosed, "date", e.Date.String(), "open", "").On("date")
		}
		if e.Seq != int64(len(x.books.entries))+1 {
			return fmt.Errorf("memory: entry %d does not follow entry %d", e.Seq, len(x.books.entries))
		}
		source, number := "source "+e.Source, fmt.Sprintf("entry %s %d", e.Year, e.Number)
		if holder, taken := x.books.unique[source]; taken {
			return fault.New(fault.Conflict, fault.DuplicatePosting, "number", holder)
		}
		if _, taken := x.books.unique[number]; taken {
			return fmt.Errorf("memory: entry number %s/%d is taken", e.Year, e.Number)
		}
		set(x, x.books.unique, source, strconv.FormatInt(e.Number, 10))
		set(x, x.books.unique, number, e.Source)
		n := len(x.books.entries)
		x.undo = append(x.undo, func() { x.books.entries = x.books.entries[:n] })
		x.books.entries = append(x.books.entries, e)
		for n, l := range e.Lines {
			if l.Document != "" {
				line := ledger.OpenLine{Seq: e.Seq, N: n, Account: l.Account, Aux: l.Aux, Document: l.Document, Amount: l.Debit - l.Credit}
				of := x.books.lines[l.Document]
				set(x, x.books.lines, l.Document, append(of[:len(of):len(of)], line))
			}
		}
	}
	return nil
}

func balanced(e ledger.Entry) error {
	if len(e.Lines) < 2 {
		return fault.New(fault.Refused, fault.EntryTooShort).On("lines")
	}
	var debit, credit int64
	for i, l := range e.Lines {
		field := "lines." + strconv.Itoa(i) + ".debit"
		switch {
		case l.Debit == 0 && l.Credit == 0:
			return fault.New(fault.Refused, fault.LineEmpty).On(field)
		case l.Debit != 0 && l.Credit != 0:
			return fault.New(fault.Refused, fault.LineTwoSided).On(field)
		case l.Debit < 0 || l.Credit < 0:
			return fault.New(fault.Refused, fault.LineEmpty).On(field)
		}
		debit += l.Debit
		credit += l.Credit
	}
	if debit != credit {
		return fault.New(fault.Refused, fault.EntryUnbalanced, "debit", plainEuros(debit), "credit", plainEuros(credit)).On("lines")
	}
	return nil
}

// plainEuros writes a sum; books are kept in euros (art. 1011-1 PCG).
func plainEuros(minor int64) string {
	m, err := money.New(minor, money.EUR)
	if err != nil {
		return strconv.FormatInt(minor, 10)
	}
	return m.Plain()
}

func (x *session) match(c *books.Changes) error {
	for _, code := range c.Dissolved {
		for _, r := range x.books.codes[code] {
			if x.books.held[r] == code {
				drop(x, x.books.held, r)
			}
		}
	}
	for _, m := range c.Matchings {
		if slices.Contains(c.Dissolved, m.Code) { // tied and taken apart by commands of one group
			continue
		}
		for _, r := range m.Lines {
			if code, held := x.books.held[r]; held {
				return fmt.Errorf("memory: line %d/%d is matched already, by %s", r.Seq, r.N, code)
			}
			set(x, x.books.held, r, m.Code)
		}
		set(x, x.books.codes, m.Code, m.Lines)
	}
	return nil
}
