package fiberweb

import (
	"bufio"
	"errors"
	"io"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// File answers with a file to keep, or to look at when inline is set.
func (c *Ctx) File(name, mediaType string, data []byte, inline bool) error {
	c.fileHead(name, mediaType, inline)
	return c.Send(data)
}

// Stream answers with a file that is written while it is sent, in constant memory. write runs after the handler has
// returned, so it must use nothing of the Ctx; its context is the one to have been taken before. An error cuts the
// connection, so that the browser reports a failed download rather than keep half a file.
func (c *Ctx) Stream(name, mediaType string, write func(w io.Writer) error) error {
	c.fileHead(name, mediaType, false)
	log, request := c.s.opts.Log, requestID(c.Ctx)
	r, w := io.Pipe()
	go func() {
		err := filled(w, write)
		switch {
		case errors.Is(err, io.ErrClosedPipe):
			log.Info().Str("request", request).Msg("stream: the client left")
		case err != nil:
			log.Error().Err(err).Str("request", request).Msg("stream")
		}
		_ = w.CloseWithError(err) // always nil, by its documentation
	}()
	c.Ctx.Context().SetBodyStream(r, -1)
	return nil
}

// filled runs write outside of any handler, where a panic would end the program.
func filled(w io.Writer, write func(io.Writer) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked{v, debug.Stack()}
		}
	}()
	// One write in the pipe wakes its reader: few and large ones keep an export as fast as its query.
	b := bufio.NewWriterSize(w, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

func (c *Ctx) fileHead(name, mediaType string, inline bool) {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' {
			return '_'
		}
		return r
	}, name)
	c.Set(fiber.HeaderContentDisposition, kind+`; filename="`+ascii+`"; filename*=UTF-8''`+url.PathEscape(name))
	c.Set(fiber.HeaderContentType, mediaType)
	c.Set(fiber.HeaderCacheControl, "private, no-store")
	if mediaType == "application/pdf" {
		// Browsers show a PDF with a program of their own, which a sandbox keeps from starting; what the PDF holds cannot
		// reach this site.
		c.Set("Content-Security-Policy", "frame-ancestors 'self'; base-uri 'none'")
		return
	}
	// A file of ours shown by the browser may run nothing and load nothing.
	c.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
}
