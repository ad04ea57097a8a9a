package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/conformance"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/stage"
)

func fail(kind gateway.ErrorKind, outcome gateway.Outcome) error {
	return gateway.Fail(kind, outcome, "lie", "a lie")
}

// code is the code of an error of the port.
func code(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Code
}

// setting finds a setting by its name.
func setting(i *gateway.Info, name string) *gateway.Setting {
	for n := range i.Settings {
		if i.Settings[n].Name == name {
			return &i.Settings[n]
		}
	}
	panic(name)
}

// mutants are the sandbox with one lie each: exactly the cases named must find it. The first is the one that the lie is for.
var mutants = []struct {
	name  string
	lies  lies
	found []string
}{
	{"honest", lies{}, nil},

	// settings
	{"changes its version", lies{info: func() func(*gateway.Info) {
		n := 0
		return func(i *gateway.Info) { n++; i.Version = fmt.Sprint(n) }
	}()}, []string{"describes_itself"}},
	{"speaks no French", lies{info: func(i *gateway.Info) { i.Help = gateway.Text{"en": "Hello"} }}, []string{"speaks_french_and_english"}},
	{"a default that its pattern refuses", lies{info: func(i *gateway.Info) {
		setting(i, "payer_language").Pattern = "[A-Z]+"
	}}, []string{"forms_are_sound"}},
	{"a secret that everybody knows", lies{info: func(i *gateway.Info) { setting(i, "webhook_secret").Default = "0123456789abcdef" }}, []string{"secrets_have_no_default"}},
	{"a secret from nowhere", lies{info: func(i *gateway.Info) { setting(i, "api_key").Help = nil }}, []string{"says_where_secrets_are_found"}},
	{"a code in English only", lies{info: func(i *gateway.Info) { i.Reasons = []gateway.Reason{{Code: "x", Text: gateway.Text{"en": "X"}}} }}, []string{"explains_its_codes"}},
	{"blames nobody", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) {
			if e.Code == "missing_merchant_name" && len(a.conn.Settings) == 0 {
				e.Setting = ""
			}
		}
	}}, []string{"names_a_missing_setting"}},
	{"blames another setting", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) {
			if e.Code == "missing_merchant_name" && len(a.conn.Settings) > 0 {
				e.Setting = "api_key"
			}
		}
	}}, []string{"names_each_missing_setting"}},
	{"panics without settings", lies{lie: func(a *answers) {
		if list := a.list; len(a.conn.Settings) == 0 {
			a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
				_, _ = list(ctx, r)
				panic("no key")
			}
		}
	}}, []string{"survives_without_settings"}},
	{"believes webhooks without a secret", lies{lie: func(a *answers) {
		if len(a.conn.Settings) == 0 {
			a.parse = func(context.Context, gateway.Delivery) (gateway.Hint, error) {
				return gateway.Hint{EventID: "evt"}, nil
			}
		}
	}}, []string{"believes_no_webhook_without_settings"}},
	{"has no defaults", lies{lie: func(a *answers) {
		if check := a.check; a.conn.Settings["fee"] == "" && len(a.conn.Settings) > 0 {
			a.check = func(ctx context.Context) (gateway.Account, error) {
				if acct, err := check(ctx); err != nil {
					return acct, err
				}
				e := gateway.Fail(gateway.ErrConfig, gateway.NotDone, "no_fee", "choose a fee")
				e.Setting = "fee"
				return gateway.Account{}, e
			}
		}
	}}, []string{"takes_its_defaults"}},
	{"fears what it does not know", lies{lie: func(a *answers) {
		for name := range a.conn.Settings {
			if strings.HasPrefix(name, "of_a_version") {
				a.check = func(context.Context) (gateway.Account, error) {
					return gateway.Account{}, fail(gateway.ErrConfig, gateway.NotDone)
				}
			}
		}
	}}, []string{"ignores_unknown_settings"}},
	{"one account for all", lies{lie: func(a *answers) {
		check := a.check
		a.check = func(ctx context.Context) (gateway.Account, error) {
			acct, err := check(ctx)
			acct.ID = "acct"
			return acct, err
		}
	}}, []string{"opens_the_same_account"}},
	{"announces what it has not", lies{lie: func(a *answers) { a.balance = nil }}, []string{
		"has_what_it_announces", "an_empty_account_holds_nothing", "holds_what_it_listed", "counts_what_is_on_its_way_exactly", "sees_payouts",
	}},
	{"calls a revoked key a passing trouble", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) {
			if e.Code == "invalid_api_key" {
				e.Kind = gateway.ErrRetryable
			}
		}
	}}, []string{"refuses_bad_settings"}},
	{"installs what it never declared", lies{lie: func(a *answers) {
		a.install = func(context.Context, string) (map[string]string, error) { return map[string]string{"whsec": "x"}, nil }
	}}, []string{"installs_its_webhook"}},

	// checkout
	{"opens paid pages", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			st, err := settle(ctx, r)
			if st.State == gateway.CheckoutOpen && !r.Capture {
				st.State = gateway.CheckoutProcessing
			}
			return st, err
		}
	}}, []string{"opens_a_page"}},
	{"asks at least a cent", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if r.Amount.Sign() <= 0 {
				r.Amount = money.Of(1, r.Amount.Currency())
			}
			return create(ctx, r)
		}
	}}, []string{"refuses_no_amount"}},
	{"closes pages in the past", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			c, err := create(ctx, r)
			if r.ExpiresAt.IsZero() {
				c.ExpiresAt = time.Unix(0, 0)
			}
			return c, err
		}
	}}, []string{"says_when_it_closes"}},
	{"writes its own description", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			r.Description = "Payment"
			return create(ctx, r)
		}
	}}, []string{"passes_what_the_payer_reads"}},
	{"wants an e-mail", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if r.CustomerEmail == "" {
				return gateway.Checkout{}, fail(gateway.ErrPermanent, gateway.NotDone)
			}
			return create(ctx, r)
		}
	}}, []string{"takes_bare_requests"}},
	{"refuses long texts", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if len(r.Description) > 127 {
				return gateway.Checkout{}, fail(gateway.ErrPermanent, gateway.NotDone)
			}
			return create(ctx, r)
		}
	}}, []string{"takes_long_texts"}},

	// idempotency
	{"a page for each call", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			r.IdempotencyKey += a.next()
			return create(ctx, r)
		}
	}}, []string{"one_key_one_page", "one_key_one_page_at_once", "a_key_has_one_amount", "lost_page_is_found_again", "a_key_outlives_the_program", "cancelled_calls_are_retryable"}},
	{"two pages when asked at once", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if r.IdempotencyKey == "att_at_once" {
				r.IdempotencyKey += a.next()
			}
			return create(ctx, r)
		}
	}}, []string{"one_key_one_page_at_once"}},
	{"one page for all keys", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			c, err := create(ctx, r)
			if strings.HasPrefix(r.IdempotencyKey, "att_key_") {
				c, _ = once(a, "page of "+a.conn.ID, c)
			}
			return c, err
		}
	}}, []string{"another_key_another_page"}},
	{"keys belong to everybody", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			c, err := create(ctx, r)
			if r.IdempotencyKey == "att_shared" {
				c, _ = once(a, "shared", c)
			}
			return c, err
		}
	}}, []string{"a_key_is_an_accounts_own"}},
	{"a new amount is a new page", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if r.IdempotencyKey == "att_amount" {
				r.IdempotencyKey += r.Amount.String()
			}
			return create(ctx, r)
		}
	}}, []string{"a_key_has_one_amount"}},
	{"is sure that a lost call was not done", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			c, err := create(ctx, r)
			if code(err) == "ordered_fault" {
				err = fail(gateway.ErrRetryable, gateway.NotDone)
			}
			return c, err
		}
	}}, []string{"lost_answer_is_unknown"}},
	{"forgets the key of a lost call", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if r.IdempotencyKey == "att_lost" {
				r.IdempotencyKey += a.next()
			}
			return create(ctx, r)
		}
	}}, []string{"lost_page_is_found_again"}},
	{"keeps everything in memory", lies{wipe: true}, []string{"a_key_outlives_the_program", "a_cursor_outlives_the_program", "a_refund_outlives_the_program"}},

	// settling
	{"forgets the reference", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.Reference == "att_paid" {
				p.Reference = ""
			}
		}
	}}, []string{"takes_the_money_once"}},
	{"takes more at each capture", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			st, err := settle(ctx, r)
			if err == nil && strings.HasPrefix(r.IdempotencyKey, "att_again:capture") {
				account, no := sandbox.AccountOf(a.conn)
				if p, e := a.world.current().Provider(); e == nil && no == nil {
					_, err = p.Receive(account, st.Payments[0].Gross, "att_again", "", sandbox.Outcome{})
				}
			}
			return st, err
		}
	}}, []string{"asked_again_takes_no_more"}},
	{"captures what nobody agreed to", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			if r.IdempotencyKey == "att_unapproved:capture" {
				if p, err := a.world.current().Provider(); err == nil {
					_, _ = p.Pay(r.SessionID, sandbox.Outcome{How: sandbox.Pays})
				}
			}
			return settle(ctx, r)
		}
	}}, []string{"captures_nothing_unapproved"}},
	{"says that a declined page is paid", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			st, err := settle(ctx, r)
			if st.State == gateway.CheckoutRetry {
				st.State = gateway.CheckoutPaid
			}
			return st, err
		}
	}}, []string{"declined_takes_nothing"}},
	{"takes pending money for money", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.State == gateway.Pending {
				p.State = gateway.Succeeded
			}
		}
	}}, []string{"pending_is_not_paid", "counts_what_is_on_its_way_exactly"}},
	{"promises a lower fee", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.State == gateway.Pending {
				cent := money.Of(1, p.Gross.Currency())
				p.FeeState, p.Fee, p.Net = gateway.FeeKnown, cent, p.Gross.Minus(cent)
			}
		}
	}}, []string{"pending_is_not_paid"}},
	{"takes the money when it looks", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			r.Capture = true
			return settle(ctx, r)
		}
	}}, []string{"looking_takes_nothing"}},
	{"captures again and again", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			st, err := settle(ctx, r)
			if err == nil && r.IdempotencyKey == "att_capture:again" {
				account, no := sandbox.AccountOf(a.conn)
				if p, e := a.world.current().Provider(); e == nil && no == nil {
					_, err = p.Receive(account, st.Payments[0].Gross, "att_capture", "", sandbox.Outcome{})
				}
			}
			return st, err
		}
	}}, []string{"captures_once"}},
	{"pages never close", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			st, err := settle(ctx, r)
			if st.Reason == "too_late" {
				st.State = gateway.CheckoutOpen
			}
			return st, err
		}
	}}, []string{"late_pages_take_nothing"}},

	// listing
	{"begins with something", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			if err == nil && r.Cursor == "" && r.Limit == 2 && len(p.Payments) == 0 {
				p.Payments = []gateway.Payment{{
					ID: "adj_0", Kind: gateway.KindAdjustment, State: gateway.Succeeded, Gross: money.Of(1, money.EUR), FeeState: gateway.FeeNone, OccurredAt: time.Now(),
				}}
			}
			return p, err
		}
	}}, []string{"begins_empty"}},
	{"skips the first of each page of its own size", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			if len(p.Payments) > 1 && r.Limit == 0 {
				p.Payments = p.Payments[1:]
			}
			return p, err
		}
	}}, []string{"lists_without_gaps"}},
	{"skips one behind a cursor in the middle", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			if r.Limit == 1 && len(p.Payments) > 0 {
				once(a, "cursor"+p.Next, true)
			}
			if _, old := a.world.memory.Load("cursor" + r.Cursor); old && r.Limit == 3 && len(p.Payments) > 1 {
				p.Payments = p.Payments[1:]
			}
			return p, err
		}
	}}, []string{"goes_on_from_every_cursor"}},
	{"is never quite done", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			if r.Cursor != "" && r.Limit == 100 && len(p.Payments) == 0 {
				p.CaughtUp = false
				p.Next += "0"
			}
			return p, err
		}
	}}, []string{"rests_at_the_end"}},
	{"lists a movement once only", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			p.Payments = slices.DeleteFunc(p.Payments, func(m gateway.Payment) bool {
				form, known := once(a, m.ID, m.UpdatedAt)
				return known && form != m.UpdatedAt
			})
			return p, err
		}
	}}, []string{"lists_changes_again", "lists_late_fees_again", "counts_what_is_on_its_way_exactly"}},
	{"does not come back for late fees", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			p.Payments = slices.DeleteFunc(p.Payments, func(m gateway.Payment) bool { return r.Cursor != "" && m.Reference == "att_later" })
			return p, err
		}
	}}, []string{"lists_late_fees_again"}},
	{"lists no method", lies{lie: listing(func(p *gateway.Payment) { p.Method = "" })}, []string{"lists_what_it_fetches"}},
	{"lists another payer", lies{lie: listing(func(p *gateway.Payment) { p.Payer.Name = "Somebody" })}, []string{"lists_what_it_fetches"}},
	{"fetches less than it lists", lies{lie: func(a *answers) {
		fetch := a.fetch
		a.fetch = func(ctx context.Context, id string) (gateway.Payment, error) {
			p, err := fetch(ctx, id)
			p.Payer = gateway.Payer{}
			return p, err
		}
	}}, []string{"lists_what_it_fetches", "takes_the_money_once"}},
	{"lists another fee", lies{lie: listing(func(p *gateway.Payment) {
		if p.FeeState == gateway.FeeKnown && p.Reference == "att_4" {
			p.Fee, p.Net = p.Fee.Plus(money.Of(1, p.Fee.Currency())), p.Net.Minus(money.Of(1, p.Net.Currency()))
		}
	})}, []string{"lists_what_it_fetches"}},
	{"lists tomorrow's state", lies{lie: listing(func(p *gateway.Payment) { p.UpdatedAt = p.UpdatedAt.Add(24 * time.Hour) })}, []string{"lists_what_it_fetches"}},
	{"lists who paid no more than it must", lies{lie: listing(func(p *gateway.Payment) { p.Payer, p.Description = gateway.Payer{}, "" })}, nil},
	{"imports everything whatever is asked", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			r.Since = time.Time{}
			return list(ctx, r)
		}
	}}, []string{"honours_since"}},
	{"takes any cursor for the end", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			if code(err) == "bad_cursor" {
				return gateway.Page{Next: "the end", CaughtUp: true}, nil
			}
			return p, err
		}
	}}, []string{"refuses_strange_cursors"}},
	{"shows every page to everybody", lies{lie: func(a *answers) {
		settle := a.settle
		a.settle = func(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
			st, err := settle(ctx, r)
			if err == nil {
				a.world.memory.Store("page"+r.SessionID, st)
			} else if had, ok := a.world.memory.Load("page" + r.SessionID); ok {
				if st, ok := had.(gateway.CheckoutStatus); ok {
					return st, nil
				}
			}
			return st, err
		}
	}}, []string{"keeps_accounts_apart"}},

	// fees
	{"keeps the fee to itself", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.Reference == "att_fee" {
				p.FeeState, p.Fee, p.FeeVAT = gateway.FeeNone, money.Money{}, money.Money{}
			}
		}
	}}, []string{"tells_the_fee"}},
	{"a fee of nothing while it is unknown", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.FeeState == gateway.FeeUnknown && p.State == gateway.Succeeded {
				p.FeeState = gateway.FeeNone
			}
		}
	}}, []string{"fee_may_come_later"}},
	{"guesses what is left", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.FeeState == gateway.FeeUnknown {
				p.Net = p.Gross
			}
		}
	}}, []string{"never_guesses_a_fee"}},
	{"waits for a fee that never comes", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.FeeState == gateway.FeeNone && p.Kind == gateway.KindPayment {
				p.FeeState = gateway.FeeUnknown
			}
		}
	}}, []string{"tells_that_there_is_no_fee"}},

	// currencies
	{"counts in hundredths whatever the currency", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.Gross.Currency().Exponent() == 0 {
				for _, m := range []*money.Money{&p.Gross, &p.Fee, &p.FeeVAT, &p.Net} {
					if m.Currency() != "" {
						*m = money.Of(m.Minor()*100, m.Currency())
					}
				}
			}
		}
	}}, []string{"counts_in_minor_units", "holds_what_it_listed"}},
	{"loses the cents of large amounts", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if r.Amount.Minor() > 1_000_000 {
				r.Amount = money.Of(r.Amount.Minor()/100*100, r.Amount.Currency())
			}
			return create(ctx, r)
		}
	}}, []string{"counts_large_amounts"}},
	{"takes currencies that it does not announce", lies{info: func(i *gateway.Info) { i.Currencies = []money.Currency{"EUR", "JPY", "KWD"} }}, []string{"refuses_other_currencies"}},

	// errors
	{"says permanent for what is not there", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) {
			if e.Kind == gateway.ErrNotFound {
				e.Kind = gateway.ErrPermanent
			}
		}
	}}, []string{"says_not_found"}},
	{"cuts ids at the first odd sign", lies{lie: func(a *answers) {
		fetch := a.fetch
		a.fetch = func(ctx context.Context, id string) (gateway.Payment, error) {
			if strings.ContainsAny(id, "?#") {
				return gateway.Payment{}, gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "404", "the provider answered a page")
			}
			return fetch(ctx, id)
		}
	}}, []string{"odd_ids_lead_nowhere"}},
	{"calls a cancelled call a bug", lies{lie: func(a *answers) {
		check := a.check
		a.check = func(ctx context.Context) (gateway.Account, error) {
			if ctx.Err() != nil {
				return gateway.Account{}, fail(gateway.ErrBug, gateway.Unknown)
			}
			return check(ctx)
		}
	}}, []string{"cancelled_calls_are_retryable"}},
	{"calls a time-out permanent", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) {
			if e.Code == "timeout" {
				e.Kind, e.Outcome = gateway.ErrPermanent, gateway.NotDone
			}
		}
	}}, []string{"no_answer_is_unknown"}},

	// webhooks
	{"leads nowhere", lies{lie: func(a *answers) {
		parse := a.parse
		a.parse = func(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
			h, err := parse(ctx, d)
			h.SessionIDs, h.PaymentIDs = nil, nil
			return h, err
		}
	}}, []string{"reads_its_webhooks"}},
	{"an event for each reading", lies{lie: func(a *answers) {
		parse := a.parse
		a.parse = func(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
			h, err := parse(ctx, d)
			h.EventID += a.next()
			return h, err
		}
	}}, []string{"a_replay_is_the_same_event"}},
	{"looks for one spelling of a header", lies{lie: func(a *answers) {
		parse := a.parse
		a.parse = func(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
			d.Headers = slices.DeleteFunc(slices.Clone(d.Headers), func(h gateway.Header) bool { return h.Name != sandbox.SignatureHeader })
			return parse(ctx, d)
		}
	}}, []string{"reads_headers_in_any_case"}},
	{"trims the body", lies{lie: func(a *answers) {
		parse := a.parse
		a.parse = func(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
			d.Body = []byte(strings.TrimRight(string(d.Body), " "))
			return parse(ctx, d)
		}
	}}, []string{"refuses_forged_webhooks"}},
	{"believes what is meant for others", lies{lie: believing("bad_signature", func(a *answers, d gateway.Delivery) bool {
		to, genuine := a.world.memory.Load("delivery" + string(d.Body))
		return genuine && to != a.conn.ID
	})}, []string{"refuses_webhooks_of_others"}},
	{"has no clock", lies{lie: func(a *answers) {
		believing("too_old", nil)(a)
		believing("too_new", nil)(a)
	}}, []string{"refuses_webhooks_of_another_time"}},
	{"believes what is signed with nothing", lies{lie: func(a *answers) {
		parse := a.parse
		a.parse = func(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
			for _, h := range d.Headers {
				if h.Name == sandbox.SignatureHeader && h.Value == sandbox.Sign("", d.ReceivedAt, d.Body) {
					return gateway.Hint{EventID: "evt"}, nil
				}
			}
			return parse(ctx, d)
		}
	}}, []string{"refuses_wrong_secrets"}},
	{"believes signed nonsense", lies{lie: believing("bad_body", nil)}, []string{"refuses_signed_nonsense"}},
	{"chokes on large bodies", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) {
			if e.Code == "too_large" {
				e.Kind = gateway.ErrBug
			}
		}
	}}, []string{"refuses_garbage"}},
	{"another account for another secret", lies{lie: func(a *answers) {
		check := a.check
		a.check = func(ctx context.Context) (gateway.Account, error) {
			acct, err := check(ctx)
			if strings.HasSuffix(a.conn.Settings["webhook_secret"], "_next") {
				acct.ID += "_next"
			}
			return acct, err
		}
	}}, []string{"follows_rotated_secrets"}},

	// refunds
	{"a refund of nothing in particular", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			p, err := refund(ctx, r)
			p.RelatedID = ""
			return p, err
		}
	}}, []string{"refunds_a_part"}},
	{"refunds no more than twice", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			if r.IdempotencyKey == "ref_part_2" {
				return gateway.Payment{}, fail(gateway.ErrPermanent, gateway.NotDone)
			}
			return refund(ctx, r)
		}
	}}, []string{"refunds_the_whole"}},
	{"refunds what is left instead of too much", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			if r.IdempotencyKey == "ref_much_0" {
				r.Amount = money.Of(10_000, r.Amount.Currency())
			}
			return refund(ctx, r)
		}
	}}, []string{"refuses_to_refund_too_much"}},
	{"refunds at each call", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			if r.IdempotencyKey == "ref_key" {
				r.IdempotencyKey += a.next()
				r.Amount = money.Of(1_000, r.Amount.Currency())
			}
			return refund(ctx, r)
		}
	}}, []string{"one_key_one_refund"}},
	{"a new amount is a new refund", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			r.IdempotencyKey += r.Amount.String()
			return refund(ctx, r)
		}
	}}, []string{"a_refund_key_has_one_amount"}},
	{"refunds too much when asked at once", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			p, err := refund(ctx, r)
			if code(err) == "amount_too_large" && strings.HasPrefix(r.IdempotencyKey, "ref_race_") {
				a.world.memory.Store("race "+a.conn.ID+r.IdempotencyKey, true)
				return gateway.Payment{
					ID: r.IdempotencyKey, Kind: gateway.KindRefund, State: gateway.Succeeded, Gross: r.Amount, FeeState: gateway.FeeNone, OccurredAt: time.Now(), RelatedID: r.PaymentID,
				}, nil
			}
			return p, err
		}
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			for i := range 5 {
				key := fmt.Sprint("ref_race_", i)
				if _, made := a.world.memory.Load("race " + a.conn.ID + key); made && p.CaughtUp {
					p.Payments = append(p.Payments, gateway.Payment{
						ID: key, Kind: gateway.KindRefund, State: gateway.Succeeded, Gross: money.Of(4_000, money.EUR), FeeState: gateway.FeeNone, OccurredAt: time.Now(),
					})
				}
			}
			return p, err
		}
	}}, []string{"refunds_at_once_stay_within"}},
	{"promises to refund what has not come", lies{lie: func(a *answers) {
		refund := a.refund
		a.refund = func(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
			p, err := refund(ctx, r)
			if code(err) == "not_refundable" {
				return gateway.Payment{}, fail(gateway.ErrRetryable, gateway.Unknown)
			}
			return p, err
		}
	}}, []string{"refunds_only_what_came"}},
	{"sees only refunds of its own", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			p.Payments = slices.DeleteFunc(p.Payments, func(m gateway.Payment) bool { return m.Reference == "att_elsewhere" && m.Kind == gateway.KindRefund })
			return p, err
		}
	}}, []string{"sees_refunds_made_elsewhere"}},

	// disputes
	{"sees no disputes", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.Kind == gateway.KindDispute {
				p.Kind = gateway.KindRefund
			}
		}
	}}, []string{"sees_disputes"}},

	// closing, balance, payouts
	{"closes nothing", lies{lie: func(a *answers) {
		a.expire = func(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
			st, err := a.settle(ctx, gateway.SettleRequest{SessionID: id})
			if st.State == gateway.CheckoutOpen {
				st.State = gateway.CheckoutExpired
			}
			return st, err
		}
	}}, []string{"closes_pages"}},
	{"says that a paid page was closed", lies{lie: func(a *answers) {
		expire := a.expire
		a.expire = func(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
			st, err := expire(ctx, id)
			st.State = gateway.CheckoutExpired
			return st, err
		}
	}}, []string{"closes_no_paid_page"}},
	{"holds a gift", lies{lie: func(a *answers) {
		balance := a.balance
		a.balance = func(ctx context.Context) ([]money.Money, error) {
			b, err := balance(ctx)
			if len(b) == 0 {
				b = []money.Money{money.Of(1, money.EUR)}
			}
			return b, err
		}
	}}, []string{"an_empty_account_holds_nothing"}},
	{"holds more than it listed", lies{lie: func(a *answers) {
		balance := a.balance
		a.balance = func(ctx context.Context) ([]money.Money, error) {
			b, err := balance(ctx)
			if len(b) > 1 {
				b[0] = b[0].Plus(money.Of(1, b[0].Currency()))
			}
			return b, err
		}
	}}, []string{"holds_what_it_listed"}},
	{"holds money on its way before its fee", lies{lie: holding(func(p gateway.Payment) bool { return p.State == gateway.Pending })},
		[]string{"counts_what_is_on_its_way_exactly"}},
	{"holds money that never came", lies{lie: holding(func(p gateway.Payment) bool { return p.State == gateway.Failed })},
		[]string{"counts_what_is_on_its_way_exactly"}},
	{"sees no payouts", lies{lie: func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			p.Payments = slices.DeleteFunc(p.Payments, func(m gateway.Payment) bool { return m.Kind == gateway.KindPayout })
			return p, err
		}
	}}, []string{"sees_payouts", "a_payout_is_its_items"}},
	{"forgets an item of a payout", lies{lie: func(a *answers) {
		items := a.items
		a.items = func(ctx context.Context, id string) ([]string, error) {
			ids, err := items(ctx, id)
			if len(ids) > 0 {
				ids = ids[1:]
			}
			return ids, err
		}
	}}, []string{"a_payout_is_its_items"}},

	// concurrency, secrecy
	{"mixes up its customers when it is busy", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			if strings.HasPrefix(r.Reference, "att_crowd_") {
				r.Reference, _ = once(a, "reference"+a.conn.ID, r.Reference)
			}
			return create(ctx, r)
		}
	}}, []string{"serves_many_at_once"}},
	{"answers what cannot be", lies{lie: func(a *answers) {
		a.payment = func(p *gateway.Payment) {
			if p.Kind == gateway.KindRefund {
				p.OccurredAt = time.Time{}
			}
		}
	}}, []string{"answers_add_up"}},
	{"shows the key", lies{lie: func(a *answers) {
		a.err = func(e *gateway.Error) { e.Detail += " (key " + a.conn.Settings["api_key"] + ")" }
	}}, []string{"shows_no_secret"}},
	{"shows the customer", lies{lie: func(a *answers) {
		create := a.create
		a.create = func(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
			c, err := create(ctx, r)
			if err != nil {
				e := *gateway.AsError(err)
				e.Detail += " for " + r.CustomerEmail
				err = &e
			}
			return c, err
		}
	}}, []string{"shows_no_secret"}},
	{"logs the customer", lies{noise: " a page for elodie@kerguelen.example"}, []string{"logs_no_secret"}},
}

// listing changes what is listed, and only there.
func listing(change func(*gateway.Payment)) func(*answers) {
	return func(a *answers) {
		list := a.list
		a.list = func(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
			p, err := list(ctx, r)
			for i := range p.Payments {
				change(&p.Payments[i])
			}
			return p, err
		}
	}
}

// holding adds to the balance the amounts of the movements that are picked.
func holding(pick func(gateway.Payment) bool) func(*answers) {
	return func(a *answers) {
		balance := a.balance
		a.balance = func(ctx context.Context) ([]money.Money, error) {
			held, err := balance(ctx)
			if err != nil {
				return nil, err
			}
			all, err := a.list(ctx, gateway.ListRequest{Limit: 100})
			latest := map[string]gateway.Payment{}
			for _, p := range all.Payments {
				latest[p.ID] = p
			}
			for _, p := range latest {
				if !pick(p) {
					continue
				}
				at := slices.IndexFunc(held, func(m money.Money) bool { return m.Currency() == p.Gross.Currency() })
				if at < 0 {
					held = append(held, p.Gross)
				} else {
					held[at] = held[at].Plus(p.Gross)
				}
			}
			return held, err
		}
	}
}

// believing believes the deliveries that the sandbox refuses with a code, if a test says so.
func believing(refusal string, if_ func(*answers, gateway.Delivery) bool) func(*answers) {
	return func(a *answers) {
		parse := a.parse
		a.parse = func(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
			believe := if_ == nil || if_(a, d)
			h, err := parse(ctx, d)
			if code(err) == refusal && believe {
				return gateway.Hint{EventID: "evt"}, nil
			}
			return h, err
		}
	}
}

// examine has a mutant examined, and returns the cases that failed and why.
func examine(ctx context.Context, l *liar) (found []string, why string, err error) {
	if err := l.start(); err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, l.current().Close()) }()
	w := stage.New(l.dir)
	defer w.Close()
	h := w.Harness(l)
	h.World = timed{w, l}
	r, err := conformance.Examine(ctx, h)
	for _, f := range r.Findings {
		if f.Verdict == conformance.Failed {
			found = append(found, f.Case)
			why += f.Case + ": " + f.Why + "\n"
		}
	}
	slices.Sort(found)
	return found, why, err
}

// TestEachLieIsFound examines many mutants at once: most of their time the disk is waited for.
func TestEachLieIsFound(t *testing.T) {
	room := make(chan struct{}, 12)
	var all sync.WaitGroup
	defer all.Wait()
	for _, m := range mutants {
		dir := t.TempDir()
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			found, why, err := examine(t.Context(), &liar{lies: m.lies, dir: dir})
			if due := slices.Sorted(slices.Values(m.found)); err != nil || !slices.Equal(found, due) {
				t.Errorf("the mutant that %s is found by %q, due to be found by %q (%v)\n%s", m.name, found, due, err, why)
			}
		})
	}
}

// TestEveryCaseFindsALie: a case that nothing can fail proves nothing.
func TestEveryCaseFindsALie(t *testing.T) {
	finds := map[string]bool{}
	for _, m := range mutants {
		for _, name := range m.found {
			finds[name] = true
		}
	}
	for _, c := range conformance.Cases() {
		if !finds[c.Name] {
			t.Errorf("no mutant is made for %s", c.Name)
		}
		delete(finds, c.Name)
		if c.Section == "" || c.Proves == "" || c.Check == nil {
			t.Errorf("%s does not say what it proves", c.Name)
		}
	}
	for name := range finds {
		t.Errorf("a mutant is made for %s, which is no case", name)
	}
}
