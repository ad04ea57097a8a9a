package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/seal"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// TestDemoMeetsTheSandbox makes a demonstration by the command, and goes on from there with the sandbox's own state: polling
// finds nothing new, our account of the gateway is what the sandbox holds, and a debit that was on its way can be settled.
func TestDemoMeetsTheSandbox(t *testing.T) {
	heads := map[ledger.Head]bool{}
	engines(t, func(t *testing.T, database string) {
		ctx := context.Background()
		dir := t.TempDir()
		args := []string{"demo", "--data", dir, "--invoices", "250", "--seed", "7", "--until", "2026-06-15"}
		if strings.HasPrefix(database, "postgres") {
			args = append(args, "--database", database)
		} else {
			database = filepath.Join(dir, "acquit.db")
		}
		var out bytes.Buffer
		if code := run(ctx, args, &out, &out); code != 0 {
			t.Fatalf("exit code %d\n%s", code, out.String())
		}
		store, err := bunstore.Open(ctx, database)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = store.Close() }()
		keys, err := seal.Open(filepath.Join(dir, "secret.key"))
		if err != nil {
			t.Fatal(err)
		}
		box := sandbox.New(sandbox.Options{Dir: filepath.Join(dir, "gateways", "state", "sandbox")})
		defer func() { _ = box.Close() }()
		provider, err := box.Provider()
		if err != nil {
			t.Fatal(err)
		}
		a := app.New(app.Deps{Books: books.New(store, nil), Views: store, Directory: store, Gateways: inProcess{box}, Sealer: keys, Words: i18n.Words{}, BaseURL: "http://127.0.0.1:1"})
		all, err := store.Companies(ctx)
		if err != nil || len(all) != 1 {
			t.Fatalf("companies %v, %v", all, err)
		}
		company := all[0].ID
		head, err := store.Head(ctx, company)
		if err != nil || !strings.Contains(out.String(), head.Hash.String()) {
			t.Errorf("head %v is not the one that was printed: %v", head, err)
		}
		heads[head] = true
		setup, err := a.Books.Setup(ctx, company)
		if err != nil || len(setup.Connections) != 1 {
			t.Fatalf("connections %v, %v", setup.Connections, err)
		}
		var conn inbox.Connection
		for _, conn = range setup.Connections {
		}
		proof := func(when string) {
			t.Helper()
			desk, err := store.Arrivals(ctx, company, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 200}})
			if err != nil || desk.Next != "" {
				t.Fatalf("the desk: %v", err)
			}
			sum, err := store.Balance(ctx, company, conn.GatewayAccount, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range desk.Items {
				sum -= r.FeeDue()
				switch {
				case r.State == inbox.Integrated: // only its fee is not posted
				case r.Kind.Inflow():
					sum += r.Gross.Minor()
				default:
					sum -= r.Gross.Minor()
				}
			}
			if held := provider.Balance(conn.AccountID); len(held) != 1 || held[0].Minor() != sum {
				t.Errorf("%s: the sandbox holds %v, the books and the desk say %d", when, held, sum)
			}
			if p, err := a.ProveNow(ctx, access.System(company), conn.ID); err != nil || p.State != inbox.ProofProven || len(p.Findings) > 0 || !p.HasItems || p.Listed < 100 {
				t.Errorf("%s: the proof is %+v, %v", when, p, err)
			}
		}
		proof("as it was made")
		system := access.System(company)
		refresh := func(want int) {
			t.Helper()
			if r, err := a.Refresh(ctx, system, conn.ID); err != nil || r.Movements != want || !r.CaughtUp {
				t.Errorf("a poll found %+v, %v; want %d movements", r, err, want)
			}
		}
		refresh(0)
		waiting, err := store.Arrivals(ctx, company, app.ArrivalQuery{States: []inbox.State{inbox.Waiting}})
		if err != nil || len(waiting.Items) == 0 {
			t.Fatalf("no debit is on its way: %v", err)
		}
		if _, err := provider.Settle(conn.AccountID, waiting.Items[0].ExternalID, true, sandbox.WebhookNever); err != nil {
			t.Fatal(err)
		}
		refresh(1)
		proof("after a debit was settled")
		results, err := a.IntegrateReady(ctx, system)
		if err != nil || len(results) < 8 {
			t.Errorf("%d payments for OK, %v", len(results), err)
		}
		for _, r := range results {
			if r.Err != nil {
				t.Errorf("%s: %v", r.ArrivalID, r.Err)
			}
		}
		proof("after OK")
	})
	if len(heads) != 1 {
		t.Errorf("the same seed made %d different chains on two databases", len(heads))
	}
}
