package sales

import (
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
)

// sends says on an asking page to whom the mail goes, whether it will have a pay button, and what is missing.
func (a *act) sends(s app.Sending) {
	a.to = string(s.Customer.Email)
	a.refused, a.blocked = s.Refused, len(s.Refused) > 0
	a.about = sendingFacts(sendingView{s, a.document})
}

func offersWords(s app.Sending) string {
	names := make([]string, len(s.Offers))
	for i, o := range s.Offers {
		names[i] = o.Label
	}
	return strings.Join(names, ", ")
}

// withoutWords says why there will be no pay button, and where that is changed; the path is empty when nowhere.
func withoutWords(l *i18n.Localizer, s app.Sending, document string) (text, path, key string) {
	text = l.T("sales.without." + string(s.Without))
	switch s.Without {
	case app.OfflineMethod:
		if s.Issues && document != "" {
			return text, document + "/edit", "sales.mend.draft"
		}
	case app.NoGateway:
		return text, "/settings/gateways", "sales.mend.gateways"
	case app.NoDeposit, app.LinkClosed:
		return text, document, "sales.mend.document"
	case app.NothingToPay, app.NoAddress:
	}
	return text, "", ""
}

// link is the lasting address where a document is paid.
type link struct {
	there   bool
	revoked bool
	url     string
	page    *inbox.Attempt // a payment page that is open, or a payment on its way
	gateway string         // whose
}

// link reads a document's pay link. A document that never had one has none.
func (h *screens) link(c *fiberweb.Ctx, document string) (link, error) {
	url, err := h.PayURL(c.Context(), c.Actor(), document)
	switch {
	case err == nil:
		l := link{there: true, url: url}
		at, open, err := h.OpenPage(c.Context(), c.Actor(), document)
		if err != nil || !open {
			return l, err
		}
		s, err := h.Setup(c.Context(), c.Actor())
		if err == nil {
			l.page, l.gateway = &at, s.Connections[at.ConnectionID].Label
		}
		return l, err
	case fault.Has(err, fault.LinkRevoked):
		return link{there: true, revoked: true}, nil
	case fault.KindOf(err) == fault.NotFound:
		return link{}, nil
	}
	return link{}, err
}

// What can be done to a pay link.
const (
	renewLink  = "renew"
	revokeLink = "revoke"
	closePage  = "close"
)

// asksLink completes the question about a pay link.
func (a *act) asksLink(c *fiberweb.Ctx, do string) {
	if do != revokeLink && do != closePage {
		do = renewLink
	}
	a.title = c.T("sales.link." + do)
	a.ask.Action += "/link"
	a.ask.Text, a.ask.Yes, a.ask.Danger = c.T("sales.link."+do+"_ask"), a.title, true
	a.ask.Fields = ui.HiddenField("act", do)
}

func (h *screens) changeLink(c *fiberweb.Ctx, a act, document, back string) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	do := f.Value("act")
	a.asksLink(c, do)
	switch do {
	case renewLink:
		err = h.RenewLink(c.Context(), c.Actor(), document)
	case revokeLink:
		err = h.RevokeLink(c.Context(), c.Actor(), document)
	case closePage:
		var at inbox.Attempt
		if at, err = h.ClosePayPage(c.Context(), c.Actor(), document); err == nil && at.State == inbox.Succeeded {
			return c.Done(back, "sales.link.close_paid")
		}
	default:
		err = fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(do), "allowed", renewLink+", "+revokeLink+", "+closePage)
	}
	return a.tried(c, err, func() error { return c.Done(back, "sales.link."+do+"_done") })
}
