package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"
)

// Hash is a SHA-256 digest.
type Hash [sha256.Size]byte

// String is the digest in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ChainVersion is the first byte of an entry's canonical form. A change of the form takes a new number; old entries keep theirs.
const ChainVersion = 1

// Head is the end of a company's chain: how many entries there are and the hash of the last. The head of an empty chain
// is Genesis. A chain proves nothing to somebody who has no copy of its head, so exports and closings print it.
type Head struct {
	Seq  int64
	Hash Hash
}

// Genesis is the head before the first entry: it ties the chain to its company.
func Genesis(company string) Head {
	return Head{Hash: sha256.Sum256(append([]byte("acquit chain 1\x00"), company...))}
}

// Seal gives a checked entry its place behind head and returns the new head. number is the next of the entry's fiscal year.
func Seal(e Entry, head Head, number int64, at time.Time, by string) (Entry, Head) {
	e.Seq = head.Seq + 1
	e.Number = number
	e.PostedAt = at.UTC().Truncate(time.Microsecond)
	e.PostedBy = by
	e.Prev = head.Hash
	e.Hash = e.Digest()
	return e, Head{Seq: e.Seq, Hash: e.Hash}
}

// Digest computes the entry's hash from its content and the previous hash.
//
// Canonical form, version 1: byte 1; previous hash (32 bytes); then, each integer as 8 bytes big-endian two's complement
// and each text as its UTF-8 length in 4 bytes big-endian followed by its bytes: Seq, Year, Number, Journal, Date as the
// integer yyyymmdd, Piece, PieceDate likewise, Label, Source, Reverses, PostedAt in microseconds since 1970 UTC, PostedBy,
// the count of lines, and for each line Account, Aux, Label, Debit, Credit, currency of the foreign amount (empty when
// none), its minor units, Document. docs/chain.md has test vectors.
func (e Entry) Digest() Hash {
	d := digester{buf: make([]byte, 0, 1024)} // enough for all but recaps and openings
	d.buf = append(d.buf, ChainVersion)
	d.buf = append(d.buf, e.Prev[:]...)
	d.int(e.Seq)
	d.text(e.Year)
	d.int(e.Number)
	d.text(e.Journal)
	d.int(int64(e.Date.Number()))
	d.text(e.Piece)
	d.int(int64(e.PieceDate.Number()))
	d.text(e.Label)
	d.text(e.Source)
	d.int(e.Reverses)
	d.int(e.PostedAt.UnixMicro())
	d.text(e.PostedBy)
	d.int(int64(len(e.Lines)))
	for _, l := range e.Lines {
		d.text(l.Account)
		d.text(l.Aux)
		d.text(l.Label)
		d.int(l.Debit)
		d.int(l.Credit)
		d.text(string(l.Foreign.Currency()))
		d.int(l.Foreign.Minor())
		d.text(l.Document)
	}
	return d.sum()
}

// digester gathers the canonical form; the hash is only fed on the way when an entry is very long.
type digester struct {
	h   hash.Hash
	buf []byte
}

func (d *digester) int(v int64) { d.buf = binary.BigEndian.AppendUint64(d.buf, uint64(v)) }

func (d *digester) text(s string) {
	d.buf = binary.BigEndian.AppendUint32(d.buf, uint32(len(s)))
	d.buf = append(d.buf, s...)
	if len(d.buf) > 64<<10 {
		if d.h == nil {
			d.h = sha256.New()
		}
		d.h.Write(d.buf)
		d.buf = d.buf[:0]
	}
}

func (d *digester) sum() (out Hash) {
	if d.h == nil {
		return sha256.Sum256(d.buf)
	}
	d.h.Write(d.buf)
	d.h.Sum(out[:0])
	return out
}

// Verifier checks a chain entry by entry, in order of Seq, in constant memory.
type Verifier struct {
	head    Head
	numbers map[string]int64
}

// Break is what is wrong with a chain, and where: the first bad entry.
type Break struct {
	Seq    int64
	Number int64
	Year   string
	What   BreakKind
}

// BreakKind says how the chain is broken.
type BreakKind string

const (
	BreakMissing    BreakKind = "missing"    // an entry is not there, or out of order
	BreakContent    BreakKind = "content"    // an entry's content is not what was hashed
	BreakLink       BreakKind = "link"       // an entry does not continue the one before
	BreakNumber     BreakKind = "number"     // a legal number is missing or twice
	BreakUnbalanced BreakKind = "unbalanced" // an entry does not balance
	BreakTail       BreakKind = "tail"       // the last entries were cut off, or the recorded head differs
)

// NewVerifier starts at the beginning of a company's chain.
func NewVerifier(company string) *Verifier {
	return &Verifier{head: Genesis(company), numbers: map[string]int64{}}
}

// Next checks one more entry; nil means it is sound.
func (v *Verifier) Next(e *Entry) *Break {
	bad := func(k BreakKind) *Break { return &Break{Seq: v.head.Seq + 1, Number: e.Number, Year: e.Year, What: k} }
	if e.Seq != v.head.Seq+1 {
		return bad(BreakMissing)
	}
	if e.Prev != v.head.Hash {
		return bad(BreakLink)
	}
	if e.Digest() != e.Hash {
		return bad(BreakContent)
	}
	var debit, credit int64
	for _, l := range e.Lines {
		debit += l.Debit
		credit += l.Credit
	}
	if debit != credit || len(e.Lines) < 2 {
		return bad(BreakUnbalanced)
	}
	if e.Number != v.numbers[e.Year]+1 {
		return bad(BreakNumber)
	}
	v.numbers[e.Year] = e.Number
	v.head = Head{e.Seq, e.Hash}
	return nil
}

// End compares where the chain ended with the head recorded beside it, and with one kept outside when the auditor has it.
func (v *Verifier) End(recorded Head) *Break {
	if v.head != recorded {
		return &Break{Seq: v.head.Seq + 1, What: BreakTail}
	}
	return nil
}

// Head is where verification stands.
func (v *Verifier) Head() Head { return v.head }
