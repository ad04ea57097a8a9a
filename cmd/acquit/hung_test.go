package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
)

// TestHungGateway stops the sandbox's process, as a gateway hangs, while a call waits for it. Every screen, the API and the pay
// page answer as before; then the stopped process is replaced without anybody's doing, and the call that waited is done.
func TestHungGateway(t *testing.T) {
	k := newKilling(install(t, filepath.Join(t.TempDir(), "acquit.db")))
	k.start()
	defer k.end()
	link := k.payLink()
	session := ""
	k.must(k.again("start", func() (err error) { session, err = openCheckout(link); return err }))
	plugins := children(t, k.cmd.Process.Pid)
	if len(plugins) != 1 {
		t.Fatalf("the program has %d children", len(plugins))
	}
	box, err := drive.In(filepath.Join(k.data, "gateways", "state", "sandbox"))
	k.must(err)
	_, err = box.Pay(k.ctx, session, sandbox.Pays, "webhook", "never")
	k.must(err)
	browser, err := k.browser()
	k.must(err)

	k.must(syscall.Kill(plugins[0], syscall.SIGSTOP))
	defer func() { _ = syscall.Kill(plugins[0], syscall.SIGCONT) }()
	k.until("the process is stopped", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", plugins[0]))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
	waiting := make(chan error, 1)
	go func() { waiting <- k.call(http.MethodPost, "/connections/"+k.conn.ID+"/refresh", "", nil, nil) }()
	for _, screen := range []string{"", "/invoices", "/quotes", "/customers", "/inbox", "/receipts", "/journal", "/balance", "/settings/gateways", "/help"} {
		if err := answers(browser, k.base+"/c/"+k.company+screen); err != nil {
			t.Errorf("%q: %v", screen, err)
		}
	}
	if err := answers(http.DefaultClient, link); err != nil {
		t.Errorf("the pay page: %v", err)
	}
	k.must(k.call(http.MethodGet, "/invoices", "", nil, nil))

	if err := <-waiting; err != nil {
		t.Errorf("the refresh that waited: %v", err)
	}
	k.until("the stopped process is replaced", func() bool {
		now := children(t, k.cmd.Process.Pid)
		return len(now) == 1 && now[0] != plugins[0]
	})
	var list struct {
		Items []struct {
			Kind string `json:"kind"`
		} `json:"items"`
	}
	k.until("the payment is seen", func() bool {
		k.must(k.again("refresh", func() error {
			return k.call(http.MethodPost, "/connections/"+k.conn.ID+"/refresh", "", nil, nil)
		}))
		return k.call(http.MethodGet, "/arrivals", "", nil, &list) == nil && len(list.Items) == 1
	})
	k.stop()
}

// payLink makes an invoice and returns the address of its pay page.
func (k *killing) payLink() string {
	k.t.Helper()
	var invoice struct {
		ID string `json:"id"`
	}
	k.must(k.call(http.MethodPost, "/invoices", "create", map[string]any{"customer_id": k.customer, "method_id": k.online,
		"lines": []map[string]any{{"description": "Article", "quantity": "1", "unit_price": "100.00", "vat_code": "S20B"}}}, &invoice))
	k.must(k.call(http.MethodPost, "/invoices/"+invoice.ID+"/issue", "issue", nil, nil))
	var link struct {
		URL string `json:"url"`
	}
	k.must(k.call(http.MethodGet, "/pay-links/"+invoice.ID, "", nil, &link))
	return link.URL
}

// browser is one in which the clerk is logged in.
func (k *killing) browser() (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := &http.Client{Jar: jar}
	res, err := b.Get(k.base + "/login")
	if err != nil {
		return nil, err
	}
	page, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	token := formToken.FindSubmatch(page)
	if token == nil {
		return nil, errors.New("the login page has no form")
	}
	if res, err = b.PostForm(k.base+"/login", url.Values{"_csrf": {string(token[1])}, "email": {clerk}, "password": {password}}); err != nil {
		return nil, err
	}
	return b, res.Body.Close()
}

// answers says whether a page is there, for whoever asks.
func answers(b *http.Client, address string) error {
	res, err := b.Get(address)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK || strings.Contains(res.Request.URL.Path, "/login") {
		return errors.Join(err, fmt.Errorf("%s at %s", res.Status, res.Request.URL.Path))
	}
	return nil
}
