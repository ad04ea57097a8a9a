package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
	// maxKey is more than any generator of keys makes; a UUID has 36 characters.
	maxKey = 200
)

// readKey makes the write of a request happen once for its Idempotency-Key, however often the request is sent. A key belongs
// to the company and the operation; sent with another request it is refused by the books (key_reused). Codes: too_long,
// bad_characters.
func (c *call) readKey() error {
	key := c.http.Get(headerKey)
	if key == "" || c.e.unkeyed {
		return nil
	}
	if len(key) > maxKey {
		return fault.New(fault.Invalid, fault.TooLong, "max", "200").On(headerKey)
	}
	for _, b := range []byte(key) {
		if b <= ' ' || b > '~' {
			return fault.New(fault.Invalid, fault.BadCharacters, "found", "?").On(headerKey)
		}
	}
	c.ctx = books.WithKey(c.ctx, c.e.id+":"+key, c.fingerprint())
	return nil
}

// fingerprint tells two requests apart: by their address and what their body says, not by how it is written.
func (c *call) fingerprint() string {
	h := sha256.New()
	h.Write(c.http.Request().Header.Method())
	h.Write([]byte{'\n'})
	h.Write(c.http.Request().RequestURI())
	h.Write([]byte{'\n'})
	body := jsontext.Value(c.http.Request().Body())
	if c.e.accepts == nil {
		body = body.Clone()
		if err := body.Canonicalize(jsontext.CanonicalizeRawInts(false)); err != nil {
			body = c.http.Request().Body() // no JSON: refused before anything is written
		}
	}
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// replayed says whether err is the answer to a key used before, and what the first request made. The answer then shows
// that thing as it is now.
func (c *call) replayed(err error) (resource string, yes bool) {
	resource, yes = app.Replayed(err)
	if yes {
		c.http.Set(headerReplayed, "true")
	}
	return resource, yes
}

// done is for operations whose answer is nothing, or is looked up by other means than what a replay names.
func (c *call) done(err error) error {
	if _, again := c.replayed(err); again {
		return nil
	}
	return err
}

// errUnseen ends the look at a key that nobody used yet.
var errUnseen = errors.New("api: key not used yet")

// unseen refuses a key that was used before, ahead of a use case that would say something else about a second time: that
// the entry is reversed already, the account connected. The error is a *books.Replay. Code: key_reused.
func (s *service) unseen(c *call) error {
	if c.http.Get(headerKey) == "" {
		return nil
	}
	err := s.app.Books.Write(c.ctx, c.who.Company, func(context.Context, *books.Tx) error { return errUnseen })
	if errors.Is(err, errUnseen) {
		return nil
	}
	return err
}

// once makes something outside of the books happen once for its key: users, tokens, programs. Unlike a write into the books
// it can happen twice when we are killed between doing it and noting the key.
func (s *service) once(c *call, do func(context.Context) (resource string, err error)) (string, error) {
	if c.http.Get(headerKey) == "" {
		return do(c.ctx)
	}
	if err := s.unseen(c); err != nil {
		return "", err
	}
	resource, err := do(books.WithoutKey(c.ctx))
	if err != nil {
		return "", err
	}
	err = s.app.Books.Write(c.ctx, c.who.Company, func(_ context.Context, tx *books.Tx) error {
		tx.Made(resource)
		return nil
	})
	if _, twin := app.Replayed(err); twin {
		err = nil
	}
	return resource, err
}
