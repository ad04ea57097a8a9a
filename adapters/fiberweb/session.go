package fiberweb

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2/middleware/session"
)

// sessionLife is how long one log-in lasts, whatever is done meanwhile: a long working day. Sessions that end at a fixed
// time need no write on each request, so a page is a read, and a request that was slow cannot bring a session back that
// was logged out meanwhile.
const sessionLife = 14 * time.Hour

// Names of what a session holds.
const (
	keyUser  = "user"
	keyStamp = "stamp"
	keyToken = "token"
	keySince = "since"
)

// visit is the session of somebody who is logged in.
type visit struct {
	token string // that this session's forms carry
}

// hashed stores sessions under digests of their ids, so that whoever reads the database cannot use the sessions in it.
type hashed struct{ SessionStore }

func digestOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// Get, Set and Delete are those of fiber's storage.
func (h hashed) Get(key string) ([]byte, error) { return h.SessionStore.Get(digestOf(key)) }

func (h hashed) Set(key string, val []byte, exp time.Duration) error {
	return h.SessionStore.Set(digestOf(key), val, exp)
}

func (h hashed) Delete(key string) error { return h.SessionStore.Delete(digestOf(key)) }

// Close does nothing: whoever made the store closes it.
func (h hashed) Close() error { return nil }

func (s *Server) newSessions() *session.Store {
	return session.New(session.Config{
		Storage:        hashed{s.opts.Sessions},
		Expiration:     sessionLife,
		KeyLookup:      "cookie:" + s.sessionCookie(),
		KeyGenerator:   secret,
		CookiePath:     "/",
		CookieSecure:   s.https(),
		CookieHTTPOnly: true,
		CookieSameSite: "Lax",
	})
}

func (s *Server) sessionCookie() string { return s.cookieName("acquit_session") }

// secret is 256 random bits in text.
func secret() string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // without a random source no session can be trusted
	}
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// stamp changes with the password, so that a new password ends every other session.
func stamp(u access.User) string { return digestOf(u.ID + "\x00" + u.Stamp)[:16] }

// recognise finds out who is asking. A session that does not hold any more (expired, user deactivated, password changed)
// is nobody's; an outage of the store is an error.
func (c *Ctx) recognise() error {
	if c.Cookies(c.s.sessionCookie()) == "" {
		return nil
	}
	kept, err := c.s.sessions.Get(c.Ctx)
	if err != nil {
		return err
	}
	id, _ := kept.Get(keyUser).(string)
	mark, _ := kept.Get(keyStamp).(string)
	token, _ := kept.Get(keyToken).(string)
	since, _ := kept.Get(keySince).(int64)
	if id == "" || token == "" || c.s.opts.Now().Sub(time.Unix(since, 0)) > sessionLife {
		return nil
	}
	u, err := c.s.opts.Auth.User(c.std, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if !u.Active || stamp(u) != mark {
		return nil
	}
	companies, err := c.s.opts.Auth.Companies(c.std, u.ID)
	if err != nil {
		return err
	}
	c.user, c.companies, c.session = &u, companies, &visit{token: token}
	return nil
}

// LogIn starts a session for a user whose password was checked, or who has just set the installation up. It has a new id,
// so that one that somebody planted before is worth nothing.
func (c *Ctx) LogIn(u access.User) error {
	kept, err := c.s.sessions.Get(c.Ctx)
	if err != nil {
		return err
	}
	if err := kept.Regenerate(); err != nil {
		return err
	}
	kept.Set(keyUser, u.ID)
	kept.Set(keyStamp, stamp(u))
	kept.Set(keyToken, secret())
	kept.Set(keySince, c.s.opts.Now().Unix())
	return kept.Save()
}

// end logs out.
func (c *Ctx) end() error {
	kept, err := c.s.sessions.Get(c.Ctx)
	if err != nil {
		return err
	}
	c.user, c.companies, c.company, c.session, c.token = nil, nil, nil, nil, ""
	return kept.Destroy()
}
