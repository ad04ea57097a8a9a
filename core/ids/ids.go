// Package ids mints identifiers: a readable prefix and a time-ordered random part, e.g. "inv_01kazm6r0h9p4f8c3d5v7x2y1z".
//
// They are made by the program before anything is written, so that a retry writes the same row; being ordered by time
// keeps inserts at the right edge of an index.
package ids

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"sync"
	"time"
)

// Prefixes of the things that have an identifier.
const (
	Company    = "co"
	User       = "usr"
	Token      = "tok"
	Customer   = "cus"
	Method     = "pm"
	Connection = "gw"
	Quote      = "quo"
	Deposit    = "dep"
	Invoice    = "inv"
	Attempt    = "att"
	Arrival    = "arr"
	Delivery   = "whk"
	Evidence   = "evd"
	Receipt    = "rec"
	Refund     = "rfd"
	Mail       = "mail"
	Export     = "exp"
	Proof      = "prf"
	Request    = "req"
)

// Size is the length of the part behind the prefix and its underscore.
const Size = 26

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

var clock struct {
	sync.Mutex
	last uint64
}

// New mints an identifier. Two made one after the other in one process sort in that order.
func New(prefix string) string {
	var b [16]byte
	var t uint64
	if d := replay.Load(); d != nil {
		t = d.draw(b[6:])
	} else {
		if _, err := rand.Read(b[6:]); err != nil {
			panic(err) // the operating system's random source is gone: nothing that follows could be trusted
		}
		t = tick()
	}
	binary.BigEndian.PutUint64(b[:8], t<<16|uint64(binary.BigEndian.Uint16(b[6:8])))
	return prefix + "_" + encoding.EncodeToString(b[:])
}

func tick() uint64 {
	now := time.Now()
	clock.Lock()
	defer clock.Unlock()
	clock.last = after(clock.last, now)
	return clock.last
}

// after is an instant in 1/16 ms since 1970 (48 bits last until the year 2527), or the first tick behind last.
func after(last uint64, now time.Time) uint64 {
	return max(uint64(now.UnixMicro())*16/1000, last+1)
}

// Derive makes the identifier that belongs to a natural key: the same parts give the same identifier. Parts are
// length-prefixed before hashing, so ("ab","c") and ("a","bc") differ.
func Derive(prefix string, parts ...string) string {
	h := sha256.New()
	var n [4]byte
	for _, p := range parts {
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return prefix + "_" + encoding.EncodeToString(h.Sum(nil)[:16])
}

// Valid says whether s is an identifier with this prefix; it is for refusing nonsense before asking the store.
func Valid(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != Size {
		return false
	}
	for i := range len(rest) {
		if !strings.ContainsRune("0123456789abcdefghjkmnpqrstvwxyz", rune(rest[i])) {
			return false
		}
	}
	return true
}
