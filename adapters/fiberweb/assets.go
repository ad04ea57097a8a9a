package fiberweb

import (
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb/static"
	"github.com/gofiber/fiber/v2"
)

func (s *Server) serveStatic(c *fiber.Ctx) error {
	return s.sendStatic(c, strings.TrimPrefix(c.Path(), static.Prefix))
}

// sendStatic answers with a file, by its path behind static.Prefix or, for one that is asked for by a name of its own, by
// its bare name.
func (s *Server) sendStatic(c *fiber.Ctx, path string) error {
	if !strings.Contains(path, "/") {
		path = "-/" + path
	}
	f, current, ok := static.Get(path)
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, f.Type)
	if current {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if f.Gzip != nil {
		c.Vary(fiber.HeaderAcceptEncoding)
		if c.AcceptsEncodings("gzip") == "gzip" {
			c.Set(fiber.HeaderContentEncoding, "gzip")
			return c.Send(f.Gzip)
		}
	}
	return c.Send(f.Data)
}
