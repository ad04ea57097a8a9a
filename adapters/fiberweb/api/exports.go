package api

import (
	"context"
	"io"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/ledger"
)

func (s *service) exports() {
	const tag = "Exports"
	kinds := []string{"text/plain", "text/csv", "application/octet-stream"}
	add(s, endpoint{method: get, path: "/exports", id: "listExports", tag: tag, needs: access.Read,
		summary: "The exports made, and how many entries were never exported"}, s.listExports)
	add(s, endpoint{method: post, path: "/exports", id: "export", tag: tag, needs: access.ExportBooks, produces: kinds,
		summary: "Take a fiscal year away: FEC or CSV", text: "The answer is the file, sent while it is made; a connection that closes before the end means a part, not the whole. The export is numbered and its SHA-256 kept."}, s.export)
	add(s, endpoint{method: get, path: "/exports/{export}/file", id: "repeatExport", tag: tag, needs: access.ExportBooks, produces: kinds,
		summary: "The file of an earlier export again, to the byte"}, s.repeatExport)
}

// exported is one export that left the books.
type exported struct {
	ID     exportID  `json:"id"`
	Number int64     `json:"number" doc:"Without gaps in the company."`
	Format string    `json:"format" example:"fec"`
	Year   string    `json:"year"`
	File   string    `json:"file" example:"123456789FEC20261231.txt"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Head   head      `json:"head" doc:"Of the chain, at the time."`
	Lines  int64     `json:"lines"`
	SHA256 string    `json:"sha256" doc:"Of the file, hexadecimal."`
}

func exportedOf(x ledger.Export) exported {
	return exported{exportID(x.ID), x.Number, x.Format, x.Year, x.File, x.At, x.By, headOf(x.Head), x.Lines, x.SHA256}
}

type exportList struct {
	Items      []exported `json:"items"`
	Unexported int64      `json:"unexported" doc:"Entries that no export has taken away yet."`
}

func (s *service) listExports(c *call, _ *nothing) (exportList, error) {
	l, err := s.app.Exports(c.ctx, c.who)
	if err != nil {
		return exportList{}, err
	}
	return exportList{each(l.Exports, exportedOf), l.Unexported}, nil
}

func (s *service) export(c *call, in *struct {
	Body struct {
		Format string `json:"format" maxLength:"20" example:"fec" doc:"fec, csv…"`
		Year   string `json:"year" maxLength:"9" example:"2026" doc:"A fiscal year's id."`
	}
}) (file, error) {
	r := app.ExportRequest{Format: in.Body.Format, Year: in.Body.Year}
	name, media, err := s.app.ExportName(c.ctx, c.who, r)
	if err != nil {
		return file{}, err
	}
	if err := s.unseen(c); err != nil {
		id, again := c.replayed(err)
		if !again {
			return file{}, err
		}
		return s.repeat(c, id)
	}
	// The file is sent after the handler has returned: nothing of the request may be used by then.
	ctx, who, keyed := c.ctx, c.who, c.http.Get(headerKey) != ""
	return file{name: name, media: media, write: func(w io.Writer) error {
		x, err := s.app.Export(ctx, who, r, w)
		if err != nil || !keyed {
			return err
		}
		err = s.app.Books.Write(ctx, who.Company, func(_ context.Context, tx *books.Tx) error {
			tx.Made(x.ID)
			return nil
		})
		if _, twin := app.Replayed(err); twin {
			return nil
		}
		return err
	}}, nil
}

func (s *service) repeatExport(c *call, in *struct {
	Export exportID `path:"export"`
}) (file, error) {
	return s.repeat(c, string(in.Export))
}

func (s *service) repeat(c *call, id string) (file, error) {
	name, media, err := s.app.RepeatName(c.ctx, c.who, id)
	ctx, who := c.ctx, c.who
	return file{name: name, media: media, write: func(w io.Writer) error {
		_, err := s.app.Repeat(ctx, who, id, w)
		return err
	}}, err
}
