package ui

import (
	"context"

	"github.com/a-h/templ"
)

// status is how a well-known state looks; its words are the catalogue's "status." texts.
type status struct {
	tone Tone
	icon string
}

var statuses = map[string]status{
	"draft":     {Neutral, "circle-dashed"},
	"issued":    {Notice, "stamp"},
	"sent":      {Notice, "send"},
	"cancelled": {Neutral, "ban"},
	"paid":      {Good, "circle-check"},
	"partial":   {Caution, "circle-dot"},
	"unpaid":    {Neutral, "circle"},
	"overdue":   {Bad, "clock"},
	"overpaid":  {Caution, "arrow-up"},
	"disputed":  {Bad, "triangle-alert"},
	"pending":   {Caution, "hourglass"},
	"failed":    {Bad, "circle-x"},
	"on":        {Good, "circle-check"},
	"off":       {Neutral, "circle"},
}

// Status shows a well-known state: draft, issued, sent, cancelled, paid, partial, unpaid, overdue, overpaid, disputed,
// pending, failed, on, off. For any other, use Badge.
func Status(name string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		s, ok := statuses[name]
		if !ok {
			s = status{Neutral, "circle"}
		}
		return Badge(s.tone, s.icon, T(ctx, "status."+name)).Render(ctx, w)
	})
}

func toneIcon(t Tone) string {
	switch t {
	case Good:
		return "circle-check"
	case Caution:
		return "triangle-alert"
	case Bad:
		return "circle-x"
	case Notice, Neutral:
	}
	return "info"
}
