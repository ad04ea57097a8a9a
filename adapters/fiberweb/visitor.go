package fiberweb

import "github.com/acquit-app/acquit/adapters/fiberweb/i18n"

// Prefer answers in the language of what the page shows (a document, a letter) rather than the visitor's own; a choice made
// by the language switch still comes first.
func (c *Ctx) Prefer(l i18n.Lang) { c.loc = c.speak(l) }

// Network names where a request comes from, for counting requests: an IPv4 address or an IPv6 /64. It goes into no log.
func (c *Ctx) Network() string { return network(c.s.clientIP(c.Ctx)) }
