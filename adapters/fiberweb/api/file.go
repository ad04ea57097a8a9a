package api

import (
	"errors"
	"io"
	"mime"

	"github.com/gofiber/fiber/v2"
)

// file is an answer that is no JSON.
type file struct {
	name  string // for saving it; empty: shown in place
	media string
	data  []byte
	// write makes the answer while it is sent, in constant memory. When it fails the connection is closed before the end, so
	// that nobody takes a part for the whole.
	write func(w io.Writer) error
}

func (d file) send(f *fiber.Ctx, failed func(error)) error {
	h := &f.Response().Header
	h.SetContentType(d.media)
	if d.name != "" {
		h.Set(fiber.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
	}
	if d.write == nil {
		f.Response().SetBodyRaw(d.data)
		return nil
	}
	r, w := io.Pipe()
	go func() {
		err := guard(func() error { return d.write(w) })
		if err != nil && !errors.Is(err, io.ErrClosedPipe) { // the reader went away: nobody is there to be told
			failed(err)
		}
		_ = w.CloseWithError(err)
	}()
	f.Response().SetBodyStream(r, -1)
	return nil
}
