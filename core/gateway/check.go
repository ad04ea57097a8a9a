package gateway

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// Limits on what a gateway may answer. They are generous for any honest provider and keep a broken one from filling
// the inbox or the memory: ids of the providers we know are below 80 bytes, raw objects below 60 KiB, and providers
// page by 100 to 500.
const (
	MaxID       = 255
	MaxText     = 2000
	MaxURL      = 5000
	MaxRaw      = 256 << 10
	MaxPage     = 500
	MaxCursor   = 4096
	MaxSettings = 40
	MaxReasons  = 200
	MaxList     = 200     // objects named by one webhook, permissions missing
	MaxItems    = 200_000 // movements of one payout: a busy month, paid out at once
)

// CheckPayment refuses a snapshot that contradicts itself: unknown kind, state or currency, a fee that does not add up
// to the net amount, an amount of nothing, texts without measure. The error is an *Error of kind bug: a broken gateway
// is reported, never stored.
func CheckPayment(p Payment) error {
	bug := func(format string, a ...any) error {
		return Fail(ErrBug, Unknown, "bad_reply", fmt.Sprintf("payment %.80q: ", p.ID)+fmt.Sprintf(format, a...))
	}
	if p.ID == "" || len(p.ID) > MaxID {
		return bug("id of %d bytes", len(p.ID))
	}
	if !known(p.Kind, Kinds()...) {
		return bug("unknown kind %.40q", p.Kind)
	}
	if !known(p.State, Pending, Succeeded, Failed) {
		return bug("unknown state %.40q", p.State)
	}
	if !p.Gross.Currency().Valid() {
		return bug("no valid currency")
	}
	signed := p.Kind == KindAdjustment || p.Kind == KindOther
	if !signed && p.Gross.Sign() < 0 || p.Gross.IsZero() && p.Kind == KindPayment {
		return bug("gross is %s", p.Gross)
	}
	if p.Charged != (money.Money{}) {
		if !p.Charged.Currency().Valid() || p.Charged.Currency() == p.Gross.Currency() || p.Charged.Sign() < 0 {
			return bug("%s was charged for %s", p.Charged, p.Gross)
		}
	} else if p.Rate != "" {
		return bug("a rate without a conversion")
	}
	if p.Rate != "" && !rate(p.Rate) {
		return bug("%.40q is no rate", p.Rate)
	}
	switch p.FeeState {
	case FeeKnown:
		if p.Fee.Currency() != p.Gross.Currency() || p.Net.Currency() != p.Gross.Currency() {
			return bug("gross, fee and net are not in one currency")
		}
		effect := p.Gross
		if !p.Kind.Inflow() {
			effect = effect.Neg()
		}
		if want, err := effect.Sub(p.Fee); err != nil || !want.Equal(p.Net) {
			return bug("net %s is not the effect of gross %s and fee %s", p.Net, p.Gross, p.Fee)
		}
		if p.FeeVAT.Currency() != "" && p.FeeVAT.Currency() != p.Gross.Currency() || p.FeeVAT.Abs().Minor() > p.Fee.Abs().Minor() {
			return bug("VAT on the fee is %s of %s", p.FeeVAT, p.Fee)
		}
	case FeeUnknown, FeeNone:
		if !p.Fee.IsZero() {
			return bug("a fee of %s that is %s", p.Fee, p.FeeState)
		}
	default:
		return bug("unknown fee state %.40q", p.FeeState)
	}
	if p.OccurredAt.IsZero() || p.OccurredAt.Year() < 2000 || p.OccurredAt.Year() > 2200 {
		return bug("occurred at %s", p.OccurredAt.Format(time.RFC3339))
	}
	for _, s := range []string{p.Reference, p.SessionID, p.RelatedID, p.PayoutID, p.Method, p.Payer.Country} {
		if len(s) > MaxID {
			return bug("a reference of %d bytes", len(s))
		}
	}
	for _, s := range []string{p.Reason, p.Description, p.Payer.Name, p.Payer.Email} {
		if len(s) > MaxText {
			return bug("a text of %d bytes", len(s))
		}
	}
	if len(p.Raw) > MaxRaw {
		return bug("raw evidence of %d bytes", len(p.Raw))
	}
	return nil
}

// CheckCheckout refuses a pay page that nobody could be sent to.
func CheckCheckout(c Checkout) error {
	u, err := url.Parse(c.URL)
	if err != nil || len(c.URL) > MaxURL || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return Fail(ErrBug, Unknown, "bad_reply", "the pay page's address is not a web address")
	}
	if c.SessionID == "" || len(c.SessionID) > MaxID {
		return Fail(ErrBug, Unknown, "bad_reply", "the pay page has no usable session id")
	}
	return nil
}

// CheckStatus refuses an unknown checkout state and bad payments inside.
func CheckStatus(s CheckoutStatus) error {
	if !known(s.State, CheckoutOpen, CheckoutAuthorized, CheckoutProcessing, CheckoutPaid, CheckoutFailed, CheckoutExpired, CheckoutCancelled, CheckoutRetry) {
		return Fail(ErrBug, Unknown, "bad_reply", fmt.Sprintf("unknown checkout state %.40q", s.State))
	}
	for _, p := range s.Payments {
		if err := CheckPayment(p); err != nil {
			return err
		}
	}
	return nil
}

// CheckPage refuses a page that is too long, does not advance although there is more, or has too long a cursor. Items
// are checked one by one by the host, which quarantines a bad one instead of stopping at it.
func CheckPage(r ListRequest, p Page) error {
	if len(p.Payments) > MaxPage || len(p.Next) > MaxCursor {
		return Fail(ErrBug, Unknown, "bad_reply", fmt.Sprintf("a page of %d movements and a cursor of %d bytes", len(p.Payments), len(p.Next)))
	}
	if !p.CaughtUp && p.Next == r.Cursor {
		return Fail(ErrBug, Unknown, "bad_reply", "a page that is not the last and does not advance")
	}
	return nil
}

// CheckInfo refuses a description that could not be shown or addressed.
func CheckInfo(i Info) error {
	bug := func(s string) error { return Fail(ErrBug, NotDone, "bad_reply", s) }
	if i.Name == "" || len(i.Name) > 40 || i.Label == "" || len(i.Label) > 80 {
		return bug("the gateway's name or label is missing or too long")
	}
	for _, r := range i.Name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return bug("the gateway's name may hold a-z, 0-9 and - only")
		}
	}
	if len(i.Settings) > MaxSettings {
		return bug("too many settings")
	}
	seen := map[string]bool{}
	for _, s := range i.Settings {
		if s.Name == "" || len(s.Name) > 60 || seen[s.Name] {
			return bug("a setting without a name of its own")
		}
		seen[s.Name] = true
		if !known(s.Type, TextSetting, SecretSetting, ChoiceSetting, BoolSetting, URLSetting) {
			return bug("a setting of unknown type")
		}
	}
	for _, c := range i.Currencies {
		if !c.Valid() {
			return bug("an unknown currency")
		}
	}
	if len(i.Reasons) > MaxReasons {
		return bug("too many reasons")
	}
	for _, r := range i.Reasons {
		if r.Code == "" || len(r.Code) > MaxID {
			return bug("a reason without a usable code")
		}
		for _, text := range r.Text {
			if len(text) > MaxText {
				return bug("a reason without measure")
			}
		}
	}
	return nil
}

// rate says whether a text is a positive decimal number: digits, with or without a fraction.
func rate(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return len(s) <= 40 && digits(whole) && (!point || digits(fraction)) && strings.Trim(s, "0.") != ""
}

// CheckBalance refuses amounts without a currency or a currency named twice.
func CheckBalance(b []money.Money) error {
	seen := map[money.Currency]bool{}
	for _, m := range b {
		if !m.Currency().Valid() || seen[m.Currency()] {
			return Fail(ErrBug, NotDone, "bad_reply", "a balance without a currency of its own")
		}
		seen[m.Currency()] = true
	}
	return nil
}

func known[T comparable](v T, all ...T) bool {
	for _, a := range all {
		if a == v {
			return true
		}
	}
	return false
}

// CheckAccount refuses an account that cannot be told from another, or whose mode is neither test nor live.
func CheckAccount(a Account) error {
	if a.ID == "" || len(a.ID) > MaxID || len(a.Name) > MaxText || len(a.Country) > MaxID || len(a.Missing) > MaxList {
		return Fail(ErrBug, NotDone, "bad_reply", "an account without a usable id or name")
	}
	if !known(a.Mode, Test, Live) {
		return Fail(ErrBug, NotDone, "bad_reply", fmt.Sprintf("an account of unknown mode %.40q", a.Mode))
	}
	if a.Currency != "" && !a.Currency.Valid() {
		return Fail(ErrBug, NotDone, "bad_reply", fmt.Sprintf("an account in unknown currency %.40q", a.Currency))
	}
	return tooLong(a.Missing, MaxText)
}

// CheckHint refuses a hint that names too much, or of a mode that does not exist. An empty mode means that the provider
// does not say.
func CheckHint(h Hint) error {
	if len(h.EventID) > MaxID || len(h.Type) > MaxID || len(h.SessionIDs)+len(h.PaymentIDs) > MaxList {
		return Fail(ErrBug, NotDone, "bad_reply", "a hint without measure")
	}
	if !known(h.Mode, Test, Live, "") {
		return Fail(ErrBug, NotDone, "bad_reply", fmt.Sprintf("a hint of unknown mode %.40q", h.Mode))
	}
	return tooLong(append(append([]string(nil), h.SessionIDs...), h.PaymentIDs...), MaxID)
}

// CheckInstalled refuses settings of an installed webhook that a connection could not keep.
func CheckInstalled(settings map[string]string) error {
	if len(settings) > MaxSettings {
		return Fail(ErrBug, Unknown, "bad_reply", "too many settings")
	}
	for name, value := range settings {
		if name == "" || len(name) > 60 || len(value) > MaxText {
			return Fail(ErrBug, Unknown, "bad_reply", "a setting without a usable name or value")
		}
	}
	return nil
}

// CheckItems refuses ids of movements that could not be any.
func CheckItems(ids []string) error {
	if len(ids) > MaxItems {
		return Fail(ErrBug, NotDone, "bad_reply", fmt.Sprintf("a payout of %d movements", len(ids)))
	}
	for _, id := range ids {
		if id == "" {
			return Fail(ErrBug, NotDone, "bad_reply", "a movement without an id")
		}
	}
	return tooLong(ids, MaxID)
}

func tooLong(texts []string, most int) error {
	for _, s := range texts {
		if len(s) > most {
			return Fail(ErrBug, NotDone, "bad_reply", fmt.Sprintf("a text of %d bytes", len(s)))
		}
	}
	return nil
}
