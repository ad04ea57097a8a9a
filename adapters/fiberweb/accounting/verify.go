package accounting

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
)

// verifyView is the page that verifies the chain. report is nil before it was asked for.
type verifyView struct {
	form    *form.Form
	head    ledger.Head
	report  *app.VerifyReport
	outside *ledger.Head
	kept    *app.EvidenceReport // of gateways' payloads; nil when it was not asked for
}

func (h *screens) verifyView(c *fiberweb.Ctx, f *form.Form) (verifyView, error) {
	d, err := h.open(c)
	if err != nil {
		return verifyView{}, err
	}
	head, err := d.views.Head(c.Context(), d.company)
	return verifyView{form: f, head: head}, err
}

func (h *screens) askVerify(c *fiberweb.Ctx) error {
	v, err := h.verifyView(c, c.NewForm())
	if err != nil {
		return err
	}
	return c.Show(verifyPage(v))
}

// verify changes nothing, so it answers with the result itself.
func (h *screens) verify(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := h.verifyView(c, f)
	if err != nil {
		return err
	}
	if text := f.Text("head", form.MaxText); text != "" {
		if v.outside, err = parseHead(text); err != nil {
			f.Fail(err)
		}
	}
	if !f.OK() {
		return c.Invalid(f, verifyPage(v))
	}
	report, err := h.Verify(c.Context(), c.Actor(), v.outside)
	if err != nil {
		return err
	}
	v.report, v.head = &report, report.Recorded
	if f.Bool("evidence") {
		kept, err := h.VerifyEvidence(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		v.kept = &kept
	}
	return c.Show(verifyPage(v))
}

// parseHead reads a head as headText writes it. Code: bad_code on "head".
func parseHead(text string) (*ledger.Head, error) {
	bad := fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(text)).On("head")
	n, digest, ok := strings.Cut(strings.Join(strings.Fields(text), ""), ":")
	if !ok {
		return nil, bad
	}
	seq, err := strconv.ParseInt(n, 10, 64)
	raw, broken := hex.DecodeString(digest)
	if err != nil || broken != nil || seq < 0 || len(raw) != len(ledger.Hash{}) {
		return nil, bad
	}
	h := ledger.Head{Seq: seq}
	copy(h.Hash[:], raw)
	return &h, nil
}
