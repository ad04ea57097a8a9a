package bunstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/books/memory"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// twin commits to a database and to a model in memory, whose views are the plainest there are.
type twin struct {
	*database
	model *apptest.Store
	books *books.Books
}

type twinSession struct {
	books.Session
	twin    *twin
	company string
	saved   *books.Changes
}

func newTwin(t testing.TB, d *database) *twin {
	t.Helper()
	x := &twin{database: d, model: apptest.NewStore(memory.New())}
	x.books = bookstest.Found(t, x, "co_other")
	return x
}

// Begin implements books.Store.
func (x *twin) Begin(ctx context.Context, company string) (books.Session, error) {
	s, err := x.Store.Begin(ctx, company)
	return &twinSession{Session: s, twin: x, company: company}, err
}

// Create implements books.Store.
func (x *twin) Create(ctx context.Context, c *books.Changes) error {
	if err := x.Store.Create(ctx, c); err != nil {
		return err
	}
	return x.model.Create(ctx, c)
}

// Save implements books.Session.
func (s *twinSession) Save(ctx context.Context, c *books.Changes) error {
	s.saved = c
	return s.Session.Save(ctx, c)
}

// Commit implements books.Session.
func (s *twinSession) Commit(ctx context.Context) error {
	if err := s.Session.Commit(ctx); err != nil || s.saved == nil {
		return err
	}
	m, err := s.twin.model.Begin(ctx, s.company)
	if err != nil {
		return err
	}
	defer m.Rollback()
	if err := m.Save(ctx, s.saved); err != nil {
		return fmt.Errorf("the model refuses what the database took: %w", err)
	}
	return m.Commit(ctx)
}

// maker makes plausible records at random, with many ties: whatever lists sort by comes several times.
type maker struct {
	*rand.Rand
	t        testing.TB
	twin     *twin
	company  string
	n        int
	receipts int
	last     string            // id of the latest arrival
	external map[string]string // the gateway's id of the latest, by connection
	links    []string          // hashes
	asOf     []time.Time
}

func (m *maker) id(prefix string) string {
	m.n++
	return fmt.Sprintf("%s_%s_%04d", prefix, m.company, m.n)
}

func oneOf[T any](m *maker, list ...T) T { return list[m.IntN(len(list))] }

func (m *maker) day() civil.Date { return civil.Of(2026, 1, 1).AddDays(m.IntN(60)) }

func (m *maker) instant() time.Time {
	return time.Date(2026, 1, 1, m.IntN(1500), 0, 0, 1000*m.IntN(3), time.UTC)
}

func (m *maker) amount() int64 { return int64(m.IntN(20)) * 100 }

func (m *maker) write(fn func(context.Context, *books.Tx) error) {
	m.t.Helper()
	err := m.twin.books.Write(ctx, m.company, func(ctx context.Context, tx *books.Tx) error {
		m.asOf = append(m.asOf, tx.Now())
		return fn(ctx, tx)
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

var names = []string{"Dupont SA", "Étoile du Nord", "Café de l'Œuvre", "ÉTABLISSEMENTS Martin", "martin fils", "Zoë & Cie", "Société 3000"}

// fill writes a company full of everything.
func (m *maker) fill() {
	var customers []party.Customer
	connections := []string{"gw_1", "gw_2", "gw_3"}
	m.external = map[string]string{}
	if m.company != company {
		connections = []string{"gw_4", "gw_5", "gw_6"}
	}
	m.write(func(_ context.Context, tx *books.Tx) error {
		for i, id := range connections {
			tx.Set(inbox.Connection{ID: id, Status: []inbox.Status{inbox.Connected, inbox.NeedsAttention, inbox.Connected}[i]})
		}
		tx.Feeds.Put(inbox.Feed{ID: "gw_1", NextPoll: m.instant()})
		for i := range 25 {
			c := party.Customer{ID: m.id("cus"), Code: fmt.Sprintf("C%04d", i*7%25+1), Name: oneOf(m, names...), Active: m.IntN(4) > 0,
				Email: party.Email(fmt.Sprintf("client%d@exemple.fr", i))}
			tx.Customers.Put(c)
			customers = append(customers, c)
		}
		return nil
	})
	for range 12 {
		m.write(func(ctx context.Context, tx *books.Tx) error {
			for range 5 {
				if err := m.documents(ctx, tx, customers); err != nil {
					return err
				}
			}
			m.arrivals(tx, connections, customers)
			m.outbox(tx)
			return nil
		})
	}
	m.entries()
}

func (m *maker) documents(ctx context.Context, tx *books.Tx, customers []party.Customer) error {
	c := oneOf(m, customers...)
	q := billing.Quote{ID: m.id("quo"), State: oneOf(m, billing.QuoteDraft, billing.QuoteSent, billing.QuoteAccepted), CustomerID: c.ID,
		Date: m.day(), ValidUntil: m.day(), Currency: money.EUR, Reference: oneOf(m, "", "PO-7", "Réf 12"), Totals: billing.Totals{Gross: m.amount()}, SentAt: m.instant()}
	if q.State != billing.QuoteDraft {
		n, err := tx.Count(ctx, "quotes")
		if err != nil {
			return err
		}
		q.Number = billing.FormatNumber(billing.QuoteSeries, "2026", n)
	}
	for p := range m.IntN(4) {
		q.Deposits = append(q.Deposits, billing.Deposit{ID: m.id("dep"), Position: p + 1, Amount: m.amount(), Received: m.amount(), Online: p == 0,
			State: oneOf(m, billing.DepositDraft, billing.DepositRequested, billing.DepositPaid, billing.DepositCancelled, billing.DepositRefunded)})
	}
	tx.Quotes.Put(q)
	v := billing.Invoice{ID: m.id("inv"), Kind: oneOf(m, billing.Standard, billing.Standard, billing.Standard, billing.DepositBill, billing.Credit, billing.DepositCredit),
		Life: oneOf(m, billing.Draft, billing.Issued, billing.Issued), CustomerID: c.ID, Customer: c, Date: m.day(), DueDate: m.day(), Currency: money.EUR,
		Reference: oneOf(m, "", "PO-7"), Totals: billing.Totals{Gross: 1000 + m.amount()}, QuoteID: oneOf(m, "", q.ID), SentAt: m.instant()}
	if v.Life == billing.Issued {
		n, err := tx.Count(ctx, "invoices")
		if err != nil {
			return err
		}
		v.Number = billing.FormatNumber(billing.SeriesOf(v.Kind), "2026", n)
		v.Paid = oneOf[int64](m, 0, 500, 5000)
		v.Dispute = oneOf[int64](m, 0, 0, 0, 300)
		v.PaidAt = m.instant()
	}
	if v.Kind.IsCredit() {
		v.CreditOf = fmt.Sprintf("inv_%s_%04d", m.company, m.n-1)
	}
	tx.Invoices.Put(v)
	hash := m.id("hash")
	m.links = append(m.links, hash)
	tx.Links.Put(inbox.PayLink{ID: v.ID, Document: inbox.InvoiceDocument, Hash: hash, CustomerID: c.ID})
	tx.Attempts.Put(inbox.Attempt{ID: m.id("att"), ConnectionID: oneOf(m, "gw_1", "gw_2"), Document: inbox.InvoiceDocument, DocumentID: v.ID, Amount: money.Of(100, money.EUR),
		State: oneOf(m, inbox.Created, inbox.Opened, inbox.PendingPay, inbox.Succeeded, inbox.FailedPay, inbox.Expired), SessionID: m.id("cs"), CreatedAt: m.instant()})
	r := inbox.Receipt{ID: m.id("rec"), CustomerID: c.ID, Date: m.day(), Amount: money.Of(100+m.amount(), money.EUR), ArrivalID: oneOf(m, "", "arr_x"),
		Reference: oneOf(m, "", "Chèque 42", "ch_1"), Allocations: []inbox.Allocation{{Document: inbox.InvoiceDocument, DocumentID: v.ID, Number: v.Number, Amount: 100}, {DocumentID: q.ID, Amount: 5}}}
	tx.Receipts.Put(r)
	for i := range m.IntN(3) {
		f := inbox.Refund{ID: m.id("rf"), ReceiptID: r.ID, CustomerID: c.ID, ConnectionID: oneOf(m, "gw_1", "gw_2"), Amount: money.Of(1+m.amount(), money.EUR),
			State: oneOf(m, inbox.RefundPosted, inbox.RefundFailed, inbox.RefundAccepted), ArrivalID: oneOf(m, "", m.last), CreatedAt: m.instant()}
		if i == 0 && m.IntN(2) == 0 {
			f.State, f.NextTry = inbox.RefundRequested, oneOf(m, time.Time{}, m.instant()) // one of a receipt at most
		}
		tx.Refunds.Put(f)
	}
	tx.Log("test", "made", v.ID, v.Number)
	tx.Log("test", "sent", v.ID, "")
	return nil
}

func (m *maker) arrivals(tx *books.Tx, connections []string, customers []party.Customer) {
	for range 6 {
		connection := oneOf(m, connections...)
		a := inbox.Arrival{ID: m.id("arr"), ConnectionID: connection, Kind: oneOf(m, gateway.KindPayment, gateway.KindRefund, gateway.KindPayout), ExternalID: m.id("ch"),
			Gross: money.Of(100+m.amount(), money.EUR), FeeState: oneOf(m, gateway.FeeUnknown, gateway.FeeKnown, gateway.FeeNone), OccurredAt: m.instant(),
			State:     oneOf(m, inbox.Waiting, inbox.Ready, inbox.Review, inbox.Integrated, inbox.Dismissed, inbox.Void),
			RelatedID: m.external[connection],
			PayerName: oneOf(m, "", "Jean Dupont", "Zoé Étienne"), CustomerID: oneOf(m, "", oneOf(m, customers...).ID)}
		if a.FeeState == gateway.FeeKnown {
			a.Fee, a.FeePosted = money.Of(30, money.EUR), oneOf[int64](m, 0, 30)
		}
		if a.State == inbox.Review {
			a.SetFlag(oneOf(m, inbox.Unmatched, inbox.RelatedMissing, inbox.RefundOpen, inbox.Duplicate, inbox.RateMissing, inbox.BalanceUnknown), true)
		}
		if m.IntN(3) == 0 {
			a.Settled = money.Of(100+m.amount(), money.EUR)
		}
		last := m.n
		for n := last; n > 0 && a.DocumentID == ""; n-- {
			id := fmt.Sprintf("inv_%s_%04d", m.company, n)
			if _, ok, _ := tx.Invoices.Find(ctx, id); ok && m.IntN(3) == 0 {
				a.Document, a.DocumentID = inbox.InvoiceDocument, id
			}
		}
		tx.Arrivals.Put(a)
		m.last, m.external[connection] = a.ID, a.ExternalID
	}
}

func (m *maker) outbox(tx *books.Tx) {
	for range 4 {
		at := m.instant()
		tx.Mails.Put(inbox.Mail{ID: m.id("mail"), Ref: oneOf(m, "inv_a", "inv_b"), State: oneOf(m, inbox.MailQueued, inbox.MailSending, inbox.MailSent, inbox.MailFailed),
			NextTry: m.instant(), CreatedAt: at})
		tx.Deliveries.Put(inbox.Delivery{ID: m.id("whk"), EventID: m.id("evt"), State: oneOf(m, inbox.DeliveryStored, inbox.DeliveryDone, inbox.DeliveryOrphan, inbox.DeliveryBad),
			NextTry: oneOf(m, time.Time{}, m.instant())})
	}
	for range 3 {
		day, cur := m.day(), oneOf[money.Currency](m, "USD", "GBP", "CHF")
		tx.Rates.Put(ledger.Rate{ID: ledger.RateID(cur, day), Currency: cur, Date: day, Rate: oneOf(m, decimal.New(10850, -4), decimal.Zero), Source: oneOf(m, "", "BCE")})
	}
	m.receipts++
	tx.Exports.Put(ledger.Export{ID: m.id("exp"), Number: int64(m.receipts), Head: ledger.Head{Seq: 1}})
}

// entries posts sales and payments on some days, matched and unmatched, and reversals, over two years.
func (m *maker) entries() {
	m.write(func(_ context.Context, tx *books.Tx) error {
		tx.Set(ledger.FiscalYear{ID: "2025", Start: civil.Of(2025, 1, 1), End: civil.Of(2025, 12, 31)})
		return nil
	})
	aux := []string{"C0001", "C0002", "C0008"}
	for i := range 60 {
		document := fmt.Sprintf("inv_%s_%04d", m.company, i+1)
		m.write(func(ctx context.Context, tx *books.Tx) error {
			customer := oneOf(m, aux...)
			sale, payment := bookstest.Sale(m.id("sale"), document, 1000), bookstest.Payment(m.id("pay"), document, 1000, 20)
			sale.Date, payment.Date = m.day().AddDays(-20), m.day()
			sale.Lines[0].Aux, payment.Lines[2].Aux = customer, customer
			payment.Lines[0].Foreign = oneOf(m, money.Money{}, money.Of(1100, "USD"))
			for _, d := range []ledger.Draft{sale, payment} {
				e, err := tx.Post(ctx, d, "usr_1")
				if err != nil {
					return err
				}
				if m.IntN(6) == 0 {
					if _, err := tx.Post(ctx, ledger.Reversal(e, d.Date, "Contre-passation"), "usr_1"); err != nil {
						return err
					}
				}
			}
			_, err := tx.Match(ctx, document, "411000")
			return err
		})
		if m.IntN(4) == 0 {
			m.write(func(ctx context.Context, tx *books.Tx) error {
				if err := tx.Unmatch(ctx, document, "411000"); err != nil {
					return err
				}
				if m.IntN(2) == 0 {
					_, err := tx.Match(ctx, document, "411000")
					return err
				}
				return nil
			})
		}
	}
}
