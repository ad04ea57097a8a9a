package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/shopspring/decimal"
)

// TestOrderOfReports has the same sale reported by webhook, by the payer's return and by polling in every order, once and
// again. The books, the payment, the attempt and the document must not show which came first: only the provenance does.
func TestOrderOfReports(t *testing.T) {
	engines(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		want := ""
		for n, order := range []string{"webhook return poll", "webhook poll return", "return webhook poll", "return poll webhook", "poll webhook return", "poll return webhook", "poll", "webhook", "return"} {
			got := w.saleReported(n, strings.Fields(order))
			if n == 0 {
				want = got
			} else if got != want {
				t.Errorf("reported by %s, what is kept is\n%s\nwant, as by webhook first,\n%s", order, got, want)
			}
		}
	})
}

// saleReported sells, has the payment reported in an order, integrates, has it reported once more, and returns all that is
// kept about it, without what tells one sale from another.
func (w *world) saleReported(n int, order []string) string {
	w.t.Helper()
	v, err := w.app.CreateInvoice(w.ctx, w.who, app.InvoiceInput{CustomerID: w.customers[0].ID, MethodID: w.online, Lines: mixedLines()})
	w.must(err)
	v, err = w.app.IssueInvoice(w.ctx, w.who, v.ID)
	w.must(err)
	token := w.token(v.ID)
	url, err := w.app.StartPayment(w.ctx, token, w.conn.ID)
	w.must(err)
	session := sessionOf(url)
	_, err = w.provider.Pay(session, sandbox.Outcome{How: sandbox.Pays, Webhook: sandbox.WebhookNever})
	w.must(err)
	hook, err := w.provider.Announcement(gateway.Connection{ID: w.conn.ID, Mode: gateway.Test, Settings: w.sandboxSettings()}, session)
	w.must(err)
	report := map[string]func(){
		"webhook": func() {
			w.must(w.app.Webhook(w.ctx, w.who.Company, w.conn.ID, hook))
			due, err := w.store.DueWork(w.ctx, w.clock.Now(), 100)
			w.must(err)
			for _, it := range due.Deliveries {
				w.must(w.app.ProcessDelivery(w.ctx, it.Company, it.ID))
			}
		},
		"return": func() { _, err := w.app.Return(w.ctx, token, ""); w.must(err) },
		"poll":   func() { _, err := w.app.Poll(w.ctx, w.who.Company, w.conn.ID, inbox.ByPoll); w.must(err) },
	}
	for _, by := range order {
		report[by]()
	}
	results, err := w.app.IntegrateReady(w.ctx, w.who)
	w.must(err)
	if len(results) != 1 || results[0].Err != nil {
		w.t.Fatalf("sale %d, by %s: OK answered %+v", n, order, results)
	}
	for _, by := range order {
		report[by]()
	}
	return w.kept(v.ID)
}

// kept is all that the installation knows of a paid invoice, as text.
func (w *world) kept(invoice string) string {
	w.t.Helper()
	v, err := w.store.Invoice(w.ctx, w.who.Company, invoice)
	w.must(err)
	attempts, err := w.store.AttemptsOf(w.ctx, w.who.Company, invoice)
	w.must(err)
	arrivals, err := w.store.Arrivals(w.ctx, w.who.Company, app.ArrivalQuery{Document: invoice, Paging: app.Paging{Limit: 9}})
	w.must(err)
	receipts, err := w.store.Receipts(w.ctx, w.who.Company, app.ReceiptQuery{Document: invoice, Paging: app.Paging{Limit: 9}})
	w.must(err)
	entries, err := w.store.EntriesOf(w.ctx, w.who.Company, invoice)
	w.must(err)
	if len(attempts) != 1 || len(arrivals.Items) != 1 || len(receipts.Items) != 1 {
		w.t.Fatalf("%d attempts, %d arrivals, %d receipts of one sale", len(attempts), len(arrivals.Items), len(receipts.Items))
	}
	a := &arrivals.Items[0].Arrival
	if len(a.Sightings) == 0 {
		w.t.Error("nothing tells where the payment came from")
	}
	if a.EvidenceHash == "" || a.EntryEvidence != a.EvidenceHash || a.FeeEvidence != a.EvidenceHash {
		w.t.Errorf("it rests on %q, %q, %q", a.EvidenceHash, a.EntryEvidence, a.FeeEvidence)
	}
	a.EvidenceHash, a.EntryEvidence, a.FeeEvidence = "", "", "" // of what names this sale
	a.Sightings = nil                                           // the provenance, which is what differs
	a.Version = 0                                               // counts the sightings
	var b strings.Builder
	for _, what := range []any{v, attempts, arrivals.Items, receipts.Items, entries} {
		fmt.Fprintf(&b, "%+v\n", what)
	}
	return anonymous(b.String())
}

var (
	soleNames  = regexp.MustCompile(`\b[a-z]{2,4}_[0-9a-z]{16,}\b|\bFA\d{4}-\d+\b`)
	soleValues = regexp.MustCompile(`\b(Seq|Number|EntrySeq|FeeEntrySeq|Version|ReversedBy):\d+|\b(Hash|Prev):[0-9a-f]+|Letters:\[[^\]]*\]`)
	clockTimes = regexp.MustCompile(` \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC`)
)

// anonymous takes away what no two sales have in common: ids, numbers, places in the chain, and times of day.
func anonymous(text string) string {
	names := map[string]string{}
	text = soleNames.ReplaceAllStringFunc(text, func(s string) string {
		if names[s] == "" {
			names[s] = fmt.Sprintf("name %d", len(names)+1)
		}
		return names[s]
	})
	return clockTimes.ReplaceAllString(soleValues.ReplaceAllString(text, "…"), "")
}

// mixedLines are goods and services at two rates.
func mixedLines() []billing.DocLine {
	return []billing.DocLine{
		{Description: "Pose", Quantity: decimal.NewFromInt(10), UnitPrice: decimal.NewFromInt(50), VATCode: "S20S"},
		{Description: "Comptoir", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(500), VATCode: "S20B"},
		{Description: "Guide", Quantity: decimal.NewFromInt(10), UnitPrice: decimal.NewFromInt(10), VATCode: "S055B"},
	}
}
