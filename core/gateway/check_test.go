package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

func eur(minor int64) money.Money { return money.Of(minor, money.EUR) }

// payment is a sound one: 100.00 with a fee of 1.65.
func payment() gateway.Payment {
	return gateway.Payment{
		ID: "pay_1", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: eur(10_000),
		FeeState: gateway.FeeKnown, Fee: eur(165), FeeVAT: eur(27), Net: eur(9_835),
		OccurredAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
}

func TestCheckPaymentTakesWhatIsSound(t *testing.T) {
	for name, change := range map[string]func(*gateway.Payment){
		"as it is": func(*gateway.Payment) {},
		"fee not known yet": func(p *gateway.Payment) {
			p.FeeState, p.Fee, p.FeeVAT, p.Net = gateway.FeeUnknown, money.Money{}, money.Money{}, money.Money{}
		},
		"no fee":                func(p *gateway.Payment) { p.FeeState, p.Fee, p.FeeVAT = gateway.FeeNone, money.Money{}, money.Money{} },
		"fee larger than gross": func(p *gateway.Payment) { p.Gross, p.Net = eur(100), eur(-65) },
		"pending":               func(p *gateway.Payment) { p.State = gateway.Pending },
		"no VAT on the fee":     func(p *gateway.Payment) { p.FeeVAT = money.Money{} },
		"refund with a fee":     func(p *gateway.Payment) { p.Kind, p.Net = gateway.KindRefund, eur(-10_165) },
		"refund, fee given back": func(p *gateway.Payment) {
			p.Kind, p.Fee, p.FeeVAT, p.Net = gateway.KindRefund, eur(-165), eur(-27), eur(-9_835)
		},
		"dispute with a fee":  func(p *gateway.Payment) { p.Kind, p.Net = gateway.KindDispute, eur(-10_165) },
		"negative adjustment": func(p *gateway.Payment) { p.Kind, p.Gross, p.Net = gateway.KindAdjustment, eur(-10_000), eur(-10_165) },
		"an adjustment of 0":  func(p *gateway.Payment) { p.Kind, p.Gross, p.Net = gateway.KindAdjustment, eur(0), eur(-165) },
		"without decimals":    func(p *gateway.Payment) { yen(p, "JPY") },
		"with three decimals": func(p *gateway.Payment) { yen(p, "KWD") },
		"the longest texts": func(p *gateway.Payment) {
			p.Reference, p.Description = strings.Repeat("r", gateway.MaxID), strings.Repeat("d", gateway.MaxText)
		},
		"evidence at its largest": func(p *gateway.Payment) { p.Raw = make([]byte, gateway.MaxRaw) },
	} {
		p := payment()
		change(&p)
		if err := gateway.CheckPayment(p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, k := range gateway.Kinds() {
		p := payment()
		p.Kind, p.Net = k, eur(9_835)
		if !k.Inflow() {
			p.Net = eur(-10_165)
		}
		if err := gateway.CheckPayment(p); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func yen(p *gateway.Payment, cur money.Currency) {
	p.Gross, p.Fee, p.FeeVAT, p.Net = money.Of(10_000, cur), money.Of(165, cur), money.Money{}, money.Of(9_835, cur)
}

func TestCheckPaymentRefusesWhatContradictsItself(t *testing.T) {
	for name, change := range map[string]func(*gateway.Payment){
		"no id":                    func(p *gateway.Payment) { p.ID = "" },
		"an endless id":            func(p *gateway.Payment) { p.ID = strings.Repeat("x", gateway.MaxID+1) },
		"unknown kind":             func(p *gateway.Payment) { p.Kind = "gift" },
		"no kind":                  func(p *gateway.Payment) { p.Kind = "" },
		"unknown state":            func(p *gateway.Payment) { p.State = "done" },
		"no currency":              func(p *gateway.Payment) { p.Gross = money.Money{} },
		"a payment of nothing":     func(p *gateway.Payment) { p.Gross, p.Net = eur(0), eur(-165) },
		"a negative payment":       func(p *gateway.Payment) { p.Gross, p.Net = eur(-10_000), eur(-10_165) },
		"a negative refund":        func(p *gateway.Payment) { p.Kind, p.Gross, p.Net = gateway.KindRefund, eur(-1), eur(-164) },
		"net by a cent too much":   func(p *gateway.Payment) { p.Net = eur(9_836) },
		"net without sign":         func(p *gateway.Payment) { p.Kind = gateway.KindRefund },
		"fee in another currency":  func(p *gateway.Payment) { p.Fee = money.Of(165, "USD") },
		"net in another currency":  func(p *gateway.Payment) { p.Net = money.Of(9_835, "USD") },
		"known fee, no net":        func(p *gateway.Payment) { p.Net = money.Money{} },
		"more VAT than fee":        func(p *gateway.Payment) { p.FeeVAT = eur(166) },
		"VAT in another currency":  func(p *gateway.Payment) { p.FeeVAT = money.Of(1, "USD") },
		"an unknown fee of 1.65":   func(p *gateway.Payment) { p.FeeState = gateway.FeeUnknown },
		"no fee, of 1.65":          func(p *gateway.Payment) { p.FeeState = gateway.FeeNone },
		"unknown fee state":        func(p *gateway.Payment) { p.FeeState = "later" },
		"no time":                  func(p *gateway.Payment) { p.OccurredAt = time.Time{} },
		"time in seconds, not ms":  func(p *gateway.Payment) { p.OccurredAt = time.Unix(1_700_000_000_000, 0) },
		"time in the last century": func(p *gateway.Payment) { p.OccurredAt = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) },
		"an endless reference":     func(p *gateway.Payment) { p.Reference = strings.Repeat("r", gateway.MaxID+1) },
		"an endless related id":    func(p *gateway.Payment) { p.RelatedID = strings.Repeat("r", gateway.MaxID+1) },
		"an endless payer":         func(p *gateway.Payment) { p.Payer.Name = strings.Repeat("n", gateway.MaxText+1) },
		"evidence without measure": func(p *gateway.Payment) { p.Raw = make([]byte, gateway.MaxRaw+1) },
		"an amount beyond measure": func(p *gateway.Payment) {
			p.Gross, p.Fee, p.Net = eur(-money.Max), eur(money.Max), eur(0)
			p.Kind = gateway.KindOther
		},
		"an endless payer's state":  func(p *gateway.Payment) { p.Payer.Country = strings.Repeat("F", gateway.MaxID+1) },
		"an endless reason":         func(p *gateway.Payment) { p.Reason = strings.Repeat("n", gateway.MaxText+1) },
		"an endless payout's id":    func(p *gateway.Payment) { p.PayoutID = strings.Repeat("n", gateway.MaxID+1) },
		"an endless payment method": func(p *gateway.Payment) { p.Method = strings.Repeat("n", gateway.MaxID+1) },
	} {
		p := payment()
		change(&p)
		refused(t, name, gateway.CheckPayment(p))
	}
}

// refused says that err calls the gateway broken.
func refused(t *testing.T, name string, err error) {
	t.Helper()
	var e *gateway.Error
	if !errors.As(err, &e) || e.Kind != gateway.ErrBug || e.Code != "bad_reply" {
		t.Errorf("%s: %v", name, err)
	}
}

func TestCheckCheckout(t *testing.T) {
	for _, url := range []string{"https://pay.example/cs_1?x=1", "http://127.0.0.1:8091/pay/cs_1"} {
		if err := gateway.CheckCheckout(gateway.Checkout{SessionID: "cs_1", URL: url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "/pay", "javascript:alert(1)", "data:text/html,x", "https:///nowhere", "://", "https://x/" + strings.Repeat("x", gateway.MaxURL)} {
		refused(t, url, gateway.CheckCheckout(gateway.Checkout{SessionID: "cs_1", URL: url}))
	}
	refused(t, "no session", gateway.CheckCheckout(gateway.Checkout{URL: "https://pay.example/"}))
}

func TestCheckConversion(t *testing.T) {
	converted := func(change func(*gateway.Payment)) error {
		p := payment()
		p.Charged, p.Rate = money.Of(1234, "USD"), "0.917431"
		change(&p)
		return gateway.CheckPayment(p)
	}
	for _, rate := range []string{"", "1", "0.5", "160.25"} {
		if err := converted(func(p *gateway.Payment) { p.Rate = rate }); err != nil {
			t.Errorf("at %q: %v", rate, err)
		}
	}
	for _, rate := range []string{"-1", "0", "0.000", "1,5", "1e3", ".5", "5.", "NaN", strings.Repeat("1", 41)} {
		refused(t, "the rate "+rate, converted(func(p *gateway.Payment) { p.Rate = rate }))
	}
	refused(t, "a conversion into the same", converted(func(p *gateway.Payment) { p.Charged = p.Gross }))
	refused(t, "a negative charge", converted(func(p *gateway.Payment) { p.Charged = money.Of(-1, "USD") }))
	refused(t, "a rate of nothing", converted(func(p *gateway.Payment) { p.Charged = money.Money{} }))
}

func TestReasons(t *testing.T) {
	info := gateway.Info{Name: "mine", Label: "Mine", Reasons: []gateway.Reason{{Code: "ECHECK", Text: gateway.Text{"fr": "chèque", "en": "cheque"}}, {Code: "MUTE"}}}
	if err := gateway.CheckInfo(info); err != nil {
		t.Error(err)
	}
	for code, want := range map[string]string{"ECHECK": "chèque", "MUTE": "MUTE", "OTHER": "OTHER", "": ""} {
		if got := info.Reason(code, "fr"); got != want {
			t.Errorf("%q: %q", code, got)
		}
	}
	for name, reasons := range map[string][]gateway.Reason{
		"a reason unnamed":  {{}},
		"an endless code":   {{Code: strings.Repeat("x", gateway.MaxID+1)}},
		"an endless reason": {{Code: "x", Text: gateway.Text{"fr": strings.Repeat("x", gateway.MaxText+1)}}},
		"a host of reasons": make([]gateway.Reason, gateway.MaxReasons+1),
	} {
		info.Reasons = reasons
		refused(t, name, gateway.CheckInfo(info))
	}
}

func TestCheckStatus(t *testing.T) {
	if err := gateway.CheckStatus(gateway.CheckoutStatus{State: gateway.CheckoutPaid, Payments: []gateway.Payment{payment()}}); err != nil {
		t.Error(err)
	}
	refused(t, "unknown state", gateway.CheckStatus(gateway.CheckoutStatus{State: "happy"}))
	bad := payment()
	bad.Net = eur(1)
	refused(t, "a bad payment", gateway.CheckStatus(gateway.CheckoutStatus{State: gateway.CheckoutPaid, Payments: []gateway.Payment{payment(), bad}}))
}

func TestCheckPage(t *testing.T) {
	r := gateway.ListRequest{Cursor: "a"}
	for name, p := range map[string]gateway.Page{
		"advances":                     {Next: "b"},
		"stands at the end":            {Next: "a", CaughtUp: true},
		"a bad item is not stopped at": {Next: "b", Payments: []gateway.Payment{{}}},
	} {
		if err := gateway.CheckPage(r, p); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused(t, "stands still", gateway.CheckPage(r, gateway.Page{Next: "a"}))
	refused(t, "too many", gateway.CheckPage(r, gateway.Page{Next: "b", Payments: make([]gateway.Payment, gateway.MaxPage+1)}))
	refused(t, "an endless cursor", gateway.CheckPage(r, gateway.Page{Next: strings.Repeat("c", gateway.MaxCursor+1)}))
}

func TestCheckInfo(t *testing.T) {
	sound := func() gateway.Info {
		return gateway.Info{
			Name: "my-gateway2", Label: "Mine", Currencies: []money.Currency{"EUR"},
			Settings: []gateway.Setting{{Name: "key", Type: gateway.SecretSetting}, {Name: "shop", Type: gateway.TextSetting}},
		}
	}
	if err := gateway.CheckInfo(sound()); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*gateway.Info){
		"no name":             func(i *gateway.Info) { i.Name = "" },
		"a name like a path":  func(i *gateway.Info) { i.Name = "../x" },
		"a name in capitals":  func(i *gateway.Info) { i.Name = "Mine" },
		"an endless name":     func(i *gateway.Info) { i.Name = strings.Repeat("x", 41) },
		"no label":            func(i *gateway.Info) { i.Label = "" },
		"a setting twice":     func(i *gateway.Info) { i.Settings[1].Name = "key" },
		"a setting unnamed":   func(i *gateway.Info) { i.Settings[1].Name = "" },
		"an unknown type":     func(i *gateway.Info) { i.Settings[1].Type = "colour" },
		"a host of settings":  func(i *gateway.Info) { i.Settings = settings(gateway.MaxSettings + 1) },
		"an unknown currency": func(i *gateway.Info) { i.Currencies = []money.Currency{"EUR", "XXX"} },
	} {
		i := sound()
		change(&i)
		refused(t, name, gateway.CheckInfo(i))
	}
}

func settings(n int) (all []gateway.Setting) {
	for i := range n {
		all = append(all, gateway.Setting{Name: fmt.Sprint("s", i), Type: gateway.TextSetting})
	}
	return all
}

func TestCheckBalance(t *testing.T) {
	if err := gateway.CheckBalance([]money.Money{eur(5), money.Of(-7, "USD")}); err != nil {
		t.Error(err)
	}
	refused(t, "a currency twice", gateway.CheckBalance([]money.Money{eur(5), eur(6)}))
	refused(t, "no currency", gateway.CheckBalance([]money.Money{{}}))
}

func TestCheckAccount(t *testing.T) {
	sound := gateway.Account{ID: "acct_1", Name: "Dupré", Mode: gateway.Test, Country: "FR", Currency: "EUR", Missing: []string{"refunds.write"}}
	if err := gateway.CheckAccount(sound); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*gateway.Account){
		"no id":               func(a *gateway.Account) { a.ID = "" },
		"no mode":             func(a *gateway.Account) { a.Mode = "" },
		"an unknown mode":     func(a *gateway.Account) { a.Mode = "play" },
		"an unknown currency": func(a *gateway.Account) { a.Currency = "FRF" },
		"an endless name":     func(a *gateway.Account) { a.Name = strings.Repeat("n", gateway.MaxText+1) },
		"an endless list":     func(a *gateway.Account) { a.Missing = make([]string, gateway.MaxList+1) },
		"an endless item":     func(a *gateway.Account) { a.Missing = []string{strings.Repeat("n", gateway.MaxText+1)} },
	} {
		a := sound
		change(&a)
		refused(t, name, gateway.CheckAccount(a))
	}
}

func TestCheckHint(t *testing.T) {
	for _, h := range []gateway.Hint{{}, {EventID: "evt_1", Type: "t", Mode: gateway.Live, SessionIDs: []string{"a"}, PaymentIDs: []string{"b"}}} {
		if err := gateway.CheckHint(h); err != nil {
			t.Error(err)
		}
	}
	for name, h := range map[string]gateway.Hint{
		"an unknown mode":  {Mode: "play"},
		"an endless id":    {EventID: strings.Repeat("x", gateway.MaxID+1)},
		"too many objects": {SessionIDs: make([]string, gateway.MaxList), PaymentIDs: make([]string, 1)},
		"an endless item":  {PaymentIDs: []string{strings.Repeat("x", gateway.MaxID+1)}},
	} {
		refused(t, name, gateway.CheckHint(h))
	}
}

func TestCheckInstalledAndItems(t *testing.T) {
	if err := errors.Join(gateway.CheckInstalled(map[string]string{"secret": "s"}), gateway.CheckItems([]string{"a", "b"}), gateway.CheckItems(nil)); err != nil {
		t.Error(err)
	}
	refused(t, "a setting unnamed", gateway.CheckInstalled(map[string]string{"": "s"}))
	refused(t, "an endless setting", gateway.CheckInstalled(map[string]string{"s": strings.Repeat("x", gateway.MaxText+1)}))
	refused(t, "an item unnamed", gateway.CheckItems([]string{"a", ""}))
	refused(t, "an endless item", gateway.CheckItems([]string{strings.Repeat("x", gateway.MaxID+1)}))
	refused(t, "a host of items", gateway.CheckItems(make([]string, gateway.MaxItems+1)))
}

func TestAsError(t *testing.T) {
	own := gateway.Fail(gateway.ErrConfig, gateway.NotDone, "c", "d")
	for name, c := range map[string]struct {
		err     error
		kind    gateway.ErrorKind
		outcome gateway.Outcome
	}{
		"the port's own": {fmt.Errorf("while opening: %w", own), gateway.ErrConfig, gateway.NotDone},
		"a deadline":     {fmt.Errorf("x: %w", context.DeadlineExceeded), gateway.ErrRetryable, gateway.Unknown},
		"a cancellation": {context.Canceled, gateway.ErrRetryable, gateway.Unknown},
		"anything else":  {errors.New("x"), gateway.ErrBug, gateway.Unknown},
	} {
		if e := gateway.AsError(c.err); e.Kind != c.kind || e.Outcome != c.outcome {
			t.Errorf("%s: %v", name, e)
		}
	}
	if gateway.AsError(nil) != nil {
		t.Error("no error became one")
	}
}

func TestTextIn(t *testing.T) {
	both := gateway.Text{"fr": "oui", "en": "yes"}
	for lang, want := range map[string]string{"fr": "oui", "en": "yes", "de": "yes"} {
		if got := both.In(lang); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
	if got := (gateway.Text{"fr": "oui"}).In("en"); got != "oui" {
		t.Errorf("without English: %q", got)
	}
	if got := (gateway.Text{"pt": "sim"}).In("en"); got != "sim" {
		t.Errorf("without either: %q", got)
	}
	if got := (gateway.Text)(nil).In("en"); got != "" {
		t.Errorf("nothing: %q", got)
	}
}
