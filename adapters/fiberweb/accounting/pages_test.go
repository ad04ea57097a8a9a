package accounting_test

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
)

func TestPagesOpenToThoseWhoMay(t *testing.T) {
	s := newScene(t)
	e := s.rent(civil.Of(2026, 5, 2), 98_000)
	pages := map[string]access.Action{"/journal": access.Read, path(e.Seq): access.Read, "/ledger": access.Read, "/ledger?account=512100": access.Read, "/balance": access.Read,
		"/journal/new": access.Keep, path(e.Seq) + "/reverse": access.Keep, "/exports": access.ExportBooks, "/verify": access.ExportBooks}
	for _, role := range access.Roles() {
		c := s.as(role)
		for page, action := range pages {
			want := http.StatusForbidden
			if role.Can(action) {
				want = http.StatusOK
			}
			c.get(page).Want(want).Lacks("⟦")
		}
	}
	c := s.as(access.Auditor)
	for _, to := range []string{"/journal/new", path(e.Seq) + "/reverse"} {
		c.send("/verify", to, manual()...).Want(http.StatusForbidden)
	}
	c = s.as(access.Sales)
	for _, to := range []string{"/journal/new", path(e.Seq) + "/reverse", "/exports", "/verify"} {
		c.send("/journal", to, append(manual(), "format", "plain", "year", "2026")...).Want(http.StatusForbidden)
	}
	if h := s.head(); h.Seq != 1 {
		t.Errorf("%d entries", h.Seq)
	}
}

func TestPagesSpeakEnglish(t *testing.T) {
	s := newScene(t)
	e := s.rent(civil.Of(2026, 5, 2), 98_000)
	c := s.as(access.Owner)
	c.Get("/lang/en").Want(http.StatusSeeOther)
	for _, page := range []string{"/journal", path(e.Seq), path(e.Seq) + "/reverse", "/journal/new", "/ledger", "/ledger?account=512100", "/balance", "/exports", "/verify"} {
		c.get(page).Want(http.StatusOK, "General ledger").Lacks("⟦", "Grand livre")
	}
}

func TestJournal(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Auditor)
	c.get("/journal").Want(http.StatusOK, "Le journal est vide").Lacks("Saisir une écriture")
	s.rent(civil.Of(2026, 4, 2), 90_000)
	s.rent(civil.Of(2026, 5, 2), 98_000)
	v := s.invoice(1250)
	body := c.get("/journal").Want(http.StatusOK, "LOYER", "613200", "Locations immobilières", "980,00", v.Number).Body
	if strings.Index(body, v.Number) > strings.Index(body, "Loyer") {
		t.Error("the newest does not come first")
	}
	body = c.get("/journal?sort=date").Want(http.StatusOK, "Les plus anciennes d'abord").Body
	if strings.Index(body, v.Number) < strings.Index(body, "Loyer") {
		t.Error("the oldest does not come first")
	}
	c.get("/journal?journal=OD").Want(http.StatusOK, "Loyer").Lacks(v.Number)
	c.get("/journal?q="+v.Number).Want(http.StatusOK, v.Number).Lacks("Loyer")
	c.get("/journal?from=2026-05-01&to=2026-05-31").Want(http.StatusOK, "980,00").Lacks("900,00", v.Number)
	c.get("/journal?year=2025").Want(http.StatusOK, "Aucun résultat")
	c.get("/journal?from=nonsense&after=nonsense").Want(http.StatusUnprocessableEntity, "début de la liste")
}

func TestTheJournalIsReadByPages(t *testing.T) {
	s := newScene(t)
	for i := range 60 {
		s.rent(civil.Of(2026, 1, 1).AddDays(i), int64(10_000+i))
	}
	c := s.as(access.Accountant)
	next := func(body string) string {
		_, rest, ok := strings.Cut(body, `rel="next" href="`)
		if !ok {
			return ""
		}
		address, _, _ := strings.Cut(rest, `"`)
		return strings.ReplaceAll(address, "&amp;", "&")
	}
	seen, address := 0, s.base+"/journal?journal=OD"
	for pages := 0; address != "" && pages < 5; pages++ {
		body := c.Get(address).Want(http.StatusOK).Body
		seen += strings.Count(body, `class="entry`)
		address = next(body)
	}
	if seen != 60 {
		t.Errorf("%d entries on the pages", seen)
	}
}

func TestAnEntryShowsItsProof(t *testing.T) {
	s := newScene(t)
	first := s.rent(civil.Of(2026, 5, 2), 98_000)
	second := s.rent(civil.Of(2026, 6, 2), 98_000)
	v := s.invoice(1250)
	c := s.as(access.Auditor)
	c.get(path(second.Seq)).Want(http.StatusOK, second.Hash.String(), first.Hash.String(), "Odile Owner", "Loyer de l'atelier").Lacks("Contre-passer")
	c.get(path(s.head().Seq)).Want(http.StatusOK, "/invoices/"+v.ID, v.Number, "411000").Lacks("Contre-passer")
	c.get("/journal/99").Want(http.StatusNotFound)
	c.get("/journal/x").Want(http.StatusNotFound)
	c.get("/journal/0").Want(http.StatusNotFound)
}

func TestAnEntryLeadsToWhatItWasPostedFor(t *testing.T) {
	s := newScene(t)
	v := s.invoice(1000)
	var method string
	for id, m := range s.Settings(t).Methods {
		if m.Code == "VIR" {
			method = id
		}
	}
	r, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: v.CustomerID, Date: s.Today(), Amount: apptest.EUR(120_000), MethodID: method, Reference: "VIR 1",
		Allocations: []app.AllocationInput{{Document: "invoice", DocumentID: v.ID, Amount: 120_000}}})
	apptest.OK(t, err)
	c := s.as(access.Auditor)
	// The receipt settles the invoice, so both lines of the customer's account carry the same letter.
	c.get(path(s.head().Seq)).Want(http.StatusOK, "/receipts/"+r.ID, "/invoices/"+v.ID, "Let.", "AAA")
	c.get("/ledger?account=411000").Want(http.StatusOK, "AAA")
}

func TestAManualEntryIsReversedOnce(t *testing.T) {
	s := newScene(t)
	e := s.rent(civil.Of(2026, 5, 2), 98_000)
	s.invoice(100)
	sale := s.head().Seq
	c := s.as(access.Accountant)
	c.get(path(e.Seq)).Want(http.StatusOK, "Contre-passer")
	page := path(e.Seq) + "/reverse"
	for _, bad := range []struct{ date, reason, says string }{{"hier", "", "date"}, {"2030-01-01", "", "exercice"}, {"", strings.Repeat("x", 200), "120"}} {
		c.send(page, page, "date", bad.date, "reason", bad.reason).Want(http.StatusUnprocessableEntity, bad.says)
	}
	c.send(page, path(sale)+"/reverse", "date", "", "reason", "").Want(http.StatusUnprocessableEntity, "provient d'une pièce")
	if s.head().Seq != sale {
		t.Fatal("a mistake posted an entry")
	}
	c.send(page, page, "date", "", "reason", "doublon").Goes(s.base + path(sale+1))
	c.get(path(sale+1)).Want(http.StatusOK, "Contre-passe l'écriture 1", "doublon", "est contre-passée par celle-ci")
	c.get(path(e.Seq)).Want(http.StatusOK, "Contre-passée", "Voir la contre-passation")
	c.send(page, page, "date", "", "reason", "").Want(http.StatusUnprocessableEntity, "déjà extournée")
	if s.head().Seq != sale+1 {
		t.Error("it was reversed twice")
	}
}

func manual() []string {
	return []string{"journal", "OD", "date", "2026-06-10", "piece", "OD-1", "label", "Assurance", "lines.0.account", "616000", "lines.0.debit", "1 200,50", "lines.1.account", "512100", "lines.1.credit", "1200,5"}
}

// changed is fields (name, value) with some replaced by name.
func changed(fields []string, change ...string) []string {
	out := append([]string(nil), fields...)
	for i := 0; i+1 < len(change); i += 2 {
		found := false
		for j := 0; j < len(out); j += 2 {
			if out[j] == change[i] {
				out[j+1], found = change[i+1], true
			}
		}
		if !found {
			out = append(out, change[i], change[i+1])
		}
	}
	return out
}

func TestManualEntry(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	for _, bad := range []struct{ field, value, says string }{
		{"journal", "", "obligatoire"}, {"journal", "ZZ", "n'existe pas"}, {"date", "", "obligatoire"}, {"date", "2030-01-01", "exercice"}, {"date", "31/02/2026", "date"}, {"piece", "", "obligatoire"}, {"label", "", "obligatoire"},
		{"lines.0.account", "", "obligatoire"}, {"lines.0.account", "999999", "n'existe pas"}, {"lines.0.debit", "abc", "montant"}, {"lines.0.debit", "-5", "montant"}, {"lines.0.debit", "12", "pas équilibrée"},
		{"lines.0.credit", "3", "débit ou un crédit"}, {"lines.0.account", "411000", "collectif"}, {"lines.0.debit", "99999999999999", "trop élevé"},
	} {
		c.send("/journal/new", "/journal/new", changed(manual(), bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says)
	}
	c.send("/journal/new", "/journal/new", changed(manual(), "lines.0.account", "411000", "lines.0.aux", "NOBODY")...).Want(http.StatusUnprocessableEntity, "Introuvable")
	c.send("/journal/new", "/journal/new", "journal", "OD", "date", "2026-06-10", "piece", "1", "label", "x").Want(http.StatusUnprocessableEntity, "au moins deux lignes")
	if s.head().Seq != 0 {
		t.Fatal("a mistake posted an entry")
	}
	// Blank rows between those filled in are left out, and a mistake names the row that is shown.
	gap := []string{"journal", "OD", "date", "2026-06-10", "piece", "OD-1", "label", "Assurance", "lines.0.account", "", "lines.0.debit", "", "lines.2.account", "616000", "lines.2.debit", "5", "lines.4.account", "999999", "lines.4.credit", "5"}
	c.send("/journal/new", "/journal/new", gap...).Want(http.StatusUnprocessableEntity, "Ligne 2, Compte", "999999")
	c.send("/journal/new", "/journal/new", manual()...).Goes(s.base + "/journal/1")
	c.get("/journal/1").Want(http.StatusOK, "L'écriture 1 est validée", "1 200,50", "Assurance")
}

func TestRowsWithoutJavaScript(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	if n := strings.Count(c.get("/journal/new").Want(http.StatusOK).Body, `name="lines.`); n != 10 {
		t.Errorf("%d fields of lines to begin with", n)
	}
	c.send("/journal/new", "/journal/new", append(manual(), "do", "add")...).Want(http.StatusOK, `name="lines.2.account"`, `value="616000"`, "Équilibrée")
	c.send("/journal/new", "/journal/new", append(manual(), "do", "remove.0")...).Want(http.StatusOK, "1200,5").Lacks(`value="1 200,50"`)
	c.send("/journal/new", "/journal/new", append(changed(manual(), "lines.1.credit", "1000"), "do", "check")...).Want(http.StatusOK, "Il manque 200,50 € au crédit")
	c.send("/journal/new", "/journal/new", append(changed(manual(), "lines.0.debit", "1000"), "do", "check")...).Want(http.StatusOK, "Il manque 200,50 € au débit")
	if s.head().Seq != 0 {
		t.Error("an entry was posted")
	}
}

func TestTheBalanceFollowsTyping(t *testing.T) {
	s := newScene(t)
	p := logIn(t, s.house.Serve(t))
	at := p.URL()
	host := at[:strings.Index(at[8:], "/")+8]
	p.Open(host + s.base + "/journal/new")
	p.Fill("#f-lines-0-account", "616000")
	p.Fill("#f-lines-0-debit", "1200,50")
	p.WaitText("#balance", "Il manque")
	p.Click("button[value=add]")
	p.Fill("#f-lines-2-credit", "1200,50")
	p.WaitText("#balance", "Équilibrée")
	if got := p.Value("#f-lines-0-account"); got != "616000" {
		t.Errorf("the first row now holds %q", got)
	}
	p.Fill("#f-lines-2-account", "512100")
	p.Fill("#f-piece", "OD-1")
	p.Fill("#f-label", "Assurance")
	p.Accessible()
	p.Screenshot("manual-balanced", 1280)
	p.Screenshot("manual-balanced", 390)
	p.Leave(func() { p.Press("Valider l'écriture") })
	p.WaitText("main", "L'écriture 1 est validée")
	if s.head().Seq != 1 {
		t.Error("nothing was posted")
	}
	if wide := browsertest.Eval[bool](p, "document.documentElement.scrollWidth > document.documentElement.clientWidth"); wide {
		t.Error("the page scrolls sideways")
	}
}

func TestGeneralLedger(t *testing.T) {
	s := newScene(t)
	s.rent(civil.Of(2026, 4, 2), 90_000)
	s.rent(civil.Of(2026, 5, 2), 98_000)
	c := s.as(access.Auditor)
	c.get("/ledger").Want(http.StatusOK, "Choisissez un compte", "512100 Comptes en euros")
	c.get("/ledger?account=613200").Want(http.StatusOK, "Locations immobilières", "Solde reporté", "900,00", "980,00", "1 880,00", "Solde débiteur", "31/12/2026")
	c.get("/ledger?account=613200&from=2026-05-01&to=2026-05-31").Want(http.StatusOK, "900,00 €", "1 880,00 €", `value="2026-05-01"`)
	c.get("/ledger?account=512100").Want(http.StatusOK, "Solde créditeur", "−1 880,00")
	c.get("/ledger?account=999999").Want(http.StatusOK, "n'existe pas")
	c.get("/ledger?account=Locations").Want(http.StatusOK, "613200 · Locations immobilières", "900,00")
	c.get("/ledger?account=445").Want(http.StatusOK, "Lequel de ces comptes", "445711 TVA collectée 20 %")
	v := s.invoice(100)
	c.get("/ledger?account=411000&aux="+v.Customer.Code).Want(http.StatusOK, v.Number, "120,00")
	c.get("/ledger?account=411000&aux=NOBODY").Want(http.StatusOK).Lacks(v.Number)
}

func TestTrialBalance(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Auditor)
	c.get("/balance").Want(http.StatusOK, "Aucun mouvement")
	s.rent(civil.Of(2026, 4, 2), 90_000)
	s.rent(civil.Of(2026, 5, 2), 98_000)
	s.invoice(1000)
	c.get("/balance").Want(http.StatusOK, "Équilibrée", "4 · Tiers", "Total classe 6", "1 880,00", "3 080,00", "Total").Lacks("Déséquilibrée")
	c.get("/balance?from=2026-05-01&to=2026-05-31").Want(http.StatusOK, "Équilibrée", "900,00", "−900,00", "980,00").Lacks("411000")
	// Accounts that nothing moved and that hold nothing are left out, unless they are asked for.
	undone, err := s.PostEntry(ctx, s.Owner, app.EntryInput{Journal: "OD", Date: civil.Of(2026, 3, 1), Piece: "1", Label: "Erreur", Lines: []app.EntryLine{{Account: "616000", Debit: 5_000}, {Account: "512100", Credit: 5_000}}})
	apptest.OK(t, err)
	_, err = s.ReverseEntry(ctx, s.Owner, undone.Seq, civil.Of(2026, 3, 2), "")
	apptest.OK(t, err)
	c.get("/balance?from=2026-05-01").Want(http.StatusOK).Lacks("616000")
	c.get("/balance?from=2026-05-01&zero=1").Want(http.StatusOK, "616000")
}

func TestExports(t *testing.T) {
	s := newScene(t)
	s.rent(civil.Of(2026, 5, 2), 98_000)
	s.rent(civil.Of(2026, 6, 2), 98_000)
	c := s.as(access.Auditor)
	c.get("/exports").Want(http.StatusOK, "2 écritures ne sont encore dans aucun export", "Aucun export")
	for _, bad := range []struct{ format, year, says string }{{"", "2026", "obligatoire"}, {"plain", "", "obligatoire"}, {"docx", "2026", "choix"}, {"plain", "1999", "exercice"}} {
		c.send("/exports", "/exports", "format", bad.format, "year", bad.year).Want(http.StatusUnprocessableEntity, bad.says)
	}
	if list, err := s.Exports(ctx, s.Owner); err != nil || len(list.Exports) != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	made := c.send("/exports", "/exports", "format", "plain", "year", "2026").Want(http.StatusSeeOther)
	page := c.Get(made.Header.Get("Location")).Want(http.StatusOK, "L'export n° 1 est prêt", "732829320-2026.txt")
	list, err := s.Exports(ctx, s.Owner)
	apptest.OK(t, err)
	x := list.Exports[0]
	file := s.base + "/exports/" + x.ID + "/file"
	if got := page.Header.Get("Refresh"); got != "0; url="+file {
		t.Errorf("the browser fetches %q", got)
	}
	got := c.Get(file).Want(http.StatusOK)
	var want bytes.Buffer
	_, err = s.Repeat(ctx, s.Owner, x.ID, &want)
	apptest.OK(t, err)
	if got.Body != want.String() || !strings.Contains(got.Body, "613200") || !strings.Contains(got.Header.Get("Content-Disposition"), "732829320-2026.txt") {
		t.Errorf("%s: %q", got.Header.Get("Content-Disposition"), got.Body)
	}
	c.get("/exports").Want(http.StatusOK, x.SHA256, strconv.FormatInt(x.Head.Seq, 10)+":"+x.Head.Hash.String()).Lacks("dans aucun export")
	if again := c.get("/exports"); again.Header.Get("Refresh") != "" {
		t.Error("the file is fetched again")
	}
	// What happens later changes nothing in the file of an earlier export.
	s.rent(civil.Of(2026, 6, 3), 1)
	if later := c.Get(file).Want(http.StatusOK); later.Body != got.Body {
		t.Error("the file changed")
	}
	c.get("/exports/exp_nothing/file").Want(http.StatusNotFound)
	c.get("/exports?made=exp_nothing").Want(http.StatusOK)
}

func TestExportsOfAnotherCompanyDoNotExist(t *testing.T) {
	s := newScene(t)
	other := s.NewCompany(t)
	_, err := s.PostEntry(ctx, other, app.EntryInput{Journal: "OD", Date: civil.Of(2026, 5, 2), Piece: "1", Label: "Leur secret", Lines: []app.EntryLine{{Account: "512100", Debit: 1}, {Account: "101000", Credit: 1}}})
	apptest.OK(t, err)
	c := s.as(access.Owner)
	c.get("/journal").Want(http.StatusOK).Lacks("Leur secret")
	c.get("/journal/1").Want(http.StatusNotFound)
	c.send("/journal", "/journal/1/reverse").Want(http.StatusNotFound)
	c.Get("/c/" + other.Company + "/journal").Want(http.StatusNotFound)
}

func TestVerify(t *testing.T) {
	s := newScene(t)
	s.rent(civil.Of(2026, 5, 2), 98_000)
	kept := s.head()
	s.rent(civil.Of(2026, 6, 2), 98_000)
	text := func(h ledger.Head) string { return strconv.FormatInt(h.Seq, 10) + ":" + h.Hash.String() }
	c := s.as(access.Auditor)
	c.get("/verify").Want(http.StatusOK, text(s.head())).Lacks("intacte")
	c.send("/verify", "/verify", "head", "").Want(http.StatusOK, "La chaîne est intacte", "2 écritures vérifiées")
	c.send("/verify", "/verify", "head", text(kept)).Want(http.StatusOK, "La chaîne est intacte", "passe bien par la tête")
	forged := kept
	forged.Hash[0] ^= 1
	c.send("/verify", "/verify", "head", text(forged)).Want(http.StatusOK, "La chaîne est rompue", "n° 1 de l'exercice 2026")
	beyond := s.head()
	beyond.Seq = 9
	c.send("/verify", "/verify", "head", text(beyond)).Want(http.StatusOK, "La chaîne est rompue", "coupées")
	for _, bad := range []string{"x", "1:", "1:zz", "-1:" + kept.Hash.String(), kept.Hash.String()} {
		c.send("/verify", "/verify", "head", bad).Want(http.StatusUnprocessableEntity, "code")
	}
}

// TestVerifyEvidence: what gateways sent is opened when it is asked for, beside the chain and without being shown.
func TestVerifyEvidence(t *testing.T) {
	s := newScene(t)
	conn := s.NewConnection(t)
	s.Provider(conn).Put(apptest.WithFee(gateway.Payment{ID: "po_1", Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(700)}, 0))
	_, err := s.Refresh(ctx, s.Owner, conn.ID)
	apptest.OK(t, err)
	id := inbox.ArrivalID(conn.ID, gateway.KindPayout, "po_1")
	ar, err := s.Store.Arrival(ctx, s.Company.ID, id)
	apptest.OK(t, err)
	c := s.as(access.Auditor)
	c.send("/verify", "/verify", "head", "").Want(http.StatusOK, "La chaîne est intacte").Lacks("Les preuves sont intactes")
	c.send("/verify", "/verify", "head", "", "evidence", "on").Want(http.StatusOK, "La chaîne est intacte", "Les preuves sont intactes", "1 preuve vérifiée").Lacks("po_1")
	p, err := s.Store.Payload(ctx, s.Company.ID, inbox.PayloadID(s.Company.ID, id, ar.EvidenceHash))
	apptest.OK(t, err)
	p.Sealed = p.Sealed[:9]
	apptest.OK(t, s.Books.Write(ctx, s.Company.ID, func(_ context.Context, tx *books.Tx) error {
		tx.Payloads.Put(p)
		return nil
	}, books.Ref{Kind: books.Payloads, ID: p.ID}))
	c.send("/verify", "/verify", "head", "", "evidence", "on").
		Want(http.StatusOK, "La chaîne est intacte", "1 preuve ne se vérifie pas", "ne s'ouvre pas", id, ar.EvidenceHash, "prévenez votre administrateur")
}

func TestFormsNeedTheirToken(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Owner)
	for _, to := range []string{"/journal/new", "/journal/1/reverse", "/exports", "/verify"} {
		c.Post(s.base+to, manual()...).Want(http.StatusForbidden)
	}
}
