package payments

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// hostile is a payload that would run in a page, or turn its text around, if it could.
const hostile = `{"id":"pay_1","name":"<script>alert(1)</script>","amount":10.50,"z":1,"a":"\u0000","flip":"` + "\u202e" + `gnp.exe"}`

// proven is a payment that is posted, reported by its return, by a webhook and by polling.
func (s *scene) proven() inbox.Arrival {
	s.t.Helper()
	v := s.invoice(s.customer("Dupont SA").ID, 480)
	id := s.pay(v.ID, 95)
	external := s.arrivalOf(id).ExternalID
	apptest.OK(s.t, s.Webhook(ctx, s.Company.ID, s.conn.ID, s.play.Announce("evt_1", nil, []string{external})))
	s.WorkOnce(ctx)
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(s.t, err)
	_, err = s.Integrate(ctx, s.Owner, []string{id})
	apptest.OK(s.t, err)
	return s.arrivalOf(id)
}

func TestFromAnEntryOneClickLeadsToItsEvidence(t *testing.T) {
	s := newScene(t)
	s.play.Change(func(p *apptest.Provider) { p.Raw = func(gateway.Payment) []byte { return []byte(hostile) } })
	ar := s.proven()
	seq := strconv.FormatInt(ar.EntrySeq, 10)
	page := s.base + "/evidence/" + ar.ID + "/" + ar.EvidenceHash
	for _, r := range []access.Role{access.Accountant, access.Auditor} {
		c := s.as(r)
		c.Get(s.base+"/inbox/"+ar.ID).Want(200, "Preuves", "Signalé 3 fois", "Comptabilisé une seule fois", "retour du payeur 12:00:00", "webhook 12:00:00",
			s.base+"/evidence/"+ids.Derive(ids.Delivery, s.conn.ID, "evt_1"), page, "l'écriture", "l'état actuel", s.base+"/journal/"+seq+"/evidence", "Conservation : 48 mois").Lacks("⟦")
		c.Get(s.base+"/receipts/"+ar.ReceiptID).Want(200, s.base+"/journal/"+seq+"/evidence", "Pièce du prestataire")
		c.Get(s.base + "/journal/" + seq + "/evidence").Goes(page)
		got := c.Get(page).Want(200, "Pièce du prestataire", "Empreinte vérifiée", ar.EvidenceHash, "play 1", "au retour du payeur")
		got.Lacks("<script>alert", "\u202e", "⟦")
		for _, want := range []string{"{\n  &#34;id&#34;: &#34;pay_1&#34;,", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#34;amount&#34;: 10.50,\n  &#34;z&#34;: 1,", `\u202E`} {
			if !strings.Contains(got.Body, want) {
				t.Errorf("%s: the page lacks %q:\n%s", r, want, got.Body)
			}
		}
		raw := c.Get(page + "/raw").Want(200)
		if raw.Body != hostile || !strings.HasPrefix(raw.Header.Get("Content-Disposition"), `attachment; filename="`+ar.ID+"-"+ar.EvidenceHash[:12]+".json") ||
			raw.Header.Get("X-Content-Type-Options") != "nosniff" || raw.Header.Get("Content-Type") != "application/octet-stream" || !strings.Contains(raw.Header.Get("Content-Security-Policy"), "sandbox") ||
			!strings.Contains(raw.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s: %v\n%s", r, raw.Header, raw.Body)
		}
	}
	// The looks are on the page.
	s.as(access.Accountant).Get(s.base+"/inbox/"+ar.ID).Want(200, "Preuve consultée", "Aude Audit", "Anne Comptable")

	// Who may not open payloads sees that there are some, and no more.
	sam := s.as(access.Sales)
	sam.Get(s.base+"/inbox/"+ar.ID).Want(200, ar.EvidenceHash[:12]).Lacks(page)
	sam.Get(s.base + "/journal/" + seq + "/evidence").Goes(s.base + "/inbox/" + ar.ID + "#evidence")
	for _, path := range []string{page, page + "/raw", s.base + "/evidence/" + ids.Derive(ids.Delivery, s.conn.ID, "evt_1")} {
		sam.Get(path).Want(403)
	}
	anne := s.as(access.Accountant)
	anne.Get(s.base + "/evidence/" + ar.ID + "/" + strings.Repeat("0", 64)).Want(404)
	anne.Get(s.base + "/evidence/" + s.stranger() + "/" + ar.EvidenceHash).Want(404)
	anne.Get(s.base + "/journal/1/evidence").Want(404) // the invoice's entry rests on no gateway
	s.house.Visitor(t).Get(page).Want(303)
}

func TestTheWebhookBehindASighting(t *testing.T) {
	s := newScene(t)
	s.proven()
	delivery := ids.Derive(ids.Delivery, s.conn.ID, "evt_1")
	c := s.as(access.Auditor)
	at := c.Get(s.base + "/evidence/" + delivery).Want(303).Header.Get("Location")
	c.Get(at).Want(200, "En-têtes", "Signature: (", "Corps", `"ID": "evt_1"`).Lacks("signed by", "⟦")
}

func TestEvidenceThatIsNoText(t *testing.T) {
	s := newScene(t)
	s.play.Change(func(p *apptest.Provider) { p.Raw = func(gateway.Payment) []byte { return []byte{0xff, 0, 'P', 'K'} } })
	ar := s.arrivalOf(s.comes(gateway.Payment{ID: "po_1", Kind: gateway.KindPayout, Gross: apptest.EUR(150_000)}, 0))
	c := s.as(access.Accountant)
	c.Get(s.base+"/evidence/"+ar.ID+"/"+ar.EvidenceHash).Want(200, "00000000 ff 00 50 4b", "|..PK|")
	if raw := c.Get(s.base + "/evidence/" + ar.ID + "/" + ar.EvidenceHash + "/raw").Want(200); !strings.Contains(raw.Header.Get("Content-Disposition"), ".bin") {
		t.Error(raw.Header)
	}
}

func TestErasedEvidenceSaysSo(t *testing.T) {
	s := newScene(t)
	ar := s.proven()
	s.Clock.Set(apptest.Epoch.AddDate(0, 48, 2))
	n, err := s.EraseExpired(ctx, s.Company.ID)
	if apptest.OK(t, err); n == 0 {
		t.Fatal("nothing was erased")
	}
	c := s.as(access.Accountant)
	page := s.base + "/evidence/" + ar.ID + "/" + ar.EvidenceHash
	c.Get(s.base+"/inbox/"+ar.ID).Want(200, "effacé le 18/06/2030", "(conservation 48 mois)", ar.EvidenceHash[:12]).Lacks(`href="` + page)
	c.Get(page).Want(422, "effacés le", "48 mois")
	c.Get(s.base + "/journal/" + strconv.FormatInt(ar.EntrySeq, 10) + "/evidence").Goes(s.base + "/inbox/" + ar.ID + "#evidence")
}

func TestBrokenEvidenceSaysSo(t *testing.T) {
	s := newScene(t)
	ar := s.proven()
	apptest.OK(t, s.Books.Write(ctx, s.Company.ID, func(_ context.Context, tx *books.Tx) error {
		tx.Payloads.Put(inbox.Payload{ID: inbox.PayloadID(s.Company.ID, ar.ID, ar.EvidenceHash), Subject: ar.ID, Hash: ar.EvidenceHash, Sealed: []byte("x")})
		return nil
	}))
	s.as(access.Accountant).Get(s.base+"/evidence/"+ar.ID+"/"+ar.EvidenceHash).Want(422, "ne s'ouvre pas")
}

// TestEvidenceInABrowser looks at the screens of evidence.
func TestEvidenceInABrowser(t *testing.T) {
	s := newScene(t)
	ar := s.proven()
	s.play.Put(apptest.WithFee(gateway.Payment{ID: ar.ExternalID, Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: ar.Gross, Reference: ar.Reference}, 110))
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	page, err := s.Store.Receipts(ctx, s.Company.ID, app.ReceiptQuery{})
	apptest.OK(t, err)
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	for name, path := range map[string]string{"evidence-arrival": "/inbox/" + ar.ID, "evidence-payload": "/evidence/" + ar.ID + "/" + ar.EvidenceHash,
		"evidence-webhook": "/evidence/" + ids.Derive(ids.Delivery, s.conn.ID, "evt_1"), "evidence-receipt": "/receipts/" + page.Items[0].ID} {
		p.Open(host + s.base + path)
		p.Accessible()
		p.Screenshot(name, 1280)
		p.Screenshot(name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); wide > 1280 {
			t.Errorf("%s is %d wide", name, wide)
		}
	}
	// One click from the entry's table.
	p.Open(host + s.base + "/receipts/" + page.Items[0].ID)
	p.Leave(func() { p.Click(".entry .with-icon") })
	p.WaitText("h1", "Pièce du prestataire")
}
