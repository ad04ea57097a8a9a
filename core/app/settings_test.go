package app_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

func TestSaveAccount(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	acc, err := w.SaveAccount(ctx, w.Owner, ledger.Account{Code: " 706100 ", Label: " Formations ", Active: true})
	if err != nil || acc.Code != "706100" || acc.Label != "Formations" || w.Settings(t).Chart.Accounts["706100"] != acc {
		t.Errorf("%+v, %v", acc, err)
	}
	acc.Active, acc.Collective = false, true
	_, err = w.SaveAccount(ctx, w.Owner, acc)
	apptest.OK(t, err)
	for _, code := range append(posting.Fixed(), posting.Profit, posting.Loss, "512100", "706000", "445711") {
		acc := w.Settings(t).Chart.Accounts[code]
		acc.Active = false
		_, err := w.SaveAccount(ctx, w.Owner, acc)
		apptest.Refused(t, err, fault.InUse, "active")
		acc.Active, acc.Collective = true, !acc.Collective
		_, err = w.SaveAccount(ctx, w.Owner, acc)
		apptest.Refused(t, err, fault.InUse, "collective")
		acc.Collective, acc.Label = !acc.Collective, "Autre nom"
		if _, err := w.SaveAccount(ctx, w.Owner, acc); err != nil {
			t.Errorf("%s may not be renamed: %v", code, err)
		}
	}
	_, err = w.SaveAccount(ctx, w.Owner, ledger.Account{Code: "9", Label: ""})
	apptest.Refused(t, err, fault.BadCode, "code")
	_, err = w.SaveAccount(ctx, w.Actor(access.Sales), ledger.Account{Code: "706200", Label: "x"})
	apptest.Refused(t, err, fault.NotAllowed)
	list, err := w.Accounts(ctx, w.Owner)
	if err != nil || len(list) != len(app.DefaultAccounts())+1 || list[0].Code != "101000" {
		t.Errorf("%d accounts, %v", len(list), err)
	}
}

func TestSaveJournal(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	j, err := w.SaveJournal(ctx, w.Owner, ledger.Journal{Code: "ng", Label: "Notes de frais", Type: ledger.Misc, Active: true})
	if err != nil || j.Code != "NG" {
		t.Errorf("%+v, %v", j, err)
	}
	j.Active = false
	_, err = w.SaveJournal(ctx, w.Owner, j)
	apptest.OK(t, err)
	for _, code := range posting.FixedJournals() {
		j := w.Settings(t).Chart.Journals[code]
		j.Active = false
		_, err := w.SaveJournal(ctx, w.Owner, j)
		apptest.Refused(t, err, fault.InUse, "active")
		j.Active, j.Type = true, ledger.Purchases
		_, err = w.SaveJournal(ctx, w.Owner, j)
		apptest.Refused(t, err, fault.InUse, "type")
	}
	_, err = w.SaveJournal(ctx, w.Owner, ledger.Journal{Code: "A B", Label: "x", Type: ledger.Misc})
	apptest.Refused(t, err, fault.BadCode, "code")
}

func TestSaveMethod(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	m, err := w.SaveMethod(ctx, w.Owner, billing.PaymentMethod{Code: "lcr", Label: "LCR", Kind: billing.ByDirectDebit, Journal: "BQ", Account: "512100", Active: true})
	apptest.OK(t, err)
	if m.ID == "" || m.Code != "LCR" || m.Version != 1 || w.Settings(t).Methods[m.ID] != m {
		t.Errorf("%+v", m)
	}
	m.Online = true
	next, err := w.SaveMethod(ctx, w.Owner, m)
	if err != nil || next.Version != 2 || !w.Settings(t).Methods[m.ID].Online {
		t.Errorf("%+v, %v", next, err)
	}
	_, err = w.SaveMethod(ctx, w.Owner, m)
	apptest.Refused(t, err, fault.Stale)
	for field, c := range map[string]struct {
		spoil func(*billing.PaymentMethod)
		code  fault.Code
	}{
		"code": {func(m *billing.PaymentMethod) { m.Code = "VIR" }, fault.AlreadyExists}, "journal": {func(m *billing.PaymentMethod) { m.Journal = "CA" }, fault.InactiveJournal},
		"account": {func(m *billing.PaymentMethod) { m.Account = "411000" }, fault.AuxRequired}, "kind": {func(m *billing.PaymentMethod) { m.Kind = "barter" }, fault.BadChoice},
	} {
		bad := next
		c.spoil(&bad)
		_, err := w.SaveMethod(ctx, w.Owner, bad)
		apptest.Refused(t, err, c.code, field)
	}
	_, err = w.SaveMethod(ctx, w.Owner, billing.PaymentMethod{ID: "pm_none", Code: "X", Label: "x", Kind: billing.ByGateway})
	apptest.Refused(t, err, fault.UnknownThing)
	online, err := w.SaveMethod(ctx, w.Owner, billing.PaymentMethod{Code: "WEB", Label: "En ligne", Kind: billing.ByGateway, Journal: "BQ", Account: "512100", Online: true, Active: true})
	if err != nil || online.Journal != "" || online.Account != "" {
		t.Errorf("%+v, %v", online, err)
	}
	list, err := w.Methods(ctx, w.Owner)
	if err != nil || len(list) != 9 || list[0].Label > list[1].Label {
		t.Errorf("%v, %v", list, err)
	}
}

func TestSaveVATCode(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	corse := billing.VATCode{Code: "s09s", Label: "Corse 0,90 %", Rate: decimal.RequireFromString("0.9"), Category: "S", Nature: billing.Services, Revenue: "706000", Account: "445714", Active: true}
	v, err := w.SaveVATCode(ctx, w.Owner, corse)
	if err != nil || v.Code != "S09S" || !w.Settings(t).VATCodes["S09S"].Active {
		t.Errorf("%+v, %v", v, err)
	}
	v.Label, v.Active = "Corse", false
	_, err = w.SaveVATCode(ctx, w.Owner, v)
	apptest.OK(t, err)
	v.Rate, v.Nature = decimal.NewFromInt(1), billing.Goods
	_, err = w.SaveVATCode(ctx, w.Owner, v)
	apptest.Refused(t, err, fault.InUse, "rate")
	apptest.Refused(t, err, fault.InUse, "nature")
	for field, spoil := range map[string]func(*billing.VATCode){
		"rate": func(v *billing.VATCode) { v.Rate = decimal.RequireFromString("5.555") }, "category": func(v *billing.VATCode) { v.Category = "E" }, "account": func(v *billing.VATCode) { v.Account = "411000" },
		"revenue": func(v *billing.VATCode) { v.Revenue = "999999" }, "nature": func(v *billing.VATCode) { v.Nature = "" }, "mention": func(v *billing.VATCode) { v.Mention = "mention.vat_293b" },
	} {
		bad := corse
		bad.Code = "NEW"
		spoil(&bad)
		_, err := w.SaveVATCode(ctx, w.Owner, bad)
		if all := fault.All(err); len(all) == 0 || all[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err = w.SaveVATCode(ctx, w.Owner, billing.VATCode{Code: "NIL", Label: "x", Category: "E", Nature: billing.Goods, Revenue: "707000"})
	apptest.Refused(t, err, fault.BadChoice, "mention") // an exemption is printed with its reason

	exempt := apptest.NewWith(t, party.Company{VATRegime: party.VATExempt})
	_, err = exempt.SaveVATCode(ctx, exempt.Owner, corse)
	apptest.Refused(t, err, fault.VATCodeNotAllowed, "rate")
	list, err := exempt.VATCodes(ctx, exempt.Owner)
	if err != nil || len(list) != 15 {
		t.Errorf("%d codes, %v", len(list), err)
	}
}

func TestAddYear(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	y, err := w.AddYear(ctx, w.Owner, ledger.FiscalYear{})
	if err != nil || y.ID != "2027" || y.Start.String() != "2027-01-01" || y.End.String() != "2027-12-31" || y.Closed {
		t.Errorf("%+v, %v", y, err)
	}
	y, err = w.AddYear(ctx, w.Owner, ledger.FiscalYear{End: civil.MustParse("2028-06-30")})
	if err != nil || y.ID != "2028" || y.Start.String() != "2028-01-01" {
		t.Errorf("%+v, %v", y, err)
	}
	y, err = w.AddYear(ctx, w.Owner, ledger.FiscalYear{})
	if err != nil || y.ID != "2028-29" || y.End.String() != "2029-06-30" {
		t.Errorf("%+v, %v", y, err)
	}
	y, err = w.AddYear(ctx, w.Owner, ledger.FiscalYear{Start: civil.MustParse("2025-01-01"), End: civil.MustParse("2025-12-31")})
	if err != nil || y.ID != "2025" {
		t.Errorf("%+v, %v", y, err)
	}
	day := civil.MustParse
	for _, c := range []struct {
		y     ledger.FiscalYear
		code  fault.Code
		field string
	}{
		{ledger.FiscalYear{Start: day("2026-06-01"), End: day("2027-05-31")}, fault.YearOverlap, "start"},
		{ledger.FiscalYear{Start: day("2029-08-01"), End: day("2030-07-31")}, fault.BadDate, "start"},
		{ledger.FiscalYear{Start: day("2023-01-01"), End: day("2023-12-31")}, fault.BadDate, "start"},
		{ledger.FiscalYear{Start: day("2029-07-01"), End: day("2029-06-30")}, fault.BadDate, "end"},
		{ledger.FiscalYear{Start: day("2029-07-01"), End: day("2031-07-01")}, fault.BadDate, "end"},
		{ledger.FiscalYear{ID: "2026", Start: day("2029-07-01"), End: day("2030-06-30")}, fault.AlreadyExists, "id"},
		{ledger.FiscalYear{ID: "20/29", Start: day("2029-07-01"), End: day("2030-06-30")}, fault.BadCode, "id"},
	} {
		_, err := w.AddYear(ctx, w.Owner, c.y)
		apptest.Refused(t, err, c.code, c.field)
	}
	list, err := w.Years(ctx, w.Owner)
	var ids []string
	for _, y := range list {
		ids = append(ids, y.ID)
	}
	if err != nil || strings.Join(ids, " ") != "2025 2026 2027 2028 2028-29" {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestClosePeriod(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	apptest.Refused(t, w.ClosePeriod(ctx, w.Owner, civil.Date{}), fault.Required, "until")
	apptest.Refused(t, w.ClosePeriod(ctx, w.Owner, w.Today()), fault.BadDate, "until")
	apptest.OK(t, w.ClosePeriod(ctx, w.Owner, civil.MustParse("2026-05-31")))
	apptest.OK(t, w.ClosePeriod(ctx, w.Owner, civil.MustParse("2026-05-31")))
	apptest.Refused(t, w.ClosePeriod(ctx, w.Owner, civil.MustParse("2026-04-30")), fault.PeriodClosed, "until")
	apptest.Refused(t, w.ClosePeriod(ctx, w.Actor(access.Sales), civil.MustParse("2026-06-01")), fault.NotAllowed)
	in := entry(100)
	in.Date = civil.MustParse("2026-05-31")
	_, err := w.PostEntry(ctx, w.Owner, in)
	apptest.Refused(t, err, fault.PeriodClosed, "date")
	in.Date = civil.MustParse("2026-06-01")
	_, err = w.PostEntry(ctx, w.Owner, in)
	apptest.OK(t, err)
	if n := len(mustHistory(t, w, w.Company.ID)); n != 1 {
		t.Errorf("%d lines of history", n)
	}
}

func mustHistory(t *testing.T, w *apptest.World, ref string) []string {
	t.Helper()
	events, err := w.Store.History(context.Background(), w.Company.ID, ref)
	apptest.OK(t, err)
	var out []string
	for _, e := range events {
		out = append(out, e.Actor+" "+e.Action+" "+e.Detail)
	}
	return out
}

// TestCloseYear closes 2026 with a customer, a supplier, income and expenses, and looks at what 2027 opens with.
func TestCloseYear(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewCustomer(t, "")
	book := func(date string, lines ...app.EntryLine) {
		t.Helper()
		_, err := w.PostEntry(ctx, w.Owner, app.EntryInput{Journal: "OD", Date: civil.MustParse(date), Piece: "P", Label: "L", Lines: lines})
		apptest.OK(t, err)
	}
	debit := func(account, aux string, v int64) app.EntryLine {
		return app.EntryLine{Account: account, Aux: aux, Debit: v}
	}
	credit := func(account, aux string, v int64) app.EntryLine {
		return app.EntryLine{Account: account, Aux: aux, Credit: v}
	}
	book("2026-02-01", debit("411000", c.Code, 120000), credit("706000", "", 100000), credit("445711", "", 20000))
	book("2026-03-01", debit("512100", "", 50000), credit("411000", c.Code, 50000))
	book("2026-12-31", debit("622600", "", 30000), credit("401000", "EDF", 30000))

	_, err := w.CloseYear(ctx, w.Owner, "2026")
	apptest.Refused(t, err, fault.YearNotEnded)
	_, err = w.CloseYear(ctx, w.Owner, "1999")
	apptest.Refused(t, err, fault.UnknownThing)
	w.Clock.Set(time.Date(2027, 3, 15, 12, 0, 0, 0, time.UTC))
	_, err = w.CloseYear(ctx, w.Owner, "2026")
	apptest.Refused(t, err, fault.NoFiscalYear)
	_, err = w.AddYear(ctx, w.Owner, ledger.FiscalYear{})
	apptest.OK(t, err)
	_, err = w.AddYear(ctx, w.Owner, ledger.FiscalYear{})
	apptest.OK(t, err)
	book("2027-02-01", debit("512100", "", 10000), credit("411000", c.Code, 10000))
	_, err = w.CloseYear(ctx, w.Actor(access.Auditor), "2026")
	apptest.Refused(t, err, fault.NotAllowed)

	done, err := w.CloseYear(ctx, w.Owner, "2026")
	apptest.OK(t, err)
	if !done.Year.Closed || len(done.Opening) != 1 || done.Head.Seq != 5 {
		t.Fatalf("%+v", done)
	}
	e := done.Opening[0]
	var got []string
	for _, l := range e.Lines {
		got = append(got, fmt.Sprint(l.Account, l.Aux, " ", l.Debit-l.Credit))
	}
	if want := "120000 -70000, 401000EDF -30000, 411000C0001 70000, 445711 -20000, 512100 50000"; strings.Join(got, ", ") != want {
		t.Errorf("opens with %s\nwant       %s", strings.Join(got, ", "), want)
	}
	if e.Year != "2027" || e.Journal != "AN" || e.Date.String() != "2027-01-01" || e.Source != "opening:2027" {
		t.Errorf("%+v", e)
	}
	// Balances are what they were, counted once.
	if got := w.Store.Total(w.Company.ID, "411"); got != 60000 {
		t.Errorf("customers owe %d", got)
	}
	if got := w.Store.Total(w.Company.ID, "706"); got != 0 {
		t.Errorf("the new year begins with income of %d", got)
	}

	// Nothing goes into the closed year any more, and it is closed once.
	in := entry(100)
	in.Date = civil.MustParse("2026-12-31")
	_, err = w.PostEntry(ctx, w.Owner, in)
	apptest.Refused(t, err, fault.PeriodClosed, "date")
	_, err = w.CloseYear(ctx, w.Owner, "2026")
	apptest.Refused(t, err, fault.PeriodClosed)
	w.Clock.Set(time.Date(2029, 3, 15, 12, 0, 0, 0, time.UTC))
	_, err = w.CloseYear(ctx, w.Owner, "2028")
	apptest.Refused(t, err, fault.InUse) // 2027 is open
	_, err = w.ReverseEntry(ctx, w.Owner, e.Seq, civil.Date{}, "")
	apptest.Refused(t, err, fault.NotReversible)
	_, err = w.AddYear(ctx, w.Owner, ledger.FiscalYear{Start: civil.MustParse("2025-01-01"), End: civil.MustParse("2025-12-31")})
	apptest.Refused(t, err, fault.BadDate)

	// The year after opens with what this one opened with and what it added.
	done, err = w.CloseYear(ctx, w.Owner, "2027")
	apptest.OK(t, err)
	got = nil
	for _, l := range done.Opening[0].Lines {
		got = append(got, fmt.Sprint(l.Account, l.Aux, " ", l.Debit-l.Credit))
	}
	if want := "120000 -70000, 401000EDF -30000, 411000C0001 60000, 445711 -20000, 512100 60000"; strings.Join(got, ", ") != want {
		t.Errorf("opens with %s\nwant       %s", strings.Join(got, ", "), want)
	}
	if r, err := w.Verify(ctx, w.Owner, &done.Head); err != nil || r.Err() != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestCloseYearInterrupted: a commit that fails in the middle is made good by asking again.
func TestCloseYearInterrupted(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	post(t, w, 100)
	_, err := w.AddYear(ctx, w.Owner, ledger.FiscalYear{})
	apptest.OK(t, err)
	w.Clock.Set(time.Date(2027, 3, 15, 12, 0, 0, 0, time.UTC))
	commits := 0
	w.Store.BeforeCommit = func(*books.Changes) error {
		if commits++; commits == 2 {
			return fmt.Errorf("the power went out")
		}
		return nil
	}
	if _, err := w.CloseYear(ctx, w.Owner, "2026"); err == nil {
		t.Fatal("it was not interrupted")
	}
	s := w.Settings(t)
	if s.Chart.Years[0].Closed || s.Company.ClosedUntil.String() != "2026-12-31" {
		t.Errorf("%+v, closed until %s", s.Chart.Years, s.Company.ClosedUntil)
	}
	in := entry(5)
	in.Date = civil.MustParse("2026-12-30")
	_, err = w.PostEntry(ctx, w.Owner, in)
	apptest.Refused(t, err, fault.PeriodClosed)
	done, err := w.CloseYear(ctx, w.Owner, "2026")
	if err != nil || len(done.Opening) != 1 || done.Opening[0].Total() != 100 {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestCloseYearOnce: sent again with its key, the request is answered as done.
func TestCloseYearOnce(t *testing.T) {
	w := apptest.New(t)
	post(t, w, 100)
	_, err := w.AddYear(context.Background(), w.Owner, ledger.FiscalYear{})
	apptest.OK(t, err)
	w.Clock.Set(time.Date(2027, 3, 15, 12, 0, 0, 0, time.UTC))
	ctx := books.WithKey(context.Background(), "k", "f")
	_, err = w.CloseYear(ctx, w.Owner, "2026")
	apptest.OK(t, err)
	_, err = w.CloseYear(ctx, w.Owner, "2026")
	if made, again := app.Replayed(err); !again || made != "2026" {
		t.Errorf("%v", err)
	}
}

func TestMail(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	smtp := party.MailServer{Kind: "smtp", Host: "smtp.exemple.fr", Port: 587, Security: "starttls", Username: "martin", From: "Factures@Exemple.FR", FromName: " Martin "}
	apptest.Refused(t, w.SetMail(ctx, w.Owner, smtp, ""), fault.Required, "password")
	apptest.OK(t, w.SetMail(ctx, w.Owner, smtp, "s3cret"))
	kept := w.Settings(t).Company.Mail
	if kept.From != "Factures@exemple.fr" || kept.FromName != "Martin" || strings.Contains(string(kept.Sealed), "s3cret") {
		t.Errorf("%+v", kept)
	}
	apptest.OK(t, w.TestMail(ctx, w.Owner, "jean@exemple.fr"))
	sent := w.Mailer.Sent()
	if len(sent) != 1 || sent[0].Via.Password != "s3cret" || sent[0].To != "jean@exemple.fr" || sent[0].Subject == "" || sent[0].Text == "" {
		t.Errorf("%+v", sent)
	}
	apptest.Refused(t, w.TestMail(ctx, w.Owner, "jean"), fault.BadEmail, "to")

	// The password stays when other things change, and is not handed to another server.
	smtp.Port = 465
	smtp.Security = "tls"
	apptest.OK(t, w.SetMail(ctx, w.Owner, smtp, ""))
	if !bytes.Equal(w.Settings(t).Company.Mail.Sealed, kept.Sealed) {
		t.Error("the password is gone")
	}
	smtp.Host = "smtp.ailleurs.fr"
	apptest.Refused(t, w.SetMail(ctx, w.Owner, smtp, ""), fault.Required, "password")
	for field, spoil := range map[string]func(*party.MailServer){
		"kind": func(m *party.MailServer) { m.Kind = "pigeon" }, "host": func(m *party.MailServer) { m.Host = "" }, "port": func(m *party.MailServer) { m.Port = 70000 },
		"security": func(m *party.MailServer) { m.Security = "" }, "from": func(m *party.MailServer) { m.From = "x" }, "reply_to": func(m *party.MailServer) { m.ReplyTo = "x" },
	} {
		bad := smtp
		spoil(&bad)
		if all := fault.All(w.SetMail(ctx, w.Owner, bad, "p")); len(all) != 1 || all[0].Field != field {
			t.Errorf("%s: %v", field, all)
		}
	}
	apptest.OK(t, w.SetMail(ctx, w.Owner, party.MailServer{Kind: "outbox", Host: "left over", Username: "left over"}, ""))
	if m := w.Settings(t).Company.Mail; m.Host != "" || m.Username != "" || len(m.Sealed) != 0 {
		t.Errorf("%+v", m)
	}
	apptest.OK(t, w.SetMail(ctx, w.Owner, party.MailServer{}, ""))
	apptest.Refused(t, w.TestMail(ctx, w.Owner, "jean@exemple.fr"), fault.MailNotSet)
}
