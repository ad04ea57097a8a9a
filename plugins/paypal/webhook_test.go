package paypal_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash/crc32"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/paypal"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// forge gives a body another body's CRC-32, by choosing blanks and tabs within it: 64 choices, 32 bits to meet.
func forge(t *testing.T, body []byte, crc uint32) []byte {
	t.Helper()
	const room = 64
	out := append([]byte{'{'}, bytes.Repeat([]byte{' '}, room)...)
	out = append(out, body[1:]...)
	base := crc32.ChecksumIEEE(out)
	var rows [room]struct{ effect, choice uint64 }
	for i := range rows {
		out[1+i] = '\t'
		rows[i].effect, rows[i].choice = uint64(crc32.ChecksumIEEE(out)^base), 1<<i
		out[1+i] = ' '
	}
	want, chosen, used := uint64(crc^base), uint64(0), 0
	for bit := range 32 {
		p := -1
		for i := used; i < room; i++ {
			if rows[i].effect>>bit&1 == 1 {
				p = i
				break
			}
		}
		if p < 0 {
			continue
		}
		rows[used], rows[p] = rows[p], rows[used]
		for i := range rows {
			if i != used && rows[i].effect>>bit&1 == 1 {
				rows[i].effect ^= rows[used].effect
				rows[i].choice ^= rows[used].choice
			}
		}
		used++
	}
	for i := range used {
		low := rows[i].effect & -rows[i].effect
		if want&low != 0 {
			want ^= rows[i].effect
			chosen ^= rows[i].choice
		}
	}
	for i := range room {
		if chosen>>i&1 == 1 {
			out[1+i] = '\t'
		}
	}
	if want != 0 || crc32.ChecksumIEEE(out) != crc || !json.Valid(out) {
		t.Fatal("the checksum could not be met")
	}
	return out
}

// TestMode24_ForgedWebhook: a body with another amount and the same CRC-32 has a genuine signature. It verifies, and does no
// harm, because nothing in it is believed.
func TestMode24_ForgedWebhook(t *testing.T) {
	for _, verify := range []string{"paypal", "certificate"} {
		t.Run(verify, func(t *testing.T) {
			s := newShop(t)
			s.conn.Settings["verify"] = verify
			s.g = s.reopen()
			mine := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
			var d gateway.Delivery
			for _, x := range s.fake.Deliveries(s.merchant, time.Time{}) {
				if x.Type == "PAYMENT.CAPTURE.COMPLETED" {
					d = delivery(x)
				}
			}
			crc := crc32.ChecksumIEEE(d.Body)
			richer := forge(t, bytes.ReplaceAll(d.Body, []byte(`"100.00"`), []byte(`"999999.00"`)), crc)
			elsewhere := forge(t, bytes.ReplaceAll(d.Body, []byte(mine.ID), []byte("0NEOFANOTHER00001")), crc)
			d.Body = richer
			h, err := s.g.ParseWebhook(t.Context(), d)
			if err != nil {
				t.Fatalf("the forgery does not verify, so that this test shows nothing: %v", err)
			}
			for _, id := range h.PaymentIDs {
				if p := s.fetch(id); !p.Gross.Equal(eur(10_000)) {
					t.Errorf("a forged amount was believed: %s", p.Gross)
				}
			}
			d.Body = elsewhere
			if h, err = s.g.ParseWebhook(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			for _, id := range h.PaymentIDs {
				_, err := s.g.FetchPayment(t.Context(), id)
				wants(t, err, gateway.ErrNotFound, gateway.NotDone)
			}
		})
	}
}

func TestMode25_ReplayedWebhook(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	old := delivery(s.fake.Deliveries(s.merchant, time.Time{})[0])
	first, err := s.g.ParseWebhook(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.g.ParseWebhook(t.Context(), old)
	if err != nil || again.EventID != first.EventID {
		t.Fatalf("%v: the same event has ids %s and %s", err, first.EventID, again.EventID)
	}
	s.clock.pass(time.Hour)
	old.ReceivedAt = s.clock.now()
	_, err = s.g.ParseWebhook(t.Context(), old)
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
	// A retry of PayPal's is a new transmission of the same event.
	retry := delivery(s.fake.Deliveries(s.merchant, time.Time{})[0])
	if h, err := s.g.ParseWebhook(t.Context(), retry); err != nil || h.EventID != first.EventID {
		t.Fatalf("%v: a retry has the id %s", err, h.EventID)
	}
}

// The body goes to PayPal byte for byte, whatever is in it.
func TestVerifiedUntouched(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	for _, x := range s.fake.Deliveries(s.merchant, time.Time{}) {
		if !bytes.Contains(x.Body, []byte("A & B <")) || !bytes.Contains(x.Body, []byte("\n")) {
			t.Fatal("the fake's events would survive being written anew")
		}
		d := delivery(x)
		if _, err := s.g.ParseWebhook(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		for _, spoil := range [][2]string{{" ", ""}, {"A & B", `A \u0026 B`}, {"\n", ""}} {
			d.Body = bytes.Replace(x.Body, []byte(spoil[0]), []byte(spoil[1]), 1)
			_, err := s.g.ParseWebhook(t.Context(), d)
			wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
		}
		for _, body := range []string{"{}", `{"a":1},"webhook_id":"X"`, "[" + string(x.Body) + "]", " " + string(x.Body), "null", "{", ""} {
			d.Body = []byte(body)
			_, err := s.g.ParseWebhook(t.Context(), d)
			wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
		}
	}
}

func TestWebhookTroubles(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	d := delivery(s.fake.Deliveries(s.merchant, time.Time{})[0])
	// When PayPal cannot be asked, the delivery is not answered 2xx and comes again.
	s.fake.Inject(paypalfake.Fault{Path: "/v1/notifications/verify-webhook-signature", Kind: paypalfake.FaultHTML, Status: 502})
	_, err := s.g.ParseWebhook(t.Context(), d)
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	twice := d
	twice.Headers = append(append([]gateway.Header(nil), d.Headers...), gateway.Header{Name: "PAYPAL-TRANSMISSION-SIG", Value: "x"})
	_, err = s.g.ParseWebhook(t.Context(), twice)
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
	c := s.conn
	c.Settings = map[string]string{"mode": "sandbox", "client_id": "x", "client_secret": "y", "api_url": s.server.URL}
	g, err := s.driver.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.ParseWebhook(t.Context(), d)
	if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Setting != "webhook_id" {
		t.Errorf("blames %q", e.Setting)
	}
}

// authority makes certificates as PayPal's are made, and otherwise.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: morning.AddDate(-5, 0, 0), NotAfter: morning.AddDate(5, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{key, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (a authority) issue(t *testing.T, host string, from, to time.Time, public any) []byte {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(8), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), a.pem...)
}

func TestCertificates(t *testing.T) {
	s := newShop(t)
	ours, strangers := newAuthority(t), newAuthority(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	s.driver = paypal.New(paypal.Options{Now: s.clock.now, Roots: roots})
	s.conn.Settings["verify"] = "certificate"
	s.g = s.reopen()
	before, after := morning.AddDate(-1, 0, 0), morning.AddDate(1, 0, 0)
	for name, chain := range map[string][]byte{
		"good":      ours.issue(t, "messageverificationcerts.paypal.com", before, after, &key.PublicKey),
		"stranger":  strangers.issue(t, "messageverificationcerts.paypal.com", before, after, &key.PublicKey),
		"expired":   ours.issue(t, "messageverificationcerts.paypal.com", before, morning.Add(-time.Hour), &key.PublicKey),
		"early":     ours.issue(t, "messageverificationcerts.paypal.com", morning.Add(time.Hour), after, &key.PublicKey),
		"otherhost": ours.issue(t, "messageverificationcerts.paypal.com.example.com", before, after, &key.PublicKey),
		"suffix":    ours.issue(t, "notpaypal.com", before, after, &key.PublicKey),
		"otherkind": ours.issue(t, "messageverificationcerts.paypal.com", before, after, &strangers.key.PublicKey),
		"garbage":   []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		"nothing":   nil,
		"huge":      bytes.Repeat([]byte("x"), 100<<10),
	} {
		s.fake.ServeCertificate(name, chain)
	}
	body := []byte(`{"id":"WH-1","event_type":"CHECKOUT.ORDER.APPROVED","resource":{"id":"5O190127TN364715T"}}`)
	signed := func(url string) gateway.Delivery {
		at := s.clock.now().Format(time.RFC3339)
		sum := sha256.Sum256([]byte("tid-1|" + at + "|" + s.conn.Settings["webhook_id"] + "|" + strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)))
		sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return gateway.Delivery{Body: body, ReceivedAt: s.clock.now(), Headers: []gateway.Header{
			{Name: "paypal-transmission-id", Value: "tid-1"}, {Name: "PAYPAL-TRANSMISSION-TIME", Value: at}, {Name: "Paypal-Transmission-Sig", Value: base64.StdEncoding.EncodeToString(sig)},
			{Name: "Paypal-Cert-Url", Value: url}, {Name: "Paypal-Auth-Algo", Value: "SHA256withRSA"},
		}}
	}
	at := s.server.URL + "/v1/notifications/certs/"
	h, err := s.g.ParseWebhook(t.Context(), signed(at+"good"))
	if err != nil || len(h.SessionIDs) != 1 || h.SessionIDs[0] != "5O190127TN364715T" {
		t.Fatalf("%v: %+v", err, h)
	}
	for _, url := range []string{
		at + "stranger", at + "expired", at + "early", at + "otherhost", at + "suffix", at + "otherkind", at + "garbage", at + "nothing", at + "huge", at + "missing",
		at + "../ca.pem", at + "good?x=1", at + "good#x", at + "", strings.Replace(at, "http://", "http://u@", 1) + "good", "http://127.0.0.1:1/v1/notifications/certs/good",
		"http://169.254.169.254/v1/notifications/certs/good", "https://api.paypal.com.example.com/v1/notifications/certs/good", "file:///etc/passwd", "",
	} {
		_, err := s.g.ParseWebhook(t.Context(), signed(url))
		wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
	}
	// A certificate that was good is not for ever: it is kept, and asked again whether it is valid.
	s.clock.pass(400 * 24 * time.Hour)
	_, err = s.g.ParseWebhook(t.Context(), signed(at+"good"))
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
}

// Without a simulator certificates come from PayPal's own hosts of the right mode, over https, and from nowhere else. No
// address here is ever called.
func TestCertificateHosts(t *testing.T) {
	d := paypal.New(paypal.Options{Now: func() time.Time { return morning }})
	for _, mode := range []string{"sandbox", "live"} {
		g, err := d.Open(t.Context(), gateway.Connection{Settings: map[string]string{"mode": mode, "client_id": "x", "client_secret": "y", "webhook_id": "W", "verify": "certificate"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{
			"http://api.paypal.com/v1/notifications/certs/CERT-1", "https://api.paypal.com:8443/v1/notifications/certs/CERT-1", "https://api.paypal.com/v1/notifications/CERT-1",
			"https://api.paypal.com.example.com/v1/notifications/certs/CERT-1", "https://example.com/v1/notifications/certs/CERT-1", "https://api.paypal.com@example.com/v1/notifications/certs/CERT-1",
			"https://api.paypal.com/v1/notifications/certs/../../x", "https://api.paypal.com/v1/notifications/certs/a%2f..%2fb", "https://127.0.0.1/v1/notifications/certs/CERT-1",
			map[string]string{"sandbox": "https://api.paypal.com/v1/notifications/certs/CERT-1", "live": "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1"}[mode],
		} {
			_, err := g.ParseWebhook(t.Context(), gateway.Delivery{Body: []byte("{}"), ReceivedAt: morning, Headers: []gateway.Header{
				{Name: "Paypal-Transmission-Id", Value: "t"}, {Name: "Paypal-Transmission-Time", Value: morning.Format(time.RFC3339)}, {Name: "Paypal-Transmission-Sig", Value: "AAAA"},
				{Name: "Paypal-Cert-Url", Value: url}, {Name: "Paypal-Auth-Algo", Value: "SHA256withRSA"},
			}})
			if e := wants(t, err, gateway.ErrUntrusted, gateway.NotDone); e.Code != "bad_cert_url" {
				t.Errorf("%s, %s: %v", mode, url, e)
			}
		}
	}
}

// Events that we do not know are taken, and lead nowhere.
func TestUnknownEvents(t *testing.T) {
	s := newShop(t)
	for kind, want := range map[string]int{"BILLING.PLAN.CREATED": 0, "CHECKOUT.ORDER.SAVED": 1, "PAYMENT.CAPTURE.SOMETHING": 1, "": 0} {
		h, err := hintOf(t, s, map[string]any{"id": "WH-1", "event_type": kind, "resource": map[string]any{"id": "5O190127TN364715T", "links": []any{}}})
		if err != nil || len(h.PaymentIDs)+len(h.SessionIDs) != want || h.EventID != "WH-1" || h.Mode != gateway.Test {
			t.Errorf("%s: %v %+v", kind, err, h)
		}
	}
	h, err := hintOf(t, s, map[string]any{"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": map[string]any{"id": "../../v1/oauth2/token"}})
	if err != nil || len(h.PaymentIDs) != 0 {
		t.Errorf("%v %+v", err, h)
	}
}

// hintOf signs an event as the fake does, and reads it.
func hintOf(t *testing.T, s *shop, event any) (gateway.Hint, error) {
	t.Helper()
	body, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	x, ok := s.fake.Sign(s.merchant, body)
	if !ok {
		t.Fatal("no webhook")
	}
	return s.g.ParseWebhook(t.Context(), delivery(x))
}

func FuzzParseWebhook(f *testing.F) {
	w := newWorld(f, morning)
	c := w.connect()
	c.Settings["verify"] = "certificate"
	g, err := w.driver.Open(f.Context(), c)
	if err != nil {
		f.Fatal(err)
	}
	merchant := w.merchant(c)
	f.Add([]byte(`{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource":{"id":"5O190127TN364715T","supplementary_data":{"related_ids":{"order_id":"5O190127TN364715T"}}}}`), true)
	f.Add([]byte(`{"id":"WH-1","event_type":"CUSTOMER.DISPUTE.CREATED","resource":{"dispute_id":"PP-D-1","disputed_transactions":[{"seller_transaction_id":"5O190127TN364715T"}]}}`), true)
	f.Add([]byte(`{"id":"WH-1","event_type":"PAYMENT.CAPTURE.REFUNDED","resource":{"links":[{"rel":"up","href":"https://x/%zz"}]}}`), true)
	f.Add([]byte(`{"id":1}`), false)
	f.Fuzz(func(t *testing.T, body []byte, sign bool) {
		d := gateway.Delivery{Body: body, ReceivedAt: morning}
		if sign {
			if x, ok := w.fake.Sign(merchant, body); ok {
				d = delivery(x)
			}
		} else {
			d.Headers = []gateway.Header{{Name: "Paypal-Transmission-Time", Value: string(body)}, {Name: "Paypal-Cert-Url", Value: string(body)}}
		}
		h, err := g.ParseWebhook(t.Context(), d)
		if err != nil {
			e := gateway.AsError(err)
			if e.Kind != gateway.ErrUntrusted || e.Outcome != gateway.NotDone {
				t.Fatalf("%v", e)
			}
			return
		}
		if err := gateway.CheckHint(h); err != nil || h.EventID == "" || h.Mode != gateway.Test {
			t.Fatalf("%v %+v", err, h)
		}
	})
}

func FuzzCursor(f *testing.F) {
	w := newWorld(f, morning)
	c := w.connect()
	g, err := w.driver.Open(f.Context(), c)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.fake.Write(w.merchant(c), paypalfake.Line{Code: "T0100", Minor: -100, Currency: "EUR"}); err != nil {
		f.Fatal(err)
	}
	page, err := g.ListPayments(f.Context(), gateway.ListRequest{Limit: 10, Since: morning.Add(-time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page.Next)
	f.Add("pp1.")
	f.Add("pp1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		r := gateway.ListRequest{Cursor: s, Limit: 5}
		p, err := g.ListPayments(t.Context(), r)
		if s == "" {
			return
		}
		if err != nil {
			if e := gateway.AsError(err); e.Code != "bad_cursor" {
				t.Fatalf("%q: %v", s, e)
			}
			return
		}
		if err := gateway.CheckPage(r, p); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
