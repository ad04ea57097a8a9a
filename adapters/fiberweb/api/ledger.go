package api

import (
	"encoding/hex"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

func (s *service) ledger() {
	const tag = "Ledger"
	add(s, endpoint{method: get, path: "/ledger/{account}", id: "listAccountLines", tag: tag, needs: access.Read,
		summary: "The general ledger of one account", text: "In order of date and posting, with a running balance."}, s.listAccountLines)
	add(s, endpoint{method: get, path: "/trial-balance", id: "getTrialBalance", tag: tag, needs: access.Read, summary: "The trial balance"}, s.getTrialBalance)
	add(s, endpoint{method: get, path: "/chain", id: "getChainHead", tag: tag, needs: access.Read,
		summary: "The head of the chain", text: "Keep copies outside of this installation: a chain proves nothing without one."}, s.getHead)
	add(s, endpoint{method: get, path: "/chain/verify", id: "verifyChain", tag: tag, needs: access.ExportBooks,
		summary: "Recompute the hash of every entry", text: "A chain that is broken is a finding, not an error. Give the head that was kept outside, if there is one."}, s.verify)
}

// accountLine is one line of the general ledger.
type accountLine struct {
	Seq     int64   `json:"seq"`
	Year    string  `json:"year"`
	Number  int64   `json:"number"`
	Journal string  `json:"journal"`
	Date    date    `json:"date"`
	Piece   string  `json:"piece"`
	Label   string  `json:"label"`
	Aux     string  `json:"aux,omitzero"`
	Debit   *amount `json:"debit,omitempty"`
	Credit  *amount `json:"credit,omitempty"`
	Letter  string  `json:"letter,omitzero"`
	Foreign *amount `json:"foreign,omitempty" doc:"The amount in another currency, signed."`
	Balance amount  `json:"balance" doc:"Running: debit less credit."`
}

func accountLineOf(l app.AccountLine, cur money.Currency) accountLine {
	return accountLine{l.Seq, l.Year, l.Number, l.Journal, dateOf(l.Date), l.Piece, l.Label, l.Aux, nonZero(l.Debit, cur), nonZero(l.Credit, cur),
		l.Letter, someAmount(l.Foreign), amountOf(l.Balance, cur)}
}

// accountPage is a page of the general ledger.
type accountPage struct {
	Items  []accountLine `json:"items"`
	Next   string        `json:"next,omitzero"`
	Prev   string        `json:"prev,omitzero"`
	Before amount        `json:"before" doc:"Balance in front of the first line of the page."`
	Total  amount        `json:"total" doc:"Balance at the end of the period."`
}

func (s *service) listAccountLines(c *call, in *struct {
	Account string     `path:"account" maxLength:"12"`
	Aux     string     `query:"aux" maxLength:"17" doc:"Only this auxiliary account."`
	From    civil.Date `query:"from" format:"date"`
	To      civil.Date `query:"to" format:"date"`
	Paging
}) (accountPage, error) {
	setup, err := s.app.Setup(c.ctx, c.who)
	if err != nil {
		return accountPage{}, err
	}
	if _, known := setup.Chart.Accounts[in.Account]; !known {
		return accountPage{}, unknown("account", in.Account)
	}
	v, err := s.views(c)
	if err != nil {
		return accountPage{}, err
	}
	q := app.AccountQuery{Account: in.Account, Aux: in.Aux, From: in.From, To: in.To}
	if q.Paging, err = in.paging(); err != nil {
		return accountPage{}, err
	}
	cur := setup.Company.Currency
	p, err := v.AccountLines(c.ctx, c.who.Company, q)
	lines, err := list(c, p.Page, err, func(l app.AccountLine) accountLine { return accountLineOf(l, cur) })
	if err != nil {
		return accountPage{}, err
	}
	return accountPage{Items: lines.Items, Next: lines.Next, Prev: lines.Prev, Before: amountOf(p.Before, cur), Total: amountOf(p.Total, cur)}, nil
}

// balanceRow is one account of the trial balance. Balances are debit less credit.
type balanceRow struct {
	Account string `json:"account"`
	Label   string `json:"label"`
	Before  amount `json:"before"`
	Debit   amount `json:"debit"`
	Credit  amount `json:"credit"`
	After   amount `json:"after"`
}

func (s *service) getTrialBalance(c *call, in *struct {
	From civil.Date `query:"from" format:"date"`
	To   civil.Date `query:"to" format:"date"`
}) (all[balanceRow], error) {
	v, err := s.views(c)
	if err != nil {
		return all[balanceRow]{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return all[balanceRow]{}, err
	}
	rows, err := v.TrialBalance(c.ctx, c.who.Company, in.From, in.To)
	return whole(rows, err, func(r app.BalanceRow) balanceRow {
		return balanceRow{r.Account, r.Label, amountOf(r.Before, cur), amountOf(r.Debit, cur), amountOf(r.Credit, cur), amountOf(r.After, cur)}
	})
}

// head is the end of a chain.
type head struct {
	Seq  int64  `json:"seq" doc:"How many entries there are."`
	Hash string `json:"hash" doc:"Of the last one; SHA-256, hexadecimal."`
}

func headOf(h ledger.Head) head { return head{h.Seq, h.Hash.String()} }

func (s *service) getHead(c *call, _ *nothing) (head, error) {
	v, err := s.views(c)
	if err != nil {
		return head{}, err
	}
	h, err := v.Head(c.ctx, c.who.Company)
	return headOf(h), err
}

// verified is what verifying a chain found.
type verified struct {
	Sound    bool        `json:"sound" doc:"Of all that was verified."`
	Entries  int64       `json:"entries" doc:"How many were found sound."`
	Computed head        `json:"computed" doc:"Where the sound part ends."`
	Recorded head        `json:"recorded" doc:"What the books say."`
	Break    *chainBreak `json:"break,omitempty"`
	Evidence *kept       `json:"evidence,omitempty" doc:"When it was asked for."`
}

// kept is what verifying the evidence of a company found.
type kept struct {
	Sound   int64  `json:"sound" doc:"Payloads that open and have the hash on record."`
	Erased  int64  `json:"erased" doc:"After their retention."`
	Bad     int64  `json:"bad" doc:"Missing or altered."`
	Subject string `json:"subject,omitzero" doc:"What the first bad one is about."`
	Hash    string `json:"hash,omitzero" doc:"Of the first bad one."`
	What    string `json:"what,omitzero" enum:"missing,altered"`
}

// chainBreak is where a chain is broken.
type chainBreak struct {
	Seq    int64  `json:"seq"`
	Year   string `json:"year,omitzero"`
	Number int64  `json:"number,omitzero"`
	What   string `json:"what"`
}

func (s *service) verify(c *call, in *struct {
	Seq  int64  `query:"seq" minimum:"0" doc:"Of a head kept outside; with hash."`
	Hash string `query:"hash" maxLength:"64" pattern:"^[0-9a-f]{64}$"`

	Evidence bool `query:"evidence" doc:"Open each payload that gateways sent, too. None of it is shown."`
}) (verified, error) {
	var outside *ledger.Head
	if in.Hash != "" || in.Seq != 0 {
		b, err := hex.DecodeString(in.Hash)
		if err != nil || len(b) != len(ledger.Hash{}) {
			return verified{}, fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(in.Hash)).On("hash")
		}
		outside = &ledger.Head{Seq: in.Seq, Hash: ledger.Hash(b)}
	}
	r, err := s.app.Verify(c.ctx, c.who, outside)
	if err != nil {
		return verified{}, err
	}
	out := verified{Sound: r.Break == nil, Entries: r.Entries, Computed: headOf(r.Computed), Recorded: headOf(r.Recorded)}
	if b := r.Break; b != nil {
		out.Break = &chainBreak{b.Seq, b.Year, b.Number, string(b.What)}
	}
	if !in.Evidence {
		return out, nil
	}
	e, err := s.app.VerifyEvidence(c.ctx, c.who)
	if err != nil {
		return verified{}, err
	}
	out.Evidence = &kept{Sound: e.Sound, Erased: e.Erased, Bad: e.Bad}
	if b := e.First; b != nil {
		out.Sound = false
		out.Evidence.Subject, out.Evidence.Hash, out.Evidence.What = b.Subject, b.Hash, string(b.What)
	}
	return out, nil
}
