package payments

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// proofs is what a gateway sent about one arrival, as its page lists it.
type proofs struct {
	desk
	row
	inbox.Evidence
	inspect bool // whoever looks may open them
	months  int  // retention
}

func (h *screens) proofsOf(c *fiberweb.Ctx, d desk, r row) (proofs, error) {
	e, err := h.Evidence(c.Context(), c.Actor(), r.ID)
	return proofs{desk: d, row: r, Evidence: e, inspect: c.Actor().Role.Can(access.Inspect), months: d.setup.Company.KeepEvidence()}, err
}

// evidencePath is where a payload is seen.
func evidencePath(ctx context.Context, subject, hash string) string {
	return ui.To(ctx, "/evidence", subject, hash)
}

// short is a hash as people compare it at a glance.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// rests says what rests on a payload: keys of the catalogue.
func (p proofs) rests(hash string) []string {
	var out []string
	if hash == p.EntryEvidence {
		out = append(out, "evidence.rests.entry")
	}
	if hash == p.FeeEvidence && hash != p.EntryEvidence {
		out = append(out, "evidence.rests.fee")
	}
	if hash == p.EvidenceHash {
		out = append(out, "evidence.rests.now")
	}
	return out
}

func proofTable(ctx context.Context, p proofs) ui.Table[inbox.Piece] {
	return ui.Table[inbox.Piece]{
		ID: "proofs", Caption: ui.T(ctx, "evidence.title"), Rows: p.Pieces, Empty: ui.Key("evidence.none"),
		Columns: []ui.Column[inbox.Piece]{
			{Label: ui.T(ctx, "evidence.payload"), Main: true, Cell: func(x inbox.Piece) templ.Component { return proofName(p, x) }},
			{Label: ui.T(ctx, "evidence.seen"), Cell: proofSeen},
			{Label: ui.T(ctx, "evidence.size"), Align: ui.End, Cell: func(x inbox.Piece) templ.Component { return ui.Text(bytesText(ctx, x.Size)) }},
			{Label: ui.T(ctx, "evidence.rests"), Cell: func(x inbox.Piece) templ.Component { return proofRests(p, x) }},
		},
	}
}

func bytesText(ctx context.Context, n int) string { return ui.Plural(ctx, "evidence.bytes", n) }

// evidenceView is one payload, opened.
type evidenceView struct {
	app.Exhibit
	crumbs []ui.Link
	parts  []evidencePart
}

// evidencePart is one part of a payload as text: a delivery has its headers apart.
type evidencePart struct{ id, title, text string }

func (h *screens) showEvidence(c *fiberweb.Ctx) error {
	x, err := h.OpenEvidence(c.Context(), c.Actor(), c.Params("subject"), c.Params("hash"))
	if err != nil {
		return err
	}
	v := evidenceView{Exhibit: x, parts: readable(x)}
	v.crumbs = []ui.Link{{Label: c.T("nav.inbox"), Href: c.URL("/inbox")}}
	if ids.Valid(ids.Arrival, x.Subject) {
		d, err := h.open(c)
		if err != nil {
			return err
		}
		a, err := newNames(d).arrival(c.Context(), x.Subject)
		if err != nil {
			return err
		}
		title := c.T("inbox.titled", "kind", c.T("inbox.kind."+string(a.Kind)), "amount", c.Loc().Money(a.Gross))
		v.crumbs = append(v.crumbs, ui.Link{Label: title, Href: c.URL("/inbox", x.Subject)})
	}
	return c.Show(evidencePage(v))
}

// downloadEvidence gives a payload away to the byte. Whatever it says it is, it is a file to keep and nothing to run.
func (h *screens) downloadEvidence(c *fiberweb.Ctx) error {
	x, err := h.OpenEvidence(c.Context(), c.Actor(), c.Params("subject"), c.Params("hash"))
	if err != nil {
		return err
	}
	return c.File(EvidenceFile(x), "application/octet-stream", x.Raw, false)
}

// EvidenceFile names the file that a payload is saved as.
func EvidenceFile(x app.Exhibit) string {
	end := ".bin"
	switch {
	case ids.Valid(ids.Delivery, x.Subject):
		end = ".txt"
	case json.Valid(x.Raw):
		end = ".json"
	}
	return x.Subject + "-" + short(x.Hash) + end
}

// deliveryEvidence leads to the payload of a webhook delivery, whose hash its sighting does not tell.
func (h *screens) deliveryEvidence(c *fiberweb.Ctx) error {
	e, err := h.Evidence(c.Context(), c.Actor(), c.Params("subject"))
	if err != nil {
		return err
	}
	if len(e.Pieces) == 0 {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "evidence", "id", fault.Clip(c.Params("subject")))
	}
	return c.SeeOther(c.URL("/evidence", e.ID, e.Pieces[0].Hash))
}

// entryEvidence leads from an entry to what it was posted on: to the payload itself for whom may open it and while it is
// held, else to the place that says what there was.
func (h *screens) entryEvidence(c *fiberweb.Ctx) error {
	seq, err := strconv.ParseInt(c.Params("seq"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "entry", "id", fault.Clip(c.Params("seq")))
	}
	subject, hash, err := h.EvidenceOfEntry(c.Context(), c.Actor(), seq)
	if err != nil {
		return err
	}
	e, err := h.Evidence(c.Context(), c.Actor(), subject)
	if err != nil {
		return err
	}
	if p, ok := e.Find(hash); ok && p.ErasedAt.IsZero() && c.Actor().Role.Can(access.Inspect) {
		return c.SeeOther(c.URL("/evidence", subject, hash))
	}
	return c.SeeOther(c.URL("/inbox", subject) + "#evidence")
}

// maxHexShown bounds what is shown of bytes that are no text; the file has all of them.
const maxHexShown = 64 << 10

// readable makes texts of a payload: JSON is indented, with its values, names and their order as they came; other text is
// shown as it is, and bytes that are no text as a hex dump.
func readable(x app.Exhibit) []evidencePart {
	if ids.Valid(ids.Delivery, x.Subject) {
		if head, body, ok := bytes.Cut(x.Raw, []byte("\n\n")); ok {
			return []evidencePart{{"headers", "evidence.headers", plainText(head)}, {"body", "evidence.body", plainText(body)}}
		}
	}
	return []evidencePart{{"payload", "evidence.content", plainText(x.Raw)}}
}

func plainText(raw []byte) string {
	var b bytes.Buffer
	switch {
	case json.Indent(&b, raw, "", "  ") == nil:
		return visible(b.String())
	case utf8.Valid(raw) && !bytes.ContainsRune(raw, 0):
		return visible(string(raw))
	}
	return hex.Dump(raw[:min(len(raw), maxHexShown)])
}

// visible shows what would hide itself or turn the text around: control and format characters become \uXXXX.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			b.WriteString(`\u` + strings.ToUpper(hex4(r)))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hex4(r rune) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", max(0, 4-len(s))) + s
}

// intro says what is shown: of a webhook not quite every byte was kept.
func (v evidenceView) intro() string {
	if ids.Valid(ids.Delivery, v.Subject) {
		return "evidence.intro_webhook"
	}
	return "evidence.intro"
}

func (v evidenceView) list(ctx context.Context) []ui.Fact {
	return []ui.Fact{
		{Label: ui.T(ctx, "evidence.seen"), Value: proofSeen(v.Piece)},
		{Label: ui.T(ctx, "evidence.read_by"), Value: ui.Text(strings.TrimSpace(v.Gateway + " " + v.GatewayVersion))},
		{Label: ui.T(ctx, "evidence.size"), Value: ui.Text(bytesText(ctx, v.Size))},
		{Label: ui.T(ctx, "evidence.subject"), Value: ui.Text(v.Subject), Wide: true},
	}
}
