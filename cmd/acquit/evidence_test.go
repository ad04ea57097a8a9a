package main

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/mail/smtptest"
	"github.com/acquit-app/acquit/adapters/seal"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// provenSale sells, is paid, has the payment reported by webhook, return and polling, and integrates it.
func (w *world) provenSale() inbox.Arrival {
	w.t.Helper()
	v, err := w.app.CreateInvoice(w.ctx, w.who, app.InvoiceInput{CustomerID: w.customers[0].ID, MethodID: w.online, Lines: mixedLines()})
	w.must(err)
	v, err = w.app.IssueInvoice(w.ctx, w.who, v.ID)
	w.must(err)
	token := w.token(v.ID)
	url, err := w.app.StartPayment(w.ctx, token, w.conn.ID)
	w.must(err)
	_, err = w.provider.Pay(sessionOf(url), sandbox.Outcome{How: sandbox.Pays, Webhook: sandbox.WebhookNever})
	w.must(err)
	hook, err := w.provider.Announcement(gateway.Connection{ID: w.conn.ID, Mode: gateway.Test, Settings: w.sandboxSettings()}, sessionOf(url))
	w.must(err)
	w.must(w.app.Webhook(w.ctx, w.who.Company, w.conn.ID, hook))
	w.app.WorkOnce(w.ctx)
	_, err = w.app.Return(w.ctx, token, "")
	w.must(err)
	_, err = w.app.IntegrateReady(w.ctx, w.who)
	w.must(err)
	page, err := w.store.Arrivals(w.ctx, w.who.Company, app.ArrivalQuery{Document: v.ID, Paging: app.Paging{Limit: 2}})
	w.must(err)
	if len(page.Items) != 1 || page.Items[0].EntrySeq == 0 {
		w.t.Fatalf("%+v", page.Items)
	}
	return page.Items[0].Arrival
}

// Evidence in a real database, on both engines: kept once, opened, missed when it is gone, erased when its time has come.
func TestEvidenceInARealDatabase(t *testing.T) {
	engines(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		first, second, third := w.provenSale(), w.provenSale(), w.provenSale()
		subject, hash, err := w.app.EvidenceOfEntry(w.ctx, w.who, first.EntrySeq)
		if err != nil || subject != first.ID || hash != first.EntryEvidence || hash == "" {
			t.Fatalf("%s %s, %v", subject, hash, err)
		}
		x, err := w.app.OpenEvidence(w.ctx, w.who, subject, hash)
		w.must(err)
		if !strings.Contains(string(x.Raw), first.ExternalID) || inbox.HashOf(x.Raw) != hash {
			t.Errorf("%s", x.Raw)
		}
		hooked := first.Sightings[0].Delivery
		e, err := w.app.Evidence(w.ctx, w.who, hooked)
		w.must(err)
		if len(e.Pieces) != 1 || hooked == "" {
			t.Fatalf("the webhook's evidence: %+v", e)
		}
		w.restart()
		w.app.WorkOnce(w.ctx)
		sound := func(want app.EvidenceReport) {
			t.Helper()
			r, err := w.app.VerifyEvidence(w.ctx, w.who)
			w.must(err)
			bad := r.First
			r.First = nil
			if r != want {
				t.Errorf("found %+v (%+v), want %+v", r, bad, want)
			}
		}
		sound(app.EvidenceReport{Sound: 6})

		// Another program's key opens nothing; ours after a rotation everything.
		other, err := seal.Open(filepath.Join(t.TempDir(), "secret.key"))
		w.must(err)
		ours := w.keys
		w.keys = other
		w.restart()
		sound(app.EvidenceReport{Bad: 6})
		if _, err := w.app.OpenEvidence(w.ctx, w.who, subject, hash); !fault.Has(err, fault.EvidenceBroken) {
			t.Errorf("opened with another key: %v", err)
		}
		w.keys = ours
		w.restart()

		// Bytes exchanged between rows, and a row that is gone.
		db := rawDatabase(t, database)
		exec := func(query string) {
			t.Helper()
			if _, err := db.ExecContext(w.ctx, query); err != nil {
				t.Fatal(err)
			}
		}
		id := func(a inbox.Arrival) string { return inbox.PayloadID(w.who.Company, a.ID, a.EvidenceHash) }
		exec("UPDATE evidence_payloads SET sealed = (SELECT sealed FROM evidence_payloads WHERE id = '" + id(second) + "') WHERE id = '" + id(first) + "'")
		exec("DELETE FROM evidence_payloads WHERE id = '" + id(second) + "'")
		exec("DELETE FROM evidence WHERE id = '" + third.ID + "'")
		sound(app.EvidenceReport{Sound: 3, Bad: 3})
	})
}

func rawDatabase(t *testing.T, database string) *sql.DB {
	t.Helper()
	driver, source := "sqlite", "file:"+database+"?_pragma=busy_timeout(10000)"
	if strings.Contains(database, "://") {
		driver, source = "pgx", database
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Retention on both engines, with disputes: the database chooses what may go by the same rule as the double does.
func TestRetentionInARealDatabase(t *testing.T) {
	engines(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		over, contested, lost := w.provenSale(), w.provenSale(), w.provenSale()
		for _, a := range []inbox.Arrival{contested, lost} {
			_, err := w.provider.OpenDispute(w.account, a.ExternalID, a.Gross, sandbox.DisputeFeeNone, sandbox.WebhookNever)
			w.must(err)
		}
		_, err := w.app.Poll(w.ctx, w.who.Company, w.conn.ID, inbox.ByPoll)
		w.must(err)
		_, err = w.app.IntegrateReady(w.ctx, w.who)
		w.must(err)
		waiting := w.provenSale()
		v, err := w.store.Invoice(w.ctx, w.who.Company, lost.DocumentID)
		w.must(err)
		if v.Dispute == 0 {
			t.Fatal("the dispute is not in the books")
		}
		w.must(w.app.WriteOffDispute(w.ctx, w.who, lost.DocumentID, w.app.Today()))
		c, err := w.app.Setup(w.ctx, w.who)
		w.must(err)
		company := c.Company
		company.EvidenceMonths = 2
		_, err = w.app.UpdateCompany(w.ctx, w.who, company)
		w.must(err)

		gone := func(a inbox.Arrival) bool {
			t.Helper()
			e, err := w.app.Evidence(w.ctx, w.who, a.ID)
			w.must(err)
			n := 0
			for _, p := range e.Pieces {
				held, err := w.store.PayloadsHeld(w.ctx, w.who.Company, []string{inbox.PayloadID(w.who.Company, a.ID, p.Hash)})
				w.must(err)
				if p.ErasedAt.IsZero() == (len(held) == 0) {
					t.Errorf("the list says erased at %v, held: %v", p.ErasedAt, held)
				}
				if !p.ErasedAt.IsZero() {
					n++
				}
			}
			return n > 0 && n == len(e.Pieces)
		}
		n, err := w.app.EraseExpired(w.ctx, w.who.Company)
		if err != nil || n != 0 {
			t.Fatalf("%d erased at once, %v", n, err)
		}
		w.clock.Advance(62 * 24 * 3600e9)
		_, err = w.app.EraseExpired(w.ctx, w.who.Company)
		w.must(err)
		if !gone(over) || gone(contested) || !gone(lost) || !gone(waiting) {
			t.Errorf("erased: over %v, contested %v, written off %v, paid later %v", gone(over), gone(contested), gone(lost), gone(waiting))
		}
		if r, err := w.app.VerifyEvidence(w.ctx, w.who); err != nil || r.Bad != 0 || r.Erased == 0 {
			t.Errorf("%+v, %v", r, err)
		}
		if again, err := w.app.EraseExpired(w.ctx, w.who.Company); err != nil || again != 0 {
			t.Errorf("%d erased again, %v", again, err)
		}
	})
}

const (
	tellName  = "Tellier Indiscret"
	tellEmail = "indiscret@tellier.example"
)

// TestMode38_PersonalDataInRawPayloads drives payments with telltale values through the real programs at the most talkative level and looks for
// them in the log: personal data in raw payloads is kept sealed, and is not in the log.
func TestMode38_PersonalDataInRawPayloads(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			i := install(t, filepath.Join(t.TempDir(), "acquit.db"))
			i.level = "debug"
			a := apiClient{secret: i.token()}
			stop := i.serve("--log-format", format)
			a.address = i.base
			var customer struct {
				ID string `json:"id"`
			}
			i.must(a.call(http.MethodPost, "/customers", "", map[string]any{"name": tellName, "kind": "consumer", "email": tellEmail, "method_id": i.online,
				"address": map[string]any{"street": "1 rue du Port", "postal_code": "69001", "city": "Lyon", "country": "FR"}}, &customer))
			id, link := i.sell(a, customer.ID)
			i.pay(link, "webhook", "twice")
			i.ok(a, id)
			ar := i.reported(id)
			if ar.PayerName != tellName || ar.PayerEmail != tellEmail {
				t.Fatalf("the payer is %q %q: nothing would tell", ar.PayerName, ar.PayerEmail)
			}
			req, err := http.NewRequestWithContext(i.ctx, http.MethodGet, i.base+"/api/v1/evidence/"+ar.ID+"/"+ar.EvidenceHash, http.NoBody)
			i.must(err)
			req.Header.Set("Authorization", "Bearer "+a.secret)
			res, err := http.DefaultClient.Do(req)
			i.must(err)
			raw, err := io.ReadAll(res.Body)
			i.must(err)
			i.must(res.Body.Close())
			if inbox.HashOf(raw) != ar.EvidenceHash || !strings.Contains(string(raw), tellEmail) {
				t.Fatalf("%d: %s", res.StatusCode, raw)
			}
			// What goes wrong is told, and tells no more: a customer nobody may write to, a mail that is refused, a gateway gone.
			i.smtp.RefuseNext(9, smtptest.AtRecipient, 550, "5.1.1 <"+tellEmail+"> "+tellName+": no such user")
			i.must(a.call(http.MethodPost, "/invoices/"+id+"/send", "", nil, nil))
			i.until("the mail is refused", func() bool {
				m, err := i.store.Mails(i.ctx, i.company, app.MailQuery{Ref: id})
				i.must(err)
				return len(m.Items) > 0 && m.Items[0].State == inbox.MailFailed
			})
			res, err = http.Get(link)
			i.must(err)
			i.must(res.Body.Close())
			stop()

			log := i.log.String()
			if !strings.Contains(log, "gateway started") || !strings.Contains(log, "/p/:token") || len(log) < 2000 {
				t.Errorf("the log tells little:\n%s", log)
			}
			token := link[strings.LastIndexByte(link, '/')+1:]
			for what, telltale := range map[string]string{"payer's name": tellName, "name in JSON": `\"payer_name`, "payer's e-mail": tellEmail, "part of it": "tellier.example",
				"pay link": token, "API token": a.secret, "payload": `"payer_name`, "clerk's e-mail": clerk, "password": password} {
				if at := strings.Index(log, telltale); at >= 0 {
					t.Errorf("the log has the %s: …%s…", what, log[max(0, at-200):min(len(log), at+200)])
				}
			}
			// Nor is it in the database in clear, but where we keep it ourselves.
			for _, table := range []string{"evidence_payloads", "evidence", "deliveries"} {
				var n int
				query := "SELECT count(*) FROM " + table + " WHERE " + map[string]string{"evidence_payloads": "instr(sealed, cast('" + tellEmail + "' AS BLOB)) > 0",
					"evidence": "pieces LIKE '%" + tellEmail + "%'", "deliveries": "payment_ids LIKE '%" + tellEmail + "%'"}[table]
				i.must(i.sql().QueryRowContext(i.ctx, query).Scan(&n))
				if n != 0 {
					t.Errorf("%s holds the payer's e-mail in clear", table)
				}
			}
		})
	}
}

// The operator's commands: evidence opens after a rotation of the key, and verify finds what was done to it.
func TestEvidenceAsAnOperatorKeepsIt(t *testing.T) {
	i := install(t, filepath.Join(t.TempDir(), "acquit.db"))
	a := apiClient{secret: i.token()}
	stop := i.serve()
	a.address = i.base
	id, link := i.sell(a, i.apiCustomer(a))
	i.pay(link)
	i.ok(a, id)
	ar := i.reported(id)
	stop()
	if out := i.do("verify"); !strings.Contains(out, "payloads of gateways, sound; 0 erased") || strings.Contains(out, ": 0 payloads") {
		t.Errorf("verify says %s", out)
	}
	i.do("key", "rotate")
	i.do("key", "rotate")
	if out := i.do("verify"); !strings.Contains(out, "payloads of gateways, sound") {
		t.Errorf("verify after the rotation says %s", out)
	}
	h := i.house()
	x, err := h.app.OpenEvidence(i.ctx, i.who, ar.ID, ar.EvidenceHash)
	if err != nil || !strings.Contains(string(x.Raw), ar.ExternalID) {
		t.Errorf("%q, %v", x.Raw, err)
	}
	i.must(h.Close())
	_, err = i.sql().ExecContext(context.WithoutCancel(i.ctx), "UPDATE evidence_payloads SET sealed = x'01' WHERE id = '"+inbox.PayloadID(i.company, ar.ID, ar.EvidenceHash)+"'")
	i.must(err)
	code, out, _ := i.try("verify")
	if code != 3 || !strings.Contains(out, "BROKEN evidence: 1 of") || !strings.Contains(out, ar.EvidenceHash+" of "+ar.ID+" (altered)") {
		t.Errorf("%d: %s", code, out)
	}
}
