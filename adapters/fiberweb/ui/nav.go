package ui

import "context"

// NavItem is one line of the main menu.
type NavItem struct {
	Key  string // of its text, behind "nav."; also what a page names as its place in the menu
	Path string // within the company
	Icon string
}

// NavGroup is a heading of the menu and its lines. A group without a key has no heading.
type NavGroup struct {
	Key    string
	Icon   string
	Folded bool // shown closed until one of its pages is open
	Items  []NavItem
}

// Nav is the main menu, in the order and words of the trade.
func Nav() []NavGroup {
	return []NavGroup{
		{Items: []NavItem{{"home", "/", "house"}}},
		{Key: "sales", Items: []NavItem{
			{"quotes", "/quotes", "file-pen"}, {"invoices", "/invoices", "file-text"}, {"customers", "/customers", "users"},
		}},
		{Key: "payments", Items: []NavItem{
			{"inbox", "/inbox", "inbox"}, {"receipts", "/receipts", "hand-coins"}, {"proofs", "/proofs", "landmark"},
		}},
		{Key: "books", Items: []NavItem{
			{"journal", "/journal", "book-open"}, {"ledger", "/ledger", "book-text"}, {"balance", "/balance", "scale"},
			{"fee_vat", "/fee-vat", "receipt"}, {"exports", "/exports", "file-down"}, {"verify", "/verify", "shield-check"},
		}},
		{Key: "settings", Icon: "settings", Folded: true, Items: []NavItem{
			{"settings.company", "/settings/company", "building"}, {"settings.chart", "/settings/chart", "list-tree"},
			{"settings.methods", "/settings/methods", "wallet"}, {"settings.gateways", "/settings/gateways", "plug"},
			{"settings.rates", "/settings/rates", "scale"},
			{"settings.mail", "/settings/mail", "mail"}, {"settings.users", "/settings/users", "user-cog"},
			{"settings.tokens", "/settings/tokens", "key"},
		}},
		{Items: []NavItem{{"outbox", "/outbox", "send"}, {"help", "/help", "circle-question-mark"}}},
	}
}

func (g NavGroup) holds(active string) bool {
	for _, it := range g.Items {
		if it.Key == active {
			return true
		}
	}
	return false
}

func waiting(ctx context.Context, key string) int { return FrameOf(ctx).Waiting[key] }
