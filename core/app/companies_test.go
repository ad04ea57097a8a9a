package app_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

// TestDefaults: whatever a new company starts with passes its own rules and hangs together.
func TestDefaults(t *testing.T) {
	accounts := map[string]ledger.Account{}
	for _, acc := range app.DefaultAccounts() {
		before := acc
		if err := acc.Validate(); err != nil || acc != before {
			t.Errorf("account %+v: %v", acc, err)
		}
		if _, twice := accounts[acc.Code]; twice {
			t.Errorf("account %s is there twice", acc.Code)
		}
		if len(acc.Code) != 6 || !acc.Active {
			t.Errorf("account %+v", acc)
		}
		accounts[acc.Code] = acc
	}
	for _, code := range append(posting.Fixed(), posting.Profit, posting.Loss) {
		if _, ok := accounts[code]; !ok {
			t.Errorf("postings need %s", code)
		}
	}
	var collective []string
	for _, acc := range app.DefaultAccounts() {
		if acc.Collective {
			collective = append(collective, acc.Code)
		}
	}
	if got := strings.Join(collective, " "); got != "401000 411000 416000 419100 419700" {
		t.Errorf("collective accounts: %s", got)
	}
	journals := map[string]ledger.Journal{}
	for _, j := range app.DefaultJournals() {
		if err := j.Validate(); err != nil {
			t.Errorf("journal %+v: %v", j, err)
		}
		journals[j.Code] = j
	}
	for _, code := range posting.FixedJournals() {
		if !journals[code].Active {
			t.Errorf("postings need journal %s", code)
		}
	}
	for _, regime := range []party.VATRegime{party.VATOnReceipts, party.VATOnInvoices, party.VATExempt} {
		active := 0
		for _, v := range app.DefaultVATCodes(regime) {
			if v.Active {
				active++
				if regime == party.VATExempt && (!v.Rate.IsZero() || !strings.HasPrefix(v.Code, "FR293B")) {
					t.Errorf("an exempt company may charge with %+v", v)
				}
			}
			if v.Rate.IsPositive() != (v.Account != "") || v.Rate.IsPositive() != (v.Category == "S") || v.Rate.IsZero() != (v.Mention != "") {
				t.Errorf("%+v contradicts itself", v)
			}
			for _, code := range []string{v.Revenue, v.Account} {
				if _, ok := accounts[code]; code != "" && !ok {
					t.Errorf("%s posts on %s, which is not in the chart", v.Code, code)
				}
			}
			if goods := v.Revenue == "707000"; goods != (v.Nature == billing.Goods) {
				t.Errorf("%+v sells one thing and posts another", v)
			}
		}
		if active < 2 {
			t.Errorf("%s: %d codes", regime, active)
		}
	}
	online := 0
	for _, m := range app.DefaultMethods("co_1") {
		if err := m.Validate(); err != nil {
			t.Errorf("method %+v: %v", m, err)
		}
		if m.Kind == billing.ByGateway {
			online++
			continue
		}
		if _, ok := accounts[m.Account]; !ok || m.Online || m.Active != journals[m.Journal].Active {
			t.Errorf("method %+v", m)
		}
	}
	if online != 2 {
		t.Errorf("%d methods allow online payment", online)
	}
}

func TestCreateCompany(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c, err := w.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: " Société Deux "}}, w.User)
	apptest.OK(t, err)
	if c.Name != "Société Deux" || c.Currency != money.EUR || c.Locale != "fr" || c.VATRegime != party.VATOnReceipts || c.DepositScheme != party.DepositGross || c.Address.Country != "FR" || c.Version != 1 || c.Ready || c.TestBooks {
		t.Errorf("%+v", c)
	}
	who, err := w.App.As(ctx, w.User, c.ID)
	if err != nil || who.Role != access.Owner || who.Company != c.ID {
		t.Fatalf("%+v, %v", who, err)
	}
	s, err := w.App.Setup(ctx, who)
	apptest.OK(t, err)
	if len(s.Chart.Years) != 1 || s.Chart.Years[0].ID != "2026" || s.Chart.Years[0].Start.String() != "2026-01-01" || s.Chart.Years[0].End.String() != "2026-12-31" {
		t.Errorf("years %+v", s.Chart.Years)
	}
	if len(s.Chart.Accounts) != len(app.DefaultAccounts()) || len(s.Methods) != 7 || !s.VATCodes["S20S"].Active || s.VATCodes["FR293BS"].Active {
		t.Errorf("%d accounts, %d methods", len(s.Chart.Accounts), len(s.Methods))
	}
	refs, err := w.CompaniesOf(ctx, w.User.ID)
	if err != nil || len(refs) != 2 {
		t.Errorf("%v, %v", refs, err)
	}

	exempt, err := w.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: "Franchise", VATRegime: party.VATExempt}, Year: ledger.FiscalYear{Start: civil.MustParse("2026-07-01")}}, w.User)
	apptest.OK(t, err)
	s, err = w.Books.Setup(ctx, exempt.ID)
	apptest.OK(t, err)
	if s.VATCodes["S20S"].Active || !s.VATCodes["FR293BB"].Active || s.Chart.Years[0].ID != "2026-27" || s.Chart.Years[0].End.String() != "2027-06-30" {
		t.Errorf("%+v, years %+v", s.VATCodes, s.Chart.Years)
	}

	_, err = w.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: "", SIREN: "1"}, Year: ledger.FiscalYear{Start: civil.MustParse("2026-01-01"), End: civil.MustParse("2028-06-30")}}, w.User)
	for field, code := range map[string]fault.Code{"name": fault.Required, "siren": fault.BadSIREN, "year.end": fault.BadDate} {
		apptest.Refused(t, err, code, field)
	}
	_, err = w.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: "X"}}, access.User{ID: "usr_none"})
	apptest.Refused(t, err, fault.LoginNeeded)
	again := party.Company{Name: "X", ID: c.ID}
	_, err = w.CreateCompany(ctx, app.NewCompany{Company: again}, w.User)
	apptest.Refused(t, err, fault.AlreadyExists)
}

func TestUpdateCompany(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	logo := picture(t, "png", 10, 10)
	apptest.OK(t, w.SetLogo(ctx, w.Owner, logo))
	c := w.Settings(t).Company
	c.Name, c.TermsDays, c.Currency, c.Logo, c.Mail, c.ClosedUntil, c.Ready, c.ID = "Martin & Fils", 45, "USD", nil, party.MailServer{}, civil.MustParse("2026-05-31"), true, "co_other"
	got, err := w.UpdateCompany(ctx, w.Owner, c)
	apptest.OK(t, err)
	now := w.Settings(t).Company
	if got.Name != "Martin & Fils" || now.Name != got.Name || now.TermsDays != 45 || now.Version != c.Version+1 {
		t.Errorf("%+v", now)
	}
	if now.Currency != money.EUR || len(now.Logo) == 0 || now.Mail.Kind != "outbox" || !now.ClosedUntil.IsZero() || now.Ready || now.ID != w.Company.ID {
		t.Errorf("what has its own use case was changed: %+v", now)
	}
	_, err = w.UpdateCompany(ctx, w.Owner, c)
	apptest.Refused(t, err, fault.Stale)
	if !strings.Contains(err.Error(), "Odile Owner") {
		t.Errorf("who changed it is not told: %v", err)
	}
	now.SIREN = "123"
	_, err = w.UpdateCompany(ctx, w.Owner, now)
	apptest.Refused(t, err, fault.BadSIREN, "siren")
	_, err = w.UpdateCompany(ctx, w.Actor(access.Auditor), now)
	apptest.Refused(t, err, fault.NotAllowed)

	// The regime takes the default VAT codes with it, and leaves those the company added.
	_, err = w.SaveVATCode(ctx, w.Owner, billing.VATCode{Code: "OWN", Label: "Hors champ", Category: "O", Nature: billing.Services, Revenue: "706000", Active: true})
	apptest.OK(t, err)
	c = w.Settings(t).Company
	c.VATRegime = party.VATExempt
	_, err = w.UpdateCompany(ctx, w.Owner, c)
	apptest.OK(t, err)
	codes := w.Settings(t).VATCodes
	if codes["S20S"].Active || !codes["FR293BS"].Active || !codes["OWN"].Active {
		t.Errorf("%+v", codes)
	}
	c = w.Settings(t).Company
	c.VATRegime = party.VATOnInvoices
	_, err = w.UpdateCompany(ctx, w.Owner, c)
	apptest.OK(t, err)
	if codes = w.Settings(t).VATCodes; !codes["S20S"].Active || codes["FR293BS"].Active {
		t.Errorf("%+v", codes)
	}

	// Demonstration books become real ones, and back, only while they are empty.
	c = w.Settings(t).Company
	c.TestBooks = false
	c, err = w.UpdateCompany(ctx, w.Owner, c)
	apptest.OK(t, err)
	post(t, w, 100)
	c.TestBooks = true
	_, err = w.UpdateCompany(ctx, w.Owner, c)
	apptest.Refused(t, err, fault.InUse, "test_books")
}

func picture(t *testing.T, kind string, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA64(image.Rect(0, 0, width, height))
	m.Set(0, 0, color.White)
	var b bytes.Buffer
	var err error
	switch kind {
	case "png":
		err = png.Encode(&b, m)
	case "jpeg":
		err = jpeg.Encode(&b, m, nil)
	case "gif":
		err = gif.Encode(&b, m, nil)
	}
	apptest.OK(t, err)
	return b.Bytes()
}

func TestSetLogo(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	deep := picture(t, "png", 30, 20)
	apptest.OK(t, w.SetLogo(ctx, w.Owner, deep))
	kept := w.Settings(t).Company.Logo
	head, kind, err := image.DecodeConfig(bytes.NewReader(kept))
	if err != nil || kind != "png" || head.Width != 30 || head.Height != 20 || head.ColorModel != color.NRGBAModel {
		t.Errorf("%s %+v, %v", kind, head, err)
	}
	photo := picture(t, "jpeg", 30, 20)
	apptest.OK(t, w.SetLogo(ctx, w.Owner, photo))
	if !bytes.Equal(w.Settings(t).Company.Logo, photo) {
		t.Error("the JPEG was changed")
	}
	for name, bad := range map[string][]byte{"text": []byte("hello"), "svg": []byte("<svg/>"), "gif": picture(t, "gif", 5, 5), "cut": photo[:len(photo)/2], "cut png": deep[:len(deep)-20],
		"wide": picture(t, "png", 2001, 1), "heavy": append(bytes.Clone(photo), make([]byte, 1<<20)...)} {
		if err := w.SetLogo(ctx, w.Owner, bad); !fault.Has(err, fault.BadImage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !bytes.Equal(w.Settings(t).Company.Logo, photo) {
		t.Error("a refusal changed the logo")
	}
	apptest.OK(t, w.SetLogo(ctx, w.Owner, nil))
	if len(w.Settings(t).Company.Logo) != 0 {
		t.Error("the logo is still there")
	}
}

func TestSteps(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	read := func() string {
		steps, err := w.Steps(ctx, w.Owner)
		apptest.OK(t, err)
		var out []string
		for _, s := range steps {
			if s.Done != (len(s.Missing) == 0) {
				t.Errorf("%+v", s)
			}
			out = append(out, fmt.Sprint(s.Code, s.Missing))
		}
		return strings.Join(out, " ")
	}
	if got := read(); got != "company[] users[] methods[] gateway[connection] mail[] test_payment[payment]" {
		t.Error(got)
	}
	c, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_1"})
	apptest.OK(t, err)
	if got := read(); !strings.Contains(got, "gateway[switched_on]") {
		t.Error(got)
	}
	_, err = w.SwitchOn(ctx, w.Owner, c.ID)
	apptest.OK(t, err)
	w.Provider(c).Put(apptest.WithFee(gateway.Payment{ID: "m1", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(100)}, 3))
	_, err = w.Refresh(ctx, w.Owner, c.ID)
	apptest.OK(t, err)
	bare := w.Settings(t).Company
	bare.SIREN, bare.SIRET, bare.Email = "", "", ""
	_, err = w.UpdateCompany(ctx, w.Owner, bare)
	apptest.OK(t, err)
	if got := read(); got != "company[siren] users[] methods[] gateway[] mail[mail] test_payment[]" {
		t.Error(got)
	}
	apptest.OK(t, w.FinishSetup(ctx, w.Owner))
	if !w.Settings(t).Company.Ready {
		t.Error("the set-up is not finished")
	}
	apptest.Refused(t, w.FinishSetup(ctx, w.Actor(access.Sales)), fault.NotAllowed)
}

// post posts an entry of an amount in June 2026 and returns it.
func post(t testing.TB, w *apptest.World, amount int64) ledger.Entry {
	t.Helper()
	e, err := w.PostEntry(context.Background(), w.Owner, entry(amount))
	apptest.OK(t, err)
	return e
}

func entry(amount int64) app.EntryInput {
	return app.EntryInput{Journal: "OD", Date: civil.On(time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)), Piece: "P1", Label: "Essai",
		Lines: []app.EntryLine{{Account: "512100", Debit: amount}, {Account: "471000", Credit: amount}}}
}
