package accounting_test

import (
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// abroad connects a gateway with a balance in dollars, whose VAT on commissions is self-assessed, and posts some of both.
func (s *scene) abroad() inbox.Connection {
	s.t.Helper()
	conn := s.NewConnection(s.t)
	conn, err := s.UpdateConnection(ctx, s.Owner, conn.ID, 0, app.ConnectionInput{Label: conn.Label, Journal: conn.Journal, GatewayAccount: conn.GatewayAccount,
		CommissionAccount: conn.CommissionAccount, BankJournal: conn.BankJournal, BankAccount: conn.BankAccount, FeeVAT: inbox.FeeReverseCharge})
	apptest.OK(s.t, err)
	conn, err = s.SetBalanceAccount(ctx, s.Owner, conn.ID, 0, "USD", "")
	apptest.OK(s.t, err)
	_, err = s.SaveRates(ctx, s.Owner, []ledger.Rate{{Currency: "USD", Date: s.Today(), Rate: decimal.RequireFromString("1.12")}})
	apptest.OK(s.t, err)
	p := s.Provider(conn)
	for _, m := range []gateway.Payment{
		{ID: "f1", Kind: gateway.KindFee, Gross: apptest.EUR(200_000)},
		{ID: "f2", Kind: gateway.KindFeeRefund, Gross: money.Of(112_000, "USD")},
		{ID: "f3", Kind: gateway.KindFee, Gross: money.Of(12_345, "USD")},
	} {
		m.State = gateway.Succeeded
		p.Put(apptest.WithFee(m, 0))
	}
	_, err = s.Refresh(ctx, s.Owner, conn.ID)
	apptest.OK(s.t, err)
	_, err = s.IntegrateReady(ctx, s.Owner)
	apptest.OK(s.t, err)
	return conn
}

func TestFeeVATAndRevaluation(t *testing.T) {
	s := newScene(t)
	anne := s.as(access.Accountant)
	anne.get("/fee-vat").Want(200, "Aucune plateforme en autoliquidation")
	conn := s.abroad()
	held := conn.BalanceAccounts["USD"]
	anne.get("/balance").Want(200, held, "996,55")
	anne.get("/ledger?account="+held).Want(200, "996,55", "1 120,00", "Solder l")
	revalue := "/ledger/" + held + "/revalue"
	anne.send(revalue, revalue, "date", "2026-06-16").Want(422, "")
	anne.send(revalue, revalue, "date", "2026-06-16", "rate", "1,10").Want(303)
	anne.send(revalue, revalue, "date", "2026-06-16", "rate", "1,10").Want(422, held)
	anne.get("/ledger?account=766000").Want(200, "16,17")
	anne.get("/ledger/512100/revalue").Want(404, "")

	s.Clock.Set(time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC))
	anne = s.as(access.Accountant)
	month := "/fee-vat/" + conn.ID + "/2026-06"
	anne.get("/fee-vat").Want(200, "juin 2026", month)
	anne.get(month).Want(200, "445662", "445201")
	anne.send(month, month, "invoice", "", "date", "2026-07-01", "base", "94,20").Want(422, "")
	anne.send(month, month, "invoice", "STR-2026-06", "date", "2026-07-01", "base", "94,20").Want(303)
	anne.send("/fee-vat", month, "invoice", "STR-2026-06", "date", "2026-07-01", "base", "94,20").Want(422, "")
	anne.get("/ledger?account=445201").Want(200, "18,84", "STR-2026-06")
	s.as(access.Auditor).get("/fee-vat").Want(200, "juin 2026")
}

func TestOtherCurrenciesInABrowser(t *testing.T) {
	s := newScene(t)
	conn := s.abroad()
	s.Clock.Set(time.Date(2026, 7, 3, 9, 0, 0, 0, time.UTC))
	held := conn.BalanceAccounts["USD"]
	host := s.house.Serve(t)
	p := browsertest.New(t)
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Accountant))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	for _, lang := range []string{"fr", "en"} {
		p.Open(host + "/lang/" + lang + "?back=/")
		for _, page := range []struct{ name, path string }{
			{"balance", "/balance"}, {"ledger", "/ledger?account=" + held}, {"revalue", "/ledger/" + held + "/revalue"},
			{"fee-vat", "/fee-vat"}, {"fee-vat-month", "/fee-vat/" + conn.ID + "/2026-06"},
		} {
			p.Open(host + s.base + page.path)
			look(t, p, page.name+"-"+lang)
		}
	}
}
