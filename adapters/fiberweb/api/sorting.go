package api

import (
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
)

// explainer puts providers' codes in the caller's words, by the connection that gave them. Where the company's settings
// cannot be read just now, codes stay as they are.
func (s *service) explainer(c *call) func(connection, code string) string {
	setup, err := s.app.Books.Setup(c.ctx, c.who.Company)
	return func(connection, code string) string {
		if err != nil || code == "" {
			return code
		}
		return s.app.Reason(c.ctx, setup.Connections[connection], code, c.lang())
	}
}

// Selection names movements: those listed, or every one that the filter finds.
type Selection struct {
	IDs    []arrivalID `json:"ids,omitempty" maxItems:"20000"`
	Filter *struct {
		State      []string     `json:"state,omitempty" enum:"waiting,ready,review,past,dismissed,void"`
		Kind       []string     `json:"kind,omitempty"`
		Connection connectionID `json:"connection,omitzero"`
		Search     string       `json:"search,omitzero" maxLength:"200"`
	} `json:"filter,omitempty" doc:"Instead of ids."`
}

func (in Selection) core() (app.Selection, error) {
	var r reading
	out := app.Selection{IDs: make([]string, len(in.IDs))}
	for i, id := range in.IDs {
		out.IDs[i] = idIn(&r, id, "ids", itoa(i))
	}
	if (in.Filter == nil) == (len(in.IDs) == 0) {
		r.add(fault.New(fault.Invalid, fault.Required), "ids")
	}
	if f := in.Filter; f != nil {
		out.Query = app.ArrivalQuery{States: each(f.State, func(s string) inbox.State { return inbox.State(s) }), Kinds: f.Kind,
			Connection: string(f.Connection), Search: f.Search}
	}
	return out, r.Err()
}

// sortedOut is what became of a selection.
type sortedOut struct {
	Done int  `json:"done"`
	Left int  `json:"left" doc:"Not touched: posted, or set aside before."`
	More bool `json:"more" doc:"The filter finds more: do it again."`
}

func (s *service) dismissArrivals(c *call, in *struct {
	Body struct {
		Selection
		Reason string `json:"reason" maxLength:"300"`
	}
}) (sortedOut, error) {
	sel, err := in.Body.core()
	if err != nil {
		return sortedOut{}, err
	}
	got, err := s.app.DismissAll(c.ctx, c.who, sel, in.Body.Reason)
	return sortedOut{got.Done, got.Left, got.More}, err
}

func (s *service) takeUpArrivals(c *call, in *struct{ Body Selection }) (sortedOut, error) {
	sel, err := in.Body.core()
	if err != nil {
		return sortedOut{}, err
	}
	got, err := s.app.TakeUpAll(c.ctx, c.who, sel)
	return sortedOut{got.Done, got.Left, got.More}, err
}
