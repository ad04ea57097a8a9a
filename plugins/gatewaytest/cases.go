package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Cases lists the rules, in the order in which an author would make them pass.
func Cases() []Case {
	return []Case{
		{Name: "describes_itself", Check: describesItself},
		{Name: "has_what_it_announces", Check: hasWhatItAnnounces},
		{Name: "opens_the_same_account", Check: opensTheSameAccount},
		{Name: "refuses_bad_settings", Check: refusesBadSettings},
		{Name: "opens_a_page", Check: opensAPage},
		{Name: "one_key_one_page", Check: oneKeyOnePage},
		{Name: "lost_answer_is_unknown", Check: lostAnswerIsUnknown},
		{Name: "takes_the_money_once", Check: takesTheMoneyOnce},
		{Name: "declined_takes_nothing", Check: declinedTakesNothing},
		{Name: "pending_is_not_paid", Check: pendingIsNotPaid},
		{Name: "fee_may_come_later", Check: feeMayComeLater},
		{Name: "counts_in_minor_units", Check: countsInMinorUnits},
		{Name: "lists_without_gaps", Check: listsWithoutGaps},
		{Name: "lists_changes_again", Check: listsChangesAgain},
		{Name: "keeps_accounts_apart", Check: keepsAccountsApart},
		{Name: "says_not_found", Check: saysNotFound},
		{Name: "reads_its_webhooks", Check: readsItsWebhooks},
		{Name: "refuses_forged_webhooks", Check: refusesForgedWebhooks},
		{Name: "refuses_webhooks_of_another_time", Check: refusesWebhooksOfAnotherTime},
		{Name: "shows_no_secret", Check: showsNoSecret},
		{Name: "refunds_once", Needs: gateway.CanRefund, Check: refundsOnce},
		{Name: "closes_pages", Needs: gateway.CanExpire, Check: closesPages},
		{Name: "balance_is_what_it_listed", Needs: gateway.CanBalance, Check: balanceIsWhatItListed},
		{Name: "payout_is_its_items", Needs: gateway.CanPayoutItems, Check: payoutIsItsItems},
	}
}

var eur100 = money.Of(10_000, money.EUR)

func describesItself(ctx context.Context, h *Harness) error {
	info, err := h.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	if err := gateway.CheckInfo(info); err != nil {
		return err
	}
	again, err := h.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(info, again) {
		return errors.New("it describes itself in two ways")
	}
	if info.Version == "" {
		return errors.New("it has no version")
	}
	texts := map[string]gateway.Text{"help": info.Help}
	for _, s := range info.Settings {
		texts["label of "+s.Name] = s.Label
		if _, err := regexp.Compile(s.Pattern); err != nil {
			return fmt.Errorf("pattern of %s: %w", s.Name, err)
		}
		offered := s.Default == ""
		for _, c := range s.Choices {
			texts["label of "+s.Name+"="+c.Value] = c.Label
			offered = offered || c.Value == s.Default
		}
		if s.Type == gateway.ChoiceSetting && (len(s.Choices) == 0 || !offered) {
			return fmt.Errorf("%s has no choice, or a default that is none of them", s.Name)
		}
		if s.Type == gateway.SecretSetting && s.Default != "" {
			return fmt.Errorf("%s is a secret that everybody knows: it has a default", s.Name)
		}
	}
	for what, text := range texts {
		if text["fr"] == "" || text["en"] == "" {
			return fmt.Errorf("the %s is not there in French and English", what)
		}
	}
	return nil
}

func hasWhatItAnnounces(ctx context.Context, h *Harness) error {
	info, err := h.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	_, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	_, refund := g.(gateway.Refunder)
	_, expire := g.(gateway.Expirer)
	_, balance := g.(gateway.BalanceReader)
	_, install := g.(gateway.WebhookInstaller)
	_, items := g.(gateway.PayoutReader)
	for c, has := range map[gateway.Capability]bool{
		gateway.CanRefund: refund, gateway.CanExpire: expire, gateway.CanBalance: balance, gateway.CanInstallWebhook: install, gateway.CanPayoutItems: items,
	} {
		if info.Can(c) && !has {
			return fmt.Errorf("it announces %s and does not have it", c)
		}
	}
	return nil
}

func opensTheSameAccount(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	a, err := g.Check(ctx)
	if err != nil {
		return err
	}
	if err := gateway.CheckAccount(a); err != nil {
		return err
	}
	g, err = h.Driver.Open(ctx, c)
	if err != nil {
		return err
	}
	if b, err := g.Check(ctx); err != nil || b.ID != a.ID {
		return wrong(err, "the same settings open %q, then %q", a.ID, b.ID)
	}
	_, g, err = h.open(ctx)
	if err != nil {
		return err
	}
	if b, err := g.Check(ctx); err != nil || b.ID == a.ID {
		return wrong(err, "other settings open the same account %q", a.ID)
	}
	return nil
}

func refusesBadSettings(ctx context.Context, h *Harness) error {
	g, err := h.Driver.Open(ctx, h.Refused())
	if err == nil {
		_, err = g.Check(ctx)
	}
	if e := wants(err, gateway.ErrConfig, gateway.NotDone); e != nil {
		return e
	}
	info, err2 := h.Driver.Describe(ctx)
	if err2 != nil {
		return err2
	}
	blamed := gateway.AsError(err).Setting
	for _, s := range info.Settings {
		if s.Name == blamed || blamed == "" {
			return nil
		}
	}
	return fmt.Errorf("it blames the setting %q, which it does not declare", blamed)
}

func opensAPage(ctx context.Context, h *Harness) error {
	_, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	page, err := g.CreateCheckout(ctx, request("att_open", eur100))
	if err != nil {
		return err
	}
	if err := gateway.CheckCheckout(page); err != nil {
		return err
	}
	s, err := look(ctx, g, page.SessionID)
	if err != nil {
		return err
	}
	if s.State != gateway.CheckoutOpen || len(s.Payments) != 0 {
		return fmt.Errorf("a new page is %s with %d payments", s.State, len(s.Payments))
	}
	_, err = g.CreateCheckout(ctx, request("att_nothing", money.Zero(money.EUR)))
	return wants(err, gateway.ErrPermanent, gateway.NotDone)
}

func oneKeyOnePage(ctx context.Context, h *Harness) error {
	_, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	r := request("att_once", eur100)
	const callers = 8
	pages, errs := make(chan gateway.Checkout, callers), make(chan error, callers)
	for range callers {
		go func() {
			p, err := g.CreateCheckout(ctx, r)
			pages <- p
			errs <- err
		}()
	}
	first := <-pages
	err = <-errs
	for range callers - 1 {
		p := <-pages
		err = errors.Join(err, <-errs)
		if p.SessionID != first.SessionID || p.URL != first.URL {
			err = errors.Join(err, fmt.Errorf("one key opened %s and %s", first.SessionID, p.SessionID))
		}
	}
	if err != nil {
		return err
	}
	r.IdempotencyKey, r.Reference = "att_twice", "att_twice"
	if p, err := g.CreateCheckout(ctx, r); err != nil || p.SessionID == first.SessionID {
		return wrong(err, "another key opened the same page %s", p.SessionID)
	}
	return nil
}

func lostAnswerIsUnknown(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	if err := h.World.LoseAnswer(ctx, c); err != nil {
		return err
	}
	r := request("att_lost", eur100)
	_, err = g.CreateCheckout(ctx, r)
	if e := wants(err, gateway.ErrRetryable, gateway.Unknown); e != nil {
		return e
	}
	page, err := g.CreateCheckout(ctx, r)
	if err != nil {
		return fmt.Errorf("the same key again: %w", err)
	}
	return gateway.CheckCheckout(page)
}

func takesTheMoneyOnce(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	page, s, err := h.pay(ctx, c, g, "att_paid", eur100, Paid)
	if err != nil {
		return err
	}
	if s.State == gateway.CheckoutAuthorized && len(s.Payments) == 0 {
		for range 2 {
			if _, err = g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: page.SessionID, IdempotencyKey: "att_paid:capture", Capture: true}); err != nil {
				return err
			}
		}
		if s, err = look(ctx, g, page.SessionID); err != nil {
			return err
		}
	}
	if s.State != gateway.CheckoutPaid || len(s.Payments) != 1 {
		return fmt.Errorf("a paid page is %s with %d payments", s.State, len(s.Payments))
	}
	p := s.Payments[0]
	if p.Kind != gateway.KindPayment || p.State != gateway.Succeeded || !p.Gross.Equal(eur100) || p.Reference != "att_paid" || p.SessionID != page.SessionID {
		return fmt.Errorf("not the payment that was made: %+v", p)
	}
	if p.FeeState == gateway.FeeUnknown {
		return errors.New("the fee is not told although it is known")
	}
	if again, err := g.FetchPayment(ctx, p.ID); err != nil || !reflect.DeepEqual(again, p) {
		return wrong(err, "fetched, the payment looks different: %+v and %+v", p, again)
	}
	all, _, err := listAll(ctx, g, "", 10)
	if err != nil {
		return err
	}
	n := 0
	for _, m := range all {
		if m.Kind == gateway.KindPayment {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("the list has %d payments, one was made", n)
	}
	return nil
}

func declinedTakesNothing(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	_, s, err := h.pay(ctx, c, g, "att_declined", eur100, Declined)
	if err != nil {
		return err
	}
	if s.State != gateway.CheckoutRetry && s.State != gateway.CheckoutFailed && s.State != gateway.CheckoutOpen {
		return fmt.Errorf("a declined page is %s", s.State)
	}
	all, _, err := listAll(ctx, g, "", 10)
	if err != nil {
		return err
	}
	for _, m := range append(all, s.Payments...) {
		if m.State != gateway.Failed {
			return fmt.Errorf("a declined payment is listed as %s", m.State)
		}
	}
	return nil
}

func pendingIsNotPaid(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	for key, paid := range map[string]bool{"att_comes": true, "att_fails": false} {
		page, s, err := h.pay(ctx, c, g, key, eur100, Pending)
		if err != nil {
			return err
		}
		if s.State != gateway.CheckoutProcessing || len(s.Payments) != 1 || s.Payments[0].State != gateway.Pending {
			return fmt.Errorf("a page whose debit is pending is %s with %+v", s.State, s.Payments)
		}
		id := s.Payments[0].ID
		if err := h.World.Settle(ctx, c, id, paid); err != nil {
			return err
		}
		if s, err = look(ctx, g, page.SessionID); err != nil {
			return err
		}
		page2, state := gateway.CheckoutFailed, gateway.Failed
		if paid {
			page2, state = gateway.CheckoutPaid, gateway.Succeeded
		}
		if s.State != page2 || len(s.Payments) != 1 || s.Payments[0].ID != id || s.Payments[0].State != state {
			return fmt.Errorf("after the debit's end (paid: %t) the page is %s with %+v", paid, s.State, s.Payments)
		}
	}
	return nil
}

func feeMayComeLater(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	_, s, err := h.pay(ctx, c, g, "att_late", eur100, PaidFeeLater)
	if err != nil {
		return err
	}
	if s.State != gateway.CheckoutPaid || len(s.Payments) != 1 || s.Payments[0].FeeState != gateway.FeeUnknown {
		return fmt.Errorf("a paid page without a fee yet is %s with %+v", s.State, s.Payments)
	}
	if err := h.World.TellFee(ctx, c, s.Payments[0].ID); err != nil {
		return err
	}
	p, err := g.FetchPayment(ctx, s.Payments[0].ID)
	if err != nil {
		return err
	}
	if p.FeeState != gateway.FeeKnown || p.Fee.Sign() <= 0 {
		return fmt.Errorf("once told, the fee is %s: %s", p.FeeState, p.Fee)
	}
	return gateway.CheckPayment(p)
}

func countsInMinorUnits(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	for _, cur := range h.currencies() {
		amount := money.Of(123_457, cur)
		_, s, err := h.pay(ctx, c, g, "att_"+string(cur), amount, Paid)
		if err != nil {
			return err
		}
		if len(s.Payments) != 1 || !s.Payments[0].Gross.Equal(amount) {
			return fmt.Errorf("%s asked, reported %+v", amount, s.Payments)
		}
	}
	return nil
}

func listsWithoutGaps(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	empty, start, err := listAll(ctx, g, "", 2)
	if err != nil || len(empty) != 0 {
		return wrong(err, "a new account lists %d movements", len(empty))
	}
	var made []string
	for i := range 5 {
		_, s, err := h.pay(ctx, c, g, fmt.Sprintf("att_%d", i), eur100, Paid)
		if err != nil {
			return err
		}
		if len(s.Payments) != 1 {
			return fmt.Errorf("a paid page has %d payments", len(s.Payments))
		}
		made = append(made, s.Payments[0].ID)
	}
	var end string
	for from, limit := range map[string]int{"": 2, start: 100} {
		var listed []gateway.Payment
		if listed, end, err = listAll(ctx, g, from, limit); err != nil {
			return err
		}
		if got := firsts(listed); !reflect.DeepEqual(got, made) {
			return fmt.Errorf("made %v, listed %v by pages of %d", made, got, limit)
		}
	}
	if rest, _, err := listAll(ctx, g, end, 2); err != nil || len(rest) != 0 {
		return wrong(err, "%d movements come after the end", len(rest))
	}
	_, err = g.ListPayments(ctx, gateway.ListRequest{Cursor: "no such cursor", Limit: 2})
	return wants(err, gateway.ErrPermanent, gateway.NotDone)
}

// firsts lists payments in the order in which each came first.
func firsts(all []gateway.Payment) []string {
	var out []string
	seen := map[string]bool{}
	for _, p := range all {
		if p.Kind == gateway.KindPayment && !seen[p.ID] {
			seen[p.ID] = true
			out = append(out, p.ID)
		}
	}
	return out
}

func listsChangesAgain(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	_, s, err := h.pay(ctx, c, g, "att_changes", eur100, Pending)
	if err != nil {
		return err
	}
	if len(s.Payments) != 1 {
		return fmt.Errorf("a pending page has %d payments", len(s.Payments))
	}
	_, end, err := listAll(ctx, g, "", 10)
	if err != nil {
		return err
	}
	if err := h.World.Settle(ctx, c, s.Payments[0].ID, true); err != nil {
		return err
	}
	changed, _, err := listAll(ctx, g, end, 10)
	if err != nil {
		return err
	}
	for _, p := range changed {
		if p.ID == s.Payments[0].ID && p.State == gateway.Succeeded {
			return nil
		}
	}
	return fmt.Errorf("a payment that succeeded after it was listed is not listed again: %+v", changed)
}

func keepsAccountsApart(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	page, s, err := h.pay(ctx, c, g, "att_mine", eur100, Paid)
	if err != nil {
		return err
	}
	_, other, err := h.open(ctx)
	if err != nil {
		return err
	}
	if all, _, err := listAll(ctx, other, "", 10); err != nil || len(all) != 0 {
		return wrong(err, "another account lists %d movements", len(all))
	}
	_, err = other.SettleCheckout(ctx, gateway.SettleRequest{SessionID: page.SessionID})
	if e := wants(err, gateway.ErrNotFound, gateway.NotDone); e != nil {
		return e
	}
	for _, p := range s.Payments {
		_, err = other.FetchPayment(ctx, p.ID)
		if e := wants(err, gateway.ErrNotFound, gateway.NotDone); e != nil {
			return e
		}
	}
	return nil
}

func saysNotFound(ctx context.Context, h *Harness) error {
	_, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	_, err = g.FetchPayment(ctx, "pay_nobody_made")
	if e := wants(err, gateway.ErrNotFound, gateway.NotDone); e != nil {
		return e
	}
	_, err = g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: "cs_nobody_made"})
	return wants(err, gateway.ErrNotFound, gateway.NotDone)
}

// delivered returns a genuine webhook and what it is about.
func (h *Harness) delivered(ctx context.Context) (gateway.Gateway, gateway.Checkout, gateway.CheckoutStatus, gateway.Delivery, error) {
	c, g, err := h.open(ctx)
	if err != nil {
		return nil, gateway.Checkout{}, gateway.CheckoutStatus{}, gateway.Delivery{}, err
	}
	page, s, err := h.pay(ctx, c, g, "att_told", eur100, Paid)
	if err != nil {
		return nil, page, s, gateway.Delivery{}, err
	}
	d, err := h.World.Webhook(ctx, c, page)
	return g, page, s, d, err
}

func readsItsWebhooks(ctx context.Context, h *Harness) error {
	g, page, s, d, err := h.delivered(ctx)
	if err != nil {
		return err
	}
	hint, err := g.ParseWebhook(ctx, d)
	if err != nil {
		return err
	}
	if err := gateway.CheckHint(hint); err != nil {
		return err
	}
	if hint.EventID == "" {
		return errors.New("a hint without the event's id")
	}
	for _, id := range hint.SessionIDs {
		if id == page.SessionID {
			return nil
		}
	}
	for _, id := range hint.PaymentIDs {
		if len(s.Payments) == 1 && id == s.Payments[0].ID {
			return nil
		}
	}
	return fmt.Errorf("the hint does not lead to what it is about: %+v", hint)
}

func refusesForgedWebhooks(ctx context.Context, h *Harness) error {
	g, _, _, d, err := h.delivered(ctx)
	if err != nil {
		return err
	}
	_, stranger, err := h.open(ctx)
	if err != nil {
		return err
	}
	body := append([]byte(nil), d.Body...)
	body[len(body)/2] ^= 1
	longer := append(append([]byte(nil), d.Body...), ' ')
	for what, forged := range map[string]gateway.Delivery{
		"a flipped bit":   {Headers: d.Headers, Body: body, ReceivedAt: d.ReceivedAt},
		"a longer body":   {Headers: d.Headers, Body: longer, ReceivedAt: d.ReceivedAt},
		"no headers":      {Body: d.Body, ReceivedAt: d.ReceivedAt},
		"no body":         {Headers: d.Headers, ReceivedAt: d.ReceivedAt},
		"nothing at all":  {ReceivedAt: d.ReceivedAt},
		"another account": d,
	} {
		to := g
		if what == "another account" {
			to = stranger
		}
		_, err := to.ParseWebhook(ctx, forged)
		if e := wants(err, gateway.ErrUntrusted, gateway.NotDone); e != nil {
			return fmt.Errorf("%s: %w", what, e)
		}
	}
	return nil
}

func refusesWebhooksOfAnotherTime(ctx context.Context, h *Harness) error {
	g, _, _, d, err := h.delivered(ctx)
	if err != nil {
		return err
	}
	genuine := d.ReceivedAt
	for _, shift := range []time.Duration{time.Hour, -time.Hour} {
		d.ReceivedAt = genuine.Add(shift)
		_, err := g.ParseWebhook(ctx, d)
		if e := wants(err, gateway.ErrUntrusted, gateway.NotDone); e != nil {
			return fmt.Errorf("received %s off: %w", shift, e)
		}
	}
	return nil
}

func showsNoSecret(ctx context.Context, h *Harness) error {
	info, err := h.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	secrets := func(c gateway.Connection) (out []string) {
		for _, s := range info.Settings {
			if v := c.Settings[s.Name]; s.Type == gateway.SecretSetting && len(v) > 3 {
				out = append(out, v)
			}
		}
		return out
	}
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	refused := h.Refused()
	known := append(secrets(c), secrets(refused)...)
	if len(known) == 0 {
		return errors.New("no connection of the harness has a secret: nothing was tried")
	}
	var errs []error
	try := func(err error) { errs = append(errs, err) }
	rg, err := h.Driver.Open(ctx, refused)
	try(err)
	if err == nil {
		_, err = rg.Check(ctx)
		try(err)
	}
	for _, secret := range known {
		_, err = g.FetchPayment(ctx, secret)
		try(err)
		_, err = g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: secret})
		try(err)
		_, err = g.ListPayments(ctx, gateway.ListRequest{Cursor: secret, Limit: 1})
		try(err)
		_, err = g.ParseWebhook(ctx, gateway.Delivery{Headers: []gateway.Header{{Name: "Signature", Value: secret}}, Body: []byte(secret)})
		try(err)
		bad := request(secret, money.Zero(money.EUR))
		_, err = g.CreateCheckout(ctx, bad)
		try(err)
	}
	for _, err := range errs {
		for _, secret := range known {
			if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
				return errors.New("an error shows the value of a secret setting")
			}
		}
	}
	return nil
}

func refundsOnce(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	_, s, err := h.pay(ctx, c, g, "att_back", eur100, Paid)
	if err != nil {
		return err
	}
	if len(s.Payments) != 1 {
		return fmt.Errorf("a paid page has %d payments", len(s.Payments))
	}
	r := gateway.RefundRequest{IdempotencyKey: "ref_1", PaymentID: s.Payments[0].ID, Amount: money.Of(2_500, money.EUR)}
	refunder, ok := g.(gateway.Refunder)
	if !ok {
		return errors.New("it announces refunds and does not have them")
	}
	first, err := refunder.Refund(ctx, r)
	if err != nil {
		return err
	}
	if err := gateway.CheckPayment(first); err != nil {
		return err
	}
	if first.Kind != gateway.KindRefund || !first.Gross.Equal(r.Amount) || first.RelatedID != r.PaymentID {
		return fmt.Errorf("not the refund that was asked for: %+v", first)
	}
	if again, err := refunder.Refund(ctx, r); err != nil || again.ID != first.ID {
		return wrong(err, "one key refunded %s and %s", first.ID, again.ID)
	}
	all, _, err := listAll(ctx, g, "", 10)
	if err != nil {
		return err
	}
	n := map[string]bool{}
	for _, m := range all {
		if m.Kind == gateway.KindRefund {
			n[m.ID] = true
		}
	}
	if len(n) != 1 {
		return fmt.Errorf("the list has %d refunds, one was made", len(n))
	}
	r.IdempotencyKey, r.Amount = "ref_2", money.Of(7_501, money.EUR)
	_, err = refunder.Refund(ctx, r)
	return wants(err, gateway.ErrPermanent, gateway.NotDone)
}

func closesPages(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	expirer, ok := g.(gateway.Expirer)
	if !ok {
		return errors.New("it announces closing pages and does not have it")
	}
	page, err := g.CreateCheckout(ctx, request("att_close", eur100))
	if err != nil {
		return err
	}
	for range 2 {
		s, err := expirer.ExpireCheckout(ctx, page.SessionID)
		if err != nil || s.State != gateway.CheckoutExpired {
			return wrong(err, "a closed page is %s", s.State)
		}
	}
	if s, err := look(ctx, g, page.SessionID); err != nil || s.State != gateway.CheckoutExpired {
		return wrong(err, "looked at, a closed page is %s", s.State)
	}
	page, _, err = h.pay(ctx, c, g, "att_too_late", eur100, Paid)
	if err != nil {
		return err
	}
	s, err := expirer.ExpireCheckout(ctx, page.SessionID)
	if err != nil || s.State != gateway.CheckoutPaid && s.State != gateway.CheckoutAuthorized {
		return wrong(err, "closing a page that was paid meanwhile says %s", s.State)
	}
	return nil
}

// effect is what a movement does to the balance, as far as the gateway has told.
func effect(p gateway.Payment) money.Money {
	switch {
	case p.State != gateway.Succeeded:
		return money.Zero(p.Gross.Currency())
	case p.FeeState == gateway.FeeKnown:
		return p.Net
	case p.Kind.Inflow():
		return p.Gross
	}
	return p.Gross.Neg()
}

func balanceIsWhatItListed(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	for i, cur := range h.currencies() {
		if _, _, err := h.pay(ctx, c, g, fmt.Sprintf("att_%d", i), money.Of(50_000, cur), Paid); err != nil {
			return err
		}
	}
	reader, ok := g.(gateway.BalanceReader)
	if !ok {
		return errors.New("it announces its balance and does not tell it")
	}
	held, err := reader.Balance(ctx)
	if err != nil {
		return err
	}
	if err := gateway.CheckBalance(held); err != nil {
		return err
	}
	all, _, err := listAll(ctx, g, "", 2)
	if err != nil {
		return err
	}
	latest := map[string]gateway.Payment{}
	for _, p := range all {
		latest[string(p.Kind)+p.ID] = p
	}
	sum := map[money.Currency]int64{}
	for _, p := range latest {
		sum[p.Gross.Currency()] += effect(p).Minor()
	}
	for _, m := range held {
		if sum[m.Currency()] != m.Minor() {
			return fmt.Errorf("it holds %s, its movements make %s", m, money.Of(sum[m.Currency()], m.Currency()))
		}
		delete(sum, m.Currency())
	}
	for cur, v := range sum {
		if v != 0 {
			return fmt.Errorf("its movements make %s, of which it says nothing", money.Of(v, cur))
		}
	}
	return nil
}

func payoutIsItsItems(ctx context.Context, h *Harness) error {
	c, g, err := h.open(ctx)
	if err != nil {
		return err
	}
	for i := range 3 {
		if _, _, err := h.pay(ctx, c, g, fmt.Sprintf("att_%d", i), eur100, Paid); err != nil {
			return err
		}
	}
	if err := h.World.Payout(ctx, c, money.EUR); err != nil {
		return err
	}
	all, _, err := listAll(ctx, g, "", 10)
	if err != nil {
		return err
	}
	latest := map[string]gateway.Payment{}
	var payout gateway.Payment
	for _, p := range all {
		latest[p.ID] = p
		if p.Kind == gateway.KindPayout {
			payout = p
		}
	}
	if payout.ID == "" {
		return errors.New("the payout is not listed")
	}
	reader, ok := g.(gateway.PayoutReader)
	if !ok {
		return errors.New("it announces what payouts consist of and does not tell it")
	}
	ids, err := reader.PayoutItems(ctx, payout.ID)
	if err != nil {
		return err
	}
	if err := gateway.CheckItems(ids); err != nil {
		return err
	}
	sum := money.Zero(money.EUR)
	for _, id := range ids {
		p, ok := latest[id]
		if !ok {
			return fmt.Errorf("the payout's item %s is not listed", id)
		}
		sum = sum.Plus(effect(p))
	}
	if !sum.Equal(payout.Gross) {
		return fmt.Errorf("a payout of %s consists of %s", payout.Gross, sum)
	}
	return nil
}
