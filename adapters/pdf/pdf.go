// Package pdf draws documents on A4: invoices, quotes, credit notes, deposit invoices.
//
// A sheet arrives with every word and number decided (app.Sheet); this package only decides where they stand. The
// customer's address sits where the window of a French envelope shows it (DL, window 35 × 100 mm, 20 mm from the right
// and lower edges), figures are tabular and end flush right, and the pay button is a link over the drawn button and over the
// QR code beside it.
//
// The same sheet gives the same bytes. Whatever text comes, a document comes out: what the typeface cannot draw is
// replaced (see printable), long descriptions run over pages, and only an image that cannot be read is refused.
package pdf

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

// Press draws documents. It implements app.Paper and is safe for concurrent use. The zero Press is ready.
type Press struct{ logos logos }

// Draw returns the sheet as a PDF file. Codes: bad_image (the logo), bad_url (the pay link does not fit a QR code),
// bad_choice (lang), bad_date (created_at is not RFC 3339).
func (p *Press) Draw(ctx context.Context, s app.Sheet) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	say, ok := vocabulary[s.Lang]
	if !ok {
		return nil, fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(s.Lang), "allowed", "fr, en").On("lang")
	}
	made := time.Unix(0, 0).UTC()
	if s.CreatedAt != "" {
		t, err := time.Parse(time.RFC3339, s.CreatedAt)
		if err != nil {
			return nil, fault.New(fault.Invalid, fault.BadDate, "found", fault.Clip(s.CreatedAt)).On("created_at")
		}
		made = t.UTC()
	}
	l := &layout{say: say, sheet: clean(s)}
	if len(s.Logo) > 0 {
		var err error
		if l.logo, err = p.logos.get(s.Logo); err != nil {
			return nil, err
		}
	}
	if err := l.compose(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return write(l, made)
}

// write turns the composed pages into a file.
func write(l *layout, made time.Time) ([]byte, error) {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	f.SetCatalogSort(true)
	f.SetCreationDate(made)
	f.SetModificationDate(made)
	f.SetProducer("Acquit", true)
	f.SetCreator("Acquit", true)
	f.SetTitle(l.title(), true)
	f.SetAuthor(l.sheet.Company.Name, true)
	f.SetSubject(l.sheet.Subject, true)
	f.SetLang(l.sheet.Lang)
	f.SetXmpMetadata(metadata(l, made))
	for i, face := range faces() {
		f.AddUTF8FontFromBytes(weight(i).family(), "", bytes.Clone(face.file)) // the library writes into what it is given
	}
	for i, page := range l.pages {
		f.AddPage()
		for _, draw := range page {
			draw(f)
		}
		total := strconv.Itoa(len(l.pages))
		l.drawFoot(f, l.say.page+" "+strconv.Itoa(i+1)+"/"+total)
	}
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}
