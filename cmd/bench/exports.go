package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
)

const (
	maxFirstByte  = 200 * time.Millisecond
	maxExportSize = 64 << 20
	maxVerifySize = 32 << 20
	maxBalance    = 100 * time.Millisecond
)

// exports measures large books: what leaves them (G8, G9, G10), their verification (G11), the trial balance (G12), and
// posting on them (G5).
func exports(l *lab) error {
	empty, err := l.postOverHTTP(32)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := l.fill(l.o.Lines); err != nil {
		return err
	}
	l.out.note("G5", fmt.Sprintf("filling the books with %d lines, matched", l.o.Lines), l.engine, seconds(time.Since(began).Seconds()))
	full, err := l.postOverHTTP(32)
	if err != nil {
		return err
	}
	l.out.ratio("G5", fmt.Sprintf("posting, 32 clients, on books of %d lines", l.o.Lines), l.engine, full.perSecond(), empty.perSecond(), perSecond, "empty books", atLeast(0.8))

	dump, by, err := l.dump()
	if err != nil {
		return err
	}
	year := l.year()
	fec, err := l.child("fec", year)
	if err != nil {
		return err
	}
	bounds := map[string]within{"COPY": atMost(1.25), "sqlite3": atMost(2.5), "Go dump": atMost(2.5)}
	goal := map[string]string{"COPY": "G8"}[by]
	if goal == "" {
		goal = "G10"
	}
	l.out.ratio(goal, fmt.Sprintf("FEC to file, %d lines, %s", fec.Lines, mebibytes(float64(fec.Bytes))), l.engine, fec.Seconds, dump, seconds, by, bounds[by])
	if err := l.fecOverHTTP(year, fec.Seconds); err != nil {
		return err
	}
	l.out.limit("G9", "FEC: peak memory of its process", l.engine, float64(fec.Peak), mebibytes, atMost(maxExportSize))
	csv, err := l.child("csv", year)
	if err != nil {
		return err
	}
	l.out.ratio("G9", "CSV beside FEC", l.engine, csv.Seconds, fec.Seconds, seconds, "FEC", atMost(1.5))
	l.out.limit("G9", "CSV: peak memory of its process", l.engine, float64(csv.Peak), mebibytes, atMost(maxExportSize))

	verified, err := l.child("verify", year)
	if err != nil {
		return err
	}
	l.out.ratio("G11", fmt.Sprintf("verifying the chain, %d entries", verified.Lines), l.engine, verified.Seconds, dump, seconds, by, atMost(1.25))
	l.out.limit("G11", "verifying: peak memory of its process", l.engine, float64(verified.Peak), mebibytes, atMost(maxVerifySize))
	return l.trialBalance()
}

func (l *lab) year() string { return strconv.Itoa(l.app.Today().Year()) }

// trialBalance asks for the balances of the whole year and of its last month.
func (l *lab) trialBalance() error {
	today := l.app.Today()
	for what, from := range map[string]civil.Date{"a year": civil.Of(today.Year(), 1, 1), "its last 30 days": today.AddDays(-30)} {
		r := rate{}
		for range 5 {
			began := time.Now()
			if _, err := l.app.Views.TrialBalance(l.ctx, l.who.Company, from, today); err != nil {
				return err
			}
			r.times = append(r.times, time.Since(began))
		}
		l.out.limit("G12", fmt.Sprintf("trial balance of %s at %d lines", what, l.o.Lines), l.engine, median(r.times).Seconds(), seconds, atMost(maxBalance.Seconds()))
	}
	return nil
}

// fecOverHTTP downloads the file that fec wrote.
func (l *lab) fecOverHTTP(year string, toFile float64) error {
	body := fmt.Appendf(nil, `{"format":"fec","year":%q}`, year)
	req, err := http.NewRequestWithContext(l.ctx, http.MethodPost, "http://"+l.web.addr+api.Prefix+"/exports", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+l.web.secret)
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return errors.New("the export answered " + resp.Status)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		return err
	}
	first := time.Since(began)
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	l.out.ratio("G8", "FEC over HTTP", l.engine, time.Since(began).Seconds(), toFile, seconds, "to file", atMost(1.2))
	l.out.limit("G8", "FEC over HTTP: first byte", l.engine, first.Seconds(), seconds, atMost(maxFirstByte.Seconds()))
	return nil
}

// childCmd does one thing in a process of its own and says how long it took and how much memory the process had at most.
type childCmd struct {
	Kind    string `arg:""`
	Target  string `arg:""`
	Company string `arg:""`
	Year    string `arg:""`
	Folder  string `arg:""`
}

// childReport is what a child says on its standard output.
type childReport struct {
	Seconds float64
	Lines   int64 // of an export; entries of a verification
	Bytes   int64
	Peak    int64 // bytes of resident memory
}

// child runs one export or verification in a process of its own.
func (l *lab) child(kind, year string) (childReport, error) {
	var r childReport
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(l.ctx, self, "child", kind, l.target, l.who.Company, year, l.dir) //nolint:gosec // ourselves
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s in a process of its own: %w", kind, err)
	}
	return r, json.Unmarshal(out, &r)
}

// Run is the child's side.
func (c childCmd) Run(ctx context.Context) (err error) {
	store, err := bunstore.Connect(ctx, c.Target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	a, err := newApp(store, nil, c.Folder)
	if err != nil {
		return err
	}
	var r childReport
	began := time.Now()
	if c.Kind == "verify" {
		found, err := a.Verify(ctx, c.auditor(), nil)
		if err != nil {
			return err
		}
		if found.Break != nil {
			return fmt.Errorf("the chain is broken: %+v", *found.Break)
		}
		r.Lines = found.Entries
	} else if err := c.export(ctx, a, &r); err != nil {
		return err
	}
	r.Seconds = time.Since(began).Seconds()
	if r.Peak, err = peakMemory(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

func (c childCmd) export(ctx context.Context, a *app.App, r *childReport) (err error) {
	out, err := os.Create(filepath.Join(c.Folder, "export"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close(), os.Remove(out.Name())) }()
	x, err := a.Export(ctx, c.auditor(), app.ExportRequest{Format: c.Kind, Year: c.Year}, out)
	if err != nil {
		return err
	}
	info, err := out.Stat()
	if err != nil {
		return err
	}
	r.Lines, r.Bytes = x.Lines, info.Size()
	return nil
}

// peakMemory is the most resident memory that this process ever had. Linux tells.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("bench: the system does not tell peak memory")
}

// auditor may take the books away.
func (c childCmd) auditor() access.Actor {
	return access.Actor{ID: "bench", Name: "Bench", Company: c.Company, Role: access.Auditor}
}
