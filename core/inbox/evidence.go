package inbox

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/ids"
)

// Evidence is the file of what a gateway sent about one subject, an arrival or a webhook delivery: which payloads there
// were, when, by which way in. The payloads themselves are records of their own, sealed, and read one by one: whoever lists
// or posts arrivals never loads them.
type Evidence struct {
	ID      string  // the subject: an arrival's or a delivery's id
	Pieces  []Piece // distinct payloads, oldest first
	LetGo   int     // how many more there were; see Keep
	Version int64
}

// Piece is one distinct payload of a subject. Hash and size outlive its bytes.
type Piece struct {
	Hash           string // SHA-256 of the raw bytes, hexadecimal
	Size           int    // of the raw bytes
	Source         Source // the way in that brought it first
	Gateway        string // the gateway program's name
	GatewayVersion string
	FirstSeen      time.Time
	ErasedAt       time.Time // when the bytes were erased; zero: they are held
	Months         int       // the retention in force when they were
}

// MaxPieces bounds the payloads kept of one subject. A movement has a handful in its life (paid, fee known, refunded,
// disputed, won); a dozen leaves room for providers that repeat themselves in other words.
const MaxPieces = 12

// Clone returns an independent copy.
func (e Evidence) Clone() Evidence {
	e.Pieces = append([]Piece(nil), e.Pieces...)
	return e
}

// Find returns the piece with a hash.
func (e *Evidence) Find(hash string) (Piece, bool) {
	for _, p := range e.Pieces {
		if p.Hash == hash {
			return p, true
		}
	}
	return Piece{}, false
}

// Keep adds a payload that is not among the pieces yet, and says whether it did. In a full file one that tells nothing new
// is passed over; one that does takes the place of the oldest that is neither the first nor among rests, the hashes that
// an entry or the arrival itself rests on. letGo is the piece that made room; its Hash is empty when none did.
func (e *Evidence) Keep(p Piece, news bool, rests ...string) (letGo Piece, kept bool) {
	if len(e.Pieces) >= MaxPieces {
		if !news {
			e.LetGo++
			return Piece{}, false
		}
		for i := 1; i < len(e.Pieces); i++ {
			if !slices.Contains(rests, e.Pieces[i].Hash) {
				letGo = e.Pieces[i]
				e.Pieces = slices.Delete(e.Pieces, i, i+1)
				e.LetGo++
				break
			}
		}
	}
	e.Pieces = append(e.Pieces, p)
	return letGo, true
}

// Payload is the bytes of one piece, compressed and sealed for the company, the subject and the hash. Sealed is empty once
// they were erased.
type Payload struct {
	ID        string
	Subject   string
	Hash      string
	Sealed    []byte
	FirstSeen time.Time
	ErasedAt  time.Time
}

// Clone returns an independent copy.
func (p Payload) Clone() Payload {
	p.Sealed = append([]byte(nil), p.Sealed...)
	return p
}

// PayloadID is the identifier that belongs to a payload of a subject: the same bytes are the same row.
func PayloadID(company, subject, hash string) string {
	return ids.Derive(ids.Evidence, company, subject, hash)
}

// HashOf is how a payload is named: SHA-256, hexadecimal.
func HashOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
