package app

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// exhibit is a payload made ready before the pen is taken: hashed, compressed and sealed. The zero exhibit is none.
type exhibit struct {
	piece  inbox.Piece
	sealed []byte // nil: the books hold it already
}

// exhibits makes what a gateway answered ready to be kept, one for each movement. What the books hold already, as with most
// of what polling repeats, is hashed only.
func (a *App) exhibits(ctx context.Context, company string, conn inbox.Connection, ps []gateway.Payment, src inbox.Source) ([]exhibit, error) {
	out := make([]exhibit, len(ps))
	var asked []string
	payloads := make([]string, len(ps))
	for i, p := range ps {
		if len(p.Raw) == 0 {
			continue
		}
		out[i].piece = inbox.Piece{Hash: inbox.HashOf(p.Raw), Size: len(p.Raw), Source: src}
		payloads[i] = inbox.PayloadID(company, inbox.ArrivalID(conn.ID, p.Kind, p.ID), out[i].piece.Hash)
		asked = append(asked, payloads[i])
	}
	if len(asked) == 0 {
		return out, nil
	}
	held, err := a.Views.PayloadsHeld(ctx, company, asked)
	if err != nil {
		return nil, err
	}
	for i, p := range ps {
		if len(p.Raw) == 0 || held[payloads[i]] {
			continue
		}
		out[i].piece.Gateway, out[i].piece.GatewayVersion = conn.Gateway, a.gatewayVersion(ctx, conn.Gateway)
		if out[i].sealed, err = a.sealPayload(company, inbox.ArrivalID(conn.ID, p.Kind, p.ID), out[i].piece.Hash, p.Raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// keepExhibit adds an exhibit to the file of its arrival, unless it is there, and makes the arrival rest on it. news says
// whether the snapshot told anything that was not known.
func (a *App) keepExhibit(ctx context.Context, tx *books.Tx, ar *inbox.Arrival, x exhibit, news bool) error {
	hash := x.piece.Hash
	if hash == "" || hash == ar.EvidenceHash {
		return nil
	}
	e, _, err := tx.Evidence.Find(ctx, ar.ID)
	if err != nil {
		return err
	}
	if _, there := e.Find(hash); !there {
		if x.sealed == nil {
			return nil // it was let go between the look and now; the file is full of what tells more
		}
		e.ID = ar.ID
		x.piece.FirstSeen = tx.Now()
		letGo, kept := e.Keep(x.piece, news || ar.EvidenceHash == "", ar.EntryEvidence, ar.FeeEvidence)
		if letGo.Hash != "" {
			putErased(tx, ar.ID, letGo)
		}
		if kept {
			putPayload(tx, ar.ID, x)
		}
		e.Version++
		tx.Evidence.Put(e)
		if !kept {
			return nil
		}
	}
	ar.EvidenceHash = hash
	return nil
}

// loadEvidence fetches the files of those arrivals at once whose payload is another than the one they rest on.
func loadEvidence(ctx context.Context, tx *books.Tx, arrivals []string, list []exhibit) error {
	var wanted []string
	for i, x := range list {
		if x.piece.Hash == "" {
			continue
		}
		ar, ok, err := tx.Arrivals.Find(ctx, arrivals[i])
		if err != nil {
			return err
		}
		if !ok || ar.EvidenceHash != x.piece.Hash {
			wanted = append(wanted, arrivals[i])
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return tx.Evidence.Load(ctx, wanted...)
}

func putPayload(tx *books.Tx, subject string, x exhibit) {
	tx.Payloads.Put(inbox.Payload{ID: inbox.PayloadID(tx.Company(), subject, x.piece.Hash), Subject: subject, Hash: x.piece.Hash,
		Sealed: x.sealed, FirstSeen: x.piece.FirstSeen})
}

func putErased(tx *books.Tx, subject string, p inbox.Piece) {
	tx.Payloads.Put(inbox.Payload{ID: inbox.PayloadID(tx.Company(), subject, p.Hash), Subject: subject, Hash: p.Hash,
		FirstSeen: p.FirstSeen, ErasedAt: tx.Now()})
}

// deliveryExhibit makes a webhook call ready to be kept, as an HTTP message without its first line.
func (a *App) deliveryExhibit(ctx context.Context, company, id string, conn inbox.Connection, d gateway.Delivery) (exhibit, error) {
	raw := deliveryText(d)
	x := exhibit{piece: inbox.Piece{Hash: inbox.HashOf(raw), Size: len(raw), Source: inbox.ByWebhook, Gateway: conn.Gateway,
		GatewayVersion: a.gatewayVersion(ctx, conn.Gateway)}}
	var err error
	x.sealed, err = a.sealPayload(company, id, x.piece.Hash, raw)
	return x, err
}

// deliveryText writes a delivery down: headers, an empty line, the body as it came. What authenticates the call stands
// there by name and length only: a signature proves nothing to us that our own check did not, and other headers of this
// sort are credentials.
func deliveryText(d gateway.Delivery) []byte {
	var b bytes.Buffer
	for _, h := range d.Headers {
		b.WriteString(oneLine(h.Name))
		b.WriteString(": ")
		if authenticates(h.Name) {
			b.WriteString("(" + itoa(int64(len(h.Value))) + " bytes)")
		} else {
			b.WriteString(oneLine(h.Value))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.Write(d.Body)
	return b.Bytes()
}

func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// authenticates says whether a header proves who calls.
func authenticates(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"sig", "auth", "cookie", "token", "secret", "key", "password", "hmac"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// payloadFormat is the first byte under the seal: raw bytes compressed with DEFLATE (RFC 1951).
const payloadFormat = 1

// maxPayload bounds what is unpacked: the largest body of a webhook and its headers are well below.
const maxPayload = 4 * gateway.MaxRaw

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
	if err != nil {
		panic(err) // the level is one that exists
	}
	return w
}}

// payloadBind ties a sealed payload to its place: it opens for no other company, subject or hash.
func payloadBind(company, subject, hash string) string { return company + "/" + subject + "/" + hash }

func (a *App) sealPayload(company, subject, hash string, raw []byte) ([]byte, error) {
	b := bytes.NewBuffer([]byte{payloadFormat})
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(b)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return a.Sealer.Seal(b.Bytes(), payloadBind(company, subject, hash))
}

var errAltered = errors.New("app: what was kept does not have its hash")

// openPayload is the inverse of sealPayload and proves the hash.
func (a *App) openPayload(company, subject, hash string, sealed []byte) ([]byte, error) {
	packed, err := a.Sealer.Open(sealed, payloadBind(company, subject, hash))
	if err != nil {
		return nil, err
	}
	if len(packed) == 0 || packed[0] != payloadFormat {
		return nil, errAltered
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed[1:])), maxPayload))
	if err != nil {
		return nil, err
	}
	if inbox.HashOf(raw) != hash {
		return nil, errAltered
	}
	return raw, nil
}

// Exhibit is one payload, opened, and whose it is.
type Exhibit struct {
	inbox.Piece
	Subject string
	Raw     []byte
}

// Evidence lists what a gateway sent about an arrival or a webhook delivery; nothing is opened. A subject of which nothing
// was kept has an empty file. Code: unknown_thing when the id is of no such subject.
func (a *App) Evidence(ctx context.Context, who access.Actor, subject string) (inbox.Evidence, error) {
	if err := who.May(access.Read); err != nil {
		return inbox.Evidence{}, err
	}
	if !ids.Valid(ids.Arrival, subject) && !ids.Valid(ids.Delivery, subject) {
		return inbox.Evidence{}, notFound("evidence", subject)
	}
	e, err := a.Views.Evidence(ctx, who.Company, subject)
	if fault.KindOf(err) == fault.NotFound {
		return inbox.Evidence{ID: subject}, nil
	}
	return e, err
}

// OpenEvidence opens one payload, proves its hash, and notes in the history of its subject who looked at what: it holds
// personal data of the payer. Codes: not_allowed, unknown_thing, evidence_erased after its retention, evidence_broken when
// the bytes were altered, are gone, or were sealed with a key that is not here.
func (a *App) OpenEvidence(ctx context.Context, who access.Actor, subject, hash string) (Exhibit, error) {
	if err := who.May(access.Inspect); err != nil {
		return Exhibit{}, err
	}
	e, err := a.Evidence(ctx, who, subject)
	if err != nil {
		return Exhibit{}, err
	}
	p, ok := e.Find(hash)
	if !ok {
		return Exhibit{}, notFound("evidence", hash)
	}
	if !p.ErasedAt.IsZero() {
		return Exhibit{}, fault.New(fault.Refused, fault.EvidenceErased, "when", a.day(p.ErasedAt).String(), "months", itoa(int64(p.Months)))
	}
	broken := fault.New(fault.Refused, fault.EvidenceBroken, "hash", hash)
	kept, err := a.Views.Payload(ctx, who.Company, inbox.PayloadID(who.Company, subject, hash))
	if fault.KindOf(err) == fault.NotFound || err == nil && len(kept.Sealed) == 0 {
		return Exhibit{}, broken
	}
	if err != nil {
		return Exhibit{}, err
	}
	raw, err := a.openPayload(who.Company, subject, hash, kept.Sealed)
	if err != nil {
		a.Log.Warn("a payload that was kept does not open", err, "company", who.Company, "subject", subject, "hash", hash)
		return Exhibit{}, broken
	}
	err = a.Books.Write(books.WithoutKey(ctx), who.Company, func(_ context.Context, tx *books.Tx) error {
		tx.Log(who.Name, "evidence_opened", subject, hash)
		return nil
	})
	return Exhibit{p, subject, raw}, err
}

// EvidenceOfEntry finds what an entry rests on: the arrival, and the hash of the payload it was posted on; the hash is empty
// when nothing was kept. Code: unknown_thing when there is no such entry or no arrival behind it.
func (a *App) EvidenceOfEntry(ctx context.Context, who access.Actor, seq int64) (subject, hash string, err error) {
	if err := who.May(access.Read); err != nil {
		return "", "", err
	}
	e, err := a.Views.Entry(ctx, who.Company, seq)
	if err != nil {
		return "", "", err
	}
	subject, ok := ArrivalOfSource(e.Source)
	if !ok {
		return "", "", notFound("evidence", itoa(seq))
	}
	ar, err := a.Views.Arrival(ctx, who.Company, subject)
	if err != nil {
		return "", "", err
	}
	hash = ar.EntryEvidence
	if strings.HasPrefix(e.Source, arrivalSource+ar.ID+":fee") && ar.FeeEntrySeq == seq {
		hash = ar.FeeEvidence
	}
	return subject, hash, nil
}

// arrivalSource is how the source of entries that an arrival led to begins.
const arrivalSource = "arrival:"

// ArrivalOfSource is the arrival that the source of an entry names, if it names one.
func ArrivalOfSource(source string) (string, bool) {
	rest, ok := strings.CutPrefix(source, arrivalSource)
	id, _, _ := strings.Cut(rest, ":")
	return id, ok && ids.Valid(ids.Arrival, id)
}

// versionMemory remembers the versions of gateway programs, which are asked for with each new payload and change when the
// operator replaces a program.
type versionMemory struct {
	mu    sync.Mutex
	at    time.Time
	known map[string]string
}

// versionsFresh is how long a version is believed.
const versionsFresh = time.Minute

func (a *App) gatewayVersion(ctx context.Context, name string) string {
	m := &a.versions
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := a.Now(); m.known == nil || now.Sub(m.at) > versionsFresh {
		m.at, m.known = now, map[string]string{}
		list, err := a.Gateways.Known(ctx)
		if err != nil {
			return "" // the payload matters more than who read it
		}
		for _, s := range list {
			m.known[s.Name] = s.Info.Version
		}
	}
	return m.known[name]
}

type deliveryKey struct{}

// byDelivery notes which webhook delivery leads to what is observed with this context.
func byDelivery(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, deliveryKey{}, id)
}

func deliveryOf(ctx context.Context) string {
	id, _ := ctx.Value(deliveryKey{}).(string)
	return id
}
