package gateway

import (
	"context"
	"errors"
	"fmt"
)

// ErrorKind says what went wrong, in terms of who can mend it.
type ErrorKind string

const (
	ErrConfig      ErrorKind = "config"      // settings or credentials: the operator
	ErrPermanent   ErrorKind = "permanent"   // this request will never do: the caller
	ErrRetryable   ErrorKind = "retryable"   // the network, a rate limit, an outage: time
	ErrNotFound    ErrorKind = "not_found"   // no such object in this account
	ErrUnsupported ErrorKind = "unsupported" // the gateway cannot do that
	ErrUntrusted   ErrorKind = "untrusted"   // a webhook that does not verify
	ErrBug         ErrorKind = "bug"         // the gateway program itself
)

// Outcome says whether the thing asked for may have happened all the same.
type Outcome string

const (
	// NotDone is certain: a new attempt may use a new idempotency key.
	NotDone Outcome = "not_done"
	// Unknown: only the same idempotency key, or a look, may follow.
	Unknown Outcome = "unknown"
)

// Error is the one error of the port. Detail is for people and logs; it must hold no secret and no personal data.
type Error struct {
	Kind    ErrorKind
	Outcome Outcome
	Code    string // the provider's own code
	Detail  string
	Setting string // for ErrConfig: the setting to mend, when one is to blame
}

// Error is for logs.
func (e *Error) Error() string {
	s := fmt.Sprintf("gateway: %s (%s)", e.Kind, e.Outcome)
	if e.Code != "" {
		s += " " + e.Code
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Fail makes an *Error.
func Fail(kind ErrorKind, outcome Outcome, code, detail string) *Error {
	return &Error{Kind: kind, Outcome: outcome, Code: code, Detail: detail}
}

// AsError brings any error to the port's own. What is not an *Error is taken for the worst: a bug whose outcome is
// unknown; a deadline or cancellation is retryable, outcome unknown.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Fail(ErrRetryable, Unknown, "timeout", "no answer in time")
	}
	return Fail(ErrBug, Unknown, "", err.Error())
}
