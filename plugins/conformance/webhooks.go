package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

var webhookCases = []Case{
	{Name: "reads_its_webhooks", Section: Webhooks, Play: People, Check: inShop(readsItsWebhooks),
		Proves: "A genuine delivery is believed, has the event's id and leads to what it is about."},
	{Name: "a_replay_is_the_same_event", Section: Webhooks, Play: People, Check: inShop(aReplayIsTheSameEvent),
		Proves: "The same delivery again, also at once, has the same event id."},
	{Name: "reads_headers_in_any_case", Section: Webhooks, Play: People, Check: inShop(readsHeadersInAnyCase),
		Proves: "The names of headers may arrive in capitals or not, with others around them."},
	{Name: "refuses_forged_webhooks", Section: Webhooks, Play: People, Check: inShop(refusesForgedWebhooks),
		Proves: "A delivery of which one bit was changed, or a header or the body is missing, is not trusted."},
	{Name: "refuses_webhooks_of_others", Section: Webhooks, Play: People, Check: inShop(refusesWebhooksOfOthers),
		Proves: "A genuine delivery for another account is not trusted."},
	{Name: "refuses_webhooks_of_another_time", Section: Webhooks, Play: People, Check: inShop(refusesWebhooksOfAnotherTime),
		Proves: "A genuine delivery that arrives an hour after it was sent, or before, is not trusted."},
	{Name: "refuses_wrong_secrets", Section: Webhooks, Play: Signing, Check: inShop(refusesWrongSecrets),
		Proves: "A delivery signed with no secret, or another one, is not trusted."},
	{Name: "refuses_signed_nonsense", Section: Webhooks, Play: Signing, Check: inShop(refusesSignedNonsense),
		Proves: "A body that is no event is refused even when its signature is right."},
	{Name: "refuses_garbage", Section: Webhooks, Play: Accounts, Check: inShop(refusesGarbage),
		Proves: "Garbage of any size and shape is not trusted, and breaks nothing."},
	{Name: "follows_rotated_secrets", Section: Webhooks, Play: Rotating, Check: inShop(followsRotatedSecrets),
		Proves: "With new secrets the account is the same, its list goes on, and its new deliveries are believed."},
}

// told makes a payment and returns the delivery that tells of it.
func (s *shop) told(ctx context.Context) (gateway.Checkout, gateway.CheckoutStatus, gateway.Delivery, error) {
	page, st, err := s.pay(ctx, "att_told", s.h.hundred(), Paid)
	if err != nil {
		return page, st, gateway.Delivery{}, err
	}
	d, err := s.h.World.Webhook(ctx, s.conn, page)
	if err == nil && len(d.Body) == 0 {
		err = errors.New("the world's delivery is empty")
	}
	return page, st, d, err
}

// untrusted says that a delivery is not believed.
func (s *shop) untrusted(ctx context.Context, d gateway.Delivery) error {
	_, err := s.ParseWebhook(ctx, d)
	return wants(err, gateway.ErrUntrusted, gateway.NotDone)
}

func readsItsWebhooks(ctx context.Context, s *shop) error {
	page, st, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	hint, err := s.ParseWebhook(ctx, d)
	if err != nil {
		return err
	}
	if hint.EventID == "" {
		return errors.New("a hint without the event's id")
	}
	a, err := s.Check(ctx)
	if err != nil || hint.Mode != "" && hint.Mode != a.Mode {
		return wrong(err, "an event in %q of an account in %q", hint.Mode, a.Mode)
	}
	if slices.Contains(hint.SessionIDs, page.SessionID) || len(st.Payments) == 1 && slices.Contains(hint.PaymentIDs, st.Payments[0].ID) {
		return nil
	}
	return fmt.Errorf("the hint does not lead to what it is about: %+v", hint)
}

func aReplayIsTheSameEvent(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	hints, errs := together(4, func(int) (gateway.Hint, error) { return s.ParseWebhook(ctx, d) })
	for _, h := range hints {
		if h.EventID != hints[0].EventID {
			errs = append(errs, fmt.Errorf("one delivery is the event %q and %q", hints[0].EventID, h.EventID))
		}
	}
	return errors.Join(errs...)
}

func readsHeadersInAnyCase(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	for what, f := range map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper} {
		other := d
		other.Headers = []gateway.Header{{Name: "X-Forwarded-For", Value: "192.0.2.1"}}
		for _, h := range d.Headers {
			other.Headers = append(other.Headers, gateway.Header{Name: f(h.Name), Value: h.Value})
		}
		if _, err := s.ParseWebhook(ctx, other); err != nil {
			return fmt.Errorf("headers in %s case: %w", what, err)
		}
	}
	return nil
}

func refusesForgedWebhooks(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	forged := map[string]gateway.Delivery{
		"a longer body":  {Headers: d.Headers, Body: append(bytes.Clone(d.Body), ' '), ReceivedAt: d.ReceivedAt},
		"a shorter body": {Headers: d.Headers, Body: d.Body[:len(d.Body)-1], ReceivedAt: d.ReceivedAt},
		"no headers":     {Body: d.Body, ReceivedAt: d.ReceivedAt},
		"no body":        {Headers: d.Headers, ReceivedAt: d.ReceivedAt},
		"nothing at all": {ReceivedAt: d.ReceivedAt},
	}
	for _, at := range []int{0, len(d.Body) / 4, len(d.Body) / 2, len(d.Body) - 1} {
		body := bytes.Clone(d.Body)
		body[at] ^= 1
		forged[fmt.Sprintf("a flipped bit at %d", at)] = gateway.Delivery{Headers: d.Headers, Body: body, ReceivedAt: d.ReceivedAt}
	}
	for _, what := range slices.Sorted(maps.Keys(forged)) {
		if e := s.untrusted(ctx, forged[what]); e != nil {
			return fmt.Errorf("%s: %w", what, e)
		}
	}
	return nil
}

func refusesWebhooksOfOthers(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	other, err := s.h.open(ctx)
	if err != nil {
		return err
	}
	return other.untrusted(ctx, d)
}

func refusesWebhooksOfAnotherTime(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	genuine := d.ReceivedAt
	for _, shift := range []time.Duration{time.Hour, -time.Hour} {
		d.ReceivedAt = genuine.Add(shift)
		if e := s.untrusted(ctx, d); e != nil {
			return fmt.Errorf("received %s off: %w", shift, e)
		}
	}
	return nil
}

func refusesWrongSecrets(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	for what, secret := range map[string]string{"no": "", "another": "whsec_of_somebody_else_0123456789"} {
		forged, err := s.h.World.(Signer).Sign(ctx, s.conn, d.Body, d.ReceivedAt, &secret)
		if err != nil {
			return err
		}
		if e := s.untrusted(ctx, forged); e != nil {
			return fmt.Errorf("signed with %s secret: %w", what, e)
		}
	}
	return nil
}

func refusesSignedNonsense(ctx context.Context, s *shop) error {
	_, _, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	for _, body := range []string{"", "null", "[]", "{}", "not JSON", `{"id":1}`, strings.Repeat("[", 20_000)} {
		signed, err := s.h.World.(Signer).Sign(ctx, s.conn, []byte(body), d.ReceivedAt, nil)
		if err != nil {
			return err
		}
		if e := s.untrusted(ctx, signed); e != nil {
			return fmt.Errorf("%.20q: %w", body, e)
		}
	}
	return nil
}

func refusesGarbage(ctx context.Context, s *shop) error {
	now := s.h.now()
	many := make([]gateway.Header, 200)
	for i := range many {
		many[i] = gateway.Header{Name: fmt.Sprint("X-Header-", i), Value: strings.Repeat("v", 500)}
	}
	for what, d := range map[string]gateway.Delivery{
		"a megabyte":          {Body: bytes.Repeat([]byte{0xff}, 1<<20)},
		"a megabyte of depth": {Body: bytes.Repeat([]byte{'['}, 1<<20)},
		"two hundred headers": {Headers: many, Body: []byte("{}")},
		"no UTF-8":            {Headers: []gateway.Header{{Name: "Signature", Value: "t=\xff\xfe"}}, Body: []byte("\xff\xfe")},
		"no time of arrival":  {Body: []byte("{}")},
	} {
		if what != "no time of arrival" {
			d.ReceivedAt = now
		}
		if e := s.untrusted(ctx, d); e != nil {
			return fmt.Errorf("%s: %w", what, e)
		}
	}
	return nil
}

func followsRotatedSecrets(ctx context.Context, s *shop) error {
	_, first, err := s.paid(ctx, "att_before", s.h.hundred())
	if err != nil {
		return err
	}
	before, err := s.Check(ctx)
	if err != nil {
		return err
	}
	_, end, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	c, err := s.h.World.(Rotator).Rotate(ctx, s.conn)
	if err != nil {
		return err
	}
	if s, err = s.h.with(ctx, c); err != nil {
		return err
	}
	if after, err := s.Check(ctx); err != nil || after.ID != before.ID {
		return wrong(err, "with new secrets the account is %q, it was %q", after.ID, before.ID)
	}
	page, st, d, err := s.told(ctx)
	if err != nil {
		return err
	}
	rest, _, err := s.list(ctx, end, 10)
	if err != nil {
		return err
	}
	if len(st.Payments) != 1 || latest(rest)["payment "+st.Payments[0].ID].ID == "" {
		return fmt.Errorf("behind %s the list goes on with %s", first.ID, brief(rest))
	}
	if _, err := s.ParseWebhook(ctx, d); err != nil {
		return fmt.Errorf("of page %s: %w", page.SessionID, err)
	}
	return nil
}
