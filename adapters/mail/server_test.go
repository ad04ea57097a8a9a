package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/mail"
	"github.com/acquit-app/acquit/adapters/mail/smtptest"
	"github.com/acquit-app/acquit/core/app"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func settings(at net.Addr, security string) app.MailSettings {
	return app.MailSettings{
		Kind: mail.KindSMTP, Host: "127.0.0.1", Port: at.(*net.TCPAddr).Port, Security: security,
		From: "facturation@atelier.example", FromName: "Atelier du Pré", ReplyTo: "compta@atelier.example",
	}
}

// reach gives settings for a test server.
func reach(srv *smtptest.Server, security string) app.MailSettings {
	return settings(&net.TCPAddr{Port: srv.Port}, security)
}

// handshakes answers TLS handshakes with a certificate made out to host and valid until then, and gives the pool that
// trusts it.
func handshakes(t *testing.T, host string, until time.Time) (app.MailSettings, *x509.CertPool) {
	t.Helper()
	certificate, pool := authority(t, host, until)
	l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{*certificate}})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	return settings(l.Addr(), mail.SecurityTLS), pool
}

// authority makes a certificate and the pool that trusts it.
func authority(t *testing.T, host string, until time.Time) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// moments tells how far a scripted conversation is.
type moments struct{ silent, closed chan struct{} }

// scripted answers each command by its first word, for servers that misbehave in ways a real one will not. An empty
// answer is silence; "drop" closes the connection; "DATA." is the answer to the message itself.
func scripted(t *testing.T, answers map[string]string) (app.MailSettings, moments) {
	t.Helper()
	l := listen(t)
	at := moments{silent: make(chan struct{}), closed: make(chan struct{})}
	go func() {
		defer close(at.closed)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		command := "greeting"
		for {
			answer, known := answers[command]
			switch {
			case answer == "drop":
				return
			case answer != "":
				fmt.Fprintf(c, "%s\r\n", answer)
			case !known:
				fmt.Fprintf(c, "250 ok\r\n")
			default:
				close(at.silent)
			}
			if command == "DATA" && strings.HasPrefix(answer, "354") {
				for line := ""; line != ".\r\n"; {
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
				}
				command = "DATA."
				continue
			}
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			command, _, _ = strings.Cut(strings.TrimSpace(line), " ")
			if i := strings.IndexByte(command, ':'); i > 0 {
				command = command[:i]
			}
		}
	}()
	return settings(l.Addr(), "none"), at
}
