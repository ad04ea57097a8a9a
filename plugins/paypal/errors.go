package paypal

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"

	"github.com/acquit-app/acquit/core/gateway"
)

// refusal is the body of PayPal's errors: those of the API and those of OAuth.
type refusal struct {
	Name    string `json:"name"`
	DebugID string `json:"debug_id"`
	Details []struct {
		Issue string `json:"issue"`
	} `json:"details"`
	Error string `json:"error"`
}

var (
	codeForm  = regexp.MustCompile(`^[A-Za-z0-9_.]{1,80}$`)
	debugForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// code is the most telling code: the issue, else the name. Free texts are left out, because they quote what was sent.
func (r refusal) code() string {
	for _, d := range r.Details {
		if codeForm.MatchString(d.Issue) {
			return d.Issue
		}
	}
	for _, s := range []string{r.Name, r.Error} {
		if codeForm.MatchString(s) {
			return s
		}
	}
	return ""
}

// verdict turns what came of a call into the port's error, or nil. changes says whether the call asked for a change:
// reading has no outcome to be unsure of.
func verdict(ctx context.Context, got *answer, err error, changes bool) *gateway.Error {
	unsure := gateway.NotDone
	if changes {
		unsure = gateway.Unknown
	}
	fail := gateway.Fail
	if got.status == 0 {
		return unanswered(ctx, err, unsure)
	}
	if got.cut {
		return fail(gateway.ErrRetryable, unsure, "too_large", "PayPal's answer is too large")
	}
	if got.status >= 200 && got.status < 300 {
		return nil
	}
	var r refusal
	_ = json.Unmarshal(got.body, &r) // a proxy's page in HTML has no code
	code, detail := r.code(), fmt.Sprintf("PayPal answered %d", got.status)
	if debugForm.MatchString(r.DebugID) {
		detail += ", debug id " + r.DebugID
	}
	switch {
	case got.status == http.StatusUnauthorized:
		return badSetting(settingSecret, code, detail)
	case got.status == http.StatusForbidden:
		return fail(gateway.ErrConfig, gateway.NotDone, code, detail+": the REST app lacks a permission")
	case got.status == http.StatusNotFound:
		return fail(gateway.ErrNotFound, gateway.NotDone, code, detail)
	case got.status == http.StatusConflict:
		// A former call with the same key is still being worked on.
		return fail(gateway.ErrRetryable, unsure, code, detail)
	case got.status == http.StatusTooManyRequests:
		return fail(gateway.ErrRetryable, gateway.NotDone, code, detail)
	case got.status >= 500, got.status == http.StatusRequestTimeout, got.status < 400:
		return fail(gateway.ErrRetryable, unsure, code, detail)
	}
	return fail(gateway.ErrPermanent, gateway.NotDone, code, detail)
}

// unanswered is a call that no status came back for. Only one that never left is certain.
func unanswered(ctx context.Context, err error, unsure gateway.Outcome) *gateway.Error {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var slow net.Error
	switch {
	case err == nil:
		return gateway.Fail(gateway.ErrBug, unsure, "", "a call ended without an answer")
	case errors.As(err, &cert):
		return gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "bad_certificate", "PayPal's certificate does not verify: is this machine's clock right?")
	case errors.As(err, &op) && op.Op == "dial":
		return gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "unreachable", "PayPal cannot be reached")
	case ctx.Err() != nil || errors.As(err, &slow) && slow.Timeout():
		return gateway.Fail(gateway.ErrRetryable, unsure, "timeout", "no answer in time")
	}
	return gateway.Fail(gateway.ErrRetryable, unsure, "connection_lost", "the connection to PayPal was lost")
}
