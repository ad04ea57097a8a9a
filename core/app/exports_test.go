package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

var fiscal2026 = app.ExportRequest{Format: "plain", Year: "2026"}

// sell issues an invoice of 1,000 to a customer and returns it.
func sell(t *testing.T, w *apptest.World, c party.Customer) billing.Invoice {
	t.Helper()
	ctx := context.Background()
	v, err := w.CreateInvoice(ctx, w.Owner, app.InvoiceInput{CustomerID: c.ID, Lines: []billing.DocLine{{Description: "Conseil", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(1000), VATCode: "S20S"}}})
	apptest.OK(t, err)
	v, err = w.IssueInvoice(ctx, w.Owner, v.ID)
	apptest.OK(t, err)
	return v
}

func TestExport(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewCustomer(t, "jean@exemple.fr")
	v := sell(t, w, c)
	post(t, w, 500)
	var file bytes.Buffer
	x, err := w.Export(ctx, w.Actor(access.Auditor), fiscal2026, &file)
	apptest.OK(t, err)
	sum := sha256.Sum256(file.Bytes())
	head, err := w.Store.Head(ctx, w.Company.ID)
	apptest.OK(t, err)
	if x.Number != 1 || x.Lines != 5 || x.SHA256 != hex.EncodeToString(sum[:]) || x.Head != head || x.File != "732829320-2026.txt" || x.By != "Auditor" || !x.At.Equal(w.Clock.Now()) {
		t.Errorf("%+v", x)
	}
	if n := bytes.Count(file.Bytes(), []byte("\n")); n != 5 || !bytes.Contains(file.Bytes(), []byte(v.Number)) {
		t.Errorf("%d lines:\n%s", n, &file)
	}
	name, media, err := w.ExportName(ctx, w.Owner, fiscal2026)
	if err != nil || name != x.File || media != "text/plain" {
		t.Errorf("%q %q, %v", name, media, err)
	}
	name, media, err = w.RepeatName(ctx, w.Owner, x.ID)
	if err != nil || name != x.File || media != "text/plain" {
		t.Errorf("%q %q, %v", name, media, err)
	}
	list, err := w.Exports(ctx, w.Owner)
	if err != nil || len(list.Exports) != 1 || list.Exports[0].SHA256 != x.SHA256 || list.Unexported != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	post(t, w, 1)
	if list, err = w.Exports(ctx, w.Owner); err != nil || list.Unexported != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	var second bytes.Buffer
	y, err := w.Export(ctx, w.Owner, fiscal2026, &second)
	if err != nil || y.Number != 2 || y.Lines != 7 {
		t.Errorf("%+v, %v", y, err)
	}
}

func TestExportRefuses(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	post(t, w, 1)
	var file bytes.Buffer
	_, err := w.Export(ctx, w.Owner, app.ExportRequest{Format: "pdf", Year: "2026"}, &file)
	apptest.Refused(t, err, fault.BadChoice, "format")
	_, err = w.Export(ctx, w.Owner, app.ExportRequest{Format: "plain", Year: "1999"}, &file)
	apptest.Refused(t, err, fault.UnknownThing, "year")
	_, err = w.Export(ctx, w.Actor(access.Sales), fiscal2026, &file)
	apptest.Refused(t, err, fault.NotAllowed)
	_, err = w.Repeat(ctx, w.Owner, "exp_none", &file)
	apptest.Refused(t, err, fault.UnknownThing)
	c := w.Settings(t).Company
	c.SIREN = ""
	_, err = w.UpdateCompany(ctx, w.Owner, c)
	apptest.OK(t, err)
	_, err = w.Export(ctx, w.Owner, fiscal2026, &file)
	apptest.Refused(t, err, fault.CompanyIncomplete)
	if file.Len() != 0 {
		t.Errorf("something was written: %q", &file)
	}
	if list, _ := w.Exports(ctx, w.Owner); len(list.Exports) != 0 {
		t.Errorf("%+v", list)
	}
}

type brokenPipe struct{}

var errPipe = errors.New("the reader left")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestExportThatNobodyReadIsNotRemembered(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	post(t, w, 1)
	if _, err := w.Export(ctx, w.Owner, fiscal2026, brokenPipe{}); !errors.Is(err, errPipe) {
		t.Errorf("%v", err)
	}
	var file bytes.Buffer
	x, err := w.Export(ctx, w.Owner, fiscal2026, &file)
	if err != nil || x.Number != 1 {
		t.Errorf("number %d, %v", x.Number, err)
	}
}

// TestRepeat: whatever happens to the books afterwards, an export is made again to the byte.
func TestRepeat(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewCustomer(t, "jean@exemple.fr")
	v := sell(t, w, c)
	var first bytes.Buffer
	x, err := w.Export(ctx, w.Owner, fiscal2026, &first)
	apptest.OK(t, err)

	w.Clock.Advance(time.Hour)
	var vir billing.PaymentMethod
	for _, m := range w.Settings(t).Methods {
		if m.Code == "VIR" {
			vir = m
		}
	}
	_, err = w.RecordReceipt(ctx, w.Owner, app.ReceiptInput{CustomerID: c.ID, MethodID: vir.ID, Amount: apptest.EUR(v.Due()), Date: w.Today(),
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: v.ID, Amount: v.Due()}}})
	apptest.OK(t, err) // the invoice's line is matched now
	post(t, w, 77)
	c, err = w.App.Customer(ctx, w.Owner, c.ID)
	apptest.OK(t, err)
	c.Name = "Dupont International"
	_, err = w.UpdateCustomer(ctx, w.Owner, c)
	apptest.OK(t, err)
	for _, code := range []string{"411000", "706000"} {
		acc := w.Settings(t).Chart.Accounts[code]
		acc.Label = "Renommé"
		_, err = w.SaveAccount(ctx, w.Owner, acc)
		apptest.OK(t, err)
	}
	j := w.Settings(t).Chart.Journals["VE"]
	j.Label = "Renommé"
	_, err = w.SaveJournal(ctx, w.Owner, j)
	apptest.OK(t, err)

	var again bytes.Buffer
	y, err := w.Repeat(ctx, w.Actor(access.Auditor), x.ID, &again)
	if err != nil || y.SHA256 != x.SHA256 || !bytes.Equal(again.Bytes(), first.Bytes()) {
		t.Errorf("%v\nfirst\n%s\nagain\n%s", err, &first, &again)
	}
	var now bytes.Buffer
	_, err = w.Export(ctx, w.Owner, fiscal2026, &now)
	apptest.OK(t, err)
	if s := now.String(); !strings.Contains(s, "Renommé") || !strings.Contains(s, "Dupont International") || !strings.Contains(s, " AAA ") || strings.Contains(first.String(), " AAA ") {
		t.Errorf("the books did not change as this test needs:\n%s", s)
	}

	// Bytes that differ are told.
	w.Store.Tamper(w.Company.ID, 1, func(e *ledger.Entry) { e.Label = "Faux" })
	if _, err := w.Repeat(ctx, w.Owner, x.ID, &again); err == nil || len(fault.All(err)) != 0 {
		t.Errorf("a tampered entry goes unnoticed: %v", err)
	}
}

func TestExportOfNothing(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	var first, again bytes.Buffer
	x, err := w.Export(ctx, w.Owner, fiscal2026, &first)
	apptest.OK(t, err)
	post(t, w, 1)
	if _, err := w.Repeat(ctx, w.Owner, x.ID, &again); err != nil || again.Len() != first.Len() || x.Lines != 0 {
		t.Errorf("%v: %q, then %q", err, &first, &again)
	}
}

func TestVerify(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	if r, err := w.Verify(ctx, w.Owner, nil); err != nil || r.Err() != nil || r.Entries != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	var outside ledger.Head
	for n := range 10 {
		post(t, w, int64(n+1))
		if n == 4 {
			outside, _ = w.Store.Head(ctx, w.Company.ID)
		}
	}
	for _, h := range []*ledger.Head{nil, &outside, {Hash: ledger.Genesis(w.Company.ID).Hash}} {
		if r, err := w.Verify(ctx, w.Actor(access.Auditor), h); err != nil || r.Err() != nil || r.Entries != 10 || r.Computed != r.Recorded {
			t.Errorf("%+v, %v", r, err)
		}
	}
	_, err := w.Verify(ctx, w.Actor(access.Sales), nil)
	apptest.Refused(t, err, fault.NotAllowed)

	forged := outside
	forged.Hash[0] ^= 1
	beyond := ledger.Head{Seq: 11, Hash: outside.Hash}
	stranger := ledger.Genesis("co_other")
	for name, c := range map[string]struct {
		head *ledger.Head
		seq  int64
	}{"another hash": {&forged, 5}, "a head that was cut off": {&beyond, 11}, "another company's": {&stranger, 0}} {
		r, err := w.Verify(ctx, w.Owner, c.head)
		if err != nil || r.Break == nil || r.Break.Seq != c.seq || r.Break.What != ledger.BreakTail {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		apptest.Refused(t, r.Err(), fault.ChainBroken)
	}
	w.Store.Tamper(w.Company.ID, 7, func(e *ledger.Entry) { e.Lines[0].Debit++ })
	r, err := w.Verify(ctx, w.Owner, &outside)
	if err != nil || r.Break == nil || r.Break.Seq != 7 || r.Break.What != ledger.BreakContent || r.Entries != 6 {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(r.Err().Error(), "2026/7") {
		t.Errorf("the entry is not named: %v", r.Err())
	}
}
