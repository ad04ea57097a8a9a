package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/valyala/fasthttp"
)

// clients are how many post at once.
var clients = []int{1, 8, 32, 100}

// maxP99 are the goals for how long the slowest of a hundred requests takes.
var maxP99 = map[int]time.Duration{1: 5 * time.Millisecond, 32: 15 * time.Millisecond}

// posting measures entries posted over HTTP (G1, G2, G3) and, on SQLite, beside plain inserts (G6).
func posting(l *lab) error {
	rates := map[int]rate{}
	for _, n := range clients {
		r, err := l.postOverHTTP(n)
		if err != nil {
			return err
		}
		rates[n] = r
		what := fmt.Sprintf("post over HTTP, %d clients", n)
		goal := map[int]string{1: "G3", 32: "G1"}[n]
		if goal == "" {
			l.out.note("G2", what+": "+r.String(), l.engine, perSecond(r.perSecond()))
			continue
		}
		if l.engine == postgres {
			p3, err := l.pgbench(n, 1)
			if err != nil {
				return err
			}
			l.out.ratio(goal, what, l.engine, r.perSecond(), p3, perSecond, "P3", atLeast(map[int]float64{1: 0.2, 32: 0.5}[n]))
		} else {
			l.out.note(goal, what, l.engine, perSecond(r.perSecond()))
		}
		l.out.limit(goal, what+": p99 ("+r.String()+")", l.engine, r.quantile(0.99).Seconds(), seconds, atMost(maxP99[n].Seconds()))
	}
	l.out.ratio("G2", "8 clients beside 1", l.engine, rates[8].perSecond(), rates[1].perSecond(), perSecond, "1 client", atLeast(2.5))
	l.out.ratio("G2", "32 clients beside 8", l.engine, rates[32].perSecond(), rates[8].perSecond(), perSecond, "8 clients", atLeast(1.5))
	l.out.ratio("G2", "100 clients beside 32", l.engine, rates[100].perSecond(), rates[32].perSecond(), perSecond, "32 clients", atLeast(1))
	if l.engine == sqlite {
		bare, err := l.bareSQLite()
		if err != nil {
			return err
		}
		l.out.ratio("G6", "post over HTTP, 1 client", l.engine, rates[1].perSecond(), bare, perSecond, "bare inserts", atLeast(0.4))
		l.out.ratio("G6", "post over HTTP, 32 clients", l.engine, rates[32].perSecond(), bare, perSecond, "bare inserts", atLeast(2))
	}
	return nil
}

// postOverHTTP has clients post sales of three lines, each with an idempotency key of its own.
func (l *lab) postOverHTTP(clients int) (rate, error) {
	if err := l.serve(); err != nil {
		return rate{}, err
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	day := l.app.Today().String()
	hosts := make([]*fasthttp.HostClient, clients)
	for i := range hosts {
		hosts[i] = &fasthttp.HostClient{Addr: l.web.addr, MaxConns: 1}
	}
	defer func() {
		for _, h := range hosts {
			h.CloseIdleConnections()
		}
	}()
	r := load(l.ctx, clients, l.o.For, func(_ context.Context, client, n int) error {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.Header.SetMethod(fasthttp.MethodPost)
		req.SetRequestURI("http://" + l.web.addr + api.Prefix + "/entries")
		req.Header.SetContentType("application/json")
		req.Header.Set("Authorization", "Bearer "+l.web.secret)
		req.Header.Set("Idempotency-Key", run+"-"+strconv.Itoa(n))
		who := l.people[n%len(l.people)]
		req.SetBody(fmt.Appendf(nil, `{"journal":"VE","date":%q,"piece":"FA-%d","label":%q,"lines":[
			{"account":"411000","aux":%q,"debit":{"amount":"120.00","currency":"EUR"}},
			{"account":"706000","credit":{"amount":"100.00","currency":"EUR"}},
			{"account":%q,"credit":{"amount":"20.00","currency":"EUR"}}]}`, day, n, "Vente "+who.Name, who.Code, vat20))
		if err := hosts[client].Do(req, resp); err != nil {
			return err
		}
		if resp.StatusCode() != fasthttp.StatusCreated {
			return fmt.Errorf("posting answered %d: %s", resp.StatusCode(), resp.Body())
		}
		return nil
	})
	if r.done == 0 {
		return r, fmt.Errorf("no entry was posted: %w", r.err)
	}
	return r, nil
}
