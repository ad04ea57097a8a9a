package fiberweb

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
)

// flashLife is how long a sentence waits for the page it is meant for.
const flashLife = 2 * time.Minute

// flashSize bounds the cookie: browsers drop those above 4096 bytes, and a dropped one would be no sentence at all.
const flashSize = 3000

// notice is a sentence on its way to the next page: a key and its parameters, never a text, so that a forged cookie can
// say nothing that is not in the catalogues.
type notice struct {
	Tone   ui.Tone  `json:"t"`
	Key    string   `json:"k"`
	Params []string `json:"p,omitempty"`
}

// It travels in a cookie rather than in the session: the next page takes it away without writing to the store, and
// visitors who have no session get it too.
func (s *Server) flashCookie() string { return s.cookieName("acquit_flash") }

// Flash says something on the page that the browser is sent to next. Several add up.
func (c *Ctx) Flash(tone ui.Tone, key string, params ...string) {
	waiting, _ := c.Locals(flashKey{}).([]notice)
	waiting = append(waiting, notice{tone, key, params})
	c.Locals(flashKey{}, waiting)
	b, err := json.Marshal(waiting)
	if err != nil || len(b) > flashSize {
		return // what was done is done; only its sentence would be too long to carry
	}
	c.setCookie(c.s.flashCookie(), base64.RawURLEncoding.EncodeToString(b), flashLife)
}

type flashKey struct{}

// takeFlashes returns the sentences that wait for this page, and those said while making it.
func (c *Ctx) takeFlashes() []ui.Flash {
	var waiting []notice
	if sent := c.Cookies(c.s.flashCookie()); sent != "" {
		if b, err := base64.RawURLEncoding.DecodeString(sent); err == nil && json.Unmarshal(b, &waiting) != nil {
			waiting = nil
		}
		c.dropCookie(c.s.flashCookie())
	}
	if said, ok := c.Locals(flashKey{}).([]notice); ok {
		waiting = append(waiting, said...)
		c.dropCookie(c.s.flashCookie())
	}
	var out []ui.Flash
	for _, n := range waiting {
		if c.loc.Has(n.Key) {
			out = append(out, ui.Flash{Tone: n.Tone, Text: c.loc.T(n.Key, n.Params...)})
		}
	}
	return out
}
