package wire

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	pb "github.com/acquit-app/acquit/plugins/gatewaypb/v1"
)

// Conversions never fail. What cannot be expressed (a currency nobody knows, an amount beyond every bound) becomes "no
// amount", which the host's Check functions refuse by name: one bad movement is then one bad movement, not a lost page.

func moneyTo(m money.Money) *pb.Money {
	if m == (money.Money{}) {
		return nil
	}
	return &pb.Money{Minor: m.Minor(), Currency: string(m.Currency())}
}

func moneyFrom(m *pb.Money) money.Money {
	if m == nil {
		return money.Money{}
	}
	v, err := money.New(m.GetMinor(), money.Currency(m.GetCurrency()))
	if err != nil {
		return money.Money{}
	}
	return v
}

func timeTo(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t.UTC().Truncate(time.Microsecond))
}

func timeFrom(t *timestamppb.Timestamp) time.Time {
	if t == nil || t.CheckValid() != nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

func textTo(t gateway.Text) map[string]string   { return t }
func textFrom(t map[string]string) gateway.Text { return t }

// words converts between the closed lists' types and strings.
func words[To, From ~string](in []From) []To {
	if len(in) == 0 {
		return nil
	}
	out := make([]To, len(in))
	for i, w := range in {
		out[i] = To(w)
	}
	return out
}

func each[To, From any](in []From, f func(From) To) []To {
	if len(in) == 0 {
		return nil
	}
	out := make([]To, len(in))
	for i := range in {
		out[i] = f(in[i])
	}
	return out
}

func connectionTo(c gateway.Connection) *pb.Connection {
	return &pb.Connection{Id: c.ID, Mode: string(c.Mode), Settings: c.Settings, WebhookUrl: c.WebhookURL}
}

func connectionFrom(c *pb.Connection) gateway.Connection {
	return gateway.Connection{ID: c.GetId(), Mode: gateway.Mode(c.GetMode()), Settings: c.GetSettings(), WebhookURL: c.GetWebhookUrl()}
}

func infoTo(i gateway.Info) *pb.Info {
	return &pb.Info{
		Name: i.Name, Label: i.Label, Version: i.Version, Help: textTo(i.Help),
		Settings:     each(i.Settings, settingTo),
		Capabilities: words[string](i.Capabilities),
		Currencies:   words[string](i.Currencies),
		Reasons:      each(i.Reasons, reasonTo),
	}
}

func infoFrom(i *pb.Info) gateway.Info {
	return gateway.Info{
		Name: i.GetName(), Label: i.GetLabel(), Version: i.GetVersion(), Help: textFrom(i.GetHelp()),
		Settings:     each(i.GetSettings(), settingFrom),
		Capabilities: words[gateway.Capability](i.GetCapabilities()),
		Currencies:   words[money.Currency](i.GetCurrencies()),
		Reasons:      each(i.GetReasons(), reasonFrom),
	}
}

func reasonTo(r gateway.Reason) *pb.Reason {
	return &pb.Reason{Code: r.Code, Text: textTo(r.Text)}
}

func reasonFrom(r *pb.Reason) gateway.Reason {
	return gateway.Reason{Code: r.GetCode(), Text: textFrom(r.GetText())}
}

func settingTo(s gateway.Setting) *pb.Setting {
	return &pb.Setting{
		Name: s.Name, Type: string(s.Type), Required: s.Required, Pattern: s.Pattern, Default: s.Default,
		Choices: each(s.Choices, choiceTo), Label: textTo(s.Label), Help: textTo(s.Help),
	}
}

func settingFrom(s *pb.Setting) gateway.Setting {
	return gateway.Setting{
		Name: s.GetName(), Type: gateway.SettingType(s.GetType()), Required: s.GetRequired(), Pattern: s.GetPattern(), Default: s.GetDefault(),
		Choices: each(s.GetChoices(), choiceFrom), Label: textFrom(s.GetLabel()), Help: textFrom(s.GetHelp()),
	}
}

func choiceTo(c gateway.Choice) *pb.Choice {
	return &pb.Choice{Value: c.Value, Label: textTo(c.Label)}
}

func choiceFrom(c *pb.Choice) gateway.Choice {
	return gateway.Choice{Value: c.GetValue(), Label: textFrom(c.GetLabel())}
}

func accountTo(a gateway.Account) *pb.Account {
	return &pb.Account{Id: a.ID, Name: a.Name, Mode: string(a.Mode), Country: a.Country, Currency: string(a.Currency), Missing: a.Missing}
}

func accountFrom(a *pb.Account) gateway.Account {
	return gateway.Account{
		ID: a.GetId(), Name: a.GetName(), Mode: gateway.Mode(a.GetMode()), Country: a.GetCountry(),
		Currency: money.Currency(a.GetCurrency()), Missing: a.GetMissing(),
	}
}

func checkoutRequestTo(r gateway.CheckoutRequest) *pb.CheckoutRequest {
	return &pb.CheckoutRequest{
		IdempotencyKey: r.IdempotencyKey, Reference: r.Reference, Amount: moneyTo(r.Amount), Description: r.Description,
		Document: r.Document, CustomerName: r.CustomerName, CustomerEmail: r.CustomerEmail, Locale: r.Locale,
		ReturnUrl: r.ReturnURL, CancelUrl: r.CancelURL, ExpiresAt: timeTo(r.ExpiresAt),
	}
}

func checkoutRequestFrom(r *pb.CheckoutRequest) gateway.CheckoutRequest {
	return gateway.CheckoutRequest{
		IdempotencyKey: r.GetIdempotencyKey(), Reference: r.GetReference(), Amount: moneyFrom(r.GetAmount()), Description: r.GetDescription(),
		Document: r.GetDocument(), CustomerName: r.GetCustomerName(), CustomerEmail: r.GetCustomerEmail(), Locale: r.GetLocale(),
		ReturnURL: r.GetReturnUrl(), CancelURL: r.GetCancelUrl(), ExpiresAt: timeFrom(r.GetExpiresAt()),
	}
}

func checkoutTo(c gateway.Checkout) *pb.Checkout {
	return &pb.Checkout{SessionId: c.SessionID, Url: c.URL, ExpiresAt: timeTo(c.ExpiresAt)}
}

func checkoutFrom(c *pb.Checkout) gateway.Checkout {
	return gateway.Checkout{SessionID: c.GetSessionId(), URL: c.GetUrl(), ExpiresAt: timeFrom(c.GetExpiresAt())}
}

func settleTo(r gateway.SettleRequest) *pb.SettleRequest {
	return &pb.SettleRequest{SessionId: r.SessionID, IdempotencyKey: r.IdempotencyKey, Capture: r.Capture}
}

func settleFrom(r *pb.SettleRequest) gateway.SettleRequest {
	return gateway.SettleRequest{SessionID: r.GetSessionId(), IdempotencyKey: r.GetIdempotencyKey(), Capture: r.GetCapture()}
}

func statusTo(s gateway.CheckoutStatus) *pb.CheckoutStatus {
	return &pb.CheckoutStatus{State: string(s.State), Reason: s.Reason, Payments: each(s.Payments, paymentTo)}
}

func statusFrom(s *pb.CheckoutStatus) gateway.CheckoutStatus {
	return gateway.CheckoutStatus{State: gateway.CheckoutState(s.GetState()), Reason: s.GetReason(), Payments: each(s.GetPayments(), paymentFrom)}
}

func paymentTo(p gateway.Payment) *pb.Payment {
	return &pb.Payment{
		Id: p.ID, Kind: string(p.Kind), State: string(p.State), Reason: p.Reason,
		Gross: moneyTo(p.Gross), FeeState: string(p.FeeState), Fee: moneyTo(p.Fee), FeeVat: moneyTo(p.FeeVAT), Net: moneyTo(p.Net),
		Reference: p.Reference, SessionId: p.SessionID, RelatedId: p.RelatedID, PayoutId: p.PayoutID, Method: p.Method,
		Payer:      payerTo(p.Payer),
		OccurredAt: timeTo(p.OccurredAt), AvailableAt: timeTo(p.AvailableAt), UpdatedAt: timeTo(p.UpdatedAt),
		Description: p.Description, Raw: p.Raw, Charged: moneyTo(p.Charged), Rate: p.Rate,
	}
}

func paymentFrom(p *pb.Payment) gateway.Payment {
	return gateway.Payment{
		ID: p.GetId(), Kind: gateway.Kind(p.GetKind()), State: gateway.State(p.GetState()), Reason: p.GetReason(),
		Gross: moneyFrom(p.GetGross()), FeeState: gateway.FeeState(p.GetFeeState()), Fee: moneyFrom(p.GetFee()), FeeVAT: moneyFrom(p.GetFeeVat()), Net: moneyFrom(p.GetNet()),
		Reference: p.GetReference(), SessionID: p.GetSessionId(), RelatedID: p.GetRelatedId(), PayoutID: p.GetPayoutId(), Method: p.GetMethod(),
		Payer:      payerFrom(p.GetPayer()),
		OccurredAt: timeFrom(p.GetOccurredAt()), AvailableAt: timeFrom(p.GetAvailableAt()), UpdatedAt: timeFrom(p.GetUpdatedAt()),
		Description: p.GetDescription(), Raw: p.GetRaw(), Charged: moneyFrom(p.GetCharged()), Rate: p.GetRate(),
	}
}

func payerTo(p gateway.Payer) *pb.Payer {
	if p == (gateway.Payer{}) {
		return nil
	}
	return &pb.Payer{Name: p.Name, Email: p.Email, Country: p.Country}
}

func payerFrom(p *pb.Payer) gateway.Payer {
	return gateway.Payer{Name: p.GetName(), Email: p.GetEmail(), Country: p.GetCountry()}
}

func listTo(r gateway.ListRequest) *pb.ListRequest {
	return &pb.ListRequest{Cursor: r.Cursor, Since: timeTo(r.Since), Limit: int32(min(max(r.Limit, 0), gateway.MaxPage))}
}

func listFrom(r *pb.ListRequest) gateway.ListRequest {
	return gateway.ListRequest{Cursor: r.GetCursor(), Since: timeFrom(r.GetSince()), Limit: int(r.GetLimit())}
}

func pageTo(p gateway.Page) *pb.Page {
	return &pb.Page{Payments: each(p.Payments, paymentTo), Next: p.Next, CaughtUp: p.CaughtUp}
}

func pageFrom(p *pb.Page) gateway.Page {
	return gateway.Page{Payments: each(p.GetPayments(), paymentFrom), Next: p.GetNext(), CaughtUp: p.GetCaughtUp()}
}

func deliveryTo(d gateway.Delivery) *pb.Delivery {
	return &pb.Delivery{Headers: each(d.Headers, headerTo), Body: d.Body, ReceivedAt: timeTo(d.ReceivedAt)}
}

func deliveryFrom(d *pb.Delivery) gateway.Delivery {
	return gateway.Delivery{Headers: each(d.GetHeaders(), headerFrom), Body: d.GetBody(), ReceivedAt: timeFrom(d.GetReceivedAt())}
}

func headerTo(h gateway.Header) *pb.Header {
	return &pb.Header{Name: strings.ToValidUTF8(h.Name, "?"), Value: []byte(h.Value)}
}

func headerFrom(h *pb.Header) gateway.Header {
	return gateway.Header{Name: h.GetName(), Value: string(h.GetValue())}
}

func hintTo(h gateway.Hint) *pb.Hint {
	return &pb.Hint{EventId: h.EventID, Type: h.Type, Mode: string(h.Mode), SessionIds: h.SessionIDs, PaymentIds: h.PaymentIDs}
}

func hintFrom(h *pb.Hint) gateway.Hint {
	return gateway.Hint{EventID: h.GetEventId(), Type: h.GetType(), Mode: gateway.Mode(h.GetMode()), SessionIDs: h.GetSessionIds(), PaymentIDs: h.GetPaymentIds()}
}

func refundTo(r gateway.RefundRequest) *pb.Refund {
	return &pb.Refund{IdempotencyKey: r.IdempotencyKey, PaymentId: r.PaymentID, Amount: moneyTo(r.Amount), Reason: r.Reason}
}

func refundFrom(r *pb.Refund) gateway.RefundRequest {
	return gateway.RefundRequest{IdempotencyKey: r.GetIdempotencyKey(), PaymentID: r.GetPaymentId(), Amount: moneyFrom(r.GetAmount()), Reason: r.GetReason()}
}

func failureTo(e *gateway.Error) *pb.Failure {
	return &pb.Failure{
		Kind: valid(string(e.Kind)), Outcome: valid(string(e.Outcome)), Code: valid(e.Code), Detail: valid(e.Detail), Setting: valid(e.Setting),
	}
}

func failureFrom(f *pb.Failure) *gateway.Error {
	return &gateway.Error{
		Kind: gateway.ErrorKind(f.GetKind()), Outcome: gateway.Outcome(f.GetOutcome()), Code: f.GetCode(), Detail: f.GetDetail(), Setting: f.GetSetting(),
	}
}

func valid(s string) string { return strings.ToValidUTF8(s, "?") }
