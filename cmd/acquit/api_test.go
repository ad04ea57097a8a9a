package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/acquit-app/acquit/core/access"
)

// apiClient is a program that uses the JSON API.
type apiClient struct{ address, secret string }

// token makes a token with every right. The installation must not serve.
func (i *installation) token() string {
	i.t.Helper()
	h := i.house()
	secret, _, err := h.app.CreateToken(i.ctx, i.who, "test", access.Owner)
	i.must(errors.Join(err, h.Close()))
	return secret
}

// refusal is what the API answers when it says no (RFC 9457).
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	kind   string // media type
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Detail) }

// call sends a request; key may be an idempotency key, body and into may be nil. What is refused is a *refusal.
func (a apiClient) call(method, path, key string, body, into any) (err error) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, a.address+"/api/v1"+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.secret)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		no := &refusal{Status: res.StatusCode, kind: res.Header.Get("Content-Type")}
		if err := json.Unmarshal(said, no); err != nil {
			return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, said)
		}
		return no
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(said, into)
}
