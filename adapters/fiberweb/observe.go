package fiberweb

import (
	"fmt"
	"runtime/debug"

	"github.com/acquit-app/acquit/core/ids"
	"github.com/gofiber/fiber/v2"
	"github.com/rs/zerolog"
)

type requestKey struct{}

// requestID names this request in logs and on error pages.
func requestID(c *fiber.Ctx) string {
	id, _ := c.Locals(requestKey{}).(string)
	return id
}

// prepare names a request and sets its headers, once.
func (s *Server) prepare(c *fiber.Ctx) {
	if requestID(c) != "" {
		return
	}
	id := ids.New(ids.Request)
	c.Locals(requestKey{}, id)
	c.Set(fiber.HeaderXRequestID, id)
	s.harden(c)
}

// observe stands around every request: it names it, catches panics, answers errors, and writes one log line. The line has
// the route and not the address, which may hold a pay link or an e-mail, and no address of the visitor.
func (s *Server) observe(c *fiber.Ctx) error {
	start := s.opts.Now()
	s.prepare(c)
	err := guarded(c)
	if err != nil {
		if err := s.answerError(c, err); err != nil {
			return err
		}
	}
	status := c.Response().StatusCode()
	level, cause := zerolog.InfoLevel, error(nil)
	if status >= fiber.StatusInternalServerError {
		level, cause = zerolog.ErrorLevel, err
	}
	s.opts.Log.WithLevel(level).Err(cause).Str("request", requestID(c)).Str("method", c.Method()).Str("route", c.Route().Path).Int("status", status).
		Dur("took", s.opts.Now().Sub(start)).Msg("http")
	return nil
}

// panicked is a panic as an error, with where it happened.
type panicked struct {
	value any
	stack []byte
}

// Error is for the log only.
func (p panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func guarded(c *fiber.Ctx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked{v, debug.Stack()}
		}
	}()
	return c.Next()
}
