package app

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// keptSecrets is how many webhook secrets verify at a time: the present one and those before it, which the provider signs
// with until it has taken the new one over.
const keptSecrets = 3

// Hook is how a connection's provider reports to us.
type Hook struct {
	URL       string // where it must report; installed when the connection's WebhookURL is the same
	Installer bool   // the gateway can register it by itself; else a person does so at the provider
	Reachable bool   // others than this machine can reach the address, as far as its form tells
}

// Hook says where a connection's provider must report. Codes: unknown_thing, gateway_not_found.
func (a *App) Hook(ctx context.Context, who access.Actor, id string) (Hook, error) {
	if err := who.May(access.Configure); err != nil {
		return Hook{}, err
	}
	c, err := a.connection(ctx, who.Company, id)
	if err != nil {
		return Hook{}, err
	}
	info, err := a.gatewayInfo(ctx, c.Gateway)
	return Hook{URL: a.webhookURL(who.Company, id), Installer: info.Can(gateway.CanInstallWebhook), Reachable: a.reachable()}, err
}

// InstallWebhook registers our address at the provider. What verified deliveries before goes on doing so: secrets are
// added in front of the older ones. Codes: unknown_thing, webhook_unreachable, the connection's own problem,
// gateway_credentials, gateway_refused, gateway_down, gateway_broken.
func (a *App) InstallWebhook(ctx context.Context, who access.Actor, id string) (inbox.Connection, error) {
	none := inbox.Connection{}
	if err := who.May(access.Configure); err != nil {
		return none, err
	}
	c, err := a.connection(ctx, who.Company, id)
	if err != nil {
		return none, err
	}
	if c.Mode == gateway.Live && !a.reachable() {
		return none, fault.New(fault.Refused, fault.WebhookUnreachable, "url", a.BaseURL)
	}
	info, err := a.gatewayInfo(ctx, c.Gateway)
	if err != nil {
		return none, err
	}
	g, err := a.openGateway(ctx, who.Company, c)
	if err != nil {
		return none, err
	}
	url := a.webhookURL(who.Company, id)
	got, err := install(ctx, g, url)
	if err != nil {
		return none, gatewayFault(c.Label, err)
	}
	return a.onConnection(ctx, who, id, "webhook_installed", func(tx *books.Tx, now *inbox.Connection) error {
		old, err := a.settings(tx.Company(), *now)
		if err != nil {
			return err
		}
		now.WebhookURL, now.WebhookAt = url, tx.Now()
		return a.keepSettings(tx.Company(), now, info, withHook(info, old, got))
	})
}

func install(ctx context.Context, g gateway.Gateway, url string) (map[string]string, error) {
	w, ok := g.(gateway.WebhookInstaller)
	if !ok {
		return nil, gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "the gateway cannot install its webhook")
	}
	got, err := w.InstallWebhook(ctx, url)
	if err == nil {
		err = gateway.CheckInstalled(got)
	}
	return got, err
}

// withHook adds what an installation gave to a connection's settings. A secret comes in front of those that verified so
// far; anything else takes the place of what was there.
func withHook(info gateway.Info, old, got map[string]string) map[string]string {
	values := maps.Clone(old)
	if values == nil {
		values = map[string]string{}
	}
	for name, v := range got {
		i := slices.IndexFunc(info.Settings, func(s gateway.Setting) bool { return s.Name == name })
		if i >= 0 && info.Settings[i].Type != gateway.SecretSetting {
			values[name] = v
			continue
		}
		var all []string
		for _, s := range append(strings.Fields(v), strings.Fields(values[name])...) {
			if !slices.Contains(all, s) && len(all) < keptSecrets {
				all = append(all, s)
			}
		}
		values[name] = strings.Join(all, " ")
	}
	return values
}

// hookAtConnect installs the webhook of a connection that is being made. Where the provider cannot reach us it is not
// tried, and a refusal does not undo the connection: polling brings everything in, and the connection's page says that the
// webhook is missing.
func (a *App) hookAtConnect(ctx context.Context, company string, c inbox.Connection, account gateway.Account, info gateway.Info, values map[string]string) (kept map[string]string, installed bool, err error) {
	if !info.Can(gateway.CanInstallWebhook) || account.Mode == gateway.Live && !a.reachable() {
		return values, false, nil
	}
	c.Mode = account.Mode
	g, err := a.open(ctx, company, c, values)
	if err != nil {
		return nil, false, err
	}
	got, err := install(ctx, g, a.webhookURL(company, c.ID))
	if err != nil {
		a.Log.Warn("webhook was not installed", err, "connection", c.ID, "gateway", c.Gateway)
		return values, false, nil
	}
	return withHook(info, values, got), true, nil
}
