package sandbox

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// genuine is a delivery signed at noon with secret, about acct_1.
func genuine(t testing.TB, secret string) gateway.Delivery {
	t.Helper()
	body, err := (&Event{ID: "evt_1", Account: "acct_1", Type: "payment.succeeded", At: noon, Sessions: []string{"cs_1"}, Payments: []string{"pay_1"}}).notice()
	if err != nil {
		t.Fatal(err)
	}
	return gateway.Delivery{Headers: []gateway.Header{{Name: "sandbox-signature", Value: Sign(secret, noon, body)}}, Body: body, ReceivedAt: noon}
}

func TestReadWebhook(t *testing.T) {
	const secret = "whsec_0123456789abcdef"
	for name, c := range map[string]struct {
		secret string
		change func(*gateway.Delivery)
		code   string // "": accepted
	}{
		"genuine":            {secret, func(*gateway.Delivery) {}, ""},
		"five minutes late":  {secret, func(d *gateway.Delivery) { d.ReceivedAt = noon.Add(Tolerance) }, ""},
		"five minutes early": {secret, func(d *gateway.Delivery) { d.ReceivedAt = noon.Add(-Tolerance) }, ""},
		"too late":           {secret, func(d *gateway.Delivery) { d.ReceivedAt = noon.Add(Tolerance + time.Second) }, "too_old"},
		"from the future":    {secret, func(d *gateway.Delivery) { d.ReceivedAt = noon.Add(-Tolerance - time.Second) }, "too_new"},
		"no time of arrival": {secret, func(d *gateway.Delivery) { d.ReceivedAt = time.Time{} }, "too_new"},
		"another secret":     {secret + "x", func(*gateway.Delivery) {}, "bad_signature"},
		"forged and late":    {secret + "x", func(d *gateway.Delivery) { d.ReceivedAt = noon.Add(time.Hour) }, "bad_signature"},
		"no secret":          {"", func(*gateway.Delivery) {}, "no_secret"},
		"signed with nothing, no secret": {"", func(d *gateway.Delivery) {
			d.Headers[0].Value = Sign("", noon, d.Body)
		}, "no_secret"},
		"another time, same signature": {secret, func(d *gateway.Delivery) {
			d.Headers[0].Value = "t=1800000000" + d.Headers[0].Value[len("t=1800000000"):]
		}, "bad_signature"},
		"two signatures":     {secret, func(d *gateway.Delivery) { d.Headers = append(d.Headers, d.Headers[0]) }, "bad_signature"},
		"two times":          {secret, func(d *gateway.Delivery) { d.Headers[0].Value = "t=1," + d.Headers[0].Value }, "no_signature"},
		"no header":          {secret, func(d *gateway.Delivery) { d.Headers = nil }, "no_signature"},
		"an empty signature": {secret, func(d *gateway.Delivery) { d.Headers[0].Value = "t=1763899200,v1=" }, "no_signature"},
		"no time":            {secret, func(d *gateway.Delivery) { d.Headers[0].Value = d.Headers[0].Value[len("t=1763899200,"):] }, "no_signature"},
		"an endless body":    {secret, func(d *gateway.Delivery) { d.Body = make([]byte, maxWebhook+1) }, "too_large"},
		"not JSON": {secret, func(d *gateway.Delivery) {
			d.Body = []byte("hello")
			d.Headers[0].Value = Sign(secret, noon, d.Body)
		}, "bad_body"},
		"about another account": {secret, func(d *gateway.Delivery) {
			d.Body = bytes.Replace(d.Body, []byte("acct_1"), []byte("acct_2"), 1)
			d.Headers[0].Value = Sign(secret, noon, d.Body)
		}, "other_account"},
	} {
		d := genuine(t, secret)
		c.change(&d)
		h, err := readWebhook(c.secret, "acct_1", d)
		switch {
		case c.code == "" && (err != nil || h.EventID != "evt_1" || h.Mode != gateway.Test || len(h.SessionIDs) != 1 || len(h.PaymentIDs) != 1):
			t.Errorf("%s: %+v, %v", name, h, err)
		case c.code != "" && (err == nil || gateway.AsError(err).Code != c.code || gateway.AsError(err).Outcome != gateway.NotDone):
			t.Errorf("%s: %v, wanted %s", name, err, c.code)
		}
	}
}

// FuzzReadWebhook: whatever arrives, nothing is accepted that was not signed, and nothing breaks.
func FuzzReadWebhook(f *testing.F) {
	const secret = "whsec_0123456789abcdef"
	d := genuine(f, secret)
	f.Add(d.Headers[0].Value, d.Body)
	f.Add("", []byte(nil))
	f.Add("t=1763899200,v1=00", d.Body)
	f.Add("t=,v1=,t=,v1=", []byte("{}"))
	f.Add(Sign(secret, noon, []byte("{}")), []byte("{}"))
	f.Add(Sign(secret, noon, []byte(`{"id":1}`)), []byte(`{"id":1}`))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		h, err := readWebhook(secret, "acct_1", gateway.Delivery{Headers: []gateway.Header{{Name: SignatureHeader, Value: header}}, Body: body, ReceivedAt: noon})
		if err != nil {
			if e := gateway.AsError(err); e.Kind != gateway.ErrUntrusted || e.Outcome != gateway.NotDone {
				t.Fatalf("refused as %v", err)
			}
			return
		}
		stamp, at, _, ok := cutSignature(header)
		if !ok || at.Sub(noon).Abs() > Tolerance || !bytes.Contains([]byte(Sign(secret, at, body)), []byte(stamp)) {
			t.Fatalf("accepted: %q", header)
		}
		var n notice
		if err := json.Unmarshal(body, &n); err != nil || n.ID != h.EventID || n.Account != "acct_1" {
			t.Fatalf("accepted as %+v: %q", h, body)
		}
	})
}
