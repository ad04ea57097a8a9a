package api

import (
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/inbox"
)

func (s *service) history() {
	add(s, endpoint{method: get, path: "/history/{ref}", id: "getHistory", tag: "History", needs: access.Read,
		summary: "What was done to a document, customer, connection or setting, oldest first"}, s.getHistory)
}

// event is one line of a history.
type event struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Action string    `json:"action" example:"invoice_issued"`
	Detail string    `json:"detail,omitzero" doc:"Plain values: a number, an amount, a reason."`
}

func (s *service) getHistory(c *call, in *struct {
	Ref string `path:"ref" maxLength:"60" doc:"An identifier, such as that of an invoice; account/411000, journal/VE… for settings (the slash is written %2F)."`
}) (all[event], error) {
	v, err := s.views(c)
	if err != nil {
		return all[event]{}, err
	}
	l, err := v.History(c.ctx, c.who.Company, in.Ref)
	return whole(l, err, func(e inbox.Event) event { return event{e.At, e.Actor, e.Action, e.Detail} })
}
