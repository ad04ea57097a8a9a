package home

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
)

func (v messageView) facts(ctx context.Context) []ui.Fact {
	out := []ui.Fact{
		{Label: ui.T(ctx, "outbox.to"), Value: recipient(v.Mail), Wide: true},
		{Label: ui.T(ctx, "outbox.state"), Value: mailState(v.Mail), Wide: v.Problem != ""},
		{Label: ui.T(ctx, "outbox.asked"), Value: ui.Moment(v.CreatedAt)},
		{Label: ui.T(ctx, "outbox.by"), Value: ui.Text(v.CreatedBy)},
	}
	if !v.SentAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "outbox.sent_at"), Value: ui.Moment(v.SentAt)})
	}
	if v.Tries > 1 {
		out = append(out, ui.Fact{Label: ui.T(ctx, "outbox.tries"), Value: ui.Text(ui.L(ctx).Int(v.Tries))})
	}
	return out
}

// size is how long a file is, in whole kilobytes.
func size(ctx context.Context, bytes int) string {
	return ui.T(ctx, "outbox.kilobytes", "n", ui.L(ctx).Int((bytes+1023)/1024))
}
