// Package seal keeps secrets at rest: gateway keys, mail passwords, webhook secrets.
//
// A value is sealed with an authenticated cipher (AES-256-GCM) and bound to the thing it belongs to, so that a sealed
// value copied to another row does not open there. The keys are a Tink keyset: one primary key seals, every key of the
// set opens, which is what makes rotation possible without touching what was sealed before.
//
// Whoever holds the key file and the database can read the secrets: keep them on different disks, and back the key
// file up. Without it the secrets are lost and must be typed in again, and so is the evidence that gateways sent; documents
// and entries are not concerned.
package seal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrWrongKey means that a value was sealed with a key that is not in this keyset: another key file is in use, or it
// was lost and made anew.
var ErrWrongKey = errors.New("sealed with a key that is not in the key file: put the original key file back, or type the secret in again")

// ErrDoesNotOpen means that the key is there but the value does not open: it was altered, or belongs to something else.
var ErrDoesNotOpen = errors.New("sealed value does not open: it was altered, or it was sealed for something else")

// Keys seals and opens. It implements app.Sealer and is safe for concurrent use.
type Keys struct {
	cipher tink.AEAD
	known  map[uint32]bool // the ids of the keys that open
}

func newKeys(h *keyset.Handle) (*Keys, error) {
	cipher, err := aead.New(h)
	if err != nil {
		return nil, fmt.Errorf("key file: these are not keys of the kind this program makes: %w", err)
	}
	known := map[uint32]bool{}
	for i := range h.Len() {
		e, err := h.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("key file: %w", err)
		}
		if e.KeyStatus() == keyset.Enabled {
			known[e.KeyID()] = true
		}
	}
	return &Keys{cipher: cipher, known: known}, nil
}

// Seal encrypts plain for the thing named by bind. Sealing the same value twice gives different bytes.
func (k *Keys) Seal(plain []byte, bind string) ([]byte, error) {
	if bind == "" {
		return nil, errors.New("seal: a secret must be bound to what it belongs to")
	}
	return k.cipher.Encrypt(plain, []byte(bind))
}

// Open decrypts what Seal made for the same bind. It returns ErrWrongKey or ErrDoesNotOpen.
func (k *Keys) Open(sealed []byte, bind string) ([]byte, error) {
	id, ok := keyOf(sealed)
	if !ok {
		return nil, ErrDoesNotOpen
	}
	if !k.known[id] {
		return nil, ErrWrongKey
	}
	plain, err := k.cipher.Decrypt(sealed, []byte(bind))
	if err != nil {
		return nil, ErrDoesNotOpen
	}
	return plain, nil
}

// keyOf reads the id of the key from the prefix that Tink puts before each ciphertext: one version byte, 1, and the
// key's id in four bytes.
func keyOf(sealed []byte) (uint32, bool) {
	if len(sealed) < 5 || sealed[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(sealed[1:5]), true
}
