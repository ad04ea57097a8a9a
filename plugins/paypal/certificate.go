package paypal

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// certHosts are the only places that a certificate is fetched from, by mode: its address comes with the delivery, from
// whoever sent it.
var certHosts = map[gateway.Mode][]string{
	gateway.Live: {"api.paypal.com", "api-m.paypal.com"},
	gateway.Test: {"api.sandbox.paypal.com", "api-m.sandbox.paypal.com"},
}

const (
	certPath = "/v1/notifications/certs/"
	// caPath is where a simulator offers the authority of its certificates.
	caPath = "/v1/notifications/ca.pem"
	// maxCert bounds a chain of certificates; PayPal's is below 8 KiB.
	maxCert = 64 << 10
	// mostCerts bounds the cache; PayPal uses a handful at a time.
	mostCerts = 32
)

var certName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// certificates keeps the chains that were fetched, by address. What an address holds never changes; whether it may be
// trusted is asked each time.
type certificates struct {
	mu     sync.Mutex
	chains map[string][]*x509.Certificate
}

// verifyHere checks a delivery with the certificate that it names.
func (d *desk) verifyHere(ctx context.Context, t transmission, body []byte) *gateway.Error {
	if !strings.EqualFold(t.algorithm, "SHA256withRSA") {
		return untrusted("bad_algorithm", "not the algorithm that PayPal signs with")
	}
	signature, err := base64.StdEncoding.DecodeString(t.signature)
	if err != nil {
		return untrusted("bad_signature", "the signature is not base64")
	}
	if !d.certAddress(t.certURL) {
		return untrusted("bad_cert_url", "the certificate is not at PayPal's")
	}
	chain, e := d.chain(ctx, t.certURL)
	if e != nil {
		return e
	}
	roots, e := d.roots(ctx)
	if e != nil {
		return e
	}
	if err := trusted(chain, roots, d.p.opt.Now()); err != nil {
		return untrusted("bad_certificate", "the certificate is not PayPal's, or not valid now")
	}
	key, ok := chain[0].PublicKey.(*rsa.PublicKey)
	if !ok {
		return untrusted("bad_certificate", "the certificate holds no RSA key")
	}
	sum := sha256.Sum256([]byte(t.id + "|" + t.time + "|" + d.webhookID + "|" + strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return untrusted("bad_signature", "the signature does not match")
	}
	return nil
}

// certAddress says whether a certificate's address is one of PayPal's, or of the simulator in use.
func (d *desk) certAddress(at string) bool {
	u, err := url.Parse(at)
	if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.RawPath != "" {
		return false
	}
	name, ok := strings.CutPrefix(u.Path, certPath)
	if !ok || !certName.MatchString(name) {
		return false
	}
	if d.simulated {
		return at == d.base+u.Path
	}
	if u.Scheme != "https" {
		return false
	}
	for _, h := range certHosts[d.mode] {
		if u.Host == h {
			return true
		}
	}
	return false
}

// trusted says whether a chain leads from a certificate of PayPal's to a root, at a time.
func trusted(chain []*x509.Certificate, roots *x509.CertPool, at time.Time) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	leaf := chain[0]
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return err
	}
	names := leaf.DNSNames
	if len(names) == 0 {
		names = []string{leaf.Subject.CommonName}
	}
	for _, n := range names {
		if strings.HasSuffix(strings.ToLower(n), ".paypal.com") {
			return nil
		}
	}
	return x509.HostnameError{Certificate: leaf, Host: "paypal.com"}
}

func (d *desk) chain(ctx context.Context, at string) ([]*x509.Certificate, *gateway.Error) {
	c := &d.p.certs
	c.mu.Lock()
	chain := c.chains[at]
	c.mu.Unlock()
	if chain != nil {
		return chain, nil
	}
	b, e := d.download(ctx, at)
	if e != nil {
		return nil, e
	}
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || len(chain) == 8 {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, untrusted("bad_certificate", "what is at the certificate's address is none")
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 {
		return nil, untrusted("bad_certificate", "what is at the certificate's address is none")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.chains == nil || len(c.chains) >= mostCerts {
		c.chains = map[string][]*x509.Certificate{}
	}
	c.chains[at] = chain
	return chain, nil
}

// roots are who a chain must lead to. A simulator is its own authority: who chose it trusts its every answer anyway.
func (d *desk) roots(ctx context.Context) (*x509.CertPool, *gateway.Error) {
	if !d.simulated || d.p.opt.Roots != nil {
		return d.p.opt.Roots, nil
	}
	chain, e := d.chain(ctx, d.base+caPath)
	if e != nil {
		return nil, e
	}
	pool := x509.NewCertPool()
	pool.AddCert(chain[0])
	return pool, nil
}

// download fetches a certificate, without credentials. The account's client follows no redirects.
func (d *desk) download(ctx context.Context, at string) ([]byte, *gateway.Error) {
	unreachable := gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "no_certificate", "PayPal's certificate could not be fetched")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return nil, unreachable
	}
	resp, err := d.account.http.Do(req)
	if err != nil {
		return nil, unreachable
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusForbidden {
		return nil, untrusted("no_certificate", "PayPal has no certificate at this address")
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxCert+1))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, unreachable
	}
	if len(b) > maxCert {
		return nil, untrusted("bad_certificate", "what is at the certificate's address is none")
	}
	return b, nil
}
