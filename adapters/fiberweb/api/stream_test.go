package api_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
)

// failingLines is a store that breaks in the middle of an export, or panics there.
type failingLines struct {
	app.Views
	panics bool
}

func (f failingLines) Lines(ctx context.Context, company string, q app.LineQuery, each func(*app.ExportLine) error) error {
	if err := f.Views.Lines(ctx, company, q, each); err != nil {
		return err
	}
	if f.panics {
		panic("the disk is gone")
	}
	return errors.New("the disk is gone")
}

// A file that could not be made to its end must not look as if it were whole.
func TestExportThatBreaksOff(t *testing.T) {
	for _, panics := range []bool{false, true} {
		w := apptest.New(t)
		s := newServerOver(t, w, 0)
		c := s.client(t, access.Owner)
		c.post("/entries", entryBody()).is(201)
		w.Views = failingLines{w.Store, panics}

		ln, err := net.Listen("tcp", "127.0.0.1:0")
		apptest.OK(t, err)
		served := make(chan error, 1)
		go func() { served <- s.fiber.Listener(ln) }()
		req, err := http.NewRequest(http.MethodPost, "http://"+ln.Addr().String()+api.Prefix+"/exports", strings.NewReader(`{"format":"plain","year":"2026"}`))
		apptest.OK(t, err)
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		apptest.OK(t, err)
		body, err := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusOK || err == nil {
			t.Errorf("the file looks whole: %d, %v, %q", res.StatusCode, err, body)
		}
		apptest.OK(t, res.Body.Close())
		apptest.OK(t, s.fiber.Shutdown())
		apptest.OK(t, <-served)
		if log := s.log.String(); !strings.Contains(log, "the disk is gone") {
			t.Errorf("the log: %s", log)
		}
		w.Views = w.Store
		if n := len(c.get("/exports").is(200).at("items").list()); n != 0 {
			t.Errorf("%d exports are remembered", n)
		}
	}
}
