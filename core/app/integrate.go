package app

import (
	"context"
	"errors"
	"sort"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

// MaxBatch bounds one OK. Ten thousand rows post in about a second; more are taken in several transactions by the caller.
const MaxBatch = 20_000

// Result is what OK did with one arrival: the entries it posted, or why it did not.
type Result struct {
	ArrivalID string
	Entries   []ledger.Entry
	Err       error // nil: posted, now or before
}

// Integrate is the accountant's OK on arrivals: receipts and commissions are posted and matched, deposit invoices issued, in
// one transaction. A row that cannot be posted says why and stays; the others go on. Posting is keyed by the arrival, so a
// repetition does nothing. Codes of a row: arrival_not_ready, arrival_needs_human, arrival_dismissed, unknown_thing,
// and those of ledger.NewEntry.
func (a *App) Integrate(ctx context.Context, who access.Actor, list []string) ([]Result, error) {
	var out []Result
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		var err error
		out, err = a.integrateIn(ctx, tx, who, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	wake(a.nudge.mail)
	a.closeSettled(ctx, who.Company, out)
	a.lookAgain(ctx, who.Company, list)
	return out, nil
}

// IntegrateReady is OK on everything that is ready, oldest first, at most MaxBatch rows.
func (a *App) IntegrateReady(ctx context.Context, who access.Actor) ([]Result, error) {
	if err := who.May(access.Keep); err != nil {
		return nil, err
	}
	list, err := a.Views.ArrivalsReady(ctx, who.Company, MaxBatch)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return a.Integrate(ctx, who, list)
}

// errDryRun makes a transaction forget what it staged.
var errDryRun = errors.New("app: dry run")

// Propose shows the entries that OK would post for arrivals, made by the very code that posts them; nothing is written.
// Entry numbers are provisional.
func (a *App) Propose(ctx context.Context, who access.Actor, list []string) ([]Result, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	var out []Result
	err := a.Books.Write(books.WithoutKey(ctx), who.Company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if out, err = a.integrateIn(ctx, tx, who, list); err != nil {
			return err
		}
		return errDryRun
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return out, err
}

func (a *App) integrateIn(ctx context.Context, tx *books.Tx, who access.Actor, list []string) ([]Result, error) {
	if len(list) > MaxBatch {
		return nil, fault.New(fault.Invalid, fault.TooLong, "max", itoa(MaxBatch)).On("ids")
	}
	order, err := a.loadBatch(ctx, tx, list)
	if err != nil {
		return nil, err
	}
	done := map[string]Result{}
	for _, id := range order {
		r := Result{ArrivalID: id}
		r.Err = tx.Try(func() error {
			var err error
			r.Entries, err = a.integrateOne(ctx, tx, who, id)
			return err
		})
		if r.Err != nil {
			if len(fault.All(r.Err)) == 0 {
				return nil, r.Err
			}
			r.Entries = nil
			if err := a.reclassify(ctx, tx, id); err != nil {
				return nil, err
			}
		}
		done[id] = r
	}
	out := make([]Result, 0, len(list))
	for _, id := range list {
		if r, ok := done[id]; ok {
			out = append(out, r)
			delete(done, id)
		}
	}
	return out, nil
}

// loadBatch fetches everything that a batch of arrivals will touch in a handful of questions, and puts payments before what
// depends on them, each in order of time.
func (a *App) loadBatch(ctx context.Context, tx *books.Tx, list []string) ([]string, error) {
	if err := tx.Arrivals.Load(ctx, list...); err != nil {
		return nil, err
	}
	var all []inbox.Arrival
	var relatedIDs, documents, invoices, customers, attempts, receipts []string
	seen := map[string]bool{}
	for _, id := range list {
		ar, ok, err := tx.Arrivals.Find(ctx, id)
		if err != nil {
			return nil, err
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		if !ok {
			ar = inbox.Arrival{ID: id}
		}
		all = append(all, ar)
		if ar.RelatedID != "" {
			for _, k := range []gateway.Kind{gateway.KindPayment, gateway.KindDispute, gateway.KindRefund} {
				relatedIDs = append(relatedIDs, inbox.ArrivalID(ar.ConnectionID, k, ar.RelatedID))
			}
		}
		documents = append(documents, ar.DocumentID)
		customers = append(customers, ar.CustomerID)
		attempts = append(attempts, ar.AttemptID)
		receipts = append(receipts, receiptID(ar.ID))
		if ar.Document == inbox.InvoiceDocument {
			invoices = append(invoices, ar.DocumentID)
		}
	}
	quotes := []string{}
	steps := []func() error{
		func() error { return tx.Arrivals.Load(ctx, relatedIDs...) },
		func() error { return tx.Links.Load(ctx, documents...) },
		func() error { return tx.Invoices.Load(ctx, invoices...) },
		func() error { return tx.Customers.Load(ctx, customers...) },
		func() error { return tx.Attempts.Load(ctx, attempts...) },
		func() error { return tx.Receipts.Load(ctx, receipts...) },
		func() error { return tx.Rates.Load(ctx, a.ratesOf(tx, all)...) },
		func() error {
			for _, d := range documents {
				if l, ok, err := tx.Links.Find(ctx, d); err != nil {
					return err
				} else if ok {
					quotes = append(quotes, l.QuoteID)
				}
			}
			return tx.Quotes.Load(ctx, quotes...)
		},
		func() error { return tx.LoadLines(ctx, documents...) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(all, func(i, j int) bool {
		if pi, pj := phase(all[i].Kind), phase(all[j].Kind); pi != pj {
			return pi < pj
		}
		return all[i].OccurredAt.Before(all[j].OccurredAt)
	})
	order := make([]string, len(all))
	for i, ar := range all {
		order[i] = ar.ID
	}
	return order, nil
}

// phase orders kinds so that what a movement depends on is posted before it.
func phase(k gateway.Kind) int {
	switch k {
	case gateway.KindPayment:
		return 0
	case gateway.KindRefund, gateway.KindDispute, gateway.KindPaymentReversal:
		return 1
	case gateway.KindRefundReversal, gateway.KindDisputeReversal:
		return 2
	}
	return 3
}

// reclassify keeps what was learnt about an arrival that could not be posted, so that its row says why.
func (a *App) reclassify(ctx context.Context, tx *books.Tx, id string) error {
	ar, ok, err := tx.Arrivals.Find(ctx, id)
	if err != nil || !ok {
		return err
	}
	before := ar.Clone()
	if err := a.classify(ctx, tx, &ar); err != nil {
		if len(fault.All(err)) > 0 {
			return nil
		}
		return err
	}
	if ar.State != before.State || len(ar.Flags) != len(before.Flags) {
		ar.Version++
		tx.Arrivals.Put(ar)
	}
	return nil
}

func (a *App) integrateOne(ctx context.Context, tx *books.Tx, who access.Actor, id string) ([]ledger.Entry, error) {
	ar, err := tx.Arrivals.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	conn, ok := tx.Setup().Connections[ar.ConnectionID]
	if !ok {
		return nil, notFound("connection", ar.ConnectionID)
	}
	if ar.State == inbox.Dismissed {
		return nil, fault.New(fault.Conflict, fault.ArrivalDismissed, "id", ar.ExternalID)
	}
	var seqs []int64
	if ar.State != inbox.Integrated {
		if err := a.classify(ctx, tx, &ar); err != nil {
			return nil, err
		}
		if ar.Has(inbox.RelatedFirst) {
			before, err := a.integrateRelated(ctx, tx, who, &ar)
			if err != nil {
				return nil, err
			}
			seqs = before
		}
		switch ar.State {
		case inbox.Waiting, inbox.Void:
			return nil, fault.New(fault.Refused, fault.ArrivalNotReady)
		case inbox.Review:
			return nil, fault.New(fault.Refused, fault.ArrivalNeedsHuman, "reason", string(blocking(&ar)))
		}
		if !ar.Gross.IsZero() { // else it is about its fee only
			if ar.EntrySeq, err = a.postArrival(ctx, tx, who, &ar, conn); err != nil {
				return nil, err
			}
			note, err := a.creditNoteEntry(ctx, tx, &ar)
			if err != nil {
				return nil, err
			}
			seqs = append(append(seqs, note...), ar.EntrySeq)
		}
		ar.Posted = ar.Gross.Minor()
		ar.State, ar.IntegratedAt, ar.IntegratedBy = inbox.Integrated, tx.Now(), who.Name
		ar.EntryEvidence = ar.EvidenceHash
	}
	if ar.FeeDue() != 0 {
		if err := a.postFee(ctx, tx, who, &ar, conn); err != nil {
			return nil, err
		}
		ar.FeeEvidence = ar.EvidenceHash
		seqs = append(seqs, ar.FeeEntrySeq)
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	ar.SetFlag(inbox.FeePending, ar.FeeState == gateway.FeeUnknown && carriesFee(ar.Kind))
	ar.Version++
	tx.Arrivals.Put(ar)
	tx.Log(who.Name, "arrival_integrated", ar.ID, ar.ExternalID)
	entries := make([]ledger.Entry, len(seqs))
	for i, seq := range seqs {
		if entries[i], err = tx.Entry(ctx, seq); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// integrateRelated posts the movement that an arrival belongs to, before it. What is out of the ordinary about that one is
// for a person to see, so the service actor does not post it on the way.
func (a *App) integrateRelated(ctx context.Context, tx *books.Tx, who access.Actor, ar *inbox.Arrival) ([]int64, error) {
	r, ok, err := related(ctx, tx, ar)
	if err != nil {
		return nil, err
	}
	if !ok || who.Role == access.Service && !r.Plain() {
		return nil, fault.New(fault.Refused, fault.ArrivalNeedsHuman, "reason", string(inbox.RelatedMissing))
	}
	entries, err := a.integrateOne(ctx, tx, who, r.ID)
	if err != nil {
		return nil, err
	}
	seqs := make([]int64, len(entries))
	for i, e := range entries {
		seqs[i] = e.Seq
	}
	ar.SetFlag(inbox.RelatedFirst, false)
	return seqs, nil
}

func blocking(ar *inbox.Arrival) inbox.Flag {
	for _, f := range ar.Flags {
		if f.Blocking() {
			return f
		}
	}
	return ""
}

// movement is the head of an arrival's entry. What happened in a closed period is posted on the first open day with mention
// of its real date. amount is in minor units of the arrival's balance, signed by what it does to it.
func (a *App) movement(tx *books.Tx, ar *inbox.Arrival, conn inbox.Connection, happened civil.Date, what string, amount int64, source string) (posting.Movement, error) {
	chart := tx.Setup().Chart
	day, ok := chart.FirstOpen(happened)
	if !ok {
		_, err := chart.Open(happened)
		return posting.Movement{}, err
	}
	label := what + " " + conn.Label
	if name := ar.PayerName; name != "" {
		label += " " + clipRunes(name, 60)
	}
	books, cur := tx.Setup().Company.Currency, ar.Gross.Currency()
	m := posting.Movement{Journal: conn.Journal, Account: conn.BalanceAccount(cur, books), Date: day, Real: happened, Piece: clipRunes(ar.ExternalID, 100),
		Label: label, Source: source}
	var err error
	if m.Amount, err = ar.InBooks(amount); err == nil && cur != books {
		m.Foreign, err = money.New(amount, cur)
	}
	return m, err
}

// postArrival posts an arrival's gross amount.
func (a *App) postArrival(ctx context.Context, tx *books.Tx, who access.Actor, ar *inbox.Arrival, conn inbox.Connection) (int64, error) {
	gross := ar.Gross.Minor()
	what, amount := "Encaissement", gross
	switch ar.Kind {
	case gateway.KindRefund:
		what, amount = "Remboursement", -gross
	case gateway.KindPaymentReversal:
		what, amount = "Paiement annulé", -gross
	case gateway.KindRefundReversal:
		what = "Remboursement annulé"
	case gateway.KindDispute:
		what, amount = "Litige", -gross
	case gateway.KindDisputeReversal:
		what = "Litige gagné"
	case gateway.KindPayout:
		what = "Virement"
	case gateway.KindPayoutReversal:
		what, amount = "Virement rejeté", -gross
	case gateway.KindFee:
		what = "Frais"
	case gateway.KindFeeRefund:
		what, amount = "Frais rendus", -gross
	case gateway.KindAdjustment, gateway.KindOther:
		what = "Mouvement"
	}
	m, err := a.movement(tx, ar, conn, a.day(ar.OccurredAt), what, amount, arrivalSource+ar.ID)
	if err != nil {
		return 0, err
	}
	switch ar.Kind {
	case gateway.KindPayout, gateway.KindPayoutReversal:
		m.Journal = conn.BankJournal
		if m.Foreign.Currency() != "" {
			m.Amount, m.Foreign = -m.Amount, m.Foreign.Neg()
			return a.realise(ctx, tx, who, m, conn.BankAccount)
		}
		return a.postOnly(ctx, tx, who, posting.Transfer(m, conn.BankAccount))
	case gateway.KindFee, gateway.KindFeeRefund:
		return a.postOnly(ctx, tx, who, posting.Commission(m, conn.CommissionAccount, feeVAT(conn, ar, m.Amount, tx.Setup().Company.Currency)))
	case gateway.KindAdjustment, gateway.KindOther:
		if ar.Conversion {
			m.Label = clipRunes("Conversion "+conn.Label, 120)
			return a.realise(ctx, tx, who, m, posting.Transfers)
		}
		return a.postOnly(ctx, tx, who, posting.Receipt(m, posting.Part{Account: posting.Suspense, Amount: m.Amount}))
	}
	if ar.Settled.Currency() == "" {
		return 0, fault.New(fault.Refused, fault.ArrivalNeedsHuman, "reason", string(inbox.RateMissing))
	}
	settled := ar.Settled.Minor()
	if amount < 0 {
		settled = -settled
	}
	s := &settling{who: who}
	if s.customer, err = tx.Customers.Get(ctx, ar.CustomerID); err != nil {
		return 0, err
	}
	switch ar.Kind {
	case gateway.KindPayment:
		err = a.settleOn(ctx, tx, s, ar.Document, ar.DocumentID, settled, m.Date)
	case gateway.KindRefund, gateway.KindPaymentReversal:
		err = a.giveBack(ctx, tx, s, ar, m.Date)
	case gateway.KindRefundReversal:
		err = a.takeBack(ctx, tx, s, ar, m.Date)
	case gateway.KindDispute, gateway.KindDisputeReversal:
		err = a.dispute(ctx, tx, s, ar, settled)
	}
	if err != nil {
		return 0, err
	}
	s.parts = append(posting.TradeDifference(m.Amount, settled), s.parts...)
	if s.bill != nil {
		m.Piece = s.bill.Number
	}
	seq, err := a.finish(ctx, tx, s, m)
	if err != nil {
		return 0, err
	}
	ar.Applied = s.applied
	if ar.Kind == gateway.KindPayment {
		ar.ReceiptID = a.saveReceipt(tx, who, s, ar, conn, seq, m.Date)
	}
	return seq, a.refundPosted(ctx, tx, s, ar, seq)
}

func (a *App) postOnly(ctx context.Context, tx *books.Tx, who access.Actor, d ledger.Draft) (int64, error) {
	e, err := tx.Post(ctx, d, who.ID)
	return e.Seq, err
}

// giveBack settles a refund or a failed payment: first out of what the payment had left on the customer's credit, then out
// of the document it had paid, which is due again.
func (a *App) giveBack(ctx context.Context, tx *books.Tx, s *settling, ar *inbox.Arrival, day civil.Date) error {
	paid, ok, err := related(ctx, tx, ar)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Refused, fault.ArrivalNeedsHuman, "reason", string(inbox.Unmatched))
	}
	amount := ar.Settled.Minor()
	rec, ok, err := tx.Receipts.Find(ctx, paid.ReceiptID)
	if err != nil {
		return err
	}
	credit := max(0, min(amount, rec.Excess, money0(s.customer.Credit, ar.Settled.Currency()).Minor()))
	if paid.Document == inbox.NoDocument {
		credit = amount
	}
	if ok {
		rec.Refunded += amount
		rec.Excess -= credit
		rec.Version++
		tx.Receipts.Put(rec)
	}
	s.credit(-credit)
	rest := amount - credit
	switch {
	case rest == 0:
		return nil
	case ar.RefundID != "":
		return a.coverRefund(ctx, tx, s, ar.RefundID, paid, rest, day)
	}
	return a.settleOn(ctx, tx, s, paid.Document, paid.DocumentID, -rest, day)
}

// takeBack books a refund that failed after all: the payment stands again. What its document does not need any more, because
// a credit note came with the refund, is the customer's credit, and may be refunded again from there.
func (a *App) takeBack(ctx context.Context, tx *books.Tx, s *settling, ar *inbox.Arrival, day civil.Date) error {
	doc := ar.Document
	if doc == inbox.DepositDocument {
		doc = inbox.NoDocument
	}
	s.exact = true
	if err := a.settleOn(ctx, tx, s, doc, ar.DocumentID, ar.Settled.Minor(), day); err != nil {
		return err
	}
	given, ok, err := related(ctx, tx, ar)
	if err != nil || !ok || given.Kind != gateway.KindRefund {
		return err
	}
	paid, ok, err := related(ctx, tx, &given)
	if err != nil || !ok {
		return err
	}
	rec, ok, err := tx.Receipts.Find(ctx, paid.ReceiptID)
	if err != nil || !ok {
		return err
	}
	rec.Refunded -= ar.Settled.Minor()
	rec.Excess += s.excess
	rec.Version++
	tx.Receipts.Put(rec)
	return nil
}

// dispute moves a contested amount to 416, or back; the invoice shows as due again, in dispute (E8).
func (a *App) dispute(ctx context.Context, tx *books.Tx, s *settling, ar *inbox.Arrival, amount int64) error {
	s.parts = append(s.parts, posting.Part{Account: posting.Doubtful, Aux: s.customer.Code, Document: ar.DocumentID, Amount: amount})
	s.match = append(s.match, matchKey{posting.Doubtful, ar.DocumentID})
	if ar.Document != inbox.InvoiceDocument {
		return nil
	}
	v, err := tx.Invoices.Get(ctx, ar.DocumentID)
	if err != nil {
		return err
	}
	v.Dispute = max(0, v.Dispute-amount)
	action := "dispute_opened"
	if amount > 0 {
		action = "dispute_won"
	}
	a.saveInvoice(tx, s.who, &v, action, ar.Settled.String())
	return nil
}

// postFee posts the part of the commission that is known and not in the books yet: with the receipt, or later, when the
// gateway tells it, or when it gives some back.
func (a *App) postFee(ctx context.Context, tx *books.Tx, who access.Actor, ar *inbox.Arrival, conn inbox.Connection) error {
	due := ar.FeeDue()
	happened, source, account := a.day(ar.OccurredAt), arrivalSource+ar.ID+":fee", conn.CommissionAccount
	if ar.FeeEntrySeq != 0 || !ar.IntegratedAt.Equal(tx.Now()) {
		happened = a.day(ar.UpdatedAt)
		source += ":" + itoa(ar.FeeEntrySeq)
	}
	if ar.Kind == gateway.KindDispute && conn.DisputeFeeAccount != "" {
		account = conn.DisputeFeeAccount
	}
	m, err := a.movement(tx, ar, conn, happened, "Commission", due, source)
	if err != nil {
		return err
	}
	// What the books hold of the whole fee is right to the cent, however many times it came to be known.
	whole, err := ar.InBooks(ar.FeePosted + due)
	if err != nil {
		return err
	}
	before, err := ar.InBooks(ar.FeePosted)
	if err != nil {
		return err
	}
	m.Amount = whole - before
	e, err := tx.Post(ctx, posting.Commission(m, account, feeVAT(conn, ar, m.Amount, tx.Setup().Company.Currency)), who.ID)
	if err != nil {
		return err
	}
	ar.FeeEntrySeq, ar.FeePosted = e.Seq, ar.FeePosted+due
	return nil
}

// feeVAT is the deductible VAT inside a commission, both in the books' currency, by the treatment chosen for the gateway (E13).
func feeVAT(conn inbox.Connection, ar *inbox.Arrival, fee int64, books money.Currency) int64 {
	if conn.FeeVAT != inbox.FeeDomestic {
		return 0
	}
	if ar.FeeVAT.Currency() == ar.Gross.Currency() && !ar.FeeVAT.IsZero() && !ar.Fee.IsZero() {
		return money.Of(fee, books).Share(ar.FeeVAT, ar.Fee).Minor()
	}
	rate := conn.FeeVATRate
	vat, err := money.Of(fee, books).Times(rate.DivRound(rate.Add(decimal.NewFromInt(100)), 12), money.HalfUp)
	if err != nil {
		return 0
	}
	return vat.Minor()
}

func receiptID(arrival string) string { return ids.Derive(ids.Receipt, arrival) }

func (a *App) saveReceipt(tx *books.Tx, who access.Actor, s *settling, ar *inbox.Arrival, conn inbox.Connection, seq int64, day civil.Date) string {
	r := inbox.Receipt{ID: receiptID(ar.ID), CustomerID: s.customer.ID, Date: day, Amount: ar.Settled, ArrivalID: ar.ID, Connection: conn.ID,
		Reference: ar.ExternalID, Allocations: s.allocs, Excess: s.excess, EntrySeq: seq, CreatedAt: tx.Now(), CreatedBy: who.Name, Version: 1}
	tx.Receipts.Put(r)
	return r.ID
}

// closeSettled closes the pay pages that are still open on documents which OK has just settled.
func (a *App) closeSettled(ctx context.Context, company string, results []Result) {
	seen := map[string]bool{}
	for _, r := range results {
		for _, e := range r.Entries {
			for _, l := range e.Lines {
				if l.Document == "" || seen[l.Document] {
					continue
				}
				seen[l.Document] = true
			}
		}
	}
	open, err := a.Views.AttemptsOpen(ctx, company, "")
	if err != nil {
		a.Log.Warn("open attempts could not be listed", err, "company", company)
		return
	}
	for _, at := range open {
		if !seen[at.DocumentID] || at.State == inbox.PendingPay {
			continue
		}
		l, err := a.Views.PayLink(ctx, company, at.DocumentID)
		if err != nil {
			continue
		}
		if p, err := a.payableNow(ctx, company, l); err == nil && p.due().Sign() > 0 {
			continue
		}
		if err := a.closeAttempt(ctx, company, at); err != nil {
			a.Log.Warn("an open pay page could not be closed", err, "attempt", at.ID)
		}
	}
}

func clipRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// depositLine is the one line of a deposit invoice for each VAT rate.
func (a *App) depositLine(q *billing.Quote, d *billing.Deposit, r billing.VATRow) billing.DocLine {
	text := a.Words.T(q.Language, "deposit.line", "position", itoa(int64(d.Position)), "number", q.Number)
	if d.Label != "" {
		text = d.Label + " — " + text
	}
	return billing.DocLine{Description: text, Quantity: decimal.NewFromInt(1), UnitPrice: money.Of(r.Base, q.Currency).Decimal(), VATCode: r.Code,
		Net: r.Base, Rate: r.Rate, Category: r.Category, Nature: r.Nature, Account: r.Account}
}
