package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

func TestConnect(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_1", "brand": " Martin ", "strict": "on"})
	apptest.OK(t, err)
	if c.Status != inbox.Connected || c.On || c.AccountID != "acme" || c.Account != "Account acme" || c.Mode != gateway.Test || c.Label != "Play" {
		t.Errorf("%+v", c)
	}
	if c.Sealed != nil || fmt.Sprint(c.Public) != "map[brand:Martin region:eu site: strict:true]" {
		t.Errorf("settings given back: %v, sealed %q", c.Public, c.Sealed)
	}
	kept := w.Settings(t).Connections[c.ID]
	if strings.Contains(string(kept.Sealed), "test_acme_1") || len(kept.Sealed) == 0 {
		t.Errorf("the secret is kept as %q", kept.Sealed)
	}
	// The gateway gets all of them, in clear, with the address to report to and what the installation of that gave.
	_, err = w.TestConnection(ctx, w.Owner, c.ID)
	apptest.OK(t, err)
	last := w.Gateways.Opened()[len(w.Gateways.Opened())-1]
	if last.Settings["key"] != "test_acme_1" || last.Settings["brand"] != "Martin" || last.Settings["webhook_secret"] != "whsec_ACME" || last.Mode != gateway.Test {
		t.Errorf("opened with %+v", last)
	}
	w.Provider(c).Change(func(p *apptest.Provider) {
		if p.Webhook != last.WebhookURL || !strings.HasSuffix(p.Webhook, "/"+w.Company.ID+"/"+c.ID) || !strings.HasPrefix(p.Webhook, "https://acquit.test/") {
			t.Errorf("webhook %q, opened with %q", p.Webhook, last.WebhookURL)
		}
	})

	// A journal and accounts of its own were proposed and are in the chart.
	s := w.Settings(t)
	if c.Journal != "PLA" || c.GatewayAccount != "517300" || c.CommissionAccount != "627830" || c.BankJournal != "BQ" || c.BankAccount != "512100" || c.DisputeFeeAccount != "627890" || len(c.MissingSettings()) != 0 {
		t.Errorf("%+v", c)
	}
	for _, code := range []string{"517300", "627830"} {
		if acc := s.Chart.Accounts[code]; !acc.Active || !strings.Contains(acc.Label, "Play") {
			t.Errorf("account %s: %+v", code, acc)
		}
	}
	if j := s.Chart.Journals["PLA"]; !j.Active || j.Type != ledger.Treasury {
		t.Errorf("journal: %+v", j)
	}

	// Another account at the same gateway gets others.
	d, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_other_1"})
	apptest.OK(t, err)
	if d.Label != "Play 2" || d.Journal != "PLA2" || d.GatewayAccount != "517310" || d.CommissionAccount == c.CommissionAccount {
		t.Errorf("%+v", d)
	}
	list, err := w.Connections(ctx, w.Owner)
	if err != nil || len(list) != 2 || list[0].ID != c.ID || list[0].Sealed != nil {
		t.Errorf("%v, %v", list, err)
	}
	// The same account twice would take each movement for two, whichever key opens it.
	_, err = w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_2"})
	apptest.Refused(t, err, fault.AlreadyExists)
}

func TestKnownGatewaysHaveTheirPlaces(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	known, err := w.Gateways.Known(ctx)
	apptest.OK(t, err)
	for name, want := range map[string]string{"stripe": "STR 517100 627810 reverse_charge", "paypal": "PPL 517200 627820 exempt", "sandbox": "SBX 517900 627880 exempt"} {
		s := known[0]
		s.Name, s.Info.Name, s.Info.Label = name, name, strings.ToUpper(name)
		w.Gateways.Know(s)
		c, err := w.Connect(ctx, w.Owner, name, map[string]string{"key": "test_" + name + "_1"})
		apptest.OK(t, err)
		if got := fmt.Sprint(c.Journal, " ", c.GatewayAccount, " ", c.CommissionAccount, " ", c.FeeVAT); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if a := w.Settings(t).Chart.Accounts["517100"]; a.Label != "Stripe" {
		t.Errorf("the account of the default chart was renamed: %+v", a)
	}
}

func TestConnectRefuses(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	good := func() map[string]string { return map[string]string{"key": "test_acme_1"} }
	for field, c := range map[string]struct {
		value string
		code  fault.Code
	}{
		"key": {"secret-but-wrong", fault.BadCode}, "region": {"mars", fault.BadChoice}, "strict": {"maybe", fault.BadChoice}, "site": {"ftp://x", fault.BadURL},
		"brand": {"a\x00b", fault.BadCharacters}, "pin": {strings.Repeat("1", 9000), fault.TooLong}, "colour": {"red", fault.UnknownThing},
	} {
		in := good()
		in[field] = c.value
		_, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, in)
		apptest.Refused(t, err, c.code, "settings."+field)
		if field == "key" && strings.Contains(err.Error(), c.value) {
			t.Errorf("the refusal quotes a secret: %v", err)
		}
	}
	_, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, nil)
	apptest.Refused(t, err, fault.Required, "settings.key")
	// A pattern means the whole value.
	_, err = w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "xtest_acme_1x"})
	apptest.Refused(t, err, fault.BadCode, "settings.key")
	_, err = w.Connect(ctx, w.Owner, "nowhere", good())
	apptest.Refused(t, err, fault.GatewayNotFound)
	_, err = w.Connect(ctx, w.Actor(access.Sales), apptest.PlayGateway, good())
	apptest.Refused(t, err, fault.NotAllowed)

	w.Gateways.Know(app.GatewayStatus{Name: "strange", Problem: string(fault.GatewayUntrusted), Detail: "sha256"})
	_, err = w.Connect(ctx, w.Owner, "strange", nil)
	apptest.Refused(t, err, fault.GatewayUntrusted)

	for _, c := range []struct {
		fail error
		code fault.Code
	}{
		{gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", ""), fault.GatewayDown}, {gateway.Fail(gateway.ErrPermanent, gateway.NotDone, "x", "y"), fault.GatewayRefused},
		{gateway.Fail(gateway.ErrBug, gateway.Unknown, "", "oops"), fault.GatewayBroken}, {errors.New("anything"), fault.GatewayBroken}, {context.DeadlineExceeded, fault.GatewayDown},
		{fault.New(fault.Unavailable, fault.GatewayQuarantined, "gateway", "play", "detail", ""), fault.GatewayQuarantined},
	} {
		w.Gateways.Provider("acme").Change(func(p *apptest.Provider) { p.Fail = c.fail })
		_, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, good())
		apptest.Refused(t, err, c.code)
	}
	w.Gateways.Provider("acme").Change(func(p *apptest.Provider) {
		p.Fail = &gateway.Error{Kind: gateway.ErrConfig, Outcome: gateway.NotDone, Setting: "key"}
	})
	_, err = w.Connect(ctx, w.Owner, apptest.PlayGateway, good())
	apptest.Refused(t, err, fault.GatewayCredentials, "settings.key")
	if n := len(w.Settings(t).Connections); n != 0 {
		t.Errorf("%d connections came of refusals", n)
	}
}

func TestUpdateConnection(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewConnection(t)
	other := w.NewConnection(t)
	in := app.ConnectionInput{Label: "Carte", Journal: c.Journal, GatewayAccount: c.GatewayAccount, CommissionAccount: c.CommissionAccount, BankJournal: c.BankJournal, BankAccount: c.BankAccount,
		DisputeFeeAccount: c.DisputeFeeAccount, FeeVAT: inbox.FeeDomestic, FeeVATRate: decimal.NewFromInt(20)}
	calls := len(w.Provider(c).Calls())
	got, err := w.UpdateConnection(ctx, w.Owner, c.ID, c.Version, in)
	apptest.OK(t, err)
	if got.Label != "Carte" || got.FeeVAT != inbox.FeeDomestic || got.Version != c.Version+1 || !got.On {
		t.Errorf("%+v", got)
	}
	if len(w.Provider(c).Calls()) != calls {
		t.Error("the provider was asked although no setting changed")
	}
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, c.Version, in)
	apptest.Refused(t, err, fault.Stale)
	if !strings.Contains(err.Error(), "Odile Owner") {
		t.Errorf("who changed it is not told: %v", err)
	}

	for field, spoil := range map[string]func(*app.ConnectionInput){
		"journal": func(in *app.ConnectionInput) { in.Journal = "NONE" }, "gateway_account": func(in *app.ConnectionInput) { in.GatewayAccount = other.GatewayAccount },
		"commission_account": func(in *app.ConnectionInput) { in.CommissionAccount = "411000" }, "bank_account": func(in *app.ConnectionInput) { in.BankAccount = in.GatewayAccount },
		"bank_journal": func(in *app.ConnectionInput) { in.BankJournal = "CA" }, "dispute_fee_account": func(in *app.ConnectionInput) { in.DisputeFeeAccount = "999999" },
		"label": func(in *app.ConnectionInput) { in.Label = "" }, "fee_vat": func(in *app.ConnectionInput) { in.FeeVAT = "" }, "fee_vat_rate": func(in *app.ConnectionInput) { in.FeeVATRate = decimal.NewFromInt(101) },
	} {
		bad := in
		spoil(&bad)
		_, err := w.UpdateConnection(ctx, w.Owner, c.ID, 0, bad)
		if all := fault.All(err); len(all) == 0 || all[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	bad := in
	bad.BankAccount = ""
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, bad)
	apptest.Refused(t, err, fault.GatewayIncomplete) // it is on

	// Rotation: another key of the same account, the rest left as it is.
	in.Settings = map[string]string{"key": "test_" + c.AccountID + "_2", "brand": "Martin & Fils", "pin": ""}
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, in)
	apptest.OK(t, err)
	opened := w.Gateways.Opened()
	if s := opened[len(opened)-1].Settings; s["key"] != "test_"+c.AccountID+"_2" || s["webhook_secret"] == "" || s["region"] != "eu" || s["brand"] != "Martin & Fils" {
		t.Errorf("opened with %v", s)
	}
	for _, typed := range []map[string]string{{"brand": "Seul"}, {"brand": "Seul", "key": ""}} { // the secret is not typed in again
		in.Settings = typed
		_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, in)
		apptest.OK(t, err)
	}
	form, err := w.ConnectionForm(ctx, w.Owner, c.ID)
	if err != nil || strings.Join(form.Filled, " ") != "key" || form.Connection.Sealed != nil || form.Connection.Public["brand"] != "Seul" || len(form.Settings) != 6 {
		t.Errorf("%+v, %v", form, err)
	}
	in.Settings = map[string]string{"key": "test_stranger_1"}
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, in)
	apptest.Refused(t, err, fault.OtherAccount)
	in.Settings = map[string]string{"key": "live_" + c.AccountID + "_1"}
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, in)
	apptest.Refused(t, err, fault.WrongMode)
	if kept := w.Settings(t).Connections[c.ID]; kept.AccountID != c.AccountID || kept.Mode != gateway.Test {
		t.Errorf("%+v", kept)
	}
}

func TestTestConnection(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewConnection(t)
	p := w.Provider(c)
	status := func() inbox.Connection { return w.Settings(t).Connections[c.ID] }

	p.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "", "") })
	_, err := w.TestConnection(ctx, w.Owner, c.ID)
	apptest.Refused(t, err, fault.GatewayDown)
	if s := status(); s.Status != inbox.Connected || s.Version != c.Version {
		t.Errorf("an outage changed the connection: %+v", s)
	}
	p.Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrConfig, gateway.NotDone, "revoked", "the key was revoked")
	})
	_, err = w.TestConnection(ctx, w.Owner, c.ID)
	apptest.Refused(t, err, fault.GatewayCredentials)
	if s := status(); s.Status != inbox.NeedsAttention || s.Problem != string(fault.GatewayCredentials) || !strings.Contains(s.Detail, "revoked") {
		t.Errorf("%+v", s)
	}
	p.Change(func(p *apptest.Provider) { p.Fail, p.Missing = nil, []string{"refunds:write"} })
	got, err := w.TestConnection(ctx, w.Owner, c.ID)
	if err != nil || got.Status != inbox.NeedsAttention || got.Detail != "refunds:write" {
		t.Errorf("%+v, %v", got, err)
	}
	p.Change(func(p *apptest.Provider) { p.Missing = nil })
	got, err = w.TestConnection(ctx, w.Owner, c.ID)
	if err != nil || got.Status != inbox.Connected || got.Problem != "" || got.Detail != "" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.TestConnection(ctx, w.Owner, "gw_none")
	apptest.Refused(t, err, fault.UnknownThing)
}

func TestSwitching(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_1"})
	apptest.OK(t, err)
	in := app.ConnectionInput{Label: "Play", FeeVAT: inbox.FeeExempt}
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, in)
	apptest.OK(t, err)
	_, err = w.SwitchOn(ctx, w.Owner, c.ID)
	apptest.Refused(t, err, fault.GatewayIncomplete)
	if !strings.Contains(err.Error(), "journal, gateway_account, commission_account, bank_journal, bank_account") {
		t.Errorf("what is missing is not said: %v", err)
	}
	in.Journal, in.GatewayAccount, in.CommissionAccount, in.BankJournal, in.BankAccount = c.Journal, c.GatewayAccount, c.CommissionAccount, c.BankJournal, c.BankAccount
	_, err = w.UpdateConnection(ctx, w.Owner, c.ID, 0, in)
	apptest.OK(t, err)
	on, err := w.SwitchOn(ctx, w.Owner, c.ID)
	if err != nil || !on.On {
		t.Fatalf("%+v, %v", on, err)
	}
	off, err := w.SwitchOff(ctx, w.Owner, c.ID)
	if err != nil || off.On {
		t.Fatalf("%+v, %v", off, err)
	}
	_, err = w.SwitchOn(ctx, w.Actor(access.Sales), c.ID)
	apptest.Refused(t, err, fault.NotAllowed)

	// Real money does not enter demonstration books.
	live, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "live_acme_1"})
	apptest.OK(t, err)
	_, err = w.SwitchOn(ctx, w.Owner, live.ID)
	apptest.Refused(t, err, fault.WrongMode)
}

func TestPlayMoneyStaysOutOfRealBooks(t *testing.T) {
	ctx, w := context.Background(), apptest.NewWith(t, party.Company{})
	c, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_1"})
	apptest.OK(t, err)
	_, err = w.SwitchOn(ctx, w.Owner, c.ID)
	apptest.Refused(t, err, fault.WrongMode)
	live, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "live_acme_1"})
	apptest.OK(t, err)
	_, err = w.SwitchOn(ctx, w.Owner, live.ID)
	apptest.OK(t, err)
}

func TestPreflight(t *testing.T) {
	ctx := context.Background()
	for code, spoil := range map[string]func(*apptest.World, inbox.Connection){
		"": func(*apptest.World, inbox.Connection) {},
		app.CheckSettings: func(w *apptest.World, c inbox.Connection) {
			_, err := w.UpdateConnection(ctx, w.Owner, c.ID, 0, app.ConnectionInput{Label: "x", FeeVAT: inbox.FeeExempt})
			apptest.OK(t, err)
		},
		app.CheckPeriod: func(w *apptest.World, _ inbox.Connection) {
			w.Clock.Set(time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC))
		},
		app.CheckStatus: func(w *apptest.World, c inbox.Connection) {
			w.Provider(c).Change(func(p *apptest.Provider) { p.Missing = []string{"all"} })
			_, err := w.TestConnection(ctx, w.Owner, c.ID)
			apptest.OK(t, err)
		},
		app.CheckMethod: func(w *apptest.World, _ inbox.Connection) {
			for _, m := range w.Settings(t).Methods {
				m.Online = false
				_, err := w.SaveMethod(ctx, w.Owner, m)
				if m.Journal != "CA" { // inactive, and its journal is too
					apptest.OK(t, err)
				}
			}
		},
		app.CheckMail: func(w *apptest.World, _ inbox.Connection) {
			apptest.OK(t, w.SetMail(ctx, w.Owner, party.MailServer{}, ""))
		},
		app.CheckCustomer: func(*apptest.World, inbox.Connection) {},
	} {
		w := apptest.New(t)
		c, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_1"})
		apptest.OK(t, err)
		spoil(w, c)
		customer := ""
		if code == app.CheckCustomer {
			customer = w.NewCustomer(t, "").ID
		}
		checks, err := w.Preflight(ctx, w.Owner, c.ID, customer)
		apptest.OK(t, err)
		for _, k := range checks {
			if k.OK != (k.Code != code) {
				t.Errorf("with %q spoilt, %s is %v", code, k.Code, k.OK)
			}
			if !k.OK && k.Mend != "preflight."+k.Code+".mend" {
				t.Errorf("%s is mended by %q", k.Code, k.Mend)
			}
		}
		_, err = w.SwitchOn(ctx, w.Owner, c.ID)
		if blocks := code != "" && code != app.CheckCustomer; blocks != (err != nil) {
			t.Errorf("with %q spoilt, switching on says %v", code, err)
		}
	}
}

func TestPreflightOfRealMoney(t *testing.T) {
	ctx, w := context.Background(), apptest.NewWith(t, party.Company{})
	c, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "live_acme_1"})
	apptest.OK(t, err)
	for url, ok := range map[string]bool{"https://acquit.test": true, "https://8.8.8.8": true, "http://localhost:8080": false, "http://127.0.0.1:8080": false, "http://[::1]:8080": false,
		"http://192.168.1.10": false, "http://acquit": false, "http://acquit.local": false, "": false} {
		w.BaseURL = url
		checks, err := w.Preflight(ctx, w.Owner, c.ID, "")
		apptest.OK(t, err)
		for _, k := range checks {
			if k.Code == app.CheckWebhook && k.OK != ok {
				t.Errorf("%q is reachable: %v", url, k.OK)
			}
		}
	}
	_, err = w.Preflight(ctx, w.Owner, "gw_none", "")
	apptest.Refused(t, err, fault.UnknownThing)
}

// TestPreflightSeesTheChart: accounts and journals in use cannot be deactivated here, so books as another version of the
// program may have left them are made by hand.
func TestPreflightSeesTheChart(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewConnection(t)
	acc := w.Settings(t).Chart.Accounts[c.GatewayAccount]
	acc.Active = false
	_, err := w.SaveAccount(ctx, w.Owner, acc)
	apptest.Refused(t, err, fault.InUse, "active")
	_, err = w.SaveJournal(ctx, w.Owner, ledger.Journal{Code: c.Journal, Label: "x", Type: ledger.Treasury})
	apptest.Refused(t, err, fault.InUse, "active")
}

func TestDisconnect(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewConnection(t)
	w.Provider(c).Put(apptest.WithFee(gateway.Payment{ID: "m1", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: money.Of(1000, money.EUR)}, 30))
	_, err := w.Refresh(ctx, w.Owner, c.ID)
	apptest.OK(t, err)
	apptest.OK(t, w.Disconnect(ctx, w.Owner, c.ID))
	gone := w.Settings(t).Connections[c.ID]
	if gone.Status != inbox.Disconnected || gone.On || gone.Sealed != nil || len(gone.Public) != 0 || gone.AccountID != c.AccountID {
		t.Errorf("%+v", gone)
	}
	for what, err := range map[string]error{
		"disconnect": w.Disconnect(ctx, w.Owner, c.ID),
		"switch on":  second(w.SwitchOn(ctx, w.Owner, c.ID)),
		"test":       second(w.TestConnection(ctx, w.Owner, c.ID)),
		"update":     second(w.UpdateConnection(ctx, w.Owner, c.ID, 0, app.ConnectionInput{Label: "x", FeeVAT: inbox.FeeExempt})),
	} {
		if !fault.Has(err, fault.UnknownThing) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = w.Refresh(ctx, w.Owner, c.ID)
	apptest.Refused(t, err, fault.GatewayOff)

	// The account taken up again is the same connection: what it brought in before is not brought in twice.
	again, err := w.Connect(ctx, w.Owner, apptest.PlayGateway, map[string]string{"key": "test_" + c.AccountID + "_9"})
	apptest.OK(t, err)
	if again.ID != c.ID || again.Status != inbox.Connected || again.GatewayAccount != c.GatewayAccount || again.On {
		t.Errorf("%+v", again)
	}
	_, err = w.Refresh(ctx, w.Owner, c.ID)
	apptest.OK(t, err)
	page, err := w.Store.Arrivals(ctx, w.Company.ID, app.ArrivalQuery{})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d arrivals, %v", len(page.Items), err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestDisconnectWaitsForPayers: a page that may still be paid keeps its connection.
func TestDisconnectWaitsForPayers(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewConnection(t)
	openPayPage(t, w)
	apptest.Refused(t, w.Disconnect(ctx, w.Owner, c.ID), fault.PaymentInProgress)
	w.Clock.Advance(48 * time.Hour)
	apptest.OK(t, w.Disconnect(ctx, w.Owner, c.ID))
}

// openPayPage issues an invoice and has its payer click on the pay button.
func openPayPage(t *testing.T, w *apptest.World) {
	t.Helper()
	ctx := context.Background()
	var online billing.PaymentMethod
	for _, m := range w.Settings(t).Methods {
		if m.Online {
			online = m
		}
	}
	v, err := w.CreateInvoice(ctx, w.Owner, app.InvoiceInput{CustomerID: w.NewCustomer(t, "jean@exemple.fr").ID, MethodID: online.ID,
		Lines: []billing.DocLine{{Description: "Conseil", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(1000), VATCode: "S20S"}}})
	apptest.OK(t, err)
	_, err = w.IssueInvoice(ctx, w.Owner, v.ID)
	apptest.OK(t, err)
	link, err := w.PayURL(ctx, w.Owner, v.ID)
	apptest.OK(t, err)
	_, err = w.StartPayment(ctx, link[strings.LastIndexByte(link, '/')+1:], "")
	apptest.OK(t, err)
}
