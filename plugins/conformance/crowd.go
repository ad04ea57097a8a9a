package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

var crowdCases = []Case{
	{Name: "serves_many_at_once", Section: Crowd, Play: People, Check: inShop(servesManyAtOnce),
		Proves: "Calls at once on two accounts are each answered for their own account, and no payment is lost or doubled."},
}

func servesManyAtOnce(ctx context.Context, s *shop) error {
	other, err := s.h.open(ctx)
	if err != nil {
		return err
	}
	const each = 6
	shops := []*shop{s, other}
	base := s.h.hundred()
	amount := func(i int) money.Money { return base.Plus(money.Of(int64(i)*10, base.Currency())) }
	_, errs := together(2*each, func(i int) (string, error) {
		_, p, err := shops[i%2].paid(ctx, fmt.Sprint("att_crowd_", i), amount(i))
		if err == nil && (!p.Gross.Equal(amount(i)) || p.Reference != fmt.Sprint("att_crowd_", i)) {
			err = fmt.Errorf("payment %d of %s was answered with %s for %q", i, amount(i), brief([]gateway.Payment{p}), p.Reference)
		}
		return p.ID, err
	})
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for who, shop := range shops {
		all, _, err := shop.list(ctx, "", 3)
		if err != nil {
			return err
		}
		n := map[string]int{}
		for _, p := range of(gateway.KindPayment, all) {
			n[p.Reference]++
		}
		for i := who; i < 2*each; i += 2 {
			if key := fmt.Sprint("att_crowd_", i); n[key] != 1 {
				return fmt.Errorf("account %d lists %d payments for %s", who, n[key], key)
			}
		}
		if len(n) != each {
			return fmt.Errorf("account %d lists payments for %v", who, slices.Sorted(maps.Keys(n)))
		}
	}
	return nil
}

// secrecyCases look back at all that the gateway said in the cases before.
var secrecyCases = []Case{
	{Name: "answers_add_up", Section: Secrecy, Check: answersAddUp,
		Proves: "No answer in any case was one that the host would refuse."},
	{Name: "shows_no_secret", Section: Secrecy, Play: Accounts, Check: showsNoSecret,
		Proves: "No error and no cursor, in any case, holds a secret or a customer's name or address."},
	{Name: "logs_no_secret", Section: Secrecy, Play: Logging, Check: logsNoSecret,
		Proves: "No line of the log, in any case, holds a secret or a customer's name or address."},
}

func answersAddUp(_ context.Context, h *Harness) error {
	h.witness.mu.Lock()
	defer h.witness.mu.Unlock()
	return h.witness.bad
}

// leak says what of the secrets and of the customer a text holds.
func (w *witness) leak(text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.secrets {
		if strings.Contains(text, s) || strings.Contains(text, url.QueryEscape(s)) {
			return errors.New("the value of a secret setting is shown")
		}
	}
	for _, s := range []string{customerName, customerEmail, url.QueryEscape(customerName), url.QueryEscape(customerEmail)} {
		if strings.Contains(text, s) {
			return errors.New("the customer's name or address is shown")
		}
	}
	return nil
}

func showsNoSecret(ctx context.Context, h *Harness) error {
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	if h.Refused != nil {
		_, _ = h.checked(ctx, h.Refused()) // witnessed
	}
	h.witness.mu.Lock()
	known := slices.Sorted(maps.Keys(h.witness.secrets))
	h.witness.mu.Unlock()
	if len(known) == 0 {
		return errors.New("no connection of the harness has a secret: nothing was tried")
	}
	for _, said := range append(known[:1:1], customerEmail) {
		s.strangers(ctx, said)
		_, _ = s.ListPayments(ctx, gateway.ListRequest{Cursor: said, Limit: 1})
		_, _ = s.ParseWebhook(ctx, gateway.Delivery{Headers: []gateway.Header{{Name: "Signature", Value: said}}, Body: []byte(said), ReceivedAt: h.now()})
		_, _ = s.CreateCheckout(ctx, h.request(said, money.Zero(money.EUR)))
	}
	h.witness.mu.Lock()
	texts := slices.Collect(maps.Keys(h.witness.said))
	h.witness.mu.Unlock()
	for _, text := range texts {
		if err := h.witness.leak(text); err != nil {
			return err
		}
	}
	return nil
}

func logsNoSecret(_ context.Context, h *Harness) error {
	log := h.Driver.(Logger).Log()
	if log == "" {
		return notApplicable("the gateway has logged nothing")
	}
	return h.witness.leak(log)
}
