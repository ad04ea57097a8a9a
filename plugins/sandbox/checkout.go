package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// once runs f for an idempotency key, or returns the id that f gave the first time. A key that comes back with another
// request is refused: one of the two was not meant.
func (t *tx) once(account, call, key string, request any, f func() (string, error)) (string, error) {
	if key == "" {
		return "", refuse("no_idempotency_key", "%s needs an idempotency key", call)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	u := use{Key: account + "\x00" + call + "\x00" + key, Print: hex.EncodeToString(sum[:8])}
	if had, ok := t.s.uses[u.Key]; ok {
		if had.Print != u.Print {
			return "", refuse("idempotency_key_reused", "this idempotency key came before with another request")
		}
		return had.ID, nil
	}
	if u.ID, err = f(); err != nil {
		return "", err
	}
	t.rec.Uses = append(t.rec.Uses, u)
	return u.ID, nil
}

// checkout opens a pay page.
func (p *Provider) checkout(account string, c gateway.Connection, r gateway.CheckoutRequest) (Session, error) {
	if r.Amount.Sign() <= 0 || !r.Amount.Currency().Valid() {
		return Session{}, refuse("bad_amount", "the amount must be more than nothing")
	}
	for _, u := range []string{r.ReturnURL, r.CancelURL} {
		if a, err := url.Parse(u); err != nil || a.Host == "" || a.Scheme != "http" && a.Scheme != "https" {
			return Session{}, refuse("bad_url", "the return and cancel addresses must be web addresses")
		}
	}
	print := struct {
		gateway.CheckoutRequest
		Amount Amount
	}{r, Amount{r.Amount}}
	var id string
	err := p.store.write(func(t *tx) (err error) {
		id, err = t.once(account, "create_checkout", r.IdempotencyKey, print, func() (string, error) {
			v := &Session{
				ID: "cs_" + token(20), Account: account, Connection: c.ID, Merchant: clean(c.Settings[settingMerchant], 80),
				Locale: locale(c.Settings[settingLanguage], r.Locale), Reference: r.Reference, Amount: Amount{r.Amount},
				Title: clean(r.Description, 200), Document: clean(r.Document, 80), Name: clean(r.CustomerName, 120), Email: clean(r.CustomerEmail, 120),
				ReturnURL: r.ReturnURL, CancelURL: r.CancelURL, FeePlan: c.Settings[settingFee],
				CreatedAt: t.at, ExpiresAt: r.ExpiresAt.UTC(), State: gateway.CheckoutOpen,
			}
			if v.Merchant == "" {
				v.Merchant = "Sandbox"
			}
			if v.ExpiresAt.IsZero() {
				v.ExpiresAt = t.at.Add(day)
			}
			if !v.ExpiresAt.After(t.at) {
				return "", refuse("bad_expiry", "the page would be closed before it opens")
			}
			t.putSession(v)
			return v.ID, nil
		})
		return err
	})
	if err != nil {
		return Session{}, err
	}
	return p.Session(id)
}

// locale is the language of a pay page: the setting's, or the request's.
func locale(setting, wanted string) string {
	if setting == "fr" || setting == "en" {
		return setting
	}
	if strings.HasPrefix(strings.ToLower(wanted), "fr") {
		return "fr"
	}
	return "en"
}

// status is a session as the port shows it.
func (p *Provider) status(account, id string) (gateway.CheckoutStatus, error) {
	v, err := p.Session(id)
	if err != nil || v.Account != account {
		return gateway.CheckoutStatus{}, notFound("no such session")
	}
	s := gateway.CheckoutStatus{State: v.State, Reason: v.Reason}
	p.store.read(func() {
		for _, m := range v.Payments {
			s.Payments = append(s.Payments, p.store.movements[m].snapshot())
		}
	})
	return s, nil
}

// capture takes the money that a payer agreed to; a page in another state stays as it is.
func (p *Provider) capture(account, id string) error {
	err := p.store.write(func(t *tx) error {
		v, err := t.session(account, id)
		if err != nil {
			return err
		}
		if v.State != gateway.CheckoutAuthorized || v.Challenge == nil || !v.ExpiresAt.After(t.at) {
			return nil
		}
		o := *v.Challenge
		o.How = Pays
		return t.pay(v, o)
	})
	p.post.wake()
	return err
}

// expire closes a page that nobody has paid; a page in another state stays as it is.
func (p *Provider) expire(account, id string) error {
	return p.store.write(func(t *tx) error {
		v, err := t.session(account, id)
		if err != nil {
			return err
		}
		if !unpaid(v.State) {
			return nil
		}
		v.State, v.Reason, v.Challenge = gateway.CheckoutExpired, "closed_by_merchant", nil
		t.putSession(v)
		t.tell(v.Account, "checkout.expired", WebhookOnce, []string{v.ID})
		return nil
	})
}

// Outcome is what a payer does on a pay page, and how the sandbox behaves afterwards.
type Outcome struct {
	How     How    `json:"how"`
	Fee     string `json:"fee,omitempty"`     // FeeNow (default), FeeLater, FeeNever
	Webhook string `json:"webhook,omitempty"` // WebhookOnce (default), WebhookTwice, WebhookReordered, WebhookNever
	Amount  Amount `json:"amount"`            // other than asked; none: as asked
}

// How a payer's visit ends.
type How string

// The ways in which a visit ends. All but Declines and Challenges end the page.
const (
	Pays       How = "paid"       // money at once
	Declines   How = "declined"   // the card is refused; the payer may try again on the page
	Fails      How = "failed"     // refused for good
	Challenges How = "3ds"        // 3-D Secure: the page waits for Authenticate
	Approves   How = "authorized" // the payer agrees; the money is taken when the merchant captures it
	Pends      How = "pending"    // a debit that is settled later, on the console
	Leaves     How = "cancelled"  // back to the merchant without paying
)

// When the fee of a payment is told.
const (
	FeeNow   = "now"
	FeeLater = "later" // when the console says so
	FeeNever = "none"  // there is none
)

// How webhooks are delivered.
const (
	WebhookOnce      = "once"
	WebhookTwice     = "twice"
	WebhookReordered = "reordered"
	WebhookNever     = "never"
)

func (o Outcome) check() error {
	switch o.How {
	case Pays, Declines, Fails, Challenges, Approves, Pends, Leaves:
	default:
		return refuse("bad_outcome", "unknown outcome %.40q", string(o.How))
	}
	switch o.Fee {
	case "", FeeNow, FeeLater, FeeNever:
	default:
		return refuse("bad_fee", "unknown way to tell the fee: %.40q", o.Fee)
	}
	switch o.Webhook {
	case "", WebhookOnce, WebhookTwice, WebhookReordered, WebhookNever:
	default:
		return refuse("bad_webhook", "unknown way to deliver webhooks: %.40q", o.Webhook)
	}
	if o.Amount.Currency() != "" && o.Amount.Sign() <= 0 {
		return refuse("bad_amount", "the amount must be more than nothing")
	}
	return nil
}

// Pay plays the payer on a pay page.
func (p *Provider) Pay(session string, o Outcome) (Session, error) {
	return p.visit(session, func(t *tx, v *Session) error { return t.pay(v, o) })
}

// Authenticate ends the 3-D Secure step that Challenges began: the outcome that was chosen with it happens, or the card
// is declined.
func (p *Provider) Authenticate(session string, passed bool) (Session, error) {
	return p.visit(session, func(t *tx, v *Session) error {
		if v.Challenge == nil {
			return refuse("no_challenge", "the page does not wait for 3-D Secure")
		}
		o := *v.Challenge
		o.How = Pays
		if !passed {
			o.How = Declines
		}
		v.Challenge = nil
		return t.pay(v, o)
	})
}

func (p *Provider) visit(session string, f func(*tx, *Session) error) (Session, error) {
	err := p.store.write(func(t *tx) error {
		v, err := t.session("", session)
		if err != nil {
			return err
		}
		if payable(v.State) && !v.ExpiresAt.After(t.at) {
			return refuse("page_closed", "the page has expired")
		}
		if !payable(v.State) {
			return refuse("page_closed", "the page is closed: %s", v.State)
		}
		return f(t, v)
	})
	p.post.wake()
	if err != nil {
		return Session{}, err
	}
	return p.Session(session)
}

// pay lets an outcome happen on a payable session.
func (t *tx) pay(v *Session, o Outcome) error {
	if err := o.check(); err != nil {
		return err
	}
	v.Challenge = nil
	switch o.How {
	case Challenges:
		v.State, v.Reason, v.Challenge = gateway.CheckoutOpen, "authentication_required", &o
		t.putSession(v)
		return nil
	case Approves:
		v.State, v.Reason, v.Challenge = gateway.CheckoutAuthorized, "awaiting_capture", &o
		t.putSession(v)
		t.tell(v.Account, "checkout.authorized", o.Webhook, []string{v.ID})
		return nil
	case Declines:
		v.State, v.Reason = gateway.CheckoutRetry, "card_declined"
		t.putSession(v)
		t.tell(v.Account, "checkout.declined", o.Webhook, []string{v.ID})
		return nil
	case Fails:
		v.State, v.Reason = gateway.CheckoutFailed, "card_declined"
		t.putSession(v)
		t.tell(v.Account, "checkout.failed", o.Webhook, []string{v.ID})
		return nil
	case Leaves:
		v.State, v.Reason = gateway.CheckoutCancelled, "payer_left"
		t.putSession(v)
		t.tell(v.Account, "checkout.cancelled", o.Webhook, []string{v.ID})
		return nil
	}
	amount := v.Amount
	if o.Amount.Currency() != "" {
		amount = o.Amount
	}
	m := &Movement{
		ID: "pay_" + token(15), Account: v.Account, Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: amount, FeePlan: v.FeePlan,
		Reference: v.Reference, Session: v.ID, Method: "card", Name: v.Name, Email: v.Email, Country: "FR",
		OccurredAt: t.at, Description: v.Title,
	}
	v.State, v.Reason = gateway.CheckoutPaid, ""
	if o.How == Pends {
		m.State, m.Reason, m.Method = gateway.Pending, "awaiting_debit", "sepa_debit"
		v.State, v.Reason = gateway.CheckoutProcessing, "awaiting_debit"
	}
	if err := m.setFee(o.Fee); err != nil {
		return err
	}
	v.Payments = append(v.Payments, m.ID)
	t.putSession(v)
	t.putMovement(m)
	t.tell(v.Account, "checkout.completed", o.Webhook, []string{v.ID})
	t.tell(v.Account, "payment."+string(m.State), o.Webhook, []string{v.ID}, m.ID)
	if o.Webhook == WebhookReordered {
		t.backwards()
	}
	return nil
}

// setFee tells a new payment's fee, or not. The fee of a pending payment is told when it succeeds.
func (m *Movement) setFee(when string) error {
	switch {
	case when == FeeNever:
		m.FeePlan = ""
		m.free()
		return nil
	case when == FeeLater || m.State == gateway.Pending:
		m.FeeState, m.FeeHeld = gateway.FeeUnknown, when == FeeLater
		return nil
	}
	return m.chargePlan()
}

func zero(cur money.Currency) money.Money { return money.Zero(cur) }
