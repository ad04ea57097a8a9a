package fiberweb

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/static"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/session"
	"github.com/rs/zerolog"
)

// Limits of a request. They bound what a stranger can make the server hold in memory.
const (
	// DefaultBodyLimit holds a logo of one mebibyte and a long invoice form; nothing else that people send is larger.
	DefaultBodyLimit = 2 << 20
	// headerLimit holds a long address with filters and our cookies several times over.
	headerLimit = 16 << 10
	readLimit   = 30 * time.Second
	// writeLimit bounds how long a client may take to read an answer. An export of a million lines takes seconds to make;
	// the rest is for a slow line.
	writeLimit = 10 * time.Minute
	idleLimit  = 90 * time.Second
	// DefaultGrace is how long requests in progress may take when the server stops.
	DefaultGrace = 15 * time.Second
)

// SessionStore keeps sessions. Keys are digests, values opaque; both are copied by the store. It is what fiber asks of
// a storage, so that any implementation of that fits.
type SessionStore interface {
	// Get returns nil, nil for a key that is not there or has expired.
	Get(key string) ([]byte, error)
	// Set keeps a value for a time.
	Set(key string, val []byte, exp time.Duration) error
	// Delete forgets a key; one that is not there is no error.
	Delete(key string) error
	// Reset forgets all.
	Reset() error
}

// Options configure a Server. Auth, Sessions and BaseURL are required.
type Options struct {
	Auth     Auth
	Sessions SessionStore
	// BaseURL is where browsers reach this installation, without a slash at the end. When it begins with https, cookies are
	// Secure and browsers are told to come back by https only.
	BaseURL string
	// TrustedProxies are the addresses or networks of reverse proxies whose X-Forwarded headers are believed.
	TrustedProxies []string
	// BodyLimit bounds a request's body in bytes. Default: DefaultBodyLimit.
	BodyLimit int
	// Grace is how long Serve waits for requests in progress when it is told to stop. Default: DefaultGrace.
	Grace time.Duration
	// SetUp returns where an installation that nobody can log in to yet is set up, or "" when it is. It is asked before the
	// log-in page is shown. Optional.
	SetUp func(ctx context.Context) (string, error)
	// Waiting counts, by menu key, what asks for attention in a company. Optional.
	Waiting func(ctx context.Context, company string) (map[string]int, error)
	// Healthy says whether requests can be answered; its error makes /healthz answer 503. Optional.
	Healthy func(ctx context.Context) error
	Version string
	Log     zerolog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Server is the web side of Acquit: pages, and whatever else speaks HTTP. New makes one; screens add their routes
// through Public, Private and Company; Serve runs it.
type Server struct {
	opts     Options
	app      *fiber.App
	base     *url.URL
	sessions *session.Store
	tries    loginThrottle
	proxies  []netip.Prefix
}

// New makes a server with the routes every installation has: static files, log-in, languages, health.
func New(o Options) (*Server, error) {
	if o.Auth == nil || o.Sessions == nil {
		return nil, errors.New("fiberweb: Auth and Sessions are required")
	}
	base, err := url.Parse(strings.TrimSuffix(o.BaseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("fiberweb: BaseURL must be an http or https address, got " + o.BaseURL)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.BodyLimit == 0 {
		o.BodyLimit = DefaultBodyLimit
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	s := &Server{opts: o, base: base, tries: newLoginThrottle(o.Now)}
	if s.proxies, err = parseProxies(o.TrustedProxies); err != nil {
		return nil, err
	}
	s.sessions = s.newSessions()
	s.app = fiber.New(fiber.Config{
		AppName:               "Acquit",
		Immutable:             true, // strings of the context outlive the request in outboxes and logs
		DisableStartupMessage: true,
		BodyLimit:             o.BodyLimit,
		ReadBufferSize:        headerLimit,
		ReadTimeout:           readLimit,
		WriteTimeout:          writeLimit,
		IdleTimeout:           idleLimit,
		ErrorHandler:          s.answerError,
		// Without this check, anybody's X-Forwarded headers are believed.
		EnableTrustedProxyCheck: true,
		TrustedProxies:          o.TrustedProxies,
	})
	s.app.Use(s.observe)
	s.app.Get("/healthz", s.health)
	s.app.Get(static.Prefix+"*", s.serveStatic)
	s.app.Get("/favicon.ico", func(c *fiber.Ctx) error { return s.sendStatic(c, "logo.svg") })
	s.addLogin()
	return s, nil
}

// Public is for pages that anybody may open: paying, setting up.
func (s *Server) Public() *Router { return &Router{s: s, need: nobody} }

// Private is for pages of whoever is logged in, outside of any company.
func (s *Server) Private() *Router { return &Router{s: s, need: user} }

// Company is for pages of one company, below /c/:company, for its members.
func (s *Server) Company() *Router { return &Router{s: s, need: member, prefix: "/c/:company"} }

// Raw is fiber itself, for what is no page: webhooks below /hooks/, the JSON API below /api/. Its handlers have no session
// and no CSRF check, must authenticate by what each request carries, and are answered errors as JSON.
func (s *Server) Raw() *fiber.App { return s.app }

// BaseURL is where browsers reach this installation, without a slash at the end.
func (s *Server) BaseURL() string { return s.base.String() }

// https says whether browsers reach us by https.
func (s *Server) https() bool { return s.base.Scheme == "https" }

// cookieName gives a cookie the prefix by which browsers guarantee that no other host or path has set it; they accept
// it only by https.
func (s *Server) cookieName(name string) string {
	if s.https() {
		return "__Host-" + name
	}
	return name
}

// Serve answers requests on ln until ctx ends, then lets those in progress finish for as long as Options.Grace.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	silent := newSilent(ln)
	ln = silent
	ended := make(chan error, 1)
	go func() { ended <- s.app.Listener(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	silent.hangUp()
	err := s.app.ShutdownWithTimeout(s.opts.Grace)
	// A listener that was not being served yet is not closed by the shutdown, and would be served for ever.
	if closed := ln.Close(); closed != nil && !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	if served := <-ended; served != nil && !errors.Is(served, net.ErrClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (s *Server) health(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	if s.opts.Healthy != nil {
		if err := s.opts.Healthy(c.UserContext()); err != nil {
			s.opts.Log.Error().Err(err).Msg("not healthy")
			return c.Status(fiber.StatusServiceUnavailable).JSON(fiber.Map{"status": "unavailable"})
		}
	}
	return c.JSON(fiber.Map{"status": "ok", "version": s.opts.Version})
}

// RawCtx is fiber's context, for handlers of Raw.
type RawCtx = fiber.Ctx
