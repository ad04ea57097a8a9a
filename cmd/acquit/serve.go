package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/acquit-app/acquit/adapters/fiberweb"
)

type serveCmd struct {
	Listen        string   `help:"Address to listen on." default:"127.0.0.1:8080" env:"ACQUIT_LISTEN" placeholder:"HOST:PORT"`
	BaseURL       string   `help:"Where customers and gateways reach this installation, e.g. https://pay.example.com. Default: the listening address." env:"ACQUIT_BASE_URL" placeholder:"URL"`
	TrustedProxy  []string `help:"Addresses or networks of reverse proxies whose X-Forwarded headers are believed." env:"ACQUIT_TRUSTED_PROXY" placeholder:"CIDR"`
	TrustGateways bool     `help:"Run the gateways that lie beside acquit without pinning them first. For demonstrations and development." env:"ACQUIT_TRUST_GATEWAYS"`
	NoWorkers     bool     `help:"Do not send mail, read webhooks again or poll gateways here; another process does." env:"ACQUIT_NO_WORKERS"`
}

func (c *serveCmd) Run(s *session) error {
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = ln.Close() }()
	base := strings.TrimSuffix(c.BaseURL, "/")
	if base == "" {
		base = "http://" + reachable(ln.Addr())
	}
	var sims *simulators
	if !c.NoWorkers { // else the process that has the workers has them too
		if sims, err = s.openSimulators("", true); err != nil {
			return err
		}
	}
	h, err := s.build(base, c.TrustGateways)
	if err != nil {
		return errors.Join(err, sims.Close())
	}
	sims.say(s)
	err = c.serve(s, h, ln, base)
	return errors.Join(err, h.Close(), sims.Close())
}

func (c *serveCmd) serve(s *session, h *house, ln net.Listener, base string) error {
	web, code, err := h.web(s, fiberweb.Options{BaseURL: base, TrustedProxies: c.TrustedProxy, Version: version, Log: s.log, Now: s.now})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	var workers sync.WaitGroup
	if !c.NoWorkers {
		workers.Go(func() { h.app.Work(ctx) })
	}
	fmt.Fprintf(s.out, "Acquit %s is listening on %s\n", version, base)
	if code != "" {
		fmt.Fprintf(s.out, "Nobody can log in yet. Set the first company up at %s%s\n", base, code)
	}
	err = web.Serve(ctx, ln)
	stop()
	workers.Wait()
	return err
}

// reachable is the address a browser on this machine can use for a listener on every interface.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
