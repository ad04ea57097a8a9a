package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

var settingsCases = []Case{
	{Name: "describes_itself", Section: Settings, Check: describesItself,
		Proves: "It says who it is, in which version and what it can do, and always the same."},
	{Name: "speaks_french_and_english", Section: Settings, Check: speaksFrenchAndEnglish,
		Proves: "Every text that it shows is there in French and English."},
	{Name: "forms_are_sound", Section: Settings, Check: formsAreSound,
		Proves: "Patterns compile, defaults satisfy them, choices are distinct and include the default."},
	{Name: "secrets_have_no_default", Section: Settings, Check: secretsHaveNoDefault,
		Proves: "No secret is one that everybody knows."},
	{Name: "says_where_secrets_are_found", Section: Settings, Check: saysWhereSecretsAreFound,
		Proves: "Each secret's help says where at the provider its value is found."},
	{Name: "explains_its_codes", Section: Settings, Check: explainsItsCodes,
		Proves: "The provider's codes are explained once each, in French and English."},
	{Name: "names_a_missing_setting", Section: Settings, Check: namesAMissingSetting,
		Proves: "Without settings it blames one that is required, and nothing was done."},
	{Name: "survives_without_settings", Section: Settings, Check: survivesWithoutSettings,
		Proves: "Without settings every call is answered or refused in the port's words; none breaks."},
	{Name: "believes_no_webhook_without_settings", Section: Settings, Check: believesNoWebhookWithoutSettings,
		Proves: "Without a secret no webhook is believed."},
	{Name: "names_each_missing_setting", Section: Settings, Play: Accounts, Check: namesEachMissingSetting,
		Proves: "Each required setting that is missing is named by a config error."},
	{Name: "takes_its_defaults", Section: Settings, Play: Accounts, Check: takesItsDefaults,
		Proves: "A setting that a connection lacks has its default."},
	{Name: "ignores_unknown_settings", Section: Settings, Play: Accounts, Check: ignoresUnknownSettings,
		Proves: "Settings of another version do no harm."},
	{Name: "opens_the_same_account", Section: Settings, Play: Accounts, Check: opensTheSameAccount,
		Proves: "The same settings open the same account, others another one."},
	{Name: "has_what_it_announces", Section: Settings, Play: Accounts, Check: hasWhatItAnnounces,
		Proves: "Every ability that it announces is there."},
	{Name: "refuses_bad_settings", Section: Settings, Play: Refusal, Check: refusesBadSettings,
		Proves: "Refused credentials are a config error that names the setting to mend."},
	{Name: "installs_its_webhook", Section: Settings, Play: Accounts, Needs: gateway.CanInstallWebhook, Check: installsItsWebhook,
		Proves: "Installing a webhook, also twice, returns settings that it declares and that work."},
}

func describesItself(ctx context.Context, h *Harness) error {
	if err := gateway.CheckInfo(h.info); err != nil {
		return err
	}
	again, err := h.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(h.info, again) {
		return errors.New("it describes itself in two ways")
	}
	if h.info.Version == "" {
		return errors.New("it has no version")
	}
	seen := map[gateway.Capability]bool{}
	for _, c := range h.info.Capabilities {
		switch c {
		case gateway.CanRefund, gateway.CanExpire, gateway.CanBalance, gateway.CanInstallWebhook, gateway.CanPayoutItems:
		default:
			return fmt.Errorf("it announces %q, which the port does not know", c)
		}
		if seen[c] {
			return fmt.Errorf("it announces %q twice", c)
		}
		seen[c] = true
	}
	return nil
}

// bilingual says that a text is there in both languages.
func bilingual(what string, t gateway.Text) error {
	for _, lang := range []string{"fr", "en"} {
		if t[lang] == "" {
			return fmt.Errorf("the %s is not there in %q", what, lang)
		}
	}
	return nil
}

func speaksFrenchAndEnglish(_ context.Context, h *Harness) error {
	errs := []error{bilingual("help", h.info.Help)}
	for _, s := range h.info.Settings {
		errs = append(errs, bilingual("label of "+s.Name, s.Label))
		if len(s.Help) > 0 {
			errs = append(errs, bilingual("help of "+s.Name, s.Help))
		}
		for _, c := range s.Choices {
			errs = append(errs, bilingual("label of "+s.Name+"="+c.Value, c.Label))
		}
	}
	return errors.Join(errs...)
}

func formsAreSound(_ context.Context, h *Harness) error {
	for _, s := range h.info.Settings {
		pattern, err := regexp.Compile("^(?:" + s.Pattern + ")$")
		if err != nil {
			return fmt.Errorf("the pattern of %s: %w", s.Name, err)
		}
		if s.Default != "" && s.Pattern != "" && !pattern.MatchString(s.Default) {
			return fmt.Errorf("the default of %s does not satisfy its own pattern", s.Name)
		}
		offered := map[string]bool{}
		for _, c := range s.Choices {
			if offered[c.Value] {
				return fmt.Errorf("%s offers %q twice", s.Name, c.Value)
			}
			offered[c.Value] = true
		}
		switch s.Type {
		case gateway.ChoiceSetting:
			if len(s.Choices) == 0 || s.Default != "" && !offered[s.Default] {
				return fmt.Errorf("%s has no choice, or a default that is none of them", s.Name)
			}
		case gateway.BoolSetting:
			if s.Default != "" && s.Default != "true" {
				return fmt.Errorf("%s is true or nothing, its default is %q", s.Name, s.Default)
			}
		}
		if s.Type != gateway.ChoiceSetting && len(s.Choices) > 0 {
			return fmt.Errorf("%s has choices and is no choice", s.Name)
		}
	}
	return nil
}

func secretsHaveNoDefault(_ context.Context, h *Harness) error {
	for _, s := range h.info.Settings {
		if s.Type == gateway.SecretSetting && s.Default != "" {
			return fmt.Errorf("%s is a secret that everybody knows: it has a default", s.Name)
		}
	}
	return nil
}

func saysWhereSecretsAreFound(_ context.Context, h *Harness) error {
	for _, s := range h.info.Settings {
		if s.Type == gateway.SecretSetting && len(s.Help) == 0 {
			return fmt.Errorf("%s is a secret, and nothing says where it is found", s.Name)
		}
	}
	return nil
}

func explainsItsCodes(_ context.Context, h *Harness) error {
	if len(h.info.Reasons) == 0 {
		return notApplicable("the gateway explains no code")
	}
	seen := map[string]bool{}
	for _, r := range h.info.Reasons {
		if seen[r.Code] {
			return fmt.Errorf("%q is explained twice", r.Code)
		}
		seen[r.Code] = true
		if err := bilingual("meaning of "+r.Code, r.Text); err != nil {
			return err
		}
	}
	return nil
}

// required are the settings that a connection cannot be without.
func (h *Harness) required() (names []string) {
	for _, s := range h.info.Settings {
		if s.Required && s.Default == "" {
			names = append(names, s.Name)
		}
	}
	return names
}

// checked opens a connection and proves its settings.
func (h *Harness) checked(ctx context.Context, c gateway.Connection) (gateway.Account, error) {
	g, err := h.witness.Open(ctx, c)
	if err != nil {
		return gateway.Account{}, err
	}
	return g.Check(ctx)
}

// bare is a connection without settings.
var bare = gateway.Connection{ID: "gw_bare", Mode: gateway.Test}

func namesAMissingSetting(ctx context.Context, h *Harness) error {
	required := h.required()
	if len(required) == 0 {
		return notApplicable("the gateway requires no setting")
	}
	_, err := h.checked(ctx, bare)
	if e := wants(err, gateway.ErrConfig, gateway.NotDone); e != nil {
		return e
	}
	if blamed := gateway.AsError(err).Setting; !slices.Contains(required, blamed) {
		return fmt.Errorf("it blames the setting %q, which is none of those required: %q", blamed, required)
	}
	return nil
}

func survivesWithoutSettings(ctx context.Context, h *Harness) error {
	g, err := h.witness.Open(ctx, bare)
	if err != nil {
		return wants(err, gateway.ErrConfig, gateway.NotDone)
	}
	_, err = g.Check(ctx)
	errs := map[string]error{"Check": err}
	_, errs["CreateCheckout"] = g.CreateCheckout(ctx, h.request("att_bare", h.hundred()))
	_, errs["SettleCheckout"] = g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: "cs_nobody_made"})
	_, errs["ListPayments"] = g.ListPayments(ctx, gateway.ListRequest{Limit: 1})
	_, errs["FetchPayment"] = g.FetchPayment(ctx, "pay_nobody_made")
	_, errs["ParseWebhook"] = g.ParseWebhook(ctx, gateway.Delivery{Body: []byte("{}"), ReceivedAt: h.now()})
	if x, ok := g.(gateway.Refunder); ok {
		_, errs["Refund"] = x.Refund(ctx, gateway.RefundRequest{IdempotencyKey: "ref_bare", PaymentID: "pay_nobody_made", Amount: h.hundred()})
	}
	if x, ok := g.(gateway.Expirer); ok {
		_, errs["ExpireCheckout"] = x.ExpireCheckout(ctx, "cs_nobody_made")
	}
	if x, ok := g.(gateway.BalanceReader); ok {
		_, errs["Balance"] = x.Balance(ctx)
	}
	if x, ok := g.(gateway.PayoutReader); ok {
		_, errs["PayoutItems"] = x.PayoutItems(ctx, "po_nobody_made")
	}
	for _, call := range slices.Sorted(maps.Keys(errs)) {
		var e *gateway.Error
		switch err := errs[call]; {
		case err == nil:
		case !errors.As(err, &e):
			return fmt.Errorf("%s: an error that is not the port's: %w", call, err)
		case e.Kind == gateway.ErrBug || e.Outcome != gateway.NotDone:
			return fmt.Errorf("%s: %w", call, err)
		}
	}
	return nil
}

func believesNoWebhookWithoutSettings(ctx context.Context, h *Harness) error {
	g, err := h.witness.Open(ctx, bare)
	if err != nil {
		return wants(err, gateway.ErrConfig, gateway.NotDone)
	}
	_, err = g.ParseWebhook(ctx, gateway.Delivery{
		Headers: []gateway.Header{{Name: "Content-Type", Value: "application/json"}}, Body: []byte(`{"id":"evt_1"}`), ReceivedAt: time.Now().UTC(),
	})
	if wants(err, gateway.ErrConfig, gateway.NotDone) == nil {
		return nil
	}
	return wants(err, gateway.ErrUntrusted, gateway.NotDone)
}

// without is a copy of a connection that lacks some settings.
func without(c gateway.Connection, names ...string) gateway.Connection {
	c.Settings = maps.Clone(c.Settings)
	for _, name := range names {
		delete(c.Settings, name)
	}
	return c
}

func namesEachMissingSetting(ctx context.Context, h *Harness) error {
	required := h.required()
	if len(required) == 0 {
		return notApplicable("the gateway requires no setting")
	}
	for _, name := range required {
		_, err := h.checked(ctx, without(h.Connect(), name))
		if e := wants(err, gateway.ErrConfig, gateway.NotDone); e != nil {
			return fmt.Errorf("without %s: %w", name, e)
		}
		if blamed := gateway.AsError(err).Setting; blamed != name {
			return fmt.Errorf("without %s it blames %q", name, blamed)
		}
	}
	return nil
}

func takesItsDefaults(ctx context.Context, h *Harness) error {
	var names []string
	for _, s := range h.info.Settings {
		if s.Default != "" {
			names = append(names, s.Name)
		}
	}
	if len(names) == 0 {
		return notApplicable("no setting has a default")
	}
	s, err := h.with(ctx, without(h.Connect(), names...))
	if err != nil {
		return err
	}
	if _, err := s.Check(ctx); err != nil {
		return err
	}
	_, err = s.page(ctx, "att_default", h.hundred())
	return err
}

func ignoresUnknownSettings(ctx context.Context, h *Harness) error {
	c := h.Connect()
	a, err := h.checked(ctx, c)
	if err != nil {
		return err
	}
	c.Settings = maps.Clone(c.Settings)
	c.Settings["of_a_version_to_come"] = "x"
	if b, err := h.checked(ctx, c); err != nil || b.ID != a.ID {
		return wrong(err, "with a setting more it opens %q, not %q", b.ID, a.ID)
	}
	return nil
}

func opensTheSameAccount(ctx context.Context, h *Harness) error {
	c := h.Connect()
	a, err := h.checked(ctx, c)
	if err != nil {
		return err
	}
	if b, err := h.checked(ctx, c); err != nil || b.ID != a.ID {
		return wrong(err, "the same settings open %q, then %q", a.ID, b.ID)
	}
	if b, err := h.checked(ctx, h.Connect()); err != nil || b.ID == a.ID {
		return wrong(err, "other settings open the same account %q", a.ID)
	}
	return nil
}

func hasWhatItAnnounces(ctx context.Context, h *Harness) error {
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	for c, has := range abilities(s.Gateway) {
		if h.info.Can(c) && !has {
			return fmt.Errorf("it announces %s and does not have it", c)
		}
	}
	return nil
}

func refusesBadSettings(ctx context.Context, h *Harness) error {
	_, err := h.checked(ctx, h.Refused())
	if e := wants(err, gateway.ErrConfig, gateway.NotDone); e != nil {
		return e
	}
	blamed := gateway.AsError(err).Setting
	for _, s := range h.info.Settings {
		if s.Name == blamed {
			return nil
		}
	}
	return fmt.Errorf("it blames the setting %q, which it does not declare", blamed)
}

func installsItsWebhook(ctx context.Context, h *Harness) error {
	s, err := h.open(ctx)
	if err != nil {
		return err
	}
	installer, ok := s.Gateway.(gateway.WebhookInstaller)
	if !ok {
		return errors.New("it announces installing webhooks and does not have it")
	}
	url := s.conn.WebhookURL
	if url == "" {
		url = "http://127.0.0.1:9/hook"
	}
	for range 2 {
		got, err := installer.InstallWebhook(ctx, url)
		if err != nil {
			return err
		}
		c := without(s.conn)
		for name, value := range got {
			if !slices.ContainsFunc(h.info.Settings, func(s gateway.Setting) bool { return s.Name == name }) {
				return fmt.Errorf("it returns the setting %q, which it does not declare", name)
			}
			c.Settings[name] = value
		}
		if _, err := h.checked(ctx, c); err != nil {
			return fmt.Errorf("with what it returned: %w", err)
		}
	}
	return nil
}
