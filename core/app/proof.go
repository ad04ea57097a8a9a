package app

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

const (
	// proveEvery is how often each connection is checked when all is well.
	proveEvery = 24 * time.Hour
	// proofLife is how long a check may take in all, from turn to turn.
	proofLife = 24 * time.Hour
	// proofTimeout bounds one turn of a check; the next turn goes on from where it ended.
	proofTimeout = 2 * time.Minute
	// proofWait is how long a person waits for a check; a longer one goes on in the background.
	proofWait = 25 * time.Second
	// proofSave is after how many pages of the provider's list the place is kept: what was listed is kept with it, and
	// rewriting that for each page would cost more than reading some pages again after a crash.
	proofSave = 20
	// proofChunk is how many of our movements are looked at in one go, payoutChunk how many payouts.
	proofChunk  = 500
	payoutChunk = 100
	// proofAsks bounds how many movements one check asks the provider about one by one.
	proofAsks = 500
	// proofFailures is after how many failed turns a check is given up; the next begins anew.
	proofFailures = 6
	// proofLooks is how often books and balance are read again before a difference is called one: money moves meanwhile.
	proofLooks = 3
)

// The steps of a check, in order.
const (
	stepList    = "list"    // the provider's list against ours
	stepOurs    = "ours"    // ours against what the provider listed
	stepPayouts = "payouts" // what payouts consist of
	stepBalance = "balance" // the three numbers
)

// ProveNow checks a connection now ("Vérifier maintenant"). One that takes longer comes back as running. Codes: unknown_thing, busy when it is being checked already, and
// those of Refresh.
func (a *App) ProveNow(ctx context.Context, who access.Actor, connection string) (inbox.Proof, error) {
	if err := who.May(access.Keep); err != nil {
		return inbox.Proof{}, err
	}
	if _, err := a.connection(ctx, who.Company, connection); err != nil {
		return inbox.Proof{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, proofWait)
	defer cancel()
	return a.prove(ctx, who.Company, connection, who.Name)
}

// prove does one turn of a connection's check, and the whole of it when the turn is long enough. No transaction is open
// while the gateway is asked. A turn that fails or runs out of time leaves its place; what a check found so far is kept
// with it. Codes: those of Poll, busy.
func (a *App) prove(ctx context.Context, company, connection, by string) (inbox.Proof, error) {
	p, err := a.newProving(ctx, company, connection)
	if err != nil {
		return inbox.Proof{}, err
	}
	err = p.turn(ctx, by)
	switch {
	case err == nil:
		return p.run.Part, nil
	case fault.Has(err, fault.Busy):
		return inbox.Proof{}, err
	case ctx.Err() != nil: // the turn was too short, or the program stops: nothing failed
		err = p.rest(context.WithoutCancel(ctx))
		out := p.run.Part
		out.ConnectionID, out.State = connection, inbox.ProofRunning
		return out, err
	}
	return inbox.Proof{}, errors.Join(err, p.failed(context.WithoutCancel(ctx), err))
}

// proveDue is prove for the workers. Who finds another at it leaves it to the other.
func (a *App) proveDue(ctx context.Context, company, connection string) error {
	_, err := a.prove(ctx, company, connection, access.System(company).Name)
	if fault.Has(err, fault.Busy) {
		return nil
	}
	return err
}

// proving is one turn of a check.
type proving struct {
	*App
	company string
	setup   *books.Setup
	conn    inbox.Connection
	g       gateway.Gateway
	run     inbox.ProofRun
	seen    map[uint64]bool
	before  *inbox.Proof // the last complete proof of the same account
	asked   int
}

func (a *App) newProving(ctx context.Context, company, connection string) (*proving, error) {
	p := &proving{App: a, company: company, seen: map[uint64]bool{}}
	var err error
	if p.setup, err = a.Books.Setup(ctx, company); err != nil {
		return nil, err
	}
	conn, ok := p.setup.Connections[connection]
	if !ok {
		return nil, notFound("connection", connection)
	}
	p.conn = conn
	if p.g, err = a.openGateway(ctx, company, conn); err != nil {
		return nil, err
	}
	if p.run, err = a.Views.ProofRun(ctx, company, connection); err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	p.run.ID = connection
	for s := p.run.Seen; len(s) >= 8; s = s[8:] {
		p.seen[binary.BigEndian.Uint64(s)] = true
	}
	last, err := a.Views.Proofs(ctx, company, ProofQuery{Connection: connection, Complete: true, Paging: Paging{Limit: 1}})
	if err != nil {
		return nil, err
	}
	if len(last.Items) > 0 && last.Items[0].Account == conn.GatewayAccount {
		p.before = &last.Items[0]
	}
	return p, nil
}

func (p *proving) turn(ctx context.Context, by string) error {
	again := p.resume()
	if p.run.Step == "" {
		if err := p.begin(ctx, by); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		name, next string
		do         func(context.Context) error
	}{
		{stepList, stepOurs, p.compareList}, {stepOurs, stepPayouts, p.compareOurs}, {stepPayouts, stepBalance, p.checkPayouts}, {stepBalance, "", p.conclude},
	} {
		if p.run.Step != step.name {
			continue
		}
		if err := step.do(ctx); err != nil {
			return err
		}
		if !again || step.name != stepPayouts { // else it got no further than before
			p.run.Failures = 0
		}
		if step.next != "" {
			p.run.Step, p.run.Cursor = step.next, ""
			if err := p.save(ctx, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// resume prepares a check that was broken off. One that began too long ago says nothing of today and begins anew; payouts may
// have been put together since they were looked at, and must be as of the balance: they are looked at again.
func (p *proving) resume() (payoutsAgain bool) {
	switch {
	case p.run.Step != "" && p.Now().Sub(p.run.Part.Began) > proofLife:
		p.run.Step = ""
	case p.run.Step == stepBalance:
		p.run.Step, p.run.Cursor, p.run.Part.Payouts = stepPayouts, "", nil
		return true
	}
	return false
}

// begin reads on in the usual list first, so that only what it does not bring counts as missing.
func (p *proving) begin(ctx context.Context, by string) error {
	now := p.Now()
	if err := p.pollAll(ctx); err != nil {
		return err
	}
	p.run.Part = inbox.Proof{ID: ids.New(ids.Proof), ConnectionID: p.conn.ID, Account: p.conn.GatewayAccount, Began: now.UTC().Truncate(time.Microsecond), By: by}
	if p.before != nil && (p.before.State.Good() || p.before.State == inbox.ProofExplained) {
		p.run.Part.Since = p.run.Part.Began.Add(-inbox.ProofWindow)
	}
	p.run.Step, p.run.Cursor, p.run.Seen, p.seen = stepList, "", nil, map[uint64]bool{}
	return p.save(ctx, nil)
}

func (p *proving) pollAll(ctx context.Context) error {
	for {
		r, err := p.Poll(ctx, p.company, p.conn.ID, inbox.ByPoll)
		if err != nil || r.CaughtUp {
			return err
		}
	}
}

// mark is how a listed movement is remembered: arrivals' ids are digests already, and eight bytes of one tell apart more
// movements than an account has in a window.
func mark(arrival string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(arrival)) // it never fails
	return h.Sum64()
}

// compareList reads the provider's list from the beginning of the window and compares each movement with ours. What had
// not reached us is taken in the usual way.
func (p *proving) compareList(ctx context.Context) error {
	for n := 1; ; n++ {
		req := gateway.ListRequest{Cursor: p.run.Cursor, Limit: pollLimit}
		if req.Cursor == "" {
			req.Since = p.run.Part.Since
		}
		page, err := p.g.ListPayments(ctx, req)
		if err == nil {
			err = gateway.CheckPage(req, page)
		}
		if err != nil {
			return gatewayFault(p.conn.Label, err)
		}
		if err := p.compare(ctx, page.Payments, true); err != nil {
			return err
		}
		p.run.Cursor = page.Next
		if page.CaughtUp {
			return nil
		}
		if n%proofSave == 0 {
			if err := p.save(ctx, nil); err != nil {
				return err
			}
		}
	}
}

// compare compares snapshots with our arrivals and takes in what differs.
func (p *proving) compare(ctx context.Context, ps []gateway.Payment, listed bool) error {
	if len(ps) == 0 {
		return nil
	}
	list := make([]string, len(ps))
	for i, m := range ps {
		list[i] = inbox.ArrivalID(p.conn.ID, m.Kind, m.ID)
	}
	found, err := p.Views.ArrivalsByID(ctx, p.company, list)
	if err != nil {
		return err
	}
	ours := make(map[string]inbox.Arrival, len(found))
	for _, ar := range found {
		ours[ar.ID] = ar
	}
	part := &p.run.Part
	before := len(part.Findings) + part.MoreFindings
	var fresh []gateway.Payment
	for i, m := range ps {
		if err := gateway.CheckPayment(m); err != nil {
			if listed {
				part.Find(inbox.Finding{What: inbox.FoundBad, Kind: m.Kind, ExternalID: clipRunes(m.ID, 100), State: m.State, At: m.OccurredAt.UTC().Truncate(time.Microsecond),
					Detail: clipRunes(err.Error(), 300)})
			}
			continue
		}
		again := p.seen[mark(list[i])]
		p.seen[mark(list[i])] = true
		if listed && !again {
			part.Listed++
		}
		ar, known := ours[list[i]]
		f := inbox.Finding{Kind: m.Kind, ExternalID: m.ID, ArrivalID: list[i], Amount: m.Gross, State: m.State, At: m.OccurredAt.UTC().Truncate(time.Microsecond)}
		after := ar.Clone()
		changed := !known || after.See(m, inbox.ByProof, p.Now())
		if changed {
			fresh = append(fresh, m)
		}
		switch {
		case again:
		case !known:
			// What happened a moment ago may be on its way by webhook, or in a list that is late.
			if !f.At.After(part.Began.Add(-inbox.ProofLateness)) {
				f.What = inbox.FoundMissing
				part.Find(f)
			}
		case m.UpdatedAt.Before(ar.UpdatedAt): // the list lies behind what we were told
		case ar.Gross != m.Gross || ar.GatewayState == gateway.Succeeded && m.State != gateway.Succeeded:
			f.What, f.Ours = inbox.FoundAltered, ar.Gross
			if after.GatewayState == gateway.Succeeded && m.State != gateway.Succeeded {
				f.Effect = after.Effect()
			}
			part.Find(f)
		case ar.FeeState == gateway.FeeKnown && m.FeeState == gateway.FeeKnown && ar.Fee != m.Fee && m.UpdatedAt.Truncate(time.Microsecond).Equal(ar.UpdatedAt):
			f.What, f.Amount, f.Ours, f.Detail = inbox.FoundAltered, m.Fee, ar.Fee, "fee"
			part.Find(f)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if len(part.Findings)+part.MoreFindings == before {
		return p.observe(ctx, p.company, p.conn, fresh, inbox.ByProof, nil)
	}
	// What was found is kept with what is taken in: once it is here, nobody could tell that it was missing.
	run := p.next()
	err = p.observe(ctx, p.company, p.conn, fresh, inbox.ByProof, func(ctx context.Context, tx *books.Tx) error { return p.put(ctx, tx, run) })
	if err == nil {
		p.run = run
	}
	return err
}

// compareOurs looks for movements of ours that the provider did not list. Each is asked about by itself before it is
// reported: a list may be late, or may not go back as far as it was asked to.
func (p *proving) compareOurs(ctx context.Context) error {
	q := ArrivalsAfter{Connection: p.conn.ID, Limit: proofChunk}
	if !p.run.Part.Since.IsZero() {
		q.Since = p.run.Part.Since
	}
	if err := readPlace(p.run.Cursor, &q); err != nil {
		return err
	}
	for {
		list, err := p.Views.ArrivalsAfter(ctx, p.company, q)
		if err != nil {
			return err
		}
		var there []gateway.Payment
		for _, ar := range list {
			q.After, q.AfterID = ar.OccurredAt, ar.ID
			if ar.State == inbox.Void || p.seen[mark(ar.ID)] {
				continue
			}
			m, answer, err := p.ask(ctx, ar.ExternalID)
			if err != nil {
				return err
			}
			if answer == asThere && m.Kind == ar.Kind {
				there = append(there, m)
				continue
			}
			if answer == unclear || answer == asThere && !p.covered(ar) {
				continue
			}
			f := inbox.Finding{What: inbox.FoundGone, Kind: ar.Kind, ExternalID: ar.ExternalID, ArrivalID: ar.ID, Amount: ar.Gross, State: ar.GatewayState, At: ar.OccurredAt}
			if ar.GatewayState == gateway.Succeeded {
				f.Effect = ar.Effect()
			}
			p.run.Part.Find(f)
		}
		if err := p.compare(ctx, there, false); err != nil {
			return err
		}
		if len(list) < q.Limit {
			return nil
		}
		p.run.Cursor = place(q)
		if err := p.save(ctx, nil); err != nil {
			return err
		}
	}
}

// covered says whether the provider's list must have shown an arrival that lies well within what was asked for. One id may
// stand for movements of several kinds, of which the provider gives only one when it is asked.
func (p *proving) covered(ar inbox.Arrival) bool {
	part := &p.run.Part
	return ar.OccurredAt.Before(part.Began.Add(-inbox.ProofLateness)) && (part.Since.IsZero() || ar.OccurredAt.After(part.Since.Add(24*time.Hour)))
}

// answer is what the provider says of one movement.
type answer int

const (
	unclear answer = iota // it cannot be asked about, or the check has asked enough
	asThere
	asUnknown
)

// ask reads one movement at the provider. Codes: those of gatewayFault.
func (p *proving) ask(ctx context.Context, id string) (gateway.Payment, answer, error) {
	if p.asked++; p.asked > proofAsks {
		p.run.Part.MoreFindings++
		return gateway.Payment{}, unclear, nil
	}
	m, err := p.g.FetchPayment(ctx, id)
	switch e := gateway.AsError(err); {
	case e == nil:
		if err := gateway.CheckPayment(m); err != nil {
			p.run.Part.Find(inbox.Finding{What: inbox.FoundBad, ExternalID: clipRunes(id, 100), Detail: clipRunes(err.Error(), 300)})
			return m, unclear, nil
		}
		return m, asThere, nil
	case e.Kind == gateway.ErrNotFound:
		return m, asUnknown, nil
	case e.Kind == gateway.ErrUnsupported, e.Kind == gateway.ErrPermanent:
		return m, unclear, nil
	}
	return m, unclear, gatewayFault(p.conn.Label, err)
}

// place is where to read on, as text.
func place(q ArrivalsAfter) string { return fmt.Sprintf("%d %s", q.After.UnixMicro(), q.AfterID) }

func readPlace(s string, q *ArrivalsAfter) error {
	if s == "" {
		return nil
	}
	var at int64
	if _, err := fmt.Sscanf(s, "%d %s", &at, &q.AfterID); err != nil {
		return fmt.Errorf("app: place in a check: %w", err)
	}
	q.After = time.UnixMicro(at).UTC()
	return nil
}

// next is the check as it stands, to be kept.
func (p *proving) next() inbox.ProofRun {
	marks := make([]uint64, 0, len(p.seen))
	for m := range p.seen {
		marks = append(marks, m)
	}
	slices.Sort(marks)
	seen := make([]byte, 0, 8*len(marks))
	for _, m := range marks {
		seen = binary.BigEndian.AppendUint64(seen, m)
	}
	run := p.run.Clone()
	run.Seen = seen
	run.Version++
	return run
}

// put stages the next state of the check. Code: busy when another process went on with it.
func (p *proving) put(ctx context.Context, tx *books.Tx, run inbox.ProofRun) error {
	now, _, err := tx.ProofRuns.Find(ctx, run.ID)
	if err != nil {
		return err
	}
	if now.Version != p.run.Version {
		return fault.New(fault.Conflict, fault.Busy)
	}
	tx.ProofRuns.Put(run)
	return nil
}

// save keeps how far the check has got. Code: busy.
func (p *proving) save(ctx context.Context, also func(*books.Tx)) error {
	run := p.next()
	err := p.Books.Write(books.WithoutKey(ctx), p.company, func(ctx context.Context, tx *books.Tx) error {
		if err := p.put(ctx, tx, run); err != nil {
			return err
		}
		if also != nil {
			also(tx)
		}
		return nil
	}, books.Ref{Kind: books.ProofRuns, ID: run.ID})
	if err == nil {
		p.run = run
	}
	return err
}

// rest keeps the place of a turn that was too short; the next goes on at once.
func (p *proving) rest(ctx context.Context) error {
	p.run.NextRun = p.Now()
	return p.save(ctx, nil)
}

// failed keeps the place of a turn that could not go on. A check that failed too often is given up and says why.
func (p *proving) failed(ctx context.Context, cause error) error {
	now := p.Now()
	p.run.Failures++
	p.run.NextRun = now.Add(backoff(p.run.Failures))
	if p.run.Failures < proofFailures {
		return p.save(ctx, nil)
	}
	if p.run.Part.ID == "" {
		p.run.Part = inbox.Proof{ID: ids.New(ids.Proof), ConnectionID: p.conn.ID, Account: p.conn.GatewayAccount, Began: now.UTC().Truncate(time.Microsecond), By: access.System(p.company).Name}
	}
	done := p.run.Part
	done.State, done.Problem, done.At = inbox.ProofIncomplete, string(fault.CodeOf(cause)), now.UTC().Truncate(time.Microsecond)
	p.run = inbox.ProofRun{ID: p.run.ID, NextRun: now.Add(inbox.ProofLateness), Version: p.run.Version}
	p.seen = nil
	return p.save(ctx, func(tx *books.Tx) { tx.Proofs.Put(done) })
}

// balances are what the provider holds, by currency; false when it does not tell.
func (p *proving) balances(ctx context.Context) (map[money.Currency]int64, bool, error) {
	r, ok := p.g.(gateway.BalanceReader)
	if !ok {
		return nil, false, nil
	}
	list, err := r.Balance(ctx)
	if err == nil {
		err = gateway.CheckBalance(list)
	}
	if e := gateway.AsError(err); e != nil && e.Kind == gateway.ErrUnsupported {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, gatewayFault(p.conn.Label, err)
	}
	out := map[money.Currency]int64{}
	for _, m := range list {
		out[m.Currency()] = m.Minor()
	}
	return out, true, nil
}

// conclude puts the three numbers side by side. The provider is asked first and the books are read after it, at one moment;
// what moved in between shows as a difference, so the list is read on and both are looked at again before it is called one.
func (p *proving) conclude(ctx context.Context) error {
	part := &p.run.Part
	for look := 1; ; look++ {
		there, told, err := p.balances(ctx)
		if err != nil {
			return err
		}
		q := HoldingQuery{Connection: p.conn.ID, Books: p.setup.Company.Currency, Accounts: accountsOf(p.conn, p.setup.Company.Currency), Day: p.Today(), Unpaid: part.HasItems}
		if p.before != nil {
			q.After = p.before.Head
		}
		at := p.Now().UTC().Truncate(time.Microsecond)
		h, err := p.Views.Holdings(ctx, p.company, q)
		if err != nil {
			return err
		}
		part.At, part.Head, part.HasBalance = at, h.Head, told
		part.Balances = p.weigh(h, there)
		if look == proofLooks || !slices.ContainsFunc(part.Balances, func(b inbox.ProofBalance) bool { return b.Unexplained != 0 }) {
			break
		}
		if err := p.pollAll(ctx); err != nil {
			return err
		}
	}
	part.Judge(p.before)
	done := part.Clone()
	p.run = inbox.ProofRun{ID: p.run.ID, NextRun: p.Now().Add(proveEvery), Version: p.run.Version}
	if !done.State.Good() && done.State != inbox.ProofExplained {
		p.run.NextRun = p.Now().Add(inbox.ProofLateness)
	}
	p.seen = nil
	err := p.save(ctx, func(tx *books.Tx) {
		tx.Proofs.Put(done)
		if p.before == nil || p.before.State != done.State {
			tx.Log(done.By, "proof_"+string(done.State), p.conn.ID, done.ID)
		}
	})
	p.run.Part = done
	return err
}

// accountsOf are the accounts that hold a connection's balances, by currency.
func accountsOf(c inbox.Connection, own money.Currency) map[money.Currency]string {
	all := map[money.Currency]string{}
	maps.Copy(all, c.BalanceAccounts)
	all[own] = c.GatewayAccount
	return all
}

// weigh proves each currency that the provider or the books know of.
func (p *proving) weigh(h Holdings, there map[money.Currency]int64) []inbox.ProofBalance {
	part := &p.run.Part
	held := map[money.Currency]Held{}
	for _, x := range h.List {
		held[x.Currency] = x
	}
	for cur, n := range there {
		if _, ok := held[cur]; !ok && n != 0 {
			held[cur] = Held{Holding: inbox.Holding{Currency: cur}}
		}
	}
	var out []inbox.ProofBalance
	for cur, x := range held {
		in := inbox.ProofInput{Holding: x.Holding, Provider: there[cur], HasBalance: part.HasBalance, HasItems: part.HasItems, Fresh: x.Fresh}
		for _, f := range part.Findings {
			if f.Effect != 0 && f.Amount.Currency() == cur {
				in.Gone = in.Gone.Join(inbox.ProofLine{Count: 1, Amount: -f.Effect, Items: []inbox.ProofItem{{ArrivalID: f.ArrivalID, Kind: f.Kind, Label: f.ExternalID, At: f.At, Amount: -f.Effect}}})
			}
		}
		for _, c := range part.Payouts {
			if c.Amount.Currency() == cur {
				in.Payouts = in.Payouts.Join(inbox.ProofLine{Count: 1, Amount: c.Difference(), Items: []inbox.ProofItem{{ArrivalID: c.ArrivalID, Kind: gateway.KindPayout, Label: c.ExternalID, At: c.At, Amount: c.Difference()}}})
			}
			for _, o := range c.Others {
				if o.Currency() == cur {
					in.Payouts = in.Payouts.Join(inbox.ProofLine{Count: 1, Amount: o.Minor(), Items: []inbox.ProofItem{{ArrivalID: c.ArrivalID, Kind: gateway.KindPayout, Label: c.ExternalID, At: c.At, Amount: o.Minor()}}})
				}
			}
		}
		if p.before != nil {
			for _, b := range p.before.Balances {
				if b.Currency == cur {
					kept, open := b.Entries()
					in.Kept, in.Fresh = kept, open.Join(in.Fresh)
				}
			}
		}
		b := inbox.Prove(in)
		b.Account = p.conn.BalanceAccount(cur, p.setup.Company.Currency)
		out = append(out, b)
	}
	slices.SortFunc(out, func(x, y inbox.ProofBalance) int {
		own := p.setup.Company.Currency
		return cmpFirst(x.Currency == own, y.Currency == own, string(x.Currency), string(y.Currency))
	})
	return out
}

// cmpFirst sorts what is first before the rest, and the rest by name.
func cmpFirst(x, y bool, a, b string) int {
	switch {
	case x != y && x:
		return -1
	case x != y:
		return 1
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
