package paying

import (
	"net/http"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
)

const (
	// maxWebhook bounds one delivery in bytes: the largest events of the providers we know stay below 100 KiB.
	maxWebhook = 256 << 10
	// maxHeaders bounds the headers passed on; providers and proxies together send about thirty.
	maxHeaders = 100
)

// webhook takes a provider's call. It is answered 200 only when it is verified and stored, so that the provider
// calls again after anything else: 503 when that may help, 400 for what does not verify, 404 for a connection that does
// not exist. None says more, since whoever calls may be anybody.
func (h handlers) webhook(c *fiberweb.RawCtx) error {
	body := c.BodyRaw() // as signed: not decompressed, not parsed
	if len(body) > maxWebhook {
		return c.SendStatus(http.StatusRequestEntityTooLarge)
	}
	d := gateway.Delivery{Body: body, ReceivedAt: h.now().UTC()}
	for name, value := range c.Request().Header.All() {
		if len(d.Headers) == maxHeaders {
			break
		}
		d.Headers = append(d.Headers, gateway.Header{Name: string(name), Value: string(value)})
	}
	err := h.pay.Webhook(c.UserContext(), c.Params("company"), c.Params("connection"), d)
	if err != nil && len(fault.All(err)) == 0 {
		return err // a defect or an outage: the log has it, the caller gets a reference
	}
	return c.SendStatus(hookStatus(err))
}

func hookStatus(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case fault.Has(err, fault.UnknownThing), fault.Has(err, fault.GatewayOff):
		return http.StatusNotFound
	case fault.Has(err, fault.WebhookRefused), fault.Has(err, fault.WrongMode):
		return http.StatusBadRequest
	}
	return http.StatusServiceUnavailable
}
