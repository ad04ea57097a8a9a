package bunstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// kept is how the records of one kind are kept.
type kept interface {
	save(w *script, company string, puts []books.Put)
	load(ctx context.Context, db bun.Conn, company string, ids []string) ([]any, error)
	// all loads every record; it is for settings.
	all(ctx context.Context, db bun.IDB, company string) ([]any, error)
	table() string
	column() string // of the key
}

// keep is kept for domain type D with rows of type R.
type keep[D, R any] struct {
	name  string // of the table
	key   string // the column behind company_id in the primary key; empty: the company's own id is all of it
	row   func(company string, v D) R
	value func(R) (D, error)
	// hold says that a row takes part in a partial unique index. Rows that let go of their place are written before those
	// that take it.
	hold func(*R) bool
	// rows bounds the rows of one statement, where a row may be large; 0: maxRows.
	rows int
	// prepare completes rows by what only the database knows.
	prepare func(w *script, company string, rows []R)
	// beside writes what belongs to the records and lies in other tables.
	beside func(w *script, company string, all, changed []D)
	// complete fills in what belongs to the records and lies in other tables.
	complete func(ctx context.Context, db bun.IDB, company string, values []D) error
}

func (k keep[D, R]) table() string { return k.name }

func (k keep[D, R]) column() string { return cmp.Or(k.key, "id") }

func (k keep[D, R]) save(w *script, company string, puts []books.Put) {
	var all, changed []D
	var fresh, old []R
	for _, p := range puts {
		v := p.Value.(D)
		all = append(all, v)
		if p.New {
			fresh = append(fresh, k.row(company, v))
		} else {
			changed = append(changed, v)
			old = append(old, k.row(company, v))
		}
	}
	if k.prepare != nil {
		k.prepare(w, company, fresh)
		k.prepare(w, company, old)
	}
	conflict := "CONFLICT (company_id, " + k.key + ") DO UPDATE"
	if k.key == "" {
		conflict = "CONFLICT (id) DO UPDATE"
	}
	if k.hold != nil {
		slices.SortStableFunc(old, func(a, b R) int { return cmp.Compare(b2i(k.hold(&a)), b2i(k.hold(&b))) })
	}
	atOnce := cmp.Or(k.rows, maxRows)
	for chunk := range slices.Chunk(old, atOnce) {
		insert(w, chunk, conflict)
	}
	for chunk := range slices.Chunk(fresh, atOnce) {
		insert(w, chunk, "")
	}
	if k.beside != nil {
		k.beside(w, company, all, changed)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (k keep[D, R]) load(ctx context.Context, db bun.Conn, company string, ids []string) ([]any, error) {
	if db.Dialect().Name() == dialect.PG && k.key != "" {
		return k.lookUp(ctx, db, company, ids)
	}
	return k.find(ctx, db, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("? IN (?)", bun.Ident(k.column()), bun.In(ids))
	})
}

// lookUp is load on PostgreSQL. A list of keys would leave the planner free to read the whole company instead, which it
// prefers while it believes the table to be small: for the first minute of a busy new company, until its statistics are
// made. One look-up for each key leaves it nothing to choose.
func (k keep[D, R]) lookUp(ctx context.Context, db bun.Conn, company string, ids []string) ([]any, error) {
	var rows []R
	// bun leaves $1 and $2 alone: the text is always the same, and is planned once for each connection.
	q := db.NewSelect().Model(&rows).ModelTableExpr(
		"unnest($1::text[]) AS wanted (key), LATERAL (SELECT * FROM ? AS t WHERE t.company_id = $2 AND t.? = wanted.key LIMIT 1) AS ?TableAlias",
		bun.Ident(k.name), bun.Ident(k.key))
	found, err := db.Conn.QueryContext(ctx, q.String(), pgx.QueryExecModeCacheStatement, ids, company)
	if err == nil {
		err = q.DB().ScanRows(ctx, found, &rows)
	}
	if err != nil {
		return nil, err
	}
	values, err := k.decode(ctx, db, company, rows)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out, nil
}

func (k keep[D, R]) all(ctx context.Context, db bun.IDB, company string) ([]any, error) {
	return k.find(ctx, db, company, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}

func (k keep[D, R]) find(ctx context.Context, db bun.IDB, company string, which func(*bun.SelectQuery) *bun.SelectQuery) ([]any, error) {
	values, err := k.values(ctx, db, company, which)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out, nil
}

// values loads the records that a query selects, complete.
func (k keep[D, R]) values(ctx context.Context, db bun.IDB, company string, which func(*bun.SelectQuery) *bun.SelectQuery) ([]D, error) {
	var rows []R
	q := db.NewSelect().Model(&rows)
	if k.key == "" {
		q = q.Where("id = ?", company)
	} else {
		q = q.Where("company_id = ?", company)
	}
	if err := which(q).Scan(ctx); err != nil {
		return nil, err
	}
	return k.decode(ctx, db, company, rows)
}

func (k keep[D, R]) decode(ctx context.Context, db bun.IDB, company string, rows []R) ([]D, error) {
	values := make([]D, len(rows))
	for i, r := range rows {
		v, err := k.value(r)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	if k.complete != nil && len(values) > 0 {
		if err := k.complete(ctx, db, company, values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

var (
	companies   = keep[party.Company, companyRow]{name: "companies", row: toCompany, value: fromCompany}
	accounts    = keep[ledger.Account, accountRow]{name: "accounts", key: "code", row: toAccount, value: fromAccount}
	journals    = keep[ledger.Journal, journalRow]{name: "journals", key: "code", row: toJournal, value: fromJournal}
	years       = keep[ledger.FiscalYear, yearRow]{name: "fiscal_years", key: "id", row: toYear, value: fromYear}
	vatCodes    = keep[billing.VATCode, vatCodeRow]{name: "vat_codes", key: "code", row: toVATCode, value: fromVATCode}
	methods     = keep[billing.PaymentMethod, methodRow]{name: "payment_methods", key: "id", row: toMethod, value: fromMethod}
	connections = keep[inbox.Connection, connectionRow]{name: "connections", key: "id", row: toConnection, value: fromConnection}
	customers   = keep[party.Customer, customerRow]{name: "customers", key: "id", row: toCustomer, value: fromCustomer,
		beside: saveCustomerNames}
	quotes = keep[billing.Quote, quoteRow]{name: "quotes", key: "id", row: toQuote, value: fromQuote,
		beside: saveDeposits, complete: loadDeposits}
	invoices = keep[billing.Invoice, invoiceRow]{name: "invoices", key: "id", row: toInvoice, value: fromInvoice,
		prepare: nameDrafts}
	links    = keep[inbox.PayLink, linkRow]{name: "pay_links", key: "document_id", row: toLink, value: fromLink}
	attempts = keep[inbox.Attempt, attemptRow]{name: "attempts", key: "id", row: toAttempt, value: fromAttempt,
		hold: func(r *attemptRow) bool { return r.State.InProgress() }}
	arrivals   = keep[inbox.Arrival, arrivalRow]{name: "arrivals", key: "id", row: toArrival, value: fromArrival}
	deliveries = keep[inbox.Delivery, deliveryRow]{name: "deliveries", key: "id", row: toDelivery, value: fromDelivery}
	feeds      = keep[inbox.Feed, feedRow]{name: "feeds", key: "connection_id", row: toFeed, value: fromFeed}
	receipts   = keep[inbox.Receipt, receiptRow]{name: "receipts", key: "id", row: toReceipt, value: fromReceipt,
		beside: saveAllocations, complete: loadAllocations}
	refunds = keep[inbox.Refund, refundRow]{name: "refunds", key: "id", row: toRefund, value: fromRefund,
		hold: func(r *refundRow) bool { return r.State == inbox.RefundRequested }}
	mails     = keep[inbox.Mail, mailRow]{name: "mails", key: "id", row: toMail, value: fromMail}
	exports   = keep[ledger.Export, exportRow]{name: "exports", key: "id", row: toExport, value: fromExport}
	sequences = keep[billing.Sequence, sequenceRow]{name: "sequences", key: "id", row: toSequence, value: fromSequence}
	proofs    = keep[inbox.Proof, proofRow]{name: "proofs", key: "id", row: toProof, value: fromProof}
	proofRuns = keep[inbox.ProofRun, proofRunRow]{name: "proof_runs", key: "connection_id", row: toProofRun, value: fromProofRun}
	keys      = keep[books.IdempotencyKey, keyRow]{name: "idempotency_keys", key: "id", row: toKey, value: fromKey}
	rates     = keep[ledger.Rate, rateRow]{name: "exchange_rates", key: "id", row: toRate, value: fromRate}
	evidence  = keep[inbox.Evidence, evidenceRow]{name: "evidence", key: "id", row: toEvidence, value: fromEvidence}
	payloads  = keep[inbox.Payload, payloadRow]{name: "evidence_payloads", key: "id", row: toPayload, value: fromPayload, rows: payloadsAtOnce}
)

var keptKinds = map[books.Kind]kept{
	books.Companies: companies, books.Accounts: accounts, books.Journals: journals, books.Years: years, books.VATCodes: vatCodes,
	books.Methods: methods, books.Connections: connections, books.Customers: customers, books.Quotes: quotes, books.Invoices: invoices,
	books.Links: links, books.Attempts: attempts, books.Arrivals: arrivals, books.Deliveries: deliveries, books.Feeds: feeds,
	books.Receipts: receipts, books.Refunds: refunds, books.Mails: mails, books.Exports: exports, books.Sequences: sequences, books.Keys: keys,
	books.Rates:    rates,
	books.Evidence: evidence, books.Payloads: payloads,
	books.Proofs: proofs, books.ProofRuns: proofRuns,
}

// saveCustomerNames keeps the words customers are searched by, and the names on documents that are not frozen yet.
func saveCustomerNames(w *script, company string, all, changed []party.Customer) {
	if len(changed) > 0 {
		w.sql("DELETE FROM customer_words WHERE company_id = ? AND customer_id IN (?)", company, bun.In(idsOf(changed, func(v party.Customer) string { return v.ID })))
	}
	var words []customerWordRow
	for _, v := range all {
		words = append(words, customerWords(company, v)...)
	}
	insert(w, words, "")
	for _, v := range changed {
		w.sql("UPDATE invoices SET customer_name = ?, customer_key = ? WHERE company_id = ? AND customer_id = ? AND life = ? AND customer_name <> ?",
			v.Name, searchKey(v.Name), company, v.ID, string(billing.Draft), v.Name)
	}
}

// nameDrafts gives drafts the present name of their customer: on a draft nothing is printed yet.
func nameDrafts(w *script, company string, rows []invoiceRow) {
	var ids []string
	for i := range rows {
		if rows[i].CustomerName == "" && rows[i].CustomerID != "" {
			ids = append(ids, rows[i].CustomerID)
		}
	}
	if len(ids) == 0 {
		return
	}
	names := w.customerNames(company, ids)
	for i := range rows {
		if rows[i].CustomerName == "" {
			rows[i].CustomerName = names[rows[i].CustomerID]
			rows[i].CustomerKey = searchKey(rows[i].CustomerName)
		}
	}
}

func saveDeposits(w *script, company string, all, changed []billing.Quote) {
	var rows []depositRow
	for _, q := range all {
		for _, d := range q.Deposits {
			rows = append(rows, toDeposit(company, q.ID, d))
		}
	}
	if len(changed) > 0 {
		kept := []string{""} // NOT IN of nothing would delete nothing
		for _, r := range rows {
			kept = append(kept, r.ID)
		}
		w.sql("DELETE FROM deposits WHERE company_id = ? AND quote_id IN (?) AND id NOT IN (?)", company,
			bun.In(idsOf(changed, func(q billing.Quote) string { return q.ID })), bun.In(kept))
	}
	holds := func(r depositRow) int {
		return b2i(r.Online && r.State != billing.DepositCancelled && r.State != billing.DepositRefunded)
	}
	slices.SortStableFunc(rows, func(a, b depositRow) int { return cmp.Compare(holds(a), holds(b)) })
	insert(w, rows, "CONFLICT (company_id, id) DO UPDATE")
}

func loadDeposits(ctx context.Context, db bun.IDB, company string, values []billing.Quote) error {
	at := make(map[string]int, len(values))
	for i, q := range values {
		at[q.ID] = i
	}
	var rows []depositRow
	err := db.NewSelect().Model(&rows).Where("company_id = ?", company).
		Where("quote_id IN (?)", bun.In(idsOf(values, func(q billing.Quote) string { return q.ID }))).
		Order("quote_id", "position", "id").Scan(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		d, err := fromDeposit(r)
		if err != nil {
			return err
		}
		q := &values[at[r.QuoteID]]
		q.Deposits = append(q.Deposits, d)
	}
	return nil
}

func saveAllocations(w *script, company string, all, changed []inbox.Receipt) {
	if len(changed) > 0 {
		w.sql("DELETE FROM receipt_allocations WHERE company_id = ? AND receipt_id IN (?)", company, bun.In(idsOf(changed, func(v inbox.Receipt) string { return v.ID })))
	}
	var rows []allocationRow
	for _, v := range all {
		rows = append(rows, toAllocations(company, v)...)
	}
	insert(w, rows, "")
}

func loadAllocations(ctx context.Context, db bun.IDB, company string, values []inbox.Receipt) error {
	at := make(map[string]int, len(values))
	for i, v := range values {
		at[v.ID] = i
	}
	var rows []allocationRow
	err := db.NewSelect().Model(&rows).Where("company_id = ?", company).
		Where("receipt_id IN (?)", bun.In(idsOf(values, func(v inbox.Receipt) string { return v.ID }))).Order("receipt_id", "n").Scan(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		v := &values[at[r.ReceiptID]]
		v.Allocations = append(v.Allocations, fromAllocation(r))
	}
	return nil
}

func idsOf[T any](list []T, id func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = id(v)
	}
	return out
}
