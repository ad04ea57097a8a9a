package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// simulators are the play Stripe and the play PayPal of a demonstration. The gateways' own programs speak to them as they
// would to the providers, through their api_url setting, which takes addresses of this machine and test keys only.
//
// They live in the folder simulators of the data directory: one folder of state for each, and the addresses they are at.
// Those are on file because connections name them.
type simulators struct {
	at      addresses
	stripe  *stripefake.Fake
	paypal  *paypalfake.Fake
	servers []*http.Server
}

// addresses are where the simulators listen, as HOST:PORT on loopback.
type addresses struct {
	Stripe string `json:"stripe"`
	PayPal string `json:"paypal"`
}

func (g *globals) simulators() string { return filepath.Join(g.Data, "simulators") }

// readAddresses gives the addresses on file; without a file, those of no simulator.
func readAddresses(dir string) (addresses, error) {
	var at addresses
	name := filepath.Join(dir, "addresses.json")
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err == nil && (!onLoopback(at.Stripe) || !onLoopback(at.PayPal)) {
		err = errors.New("both addresses must be of this machine, as in 127.0.0.1:8090")
	}
	if err != nil {
		return addresses{}, fmt.Errorf("simulators: %s: %w", name, err)
	}
	return at, nil
}

func (at addresses) write(dir string) error {
	b, err := json.MarshalIndent(at, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "addresses.json"), append(b, '\n'), 0o600)
}

// after gives the simulators an address and the port behind it; port 0 is any that is free, for both.
func after(first string) (addresses, error) {
	host, port, err := net.SplitHostPort(first)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || n == 65535 || !onLoopback(first) {
		return addresses{}, fmt.Errorf("simulators: %q is no address of this machine; give one like 127.0.0.1:8090", first)
	}
	next := n
	if n != 0 {
		next++
	}
	return addresses{Stripe: first, PayPal: net.JoinHostPort(host, strconv.FormatUint(next, 10))}, nil
}

func onLoopback(at string) bool {
	host, _, err := net.SplitHostPort(at)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// openSimulators serves the simulators of this data directory: at the addresses on file, else, when first is given, from
// there on. It returns nil when there are none and none are wanted. deliver lets them send their webhooks.
//
// Their ports are taken before their state is read, so that two programs never write one state.
func (s *session) openSimulators(first string, deliver bool) (_ *simulators, err error) {
	dir := s.g.simulators()
	at, err := readAddresses(dir)
	if err != nil {
		return nil, err
	}
	fresh := at == addresses{}
	if fresh {
		if first == "" {
			return nil, nil
		}
		if at, err = after(first); err != nil {
			return nil, err
		}
	}
	sims := &simulators{}
	defer func() {
		if err != nil {
			err = errors.Join(err, sims.Close())
		}
	}()
	stripeAt, err := listenFor("Stripe", at.Stripe)
	if err != nil {
		return nil, err
	}
	defer closeUnless(&err, stripeAt)
	paypalAt, err := listenFor("PayPal", at.PayPal)
	if err != nil {
		return nil, err
	}
	defer closeUnless(&err, paypalAt)
	folder := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"stripe", "paypal"} {
		if err := os.MkdirAll(folder(name), 0o700); err != nil {
			return nil, fmt.Errorf("simulators: %w", err)
		}
	}
	if sims.stripe, err = stripefake.New(stripefake.Options{Dir: folder("stripe"), Now: s.now, Deliver: deliver}); err != nil {
		return nil, err
	}
	if sims.paypal, err = paypalfake.New(paypalfake.Options{Dir: folder("paypal"), Now: s.now, Deliver: deliver}); err != nil {
		return nil, err
	}
	sims.at = addresses{Stripe: stripeAt.Addr().String(), PayPal: paypalAt.Addr().String()}
	sims.stripe.SetURL(sims.stripeURL())
	sims.paypal.SetBase(sims.paypalURL())
	if fresh {
		if err := sims.at.write(dir); err != nil {
			return nil, fmt.Errorf("simulators: %w", err)
		}
	}
	sims.serve(s, stripeAt, sims.stripe)
	sims.serve(s, paypalAt, sims.paypal)
	return sims, nil
}

func closeUnless(err *error, ln net.Listener) {
	if *err != nil {
		_ = ln.Close()
	}
}

func listenFor(name, at string) (net.Listener, error) {
	ln, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("the simulator of %s cannot listen on %s: is this installation, or another program, at it already? (%w)", name, at, err)
	}
	return ln, nil
}

func (v *simulators) serve(s *session, ln net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	v.servers = append(v.servers, server)
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error().Err(err).Str("address", ln.Addr().String()).Msg("a simulator stopped")
		}
	}()
}

func (v *simulators) stripeURL() string { return "http://" + v.at.Stripe }
func (v *simulators) paypalURL() string { return "http://" + v.at.PayPal }

// say tells where the simulators' consoles are.
func (v *simulators) say(s *session) {
	if v != nil {
		fmt.Fprintf(s.out, "Stripe's simulator is at %s, PayPal's at %s\n", v.stripeURL(), v.paypalURL())
	}
}

// Close lets calls end that are under way, for some seconds, then stops the simulators.
func (v *simulators) Close() error {
	if v == nil {
		return nil
	}
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	var errs []error
	for _, server := range v.servers {
		err := server.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close() // browsers also keep connections open that ask for nothing
		}
		errs = append(errs, err)
	}
	if v.stripe != nil {
		errs = append(errs, v.stripe.Close())
	}
	if v.paypal != nil {
		errs = append(errs, v.paypal.Close())
	}
	return errors.Join(errs...)
}
