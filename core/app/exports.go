package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Formats finds the file formats that books can be exported in.
type Formats interface {
	// Format returns a format by its name: "fec", "csv"...
	Format(name string) (Format, bool)
	// Names lists them all, for choices and messages.
	Names() []string
}

// Format is one file format. The bytes that a format makes of given lines never change: an export is made again years
// later and compared. Another layout is another format.
type Format interface {
	// File is the name of the file with a fiscal year of a company. Code: company_incomplete.
	File(c party.Company, y ledger.FiscalYear) (string, error)
	// MediaType is for HTTP answers.
	MediaType() string
	// Open begins a file on w; amounts are in the currency of the books.
	Open(w io.Writer, cur money.Currency) LineWriter
}

// LineWriter writes one file. It may buffer; Close ends the file and does not close what it writes to.
type LineWriter interface {
	Line(l *ExportLine) error
	Close() error
}

// ExportRequest asks for a fiscal year in a format.
type ExportRequest struct {
	Format string
	Year   string
}

// ExportName is what a request will be called and its media type, for headers that go out before the first byte. Codes:
// bad_choice (format), unknown_thing (fiscal year), company_incomplete.
func (a *App) ExportName(ctx context.Context, who access.Actor, r ExportRequest) (file, mediaType string, err error) {
	if err := who.May(access.ExportBooks); err != nil {
		return "", "", err
	}
	p, err := a.planExport(ctx, who.Company, r)
	if err != nil {
		return "", "", err
	}
	return p.file, p.format.MediaType(), nil
}

// Export writes a fiscal year to w as it stands now, and remembers what was written: its number, the head of the chain
// and the SHA-256 of the file. It runs in constant memory but for the names of accounts and customers. Codes: those
// of ExportName. When w or the store fails, nothing is remembered.
func (a *App) Export(ctx context.Context, who access.Actor, r ExportRequest, w io.Writer) (ledger.Export, error) {
	none := ledger.Export{}
	if err := who.May(access.ExportBooks); err != nil {
		return none, err
	}
	ctx = books.WithoutKey(ctx)
	p, err := a.planExport(ctx, who.Company, r)
	if err != nil {
		return none, err
	}
	x := ledger.Export{ID: ids.New(ids.Export), Format: r.Format, Year: r.Year, File: p.file, By: who.Name}
	// The instant is taken with the pen in hand: whatever was matched before it is committed and will be seen.
	err = a.Books.Write(ctx, who.Company, func(_ context.Context, tx *books.Tx) error {
		x.At = tx.Now()
		return nil
	})
	if err != nil {
		return none, err
	}
	if x.Head, err = a.Views.Head(ctx, who.Company); err != nil {
		return none, err
	}
	names := newNames()
	if x.Lines, x.SHA256, err = a.writeExport(ctx, who.Company, p, x, names.learn, w); err != nil {
		return none, err
	}
	if x.Names, err = names.pack(); err != nil {
		return none, err
	}
	err = a.write(ctx, who, access.ExportBooks, func(ctx context.Context, tx *books.Tx) error {
		n, err := tx.Count(ctx, "export")
		if err != nil {
			return err
		}
		x.Number = n
		tx.Exports.Put(x)
		tx.Log(who.Name, "exported", x.ID, x.File)
		return nil
	})
	return x, err
}

// errDiffers is a defect or a tampered store, whatever the user did: the same head, instant and names must give the same file.
var errDiffers = errors.New("app: the export made again differs from the one remembered")

// Repeat writes an earlier export to w again, to the byte. An error after the last byte means that the file does not have
// the SHA-256 that was remembered. Codes: unknown_thing, bad_choice when the format is no longer known.
func (a *App) Repeat(ctx context.Context, who access.Actor, id string, w io.Writer) (ledger.Export, error) {
	x, err := a.export(ctx, who, id)
	if err != nil {
		return x, err
	}
	p, err := a.planExport(ctx, who.Company, ExportRequest{Format: x.Format, Year: x.Year})
	if err != nil {
		return x, err
	}
	names, err := unpackNames(x.Names)
	if err != nil {
		return x, err
	}
	lines, sum, err := a.writeExport(ctx, who.Company, p, x, names.recall, w)
	if err == nil && (sum != x.SHA256 || lines != x.Lines) {
		err = fmt.Errorf("%w: export %d, %d lines, SHA-256 %s, remembered %d and %s", errDiffers, x.Number, lines, sum, x.Lines, x.SHA256)
	}
	return x, err
}

// RepeatName is ExportName for Repeat. Codes: unknown_thing, bad_choice.
func (a *App) RepeatName(ctx context.Context, who access.Actor, id string) (file, mediaType string, err error) {
	x, err := a.export(ctx, who, id)
	if err != nil {
		return "", "", err
	}
	f, err := a.format(x.Format)
	if err != nil {
		return "", "", err
	}
	return x.File, f.MediaType(), nil
}

// ExportList is what left the books, and how many entries have not left them yet in any export.
type ExportList struct {
	Exports    []ledger.Export
	Unexported int64
}

// Exports lists the exports made, without the names they keep.
func (a *App) Exports(ctx context.Context, who access.Actor) (ExportList, error) {
	if err := who.May(access.Read); err != nil {
		return ExportList{}, err
	}
	list, err := a.Views.Exports(ctx, who.Company)
	if err != nil {
		return ExportList{}, err
	}
	head, err := a.Views.Head(ctx, who.Company)
	if err != nil {
		return ExportList{}, err
	}
	out := ExportList{Exports: list, Unexported: head.Seq}
	for i := range list {
		list[i].Names = nil
		out.Unexported = min(out.Unexported, head.Seq-list[i].Head.Seq)
	}
	return out, nil
}

type exportPlan struct {
	format Format
	file   string
	cur    money.Currency
}

func (a *App) planExport(ctx context.Context, company string, r ExportRequest) (exportPlan, error) {
	f, err := a.format(r.Format)
	if err != nil {
		return exportPlan{}, err
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return exportPlan{}, err
	}
	for _, y := range setup.Chart.Years {
		if y.ID == r.Year {
			file, err := f.File(setup.Company, y)
			return exportPlan{f, file, setup.Company.Currency}, err
		}
	}
	return exportPlan{}, fault.New(fault.NotFound, fault.UnknownThing, "what", "fiscal_year", "id", fault.Clip(r.Year)).On("year")
}

func (a *App) format(name string) (Format, error) {
	f, ok := a.Formats.Format(name)
	if !ok {
		return nil, fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(name), "allowed", strings.Join(a.Formats.Names(), ", ")).On("format")
	}
	return f, nil
}

func (a *App) export(ctx context.Context, who access.Actor, id string) (ledger.Export, error) {
	var x ledger.Export
	if err := who.May(access.ExportBooks); err != nil {
		return x, err
	}
	err := a.Books.Write(books.WithoutKey(ctx), who.Company, func(ctx context.Context, tx *books.Tx) (err error) {
		x, err = tx.Exports.Get(ctx, id)
		return err
	}, books.Ref{Kind: books.Exports, ID: id})
	return x, err
}

// writeExport streams the lines of an export through its format and says how many there were and what the file hashes to.
func (a *App) writeExport(ctx context.Context, company string, p exportPlan, x ledger.Export, name func(*ExportLine), w io.Writer) (lines int64, sum string, err error) {
	h := sha256.New()
	out := p.format.Open(io.MultiWriter(h, w), p.cur)
	if x.Head.Seq > 0 { // a LineQuery up to 0 would mean all
		err = a.Views.Lines(ctx, company, LineQuery{Year: x.Year, UpTo: x.Head.Seq, AsOf: x.At}, func(l *ExportLine) error {
			lines++
			name(l)
			return out.Line(l)
		})
	}
	if err == nil {
		err = out.Close()
	}
	return lines, hex.EncodeToString(h.Sum(nil)), err
}

// exportNames are the names that an export printed, by code.
type exportNames struct {
	Journals, Accounts, Aux map[string]string
}

func newNames() *exportNames {
	return &exportNames{map[string]string{}, map[string]string{}, map[string]string{}}
}

// learn notes the names of a line.
func (n *exportNames) learn(l *ExportLine) {
	note := func(m map[string]string, code, name string) {
		if _, ok := m[code]; !ok {
			m[strings.Clone(code)] = strings.Clone(name)
		}
	}
	note(n.Journals, l.Journal, l.JournalLabel)
	note(n.Accounts, l.Account, l.AccountLabel)
	if l.Aux != "" {
		note(n.Aux, l.Aux, l.AuxLabel)
	}
}

// recall gives a line the names it had.
func (n *exportNames) recall(l *ExportLine) {
	give := func(m map[string]string, code string, name *string) {
		if old, ok := m[code]; ok {
			*name = old
		}
	}
	give(n.Journals, l.Journal, &l.JournalLabel)
	give(n.Accounts, l.Account, &l.AccountLabel)
	if l.Aux != "" {
		give(n.Aux, l.Aux, &l.AuxLabel)
	}
}

func (n *exportNames) pack() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(n); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpackNames(b []byte) (*exportNames, error) {
	n := newNames()
	if len(b) == 0 {
		return n, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return n, json.NewDecoder(z).Decode(n)
}

// VerifyReport says what verifying a chain found. Break is nil when it is sound.
type VerifyReport struct {
	Entries  int64
	Computed ledger.Head // where the sound part ends
	Recorded ledger.Head // what the books say their head is
	Break    *ledger.Break
}

// Err is nil for a sound chain. Code: chain_broken, with the year and number of the first bad entry.
func (r VerifyReport) Err() error {
	if r.Break == nil {
		return nil
	}
	number := strconv.FormatInt(r.Break.Seq, 10)
	if r.Break.Number > 0 {
		number = r.Break.Year + "/" + strconv.FormatInt(r.Break.Number, 10)
	}
	return fault.New(fault.Refused, fault.ChainBroken, "number", number)
}

// Verify recomputes the hash of every entry, in order, and compares the end with the head on record, and with one kept
// outside (on an export, on paper) when the auditor has it: without such a copy nobody can tell a chain that was made
// anew from the first. A chain that is broken is a finding, not an error.
func (a *App) Verify(ctx context.Context, who access.Actor, outside *ledger.Head) (VerifyReport, error) {
	var r VerifyReport
	if err := who.May(access.ExportBooks); err != nil {
		return r, err
	}
	v := ledger.NewVerifier(who.Company)
	found := errors.New("found")
	differs := func() bool {
		h := v.Head()
		return outside != nil && outside.Seq == h.Seq && outside.Hash != h.Hash
	}
	if differs() {
		r.Break = &ledger.Break{What: ledger.BreakTail}
		return r, nil
	}
	recorded, err := a.Views.Chain(ctx, who.Company, func(e *ledger.Entry) error {
		if r.Break = v.Next(e); r.Break != nil {
			return found
		}
		r.Entries++
		if differs() {
			r.Break = &ledger.Break{Seq: e.Seq, Number: e.Number, Year: e.Year, What: ledger.BreakTail}
			return found
		}
		return nil
	})
	r.Computed, r.Recorded = v.Head(), recorded
	if err != nil && !errors.Is(err, found) {
		return r, err
	}
	if r.Break == nil {
		r.Break = v.End(recorded)
	}
	if r.Break == nil && outside != nil && outside.Seq > v.Head().Seq {
		r.Break = &ledger.Break{Seq: v.Head().Seq + 1, What: ledger.BreakTail}
	}
	return r, nil
}
