package setup

import (
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
)

// gatewayView is the step at which a gateway is connected and switched on.
type gatewayView struct {
	frame  settings.Frame
	found  settings.Found
	conn   inbox.Connection // the one to switch on, or that is on; zero when there is none
	checks []app.Check
}

func (h *wizard) gateway(c *fiberweb.Ctx) error {
	f, err := h.frame(app.StepGateway)(c)
	if err != nil {
		return err
	}
	v := gatewayView{frame: f}
	if v.found, err = h.settings.Found(c); err != nil {
		return err
	}
	for _, conn := range v.found.Connections {
		if v.conn.ID == "" || conn.On && !v.conn.On {
			v.conn = conn
		}
	}
	if v.conn.ID != "" {
		if v.checks, err = h.Preflight(c.Context(), c.Actor(), v.conn.ID, ""); err != nil {
			return err
		}
	}
	return c.Show(gatewayPage(v))
}
