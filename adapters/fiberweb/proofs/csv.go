package proofs

import (
	"cmp"
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// csv answers with the explanation of a check as a file for spreadsheets: in French with semicolons and decimal commas,
// which French spreadsheets open at a double click, in English as RFC 4180 has it.
func (h *screens) csv(c *fiberweb.Ctx) error {
	v, err := h.one(c)
	if err != nil {
		return err
	}
	loc := c.Loc()
	name := "proof-" + v.At.UTC().Format("2006-01-02") + "-" + v.ID + ".csv"
	return c.Stream(name, "text/csv; charset=utf-8; header=present", func(w io.Writer) error { return writeCSV(w, loc, v) })
}

func writeCSV(w io.Writer, loc *i18n.Localizer, v proofView) error {
	out := csv.NewWriter(w)
	french := loc.Lang() == "fr"
	if french {
		out.Comma = ';'
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	number := func(m money.Money) string {
		if m.Currency() == "" {
			return ""
		}
		if french {
			return strings.Replace(m.Plain(), ".", ",", 1)
		}
		return m.Plain()
	}
	row := func(what, kind, reference string, at time.Time, m money.Money, note string) {
		date := ""
		if !at.IsZero() {
			date = at.UTC().Format(time.RFC3339)
		}
		_ = out.Write([]string{harmless(what), harmless(kind), harmless(reference), date, string(m.Currency()), number(m), harmless(note)}) // Flush tells
	}
	_ = out.Write([]string{loc.T("proof.column.what"), loc.T("inbox.kind"), loc.T("proof.column.movement"), loc.T("inbox.date"), loc.T("proof.column.currency"), loc.T("proof.column.amount"), loc.T("proof.column.note")})
	label := v.label(v.ConnectionID)
	for _, b := range v.Balances {
		row(loc.T("proof.from_books", "account", cmp.Or(b.Account, v.Account)), "", "", v.At, amount(b.Books, b.Currency), "")
		for _, counted := range []bool{true, false} {
			for _, l := range b.Lines {
				if l.Counted != counted {
					continue
				}
				key, note := "proof.line."+string(l.What), ""
				if !counted {
					note = loc.T("proof.beside")
					if l.What != inbox.LineLater && l.What != inbox.LinePayout {
						key = "proof.note." + string(l.What)
					}
				}
				row(loc.Plural(key, l.Count), "", "", time.Time{}, amount(l.Amount, b.Currency), note)
				for _, it := range l.Items {
					kind := ""
					if it.Kind != "" {
						kind = loc.T("inbox.kind." + string(it.Kind))
					}
					row("", kind, it.Label, it.At, amount(it.Amount, b.Currency), loc.T("proof.of_which"))
				}
			}
			if counted && v.HasBalance {
				row(loc.T("proof.unexplained"), "", "", time.Time{}, amount(b.Unexplained, b.Currency), "")
				row(loc.T("proof.to_provider", "gateway", label), "", "", v.At, amount(b.Provider, b.Currency), "")
			}
		}
		row(loc.T("proof.unpaid"), "", "", time.Time{}, amount(b.Unpaid, b.Currency), "")
	}
	for _, f := range v.Findings {
		kind := ""
		if f.Kind != "" {
			kind = loc.T("inbox.kind." + string(f.Kind))
		}
		row(loc.T("proof.found_short."+string(f.What)), kind, f.ExternalID, f.At, f.Amount, f.Detail)
	}
	for _, p := range v.Payouts {
		row(loc.T("proof.payouts"), loc.T("inbox.kind.payout"), p.ExternalID, p.At, amount(p.Difference(), p.Amount.Currency()), "")
	}
	out.Flush()
	return out.Error()
}

// harmless puts an apostrophe before what a spreadsheet would take for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
