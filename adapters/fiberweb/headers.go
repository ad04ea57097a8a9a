package fiberweb

import "github.com/gofiber/fiber/v2"

// policy is the content security policy of a page. The zero policy is the strictest: files of ours and nothing inline.
type policy struct {
	leave bool
	frame bool
}

// FormsMayLeave lets a form of this page be answered with a redirect to another site. Browsers apply form-action to the
// redirects behind a form too, so the page with the pay button needs it: the gateway's page is elsewhere, where exactly is
// known only after the click, and gateways in test mode may live on this machine.
func (c *Ctx) FormsMayLeave() { c.policy.leave = true }

// ShowsFrames lets this page hold frames with pages of ours.
func (c *Ctx) ShowsFrames() { c.policy.frame = true }

// String writes the header. Images may be data: since Pico draws its arrows so.
func (p policy) String() string {
	action := "'self'"
	if p.leave {
		action = "'self' https: http://127.0.0.1:* http://localhost:*"
	}
	frames := ""
	if p.frame {
		frames = "frame-src 'self'; "
	}
	return "default-src 'none'; " + frames + "script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
		"form-action " + action + "; base-uri 'none'; frame-ancestors 'none'"
}

// harden sets the headers every answer has. The referrer policy is same-origin rather than none: pay links are secrets
// that other sites must not see, while our own pages may know where a click came from.
func (s *Server) harden(c *fiber.Ctx) {
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set("Content-Security-Policy", policy{}.String())
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if s.https() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")
	}
}
