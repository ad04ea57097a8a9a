package api

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/rs/zerolog"
)

// Prefix is where the API lives. What is below it keeps its meaning: a change that would break a program goes below another.
const Prefix = "/api/v1"

// Options is what the API needs.
type Options struct {
	App     *app.App
	Version string // of the program, for the document
	Log     zerolog.Logger
	// PerMinute bounds the requests of one token in a minute; 0: no bound.
	PerMinute int
	// Now is the clock of that bound. Default: time.Now.
	Now func() time.Time
}

// service answers the API's requests.
type service struct {
	app    *app.App
	fiber  *fiber.App
	log    zerolog.Logger
	limit  *limiter
	doc    huma.API
	routes []route

	currencies sync.Map // company id -> money.Currency; a company's never changes
}

type route struct{ method, path string }

// Mount adds the API and its document to a fiber app. Handlers authenticate each request by its token: there are no cookies,
// hence no CSRF, and no other site is allowed to call it from a browser.
func Mount(f *fiber.App, o Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &service{app: o.App, fiber: f, log: o.Log, limit: newLimiter(o.PerMinute, o.Now), doc: newDocument(o.Version)}
	for _, area := range []func(){s.company, s.settings, s.customers, s.gateways, s.quotes, s.invoices, s.payLinks, s.inbox, s.evidence, s.proofs, s.receipts, s.refunds,
		s.entries, s.ledger, s.exchange, s.mails, s.exports, s.users, s.history} {
		area()
	}
	s.serveDocument()
	f.All("/api/*", s.noRoute)
}

// prepare sets the headers that every answer has. A request that has no id yet gets one.
func (s *service) prepare(f *fiber.Ctx) {
	h := &f.Response().Header
	if len(h.Peek(fiber.HeaderXRequestID)) == 0 {
		h.Set(fiber.HeaderXRequestID, ids.New(ids.Request))
	}
	h.Set(fiber.HeaderCacheControl, "no-store")
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
}

// allowed lists the methods that an address takes.
func (s *service) allowed(path string) string {
	var out []string
	for _, r := range s.routes {
		if fiber.RoutePatternMatch(path, r.path) && !slices.Contains(out, r.method) {
			out = append(out, r.method)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// currency is that of a company's books.
func (s *service) currency(ctx context.Context, who access.Actor) (money.Currency, error) {
	if cur, ok := s.currencies.Load(who.Company); ok {
		return cur.(money.Currency), nil
	}
	setup, err := s.app.Books.Setup(ctx, who.Company)
	if err != nil {
		return "", err
	}
	s.currencies.Store(who.Company, setup.Company.Currency)
	return setup.Company.Currency, nil
}

// views gives the views of the caller's books. Code: not_allowed.
func (s *service) views(c *call) (app.Views, error) { return s.app.Look(c.who) }

// limiter counts the requests of each token in windows of a minute.
type limiter struct {
	most int
	now  func() time.Time

	mu   sync.Mutex
	ends time.Time
	seen map[string]int
}

func newLimiter(most int, now func() time.Time) *limiter { return &limiter{most: most, now: now} }

// take counts one request. Code: too_many_tries.
func (l *limiter) take(token string) error {
	if l.most == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); !now.Before(l.ends) {
		l.ends, l.seen = now.Add(time.Minute), map[string]int{}
	}
	if l.seen[token]++; l.seen[token] > l.most {
		return fault.New(fault.Unavailable, fault.TooManyTries, "minutes", "1")
	}
	return nil
}

// wait is how long the window still lasts, in seconds.
func (l *limiter) wait() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(1, int((l.ends.Sub(l.now())+time.Second-1)/time.Second))
}
