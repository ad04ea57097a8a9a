package bunstore

import (
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/uptrace/bun"
)

type entryRow struct {
	bun.BaseModel `bun:"table:journal_entries"`

	CompanyID string `bun:"company_id,pk"`
	Seq       int64  `bun:"seq,pk"`
	Year      string
	Number    int64
	Journal   string
	Date      int
	Piece     string
	PieceDate int
	Label     string
	Source    string
	Reverses  int64
	PostedAt  int64
	PostedBy  string
	Prev      []byte
	Hash      []byte
}

func toEntry(company string, e *ledger.Entry) entryRow {
	return entryRow{CompanyID: company, Seq: e.Seq, Year: e.Year, Number: e.Number, Journal: e.Journal, Date: e.Date.Number(), Piece: e.Piece,
		PieceDate: e.PieceDate.Number(), Label: e.Label, Source: e.Source, Reverses: e.Reverses, PostedAt: micros(e.PostedAt),
		PostedBy: e.PostedBy, Prev: e.Prev[:], Hash: e.Hash[:]}
}

// fromEntry leaves the lines to be filled in.
func fromEntry(r entryRow) ledger.Entry {
	e := ledger.Entry{Seq: r.Seq, Year: r.Year, Number: r.Number, Journal: r.Journal, Date: day(r.Date), Piece: r.Piece,
		PieceDate: day(r.PieceDate), Label: r.Label, Source: r.Source, Reverses: r.Reverses, PostedAt: instant(r.PostedAt), PostedBy: r.PostedBy}
	copy(e.Prev[:], r.Prev)
	copy(e.Hash[:], r.Hash)
	return e
}

type entryLineRow struct {
	bun.BaseModel `bun:"table:journal_lines"`

	CompanyID       string `bun:"company_id,pk"`
	Seq             int64  `bun:"seq,pk"`
	N               int    `bun:"n,pk"`
	Date            int
	Account         string
	Aux             string
	Label           string
	Debit           int64
	Credit          int64
	ForeignMinor    int64
	ForeignCurrency string
	Document        string
}

func toEntryLine(company string, e *ledger.Entry, n int) entryLineRow {
	l := &e.Lines[n]
	return entryLineRow{CompanyID: company, Seq: e.Seq, N: n, Date: e.Date.Number(), Account: l.Account, Aux: l.Aux, Label: l.Label,
		Debit: l.Debit, Credit: l.Credit, ForeignMinor: l.Foreign.Minor(), ForeignCurrency: string(l.Foreign.Currency()), Document: l.Document}
}

func (d *decoder) entryLine(r entryLineRow) ledger.Line {
	return ledger.Line{Account: r.Account, Aux: r.Aux, Label: r.Label, Debit: r.Debit, Credit: r.Credit,
		Foreign: d.money(r.ForeignMinor, r.ForeignCurrency), Document: r.Document}
}

type matchRow struct {
	bun.BaseModel `bun:"table:line_matches"`

	CompanyID   string `bun:"company_id,pk"`
	Seq         int64  `bun:"seq,pk"`
	N           int    `bun:"n,pk"`
	Code        string `bun:"code,pk"`
	MatchedAt   int64
	DissolvedAt int64
}

func toMatches(company string, m ledger.Matching) []matchRow {
	rows := make([]matchRow, len(m.Lines))
	for i, l := range m.Lines {
		rows[i] = matchRow{CompanyID: company, Seq: l.Seq, N: l.N, Code: m.Code, MatchedAt: micros(m.At)}
	}
	return rows
}

type exportRow struct {
	bun.BaseModel `bun:"table:exports"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Number    int64
	Format    string
	Year      string
	File      string
	At        int64
	MadeBy    string
	HeadSeq   int64
	HeadHash  []byte
	Lines     int64
	SHA256    string `bun:"sha256"`
	Names     []byte
}

func toExport(company string, v ledger.Export) exportRow {
	return exportRow{CompanyID: company, ID: v.ID, Number: v.Number, Format: v.Format, Year: v.Year, File: v.File, At: micros(v.At),
		MadeBy: v.By, HeadSeq: v.Head.Seq, HeadHash: v.Head.Hash[:], Lines: v.Lines, SHA256: v.SHA256, Names: blob(v.Names)}
}

func fromExport(r exportRow) (ledger.Export, error) {
	v := ledger.Export{ID: r.ID, Number: r.Number, Format: r.Format, Year: r.Year, File: r.File, At: instant(r.At), By: r.MadeBy,
		Head: ledger.Head{Seq: r.HeadSeq}, Lines: r.Lines, SHA256: r.SHA256, Names: bytesOrNil(r.Names)}
	copy(v.Head.Hash[:], r.HeadHash)
	return v, nil
}
