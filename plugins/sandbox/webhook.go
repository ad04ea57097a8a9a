package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// SignatureHeader carries "t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of t, a point and the body>".
const SignatureHeader = "Sandbox-Signature"

// Tolerance is how far a signature's time may be from the time of arrival, on either side: long enough for clocks that
// differ, short enough that a recorded delivery is soon worthless.
const Tolerance = 5 * time.Minute

// maxWebhook bounds a body; ours are below 1 KiB.
const maxWebhook = 64 << 10

// notice is the body of a webhook.
type notice struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Mode     gateway.Mode `json:"mode"`
	Account  string       `json:"account"`
	Created  time.Time    `json:"created"`
	Sessions []string     `json:"sessions"`
	Payments []string     `json:"payments"`
}

// Sign makes the value of SignatureHeader.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(t))
	h.Write([]byte{'.'})
	h.Write(body)
	return h.Sum(nil)
}

func untrusted(code, detail string) error {
	return gateway.Fail(gateway.ErrUntrusted, gateway.NotDone, code, detail)
}

// readWebhook verifies a delivery for an account on its raw bytes, with any of the secrets, which blanks separate. The signature is looked at before the time, so that
// "too old" is only ever said of a delivery that was authentic once.
func readWebhook(secrets, account string, d gateway.Delivery) (gateway.Hint, error) {
	if len(strings.Fields(secrets)) == 0 {
		return gateway.Hint{}, badSetting(settingSecret, "no_secret", "without a webhook secret nothing can be verified")
	}
	if len(d.Body) > maxWebhook {
		return gateway.Hint{}, untrusted("too_large", "the body is larger than any of ours")
	}
	var header string
	for _, h := range d.Headers {
		if strings.EqualFold(h.Name, SignatureHeader) {
			if header != "" {
				return gateway.Hint{}, untrusted("bad_signature", "two signatures")
			}
			header = h.Value
		}
	}
	t, at, signature, ok := cutSignature(header)
	if !ok {
		return gateway.Hint{}, untrusted("no_signature", "no usable "+SignatureHeader+" header")
	}
	signed := func(secret string) bool { return hmac.Equal(signature, mac(secret, t, d.Body)) }
	if !slices.ContainsFunc(strings.Fields(secrets), signed) {
		return gateway.Hint{}, untrusted("bad_signature", "the signature does not match")
	}
	if age := d.ReceivedAt.Sub(at); age > Tolerance {
		return gateway.Hint{}, untrusted("too_old", "the signature is too old")
	} else if age < -Tolerance {
		return gateway.Hint{}, untrusted("too_new", "the signature is from the future")
	}
	var n notice
	if err := json.Unmarshal(d.Body, &n); err != nil || n.ID == "" {
		return gateway.Hint{}, untrusted("bad_body", "the body is not a notice of the sandbox")
	}
	if n.Account != account {
		return gateway.Hint{}, untrusted("other_account", "the notice is about another account")
	}
	return gateway.Hint{EventID: n.ID, Type: n.Type, Mode: n.Mode, SessionIDs: n.Sessions, PaymentIDs: n.Payments}, nil
}

// cutSignature takes a header apart: t as it was signed, the time it means, and the v1 signature.
func cutSignature(header string) (t string, at time.Time, signature []byte, ok bool) {
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			s, err := strconv.ParseInt(value, 10, 64)
			if err != nil || t != "" {
				return "", at, nil, false
			}
			t, at = value, time.Unix(s, 0)
		case "v1":
			b, err := hex.DecodeString(value)
			if err != nil || signature != nil {
				return "", at, nil, false
			}
			signature = b
		}
	}
	return t, at, signature, t != "" && len(signature) == sha256.Size
}

// notice is the body that tells of an event.
func (e *Event) notice() ([]byte, error) {
	return json.Marshal(notice{ID: e.ID, Type: e.Type, Mode: gateway.Test, Account: e.Account, Created: e.At, Sessions: e.Sessions, Payments: e.Payments})
}

// Announcement is the newest webhook about a pay page, signed now for a connection, as the postman would deliver it.
func (p *Provider) Announcement(c gateway.Connection, session string) (gateway.Delivery, error) {
	var e *Event
	p.store.read(func() {
		v := p.store.sessions[session]
		if v == nil {
			return
		}
		events := p.store.books[v.Account].events
		for i := len(events) - 1; i >= 0 && e == nil; i-- {
			if x := p.store.events[events[i]]; slices.Contains(x.Sessions, session) {
				e = x
			}
		}
	})
	if e == nil {
		return gateway.Delivery{}, notFound("nothing has happened to such a session")
	}
	body, err := e.notice()
	if err != nil {
		return gateway.Delivery{}, err
	}
	now := p.store.now()
	return gateway.Delivery{
		Headers: []gateway.Header{{Name: SignatureHeader, Value: Sign(p.webhookSecret(c), now, body)}}, Body: body, ReceivedAt: now,
	}, nil
}
