// Package drive plays payer and provider on a sandbox that runs as a program of its own, over its HTTP pages: what a
// person does with the buttons, for tests. The end points are described in package sandbox.
package drive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/acquit-app/acquit/plugins/sandbox"
)

// Console is a running sandbox.
type Console struct {
	base   string
	client *http.Client
}

// At is the sandbox whose pages begin at an address, e.g. "http://127.0.0.1:8091/".
func At(address string) *Console {
	return &Console{
		base:   strings.TrimSuffix(strings.TrimSpace(address), "/"),
		client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Of is the sandbox whose pay page an address is.
func Of(payURL string) (*Console, error) {
	u, err := url.Parse(payURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("drive: %q is no pay page", payURL)
	}
	return At(u.Scheme + "://" + u.Host), nil
}

// In is the sandbox whose state is in a folder. It must have opened its pages, which it does at its start.
func In(stateDir string) (*Console, error) {
	b, err := os.ReadFile(filepath.Join(stateDir, "console.url"))
	if err != nil {
		return nil, err
	}
	return At(string(b)), nil
}

// Refusal is an answer that says no.
type Refusal struct {
	Status int
	Code   string
	Detail string
}

// Error says what the sandbox said.
func (r *Refusal) Error() string {
	return fmt.Sprintf("sandbox: %d %s: %s", r.Status, r.Code, r.Detail)
}

// Visit is what became of a payer's visit.
type Visit struct {
	ID       string   `json:"id"`
	State    string   `json:"state"`
	Payments []string `json:"payments"`
	Location string   `json:"location"` // where the browser is sent
}

// Pay chooses an outcome on a pay page. Fields beside outcome (fee, webhook, amount, currency, stay) come as name, value.
func (c *Console) Pay(ctx context.Context, session string, how sandbox.How, fields ...string) (Visit, error) {
	var v Visit
	err := c.post(ctx, "/pay/"+session, append(fields, "outcome", string(how)), &v)
	return v, err
}

// Authenticate answers 3-D Secure.
func (c *Console) Authenticate(ctx context.Context, session string, passed bool) (Visit, error) {
	answer := "refused"
	if passed {
		answer = "passed"
	}
	var v Visit
	err := c.post(ctx, "/pay/"+session+"/3ds", []string{"answer", answer}, &v)
	return v, err
}

// Session looks at a pay page.
func (c *Console) Session(ctx context.Context, session string) (sandbox.Session, error) {
	var v sandbox.Session
	err := c.get(ctx, "/pay/"+session, &v)
	return v, err
}

// Do does an action of an account's console, with its fields as name, value. It returns the id of what was made or
// changed.
func (c *Console) Do(ctx context.Context, account, action string, fields ...string) (string, error) {
	var v struct {
		ID string `json:"id"`
	}
	err := c.post(ctx, "/console/"+account, append(fields, "action", action), &v)
	return v.ID, err
}

// Look shows an account; at most limit of each thing, newest first.
func (c *Console) Look(ctx context.Context, account string, limit int) (sandbox.Console, error) {
	var v sandbox.Console
	err := c.get(ctx, fmt.Sprintf("/console/%s?limit=%d", account, limit), &v)
	return v, err
}

// Accounts lists the accounts.
func (c *Console) Accounts(ctx context.Context) ([]sandbox.Account, error) {
	var v struct {
		Accounts []sandbox.Account `json:"accounts"`
	}
	err := c.get(ctx, "/", &v)
	return v.Accounts, err
}

func (c *Console) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	return c.do(req, into)
}

func (c *Console) post(ctx context.Context, path string, fields []string, into any) error {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(req, into)
}

func (c *Console) do(req *http.Request, into any) (err error) {
	req.Header.Set("Accept", "application/json")
	req.Close = true // the program may be killed and started again before the next one
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		var no struct {
			Error struct{ Code, Detail string } `json:"error"`
		}
		if err := json.NewDecoder(res.Body).Decode(&no); err != nil {
			return &Refusal{Status: res.StatusCode}
		}
		return &Refusal{Status: res.StatusCode, Code: no.Error.Code, Detail: no.Error.Detail}
	}
	return json.NewDecoder(res.Body).Decode(into)
}
