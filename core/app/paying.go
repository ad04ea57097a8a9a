package app

import (
	"context"
	"sort"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// checkoutLife is how long a hosted page may be paid. Providers allow 30 minutes to 24 hours; an hour is enough to find a
// card and keeps another attempt from being blocked for long.
const checkoutLife = time.Hour

// PayState is what a pay page says.
type PayState string

const (
	PayOpen       PayState = "open"        // choose a gateway and pay
	PayOffline    PayState = "offline"     // due, but no online payment is offered: how to pay otherwise
	PayInProgress PayState = "in_progress" // a payment is on its way
	PaySettled    PayState = "settled"
	PayDisputed   PayState = "disputed"
	PayClosed     PayState = "closed"  // the document was cancelled, credited in full or refused
	PayRevoked    PayState = "revoked" // the link was replaced
)

// PayPage is what a payer sees, and nothing else of the books.
type PayPage struct {
	State    PayState
	Lang     string
	Token    string
	Company  PublicCompany
	Customer string
	Document inbox.DocumentKind
	Number   string
	Label    string // of a deposit
	Date     civil.Date
	DueDate  civil.Date
	Total    money.Money
	Due      money.Money
	PaidAt   civil.Date
	Receipt  string // the payment's reference, when settled
	Failed   string // the last attempt failed: the provider's reason, "" when unknown
	Tried    bool   // an attempt was made and did not succeed
	Retry    string // label of the gateway that declined the payer and lets them choose another means on the same page
	Offers   []Offer
	Mode     gateway.Mode
}

// PublicCompany is what the payer may check about who is paid.
type PublicCompany struct {
	Name, LegalForm, SIREN, VATNumber, Email, Phone, Website, IBAN, BIC string
	Address                                                             party.Address
	HasLogo                                                             bool
}

// Offer is one way to pay online.
type Offer struct {
	ConnectionID string
	Gateway      string
	Label        string
	Down         bool // its provider does not answer at the moment
}

func (a *App) offer(c inbox.Connection) Offer {
	return Offer{ConnectionID: c.ID, Gateway: c.Gateway, Label: c.Label, Down: a.breakers.open(c.ID)}
}

// PayPage shows the page behind a pay link. Code: link_unknown.
func (a *App) PayPage(ctx context.Context, token string) (PayPage, error) {
	company, l, err := a.Views.Link(ctx, hashToken(token))
	if err != nil {
		return PayPage{}, err
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return PayPage{}, err
	}
	p, err := a.payableNow(ctx, company, l)
	if err != nil {
		return PayPage{}, err
	}
	c := setup.Company
	page := PayPage{Token: token, Lang: p.language(), Number: p.number(), Document: l.Document, Due: p.due(),
		Company: PublicCompany{Name: c.Name, LegalForm: c.LegalForm, SIREN: c.SIREN, VATNumber: c.VATNumber, Email: c.Email, Phone: c.Phone,
			Website: c.Website, IBAN: c.IBAN, BIC: c.BIC, Address: c.Address, HasLogo: len(c.Logo) > 0}}
	if l.Revoked {
		return PayPage{State: PayRevoked, Lang: page.Lang, Company: page.Company, Token: token}, nil
	}
	customer, err := a.Views.Customer(ctx, company, l.CustomerID)
	if err != nil {
		return PayPage{}, err
	}
	page.Customer = customer.Name
	last, err := a.lastAttempt(ctx, company, l)
	if err != nil {
		return PayPage{}, err
	}
	page.describe(p)
	for _, o := range offers(setup, p.methodID(), customer) {
		page.Offers = append(page.Offers, a.offer(o))
		page.Mode = o.Mode
	}
	switch {
	case last.State == inbox.PendingPay:
		page.State = PayInProgress
	case p.Waiting > 0 && page.Due.Sign() == 0:
		// Paid and not posted yet: the truth for the payer is that nothing more is asked of them.
		page.State = PaySettled
		err = a.waitingPayment(ctx, company, &page, l.ID)
	case page.State != "":
	case page.Due.Sign() == 0:
		page.State = PaySettled
		err = a.lastReceipt(ctx, company, &page, l.ID)
	case len(page.Offers) == 0:
		page.State = PayOffline
	default:
		page.State = PayOpen
		page.Tried = last.State == inbox.FailedPay || last.State == inbox.Expired
		page.Failed = last.Reason
		if last.Retry() {
			page.Retry = setup.Connections[last.ConnectionID].Label
		}
	}
	return page, err
}

// waitingPayment says when a document was paid, by the payment that waits for the accountant's OK.
func (a *App) waitingPayment(ctx context.Context, company string, page *PayPage, document string) error {
	list, err := a.Views.Arrivals(ctx, company, ArrivalQuery{Document: document, Kinds: []string{string(gateway.KindPayment)},
		States: []inbox.State{inbox.Ready, inbox.Review}, Desc: true, Paging: Paging{Limit: 1}})
	for _, ar := range list.Items {
		page.PaidAt, page.Receipt = a.day(ar.OccurredAt), ar.ExternalID
	}
	return err
}

// lastReceipt says when a document was last paid, by the date of the payment rather than by that of its posting.
func (a *App) lastReceipt(ctx context.Context, company string, page *PayPage, document string) error {
	list, err := a.Views.Receipts(ctx, company, ReceiptQuery{Document: document})
	for _, r := range list.Items {
		if r.ReversedSeq == 0 && r.Amount.Sign() > 0 {
			page.PaidAt, page.Receipt = r.Date, r.Reference
			break
		}
	}
	return err
}

func (page *PayPage) describe(p payable) {
	if v := p.Invoice; v != nil {
		page.Date, page.DueDate, page.Total = v.Date, v.DueDate, money.Of(v.Totals.Gross, v.Currency)
		switch {
		case v.Dispute > 0:
			page.State = PayDisputed
		case v.Credited >= v.Payable() && v.Paid == 0 && v.Payable() > 0:
			page.State = PayClosed
		}
		return
	}
	d := p.Deposit
	page.Date, page.DueDate, page.Total, page.Label = p.Quote.Date, d.DueDate, money.Of(d.Amount, p.Quote.Currency), d.Label
	if !d.Live() || !p.Quote.Open() && d.Due() > 0 {
		page.State = PayClosed
	}
}

func (a *App) lastAttempt(ctx context.Context, company string, l inbox.PayLink) (inbox.Attempt, error) {
	if l.AttemptID == "" {
		return inbox.Attempt{}, nil
	}
	return a.Views.Attempt(ctx, company, l.AttemptID)
}

// StartPayment opens the gateway's page for what is due now and returns its address; payers call it by a click, never by
// following a link. A page that is still open for the same amount is used again; one of another gateway or amount is asked
// about and closed first. An empty address with no error means
// that the payment is done or on its way: show the pay page. Codes: link_unknown, link_revoked, nothing_due, gateway_off,
// payment_in_progress, gateway_down, gateway_credentials, gateway_refused, gateway_broken.
func (a *App) StartPayment(ctx context.Context, token, connection string) (string, error) {
	company, l, err := a.Views.Link(ctx, hashToken(token))
	if err != nil {
		return "", err
	}
	if l.Revoked {
		return "", fault.New(fault.Refused, fault.LinkRevoked)
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return "", err
	}
	p, err := a.payableNow(ctx, company, l)
	if err != nil {
		return "", err
	}
	customer, err := a.Views.Customer(ctx, company, l.CustomerID)
	if err != nil {
		return "", err
	}
	conn, err := chosen(setup, p.methodID(), customer, connection)
	if err != nil {
		return "", err
	}
	if a.breakers.open(conn.ID) {
		return "", fault.New(fault.Unavailable, fault.GatewayDown, "gateway", conn.Label)
	}
	url, done, err := a.reuse(ctx, company, l, conn)
	if err != nil || done {
		return url, err
	}
	if p, err = a.payableNow(ctx, company, l); err != nil {
		return "", err
	}
	at, err := a.openAttempt(ctx, company, p, conn)
	if err != nil {
		return "", err
	}
	return a.openCheckout(ctx, company, conn, p, at)
}

func chosen(s *books.Setup, method string, customer party.Customer, connection string) (inbox.Connection, error) {
	list := offers(s, method, customer)
	for _, c := range list {
		if c.ID == connection || connection == "" && len(list) == 1 {
			return c, nil
		}
	}
	return inbox.Connection{}, fault.New(fault.Refused, fault.GatewayOff, "gateway", s.Connections[connection].Label)
}

// reuse asks the gateway about the attempt in progress before another may be made. done means that url (or none)
// is the answer.
func (a *App) reuse(ctx context.Context, company string, l inbox.PayLink, conn inbox.Connection) (url string, done bool, err error) {
	at, err := a.lastAttempt(ctx, company, l)
	if err != nil || !at.State.InProgress() {
		return "", false, err
	}
	if at.State == inbox.PendingPay && at.Reason == taking && a.Now().Sub(at.UpdatedAt) < takingSettles {
		return "", true, nil
	}
	asked, err := a.syncAttempt(ctx, company, at, inbox.ByReturn, false)
	if err != nil && at.State != inbox.PendingPay && a.Now().After(at.ExpiresAt) && a.unreachable(ctx, company, at.ConnectionID) {
		// Nobody can be asked any more, and the page is past its life: the payer may go elsewhere. Should it have been paid,
		// the payment shows as a duplicate once its gateway is reconnected.
		return "", false, a.moveAttempt(ctx, company, at.ID, gateway.CheckoutExpired, "no_answer")
	}
	if err != nil {
		return "", true, err
	}
	at = asked
	p, err := a.payableNow(ctx, company, l)
	if err != nil {
		return "", true, err
	}
	due := p.due()
	switch {
	case at.State == inbox.Succeeded || at.State == inbox.PendingPay:
		return "", true, nil
	case !at.State.InProgress():
		return "", false, nil
	case at.ConnectionID == conn.ID && at.Amount == due && at.State == inbox.Opened:
		return at.URL, true, nil
	case at.ConnectionID == conn.ID && at.Amount == due:
		return "", false, nil
	}
	if err := a.closeAttempt(ctx, company, at); err != nil {
		return "", true, err
	}
	return "", false, nil
}

// unreachable says whether a connection needs a person before anything can be asked through it.
func (a *App) unreachable(ctx context.Context, company, connection string) bool {
	setup, err := a.Books.Setup(ctx, company)
	return err == nil && setup.Connections[connection].Status != inbox.Connected
}

// openAttempt writes the attempt before the gateway is asked, so that its id, the idempotency key, survives a crash.
func (a *App) openAttempt(ctx context.Context, company string, seen payable, conn inbox.Connection) (inbox.Attempt, error) {
	document := seen.Link.ID
	fresh := ids.New(ids.Attempt)
	var at inbox.Attempt
	err := a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		l, err := tx.Links.Get(ctx, document)
		if err != nil {
			return err
		}
		p, err := payableIn(ctx, tx, l)
		if err != nil {
			return err
		}
		p.Waiting = seen.Waiting
		customer, err := tx.Customers.Get(ctx, l.CustomerID)
		if err != nil {
			return err
		}
		if customer.Email == "" {
			return fault.New(fault.Refused, fault.EmailMissing, "customer", customer.Name)
		}
		due := p.due()
		if l.Revoked {
			return fault.New(fault.Refused, fault.LinkRevoked)
		}
		if due.Sign() <= 0 {
			return fault.New(fault.Refused, fault.NothingDue)
		}
		if p.Quote != nil {
			if err := p.Quote.CheckDeposits(); err != nil {
				return err
			}
			if !p.Deposit.Online {
				return fault.New(fault.Refused, fault.GatewayOff, "gateway", conn.Label)
			}
		}
		var ok bool
		if at, ok, err = tx.Attempts.Find(ctx, l.AttemptID); err != nil {
			return err
		}
		if ok && at.State.InProgress() {
			if at.ConnectionID == conn.ID && at.Amount == due {
				return nil // a second tab, or a call whose answer was lost: the same key gives the same page
			}
			return fault.New(fault.Conflict, fault.PaymentInProgress)
		}
		at = inbox.Attempt{ID: fresh, ConnectionID: conn.ID, Amount: due}
		putAttempt(tx, &at, l, tx.Now())
		return nil
	}, books.Ref{Kind: books.Links, ID: document})
	return at, err
}

// putAttempt stages a new attempt on what a link pays, and makes it the link's last one.
func putAttempt(tx *books.Tx, at *inbox.Attempt, l inbox.PayLink, clicked time.Time) {
	at.Document, at.DocumentID, at.CustomerID = l.Document, l.ID, l.CustomerID
	at.State, at.CreatedAt, at.UpdatedAt, at.ExpiresAt, at.Version = inbox.Created, clicked, clicked, clicked.Add(checkoutLife), 1
	l.AttemptID = at.ID
	l.Version++
	tx.Attempts.Put(*at)
	tx.Links.Put(l)
}

func (a *App) openCheckout(ctx context.Context, company string, conn inbox.Connection, p payable, at inbox.Attempt) (string, error) {
	if at.URL != "" {
		return at.URL, nil
	}
	at, err := a.askForPage(ctx, company, conn, p, at)
	if err != nil {
		return "", err
	}
	if !at.State.InProgress() {
		// Another tab gave this attempt up while the gateway was asked: nobody is sent to a page beside the one that is open.
		return "", a.closeAttempt(ctx, company, at)
	}
	return at.URL, nil
}

// askForPage asks a gateway for an attempt's page and writes down what it answers. Asking again with the same attempt
// gives the same page.
func (a *App) askForPage(ctx context.Context, company string, conn inbox.Connection, p payable, at inbox.Attempt) (inbox.Attempt, error) {
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return at, a.giveUp(ctx, company, at, conn, err)
	}
	customer, err := a.Views.Customer(ctx, company, at.CustomerID)
	if err != nil {
		return at, err
	}
	page, err := a.payURL(company, p.Link)
	if err != nil {
		return at, err
	}
	back := page + "/return?attempt=" + at.ID
	label := "pay.invoice"
	if p.Deposit != nil {
		label = "pay.deposit"
	}
	locale := "fr-FR"
	if p.language() == "en" {
		locale = "en-GB"
	}
	co, err := g.CreateCheckout(ctx, gateway.CheckoutRequest{
		IdempotencyKey: at.ID, Reference: at.ID, Amount: at.Amount, Document: p.number(),
		Description:  a.Words.T(p.language(), label, "number", p.number()),
		CustomerName: customer.Name, CustomerEmail: string(customer.Email), Locale: locale,
		ReturnURL: back, CancelURL: back, ExpiresAt: at.ExpiresAt,
	})
	if err == nil {
		err = gateway.CheckCheckout(co)
	}
	if err != nil {
		return at, a.giveUp(ctx, company, at, conn, err)
	}
	err = a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		now, err := tx.Attempts.Get(ctx, at.ID)
		if err != nil {
			return err
		}
		now.SessionID, now.URL = co.SessionID, co.URL
		if !co.ExpiresAt.IsZero() {
			now.ExpiresAt = co.ExpiresAt.UTC().Truncate(time.Microsecond)
		}
		now.Move(gateway.CheckoutOpen, "", tx.Now())
		now.Version++
		tx.Attempts.Put(now)
		at = now
		return nil
	}, books.Ref{Kind: books.Attempts, ID: at.ID})
	return at, err
}

// giveUp ends an attempt that certainly came to nothing at the gateway, so that the payer may try again or elsewhere. When
// the outcome is unknown it stays in progress and the next click asks with the same key.
func (a *App) giveUp(ctx context.Context, company string, at inbox.Attempt, conn inbox.Connection, cause error) error {
	refused := gatewayFault(conn.Label, cause)
	if gateway.AsError(cause).Outcome == gateway.Unknown {
		return refused
	}
	if err := a.moveAttempt(ctx, company, at.ID, gateway.CheckoutFailed, string(fault.CodeOf(refused))); err != nil {
		a.Log.Warn("attempt could not be ended", err, "attempt", at.ID)
	}
	return refused
}

func (a *App) moveAttempt(ctx context.Context, company, id string, s gateway.CheckoutState, reason string) error {
	return a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		at, err := tx.Attempts.Get(ctx, id)
		if err != nil {
			return err
		}
		if at.Move(s, reason, tx.Now()) {
			at.Version++
			tx.Attempts.Put(at)
		}
		return nil
	}, books.Ref{Kind: books.Attempts, ID: id})
}

// Return is the payer's way back from the gateway. It proves nothing: the gateway is asked, money that waits to be taken
// is taken if it is still due, and the pay page then says what is true. Code: link_unknown.
func (a *App) Return(ctx context.Context, token, attempt string) (PayPage, error) {
	company, l, err := a.Views.Link(ctx, hashToken(token))
	if err != nil {
		return PayPage{}, err
	}
	if attempt == "" {
		attempt = l.AttemptID
	}
	if at, err := a.Views.Attempt(ctx, company, attempt); err == nil && at.DocumentID == l.ID && at.State != inbox.Succeeded {
		if _, err := a.syncAttempt(ctx, company, at, inbox.ByReturn, true); err != nil {
			a.Log.Warn("the gateway could not be asked on return", err, "attempt", at.ID)
		}
	}
	return a.PayPage(ctx, token)
}

// syncAttempt asks the gateway where an attempt's page stands and records what it answers. With take set it takes money
// that the payer has agreed to, where the gateway leaves that to us and exactly that is still due.
func (a *App) syncAttempt(ctx context.Context, company string, at inbox.Attempt, src inbox.Source, take bool) (inbox.Attempt, error) {
	if at.SessionID == "" {
		return at, nil
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return at, err
	}
	conn, ok := setup.Connections[at.ConnectionID]
	if !ok {
		return at, notFound("connection", at.ConnectionID)
	}
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return at, err
	}
	settle := func(capture bool) (gateway.CheckoutStatus, error) {
		st, err := g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: at.SessionID, IdempotencyKey: captureKey(at), Capture: capture})
		if err == nil {
			err = gateway.CheckStatus(st)
		}
		if err != nil && !capture && at.State != inbox.PendingPay && len(fault.All(err)) == 0 && gateway.AsError(err).Kind == gateway.ErrNotFound {
			// The provider has forgotten a page that nobody had paid: nobody can pay on it any more.
			return gateway.CheckoutStatus{State: gateway.CheckoutExpired, Reason: "not_found"}, nil
		}
		return st, gatewayFault(conn.Label, err)
	}
	st, err := settle(false)
	if err != nil {
		return at, err
	}
	if st.State != gateway.CheckoutAuthorized || !take || !mayRetry(at, src, a.Now()) {
		return a.record(ctx, company, conn, at.ID, st, src)
	}
	if claimed, err := a.claim(ctx, company, &at); err != nil {
		return at, err
	} else if !claimed {
		return a.record(ctx, company, conn, at.ID, st, src)
	}
	if st, err = settle(true); err != nil {
		return at, err // it may have been taken: the attempt stays in progress, and the next look tells
	}
	if st.State == gateway.CheckoutRetry {
		at.Declines++
	}
	return a.record(ctx, company, conn, at.ID, st, src, at.Declines)
}

// captureKey is the same for every try to take the money of an attempt until the provider has certainly declined one.
func captureKey(at inbox.Attempt) string {
	if at.Declines == 0 {
		return at.ID + ":capture"
	}
	return at.ID + ":capture:" + itoa(int64(at.Declines))
}

const (
	// declinePause is how long the clock waits before it tries again to take money that was declined: the payer who chose
	// another means comes back, or a webhook says so, long before. declineMost bounds its tries.
	declinePause = 15 * time.Minute
	declineMost  = 5
)

// mayRetry says whether money may be tried to be taken (again). After a decline only a sign of the payer is a reason, or
// time.
func mayRetry(at inbox.Attempt, src inbox.Source, now time.Time) bool {
	if at.Declines == 0 || src == inbox.ByReturn || src == inbox.ByWebhook {
		return true
	}
	return at.Declines < declineMost && now.Sub(at.UpdatedAt) >= declinePause
}

const (
	// taking is the reason of an attempt whose money is just being taken.
	taking = "capture"
	// takingSettles is how long the taking may still happen at the provider after it stopped answering us.
	takingSettles = time.Minute
)

// claim decides under the pen whether an attempt's money may be taken: it is the document's last attempt, exactly its
// amount is still due, the link is good, and a deposit may still be paid online. Then the attempt is in progress until the
// gateway has answered, so that no other gateway's page is opened beside it.
func (a *App) claim(ctx context.Context, company string, at *inbox.Attempt) (bool, error) {
	l, err := a.Views.PayLink(ctx, company, at.DocumentID)
	if err != nil {
		return false, err
	}
	seen, err := a.payableNow(ctx, company, l)
	if err != nil {
		return false, err
	}
	claimed := false
	err = a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		claimed = false
		now, err := tx.Attempts.Get(ctx, at.ID)
		if err != nil {
			return err
		}
		if l, err = tx.Links.Get(ctx, at.DocumentID); err != nil {
			return err
		}
		p, err := payableIn(ctx, tx, l)
		if err != nil {
			return err
		}
		p.Waiting = seen.Waiting
		rule := p.Quote == nil || p.Quote.CheckDeposits() == nil && p.Deposit.Online
		if now.State == inbox.Succeeded || l.AttemptID != now.ID || l.Revoked || p.due() != now.Amount || !rule {
			return nil
		}
		claimed = true
		if now.State != inbox.PendingPay {
			now.State, now.Reason, now.UpdatedAt = inbox.PendingPay, taking, tx.Now()
			now.Version++
			tx.Attempts.Put(now)
		}
		*at = now
		return nil
	}, books.Ref{Kind: books.Attempts, ID: at.ID}, books.Ref{Kind: books.Links, ID: at.DocumentID})
	return claimed, err
}

// closeCheckout closes the open page of a document that shall not be paid any more. A payment that is under way or done
// is left alone; the caller then finds it in progress.
func (a *App) closeCheckout(ctx context.Context, company, document string) error {
	l, err := a.Views.PayLink(ctx, company, document)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	at, err := a.lastAttempt(ctx, company, l)
	if err != nil || !at.State.InProgress() {
		return err
	}
	return a.closeAttempt(ctx, company, at)
}

// askAgain finds out about an attempt whose gateway never answered: asked again with the same key, it gives the page, if
// there is one. Where it still does not answer the attempt is given up all the same: nobody was told that page's address,
// so nobody can pay on it.
func (a *App) askAgain(ctx context.Context, company string, conn inbox.Connection, at inbox.Attempt) (inbox.Attempt, error) {
	l, err := a.Views.PayLink(ctx, company, at.DocumentID)
	if err != nil {
		return at, err
	}
	p, err := a.payableNow(ctx, company, l)
	if err != nil {
		return at, err
	}
	now, err := a.askForPage(ctx, company, conn, p, at)
	if err != nil {
		if len(fault.All(err)) == 0 {
			return at, err
		}
		return at, a.moveAttempt(ctx, company, at.ID, gateway.CheckoutExpired, "superseded")
	}
	return now, nil
}

// closeAttempt expires an attempt's page at the gateway. Code: payment_in_progress when it was paid meanwhile or the gateway cannot tell.
func (a *App) closeAttempt(ctx context.Context, company string, at inbox.Attempt) error {
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return err
	}
	conn, ok := setup.Connections[at.ConnectionID]
	if !ok {
		return a.moveAttempt(ctx, company, at.ID, gateway.CheckoutExpired, "disconnected")
	}
	if at.SessionID == "" {
		if at, err = a.askAgain(ctx, company, conn, at); err != nil || at.SessionID == "" {
			return err
		}
	}
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return err
	}
	x, ok := g.(gateway.Expirer)
	if !ok {
		// We take the money ourselves at such a provider, and check that it is due before: an abandoned page does no harm.
		return a.moveAttempt(ctx, company, at.ID, gateway.CheckoutExpired, "superseded")
	}
	st, err := x.ExpireCheckout(ctx, at.SessionID)
	if err == nil {
		err = gateway.CheckStatus(st)
	}
	if err != nil {
		return gatewayFault(conn.Label, err)
	}
	now, err := a.record(ctx, company, conn, at.ID, st, inbox.ByRefresh)
	if err == nil && now.State.InProgress() {
		err = fault.New(fault.Conflict, fault.PaymentInProgress)
	}
	return err
}

func sortConnections(cs []inbox.Connection) {
	sort.Slice(cs, func(i, j int) bool {
		if cs[i].Label != cs[j].Label {
			return cs[i].Label < cs[j].Label
		}
		return cs[i].ID < cs[j].ID
	})
}

// Look gives a user the views of the books, when the role may read. Queries must name the actor's own company.
func (a *App) Look(who access.Actor) (Views, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	return a.Views, nil
}
