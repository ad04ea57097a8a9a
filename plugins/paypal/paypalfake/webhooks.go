package paypalfake

import (
	"bytes"
	"context"
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
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	certPath = "/v1/notifications/certs/"
	certName = "CERT-360caa42-fca2a594-fake0001"
	hooksMax = 10 // webhooks of an app
)

// keys are what webhooks are signed with.
type keys struct {
	private *rsa.PrivateKey
	chain   []byte // the certificate and its authority, in PEM
	ca      []byte // the authority alone
	extra   map[string][]byte
}

// processKeys serves every fake without a folder: making keys takes a quarter of a second.
var processKeys = sync.OnceValues(makeKeys)

func (f *Fake) loadKeys() (keys, error) {
	if f.opt.Dir == "" {
		b, err := processKeys()
		if err != nil {
			return keys{}, err
		}
		return readKeys(b)
	}
	if len(f.s.Key) == 0 {
		b, err := makeKeys()
		if err != nil {
			return keys{}, err
		}
		f.s.Key = b
	}
	return readKeys(f.s.Key)
}

// makeKeys makes an authority and a certificate like PayPal's, and writes key, certificate and authority in PEM.
func makeKeys() ([]byte, error) {
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Fake PayPal authority"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2115, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	top, err := x509.CreateCertificate(rand.Reader, ca, ca, &authority.PublicKey, authority)
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	const host = "messageverificationcerts.paypal.com"
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host, Organization: []string{"Fake"}}, DNSNames: []string{host},
		KeyUsage: x509.KeyUsageDigitalSignature, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, authority)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, block := range []*pem.Block{{Type: "PRIVATE KEY", Bytes: private}, {Type: "CERTIFICATE", Bytes: der}, {Type: "CERTIFICATE", Bytes: top}} {
		if err := pem.Encode(&b, block); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func readKeys(b []byte) (keys, error) {
	k := keys{extra: map[string][]byte{}}
	block, rest := pem.Decode(b)
	if block == nil {
		return k, errors.New("paypalfake: no key")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return k, err
	}
	var ok bool
	if k.private, ok = private.(*rsa.PrivateKey); !ok {
		return k, errors.New("paypalfake: not an RSA key")
	}
	k.chain = rest
	_, k.ca = pem.Decode(rest)
	return k, nil
}

// Authority is the certificate that the webhooks' certificate descends from, in PEM.
func (f *Fake) Authority() []byte { return f.keys.ca }

// ServeCertificate offers a chain, in PEM, at an address of the fake's certificates.
func (f *Fake) ServeCertificate(name string, chain []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys.extra[name] = chain
}

func (f *Fake) serveCert(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	chain, ok := f.keys.extra[r.PathValue("name")]
	f.mu.Unlock()
	if r.PathValue("name") == certName {
		chain, ok = f.keys.chain, true
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(chain)
}

func (f *Fake) serveCA(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(f.keys.ca)
}

func (h *webhook) json(base string) map[string]any {
	types := []any{}
	for _, t := range h.Types {
		types = append(types, map[string]string{"name": t})
	}
	return map[string]any{"id": h.ID, "url": h.URL, "event_types": types, "links": []any{link(base+"/v1/notifications/webhooks/"+h.ID, "self", "GET")}}
}

// hookRefusal is an error of the webhooks' API, which has a form of its own.
func hookRefusal(status int, name, message string) answer {
	return ok(status, map[string]any{"name": name, "message": message, "debug_id": "f0f0f0fake"})
}

func typesOf(raw []struct {
	Name string `json:"name"`
}) []string {
	var out []string
	for _, t := range raw {
		out = append(out, t.Name)
	}
	return out
}

func (f *Fake) createWebhook(c caller) answer {
	var in struct {
		URL   string `json:"url"`
		Types []struct {
			Name string `json:"name"`
		} `json:"event_types"`
	}
	if json.Unmarshal(c.body, &in) != nil || in.URL == "" || len(in.Types) == 0 {
		return hookRefusal(http.StatusBadRequest, "VALIDATION_ERROR", "Invalid data provided")
	}
	for _, h := range c.app.Webhooks {
		if h.URL == in.URL {
			return hookRefusal(http.StatusBadRequest, "WEBHOOK_URL_ALREADY_EXISTS", "Webhook URL already exists")
		}
	}
	if len(c.app.Webhooks) >= hooksMax {
		return hookRefusal(http.StatusBadRequest, "WEBHOOK_NUMBER_LIMIT_EXCEEDED", "You have reached the maximum number of webhooks")
	}
	h := &webhook{ID: f.id(letters, 17), URL: in.URL, Types: typesOf(in.Types)}
	c.app.Webhooks = append(c.app.Webhooks, h)
	return ok(http.StatusCreated, h.json(f.base))
}

func (f *Fake) listWebhooks(c caller) answer {
	list := []any{}
	for _, h := range c.app.Webhooks {
		list = append(list, h.json(f.base))
	}
	return ok(http.StatusOK, map[string]any{"webhooks": list})
}

func (a *app) webhook(id string) *webhook {
	for _, h := range a.Webhooks {
		if h.ID == id {
			return h
		}
	}
	return nil
}

func (f *Fake) patchWebhook(c caller) answer {
	h := c.app.webhook(c.r.PathValue("id"))
	if h == nil {
		return hookRefusal(http.StatusNotFound, "INVALID_RESOURCE_ID", "Resource id is invalid")
	}
	var in []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(c.body, &in) != nil {
		return hookRefusal(http.StatusBadRequest, "VALIDATION_ERROR", "Invalid data provided")
	}
	for _, p := range in {
		var types []struct {
			Name string `json:"name"`
		}
		switch {
		case p.Op == "replace" && p.Path == "/event_types" && json.Unmarshal(p.Value, &types) == nil:
			h.Types = typesOf(types)
		case p.Op == "replace" && p.Path == "/url" && json.Unmarshal(p.Value, &h.URL) == nil:
		default:
			return hookRefusal(http.StatusBadRequest, "VALIDATION_ERROR", "Invalid data provided")
		}
	}
	return ok(http.StatusOK, h.json(f.base))
}

func (f *Fake) deleteWebhook(c caller) answer {
	id := c.r.PathValue("id")
	if c.app.webhook(id) == nil {
		return hookRefusal(http.StatusNotFound, "INVALID_RESOURCE_ID", "Resource id is invalid")
	}
	c.app.Webhooks = slices.DeleteFunc(c.app.Webhooks, func(h *webhook) bool { return h.ID == id })
	return answer{status: http.StatusNoContent}
}

// verifySignature looks at the event's very bytes, as they stand in the request.
func (f *Fake) verifySignature(c caller) answer {
	var in struct {
		Algorithm string          `json:"auth_algo"`
		Cert      string          `json:"cert_url"`
		ID        string          `json:"transmission_id"`
		Signature string          `json:"transmission_sig"`
		Time      string          `json:"transmission_time"`
		Webhook   string          `json:"webhook_id"`
		Event     json.RawMessage `json:"webhook_event"`
	}
	if json.Unmarshal(c.body, &in) != nil || c.app.webhook(in.Webhook) == nil {
		return hookRefusal(http.StatusBadRequest, "VALIDATION_ERROR", "Invalid data provided")
	}
	status := "FAILURE"
	sig, err := base64.StdEncoding.DecodeString(in.Signature)
	if err == nil && in.Algorithm == "SHA256withRSA" && in.Cert == f.base+certPath+certName &&
		rsa.VerifyPKCS1v15(&f.keys.private.PublicKey, crypto.SHA256, digest(in.ID, in.Time, in.Webhook, in.Event), sig) == nil {
		status = "SUCCESS"
	}
	return ok(http.StatusOK, map[string]string{"verification_status": status})
}

// digest is what PayPal signs: of the body no more than its CRC-32.
func digest(id, at, webhook string, body []byte) []byte {
	sum := sha256.Sum256([]byte(id + "|" + at + "|" + webhook + "|" + strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)))
	return sum[:]
}

// event is what happened, as webhooks tell it.
type event struct {
	ID, Type string
	At       time.Time
	Body     []byte
}

// emit notes an event. Its bytes are fixed here; they have blanks and characters that do not survive being written anew.
func (f *Fake) emit(account, kind, resourceType string, resource any) {
	e := &event{ID: "WH-" + f.id(letters, 17) + "-" + f.id(letters, 17), Type: kind, At: f.now()}
	body, err := json.MarshalIndent(map[string]any{
		"id": e.ID, "event_version": "1.0", "create_time": stamp(e.At), "resource_type": resourceType, "resource_version": "2.0", "event_type": kind,
		"summary": "A & B <" + kind + ">", "resource": resource,
		"links": []any{link(f.base+"/v1/notifications/webhooks-events/"+e.ID, "self", "GET")},
	}, "", " ")
	if err != nil {
		panic(err) // of types that are ours
	}
	e.Body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte(`\u0026`), []byte("&")), []byte(`\u003c`), []byte("<"))
	a := f.s.Accounts[account]
	a.Events = append(a.Events, e)
	if !f.opt.Deliver {
		return
	}
	for _, d := range f.deliveries(account, e, e.At) {
		f.posts.Go(func() { _ = f.Post(context.Background(), d) })
	}
}

// Delivery is one webhook call.
type Delivery struct {
	EventID, Type string
	URL           string
	Header        http.Header
	Body          []byte
	At            time.Time
}

// deliveries are the calls that tell of an event, signed at a time.
func (f *Fake) deliveries(account string, e *event, at time.Time) []Delivery {
	var out []Delivery
	for _, a := range f.s.Apps {
		if a.Account != account {
			continue
		}
		for _, h := range a.Webhooks {
			if slices.Contains(h.Types, e.Type) || slices.Contains(h.Types, "*") {
				out = append(out, f.signed(h, e, at))
			}
		}
	}
	return out
}

// signed makes a delivery. PayPal's documents want a signature whose first character is a letter or a figure.
func (f *Fake) signed(h *webhook, e *event, at time.Time) Delivery {
	for {
		id := fmt.Sprintf("%s-%s-11ee-%s", f.id("0123456789abcdef", 8), f.id("0123456789abcdef", 4), f.id("0123456789abcdef", 12))
		sig, err := rsa.SignPKCS1v15(nil, f.keys.private, crypto.SHA256, digest(id, stamp(at), h.ID, e.Body))
		if err != nil {
			panic(err) // of a key that is ours
		}
		text := base64.StdEncoding.EncodeToString(sig)
		if text[0] == '+' || text[0] == '/' {
			continue
		}
		header := http.Header{}
		for name, v := range map[string]string{
			"Content-Type": "application/json", "Paypal-Transmission-Id": id, "Paypal-Transmission-Time": stamp(at), "Paypal-Transmission-Sig": text,
			"Paypal-Cert-Url": f.base + certPath + certName, "Paypal-Auth-Algo": "SHA256withRSA",
		} {
			header.Set(name, v)
		}
		return Delivery{EventID: e.ID, Type: e.Type, URL: h.URL, Header: header, Body: slices.Clone(e.Body), At: at}
	}
}

// Deliveries are the calls that tell of all that happened to an account, oldest first, signed at a time (zero: now). Whoever
// asks twice gets new transmissions of the same events, as PayPal's retries are.
func (f *Fake) Deliveries(merchant string, at time.Time) []Delivery {
	return f.Latest(merchant, math.MaxInt, at)
}

// Latest are the Deliveries of the last n events.
func (f *Fake) Latest(merchant string, n int, at time.Time) []Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.s.Accounts[merchant]
	if a == nil {
		return nil
	}
	if at.IsZero() {
		at = f.now()
	}
	var out []Delivery
	for _, e := range a.Events[max(0, len(a.Events)-n):] {
		out = append(out, f.deliveries(merchant, e, at)...)
	}
	return out
}

// Post makes a delivery.
func (f *Fake) Post(ctx context.Context, d Delivery) error {
	u, err := url.Parse(d.URL)
	if err != nil || u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost" && u.Hostname() != "::1" {
		return fmt.Errorf("paypalfake: webhooks go to this machine only, not to %q", u.Hostname())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return err
	}
	req.Header = d.Header.Clone()
	resp, err := f.opt.Client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("paypalfake: the webhook was answered %d", resp.StatusCode)
	}
	return nil
}

// Sign signs a body of the caller's own for an account's first webhook, as if PayPal had written it.
func (f *Fake) Sign(merchant string, body []byte) (Delivery, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.s.Apps {
		if a.Account == merchant && len(a.Webhooks) > 0 {
			return f.signed(a.Webhooks[0], &event{Body: body}, f.now()), true
		}
	}
	return Delivery{}, false
}
