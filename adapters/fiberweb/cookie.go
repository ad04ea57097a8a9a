package fiberweb

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

// setCookie sets one of our cookies: never read by scripts, never sent along from another site's form, by https only where
// there is https. A life of zero lasts until the browser is closed.
func (c *Ctx) setCookie(name, value string, life time.Duration) {
	c.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second), SessionOnly: life == 0,
		Secure: c.s.https(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

// dropCookie makes the browser forget a cookie.
func (c *Ctx) dropCookie(name string) {
	c.Cookie(&fiber.Cookie{
		Name: name, Path: "/", Expires: time.Unix(1, 0), Secure: c.s.https(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}
