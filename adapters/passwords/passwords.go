// Package passwords hashes passwords with Argon2id. It implements app.Passwords.
package passwords

import "github.com/alexedwards/argon2id"

// params are the first choice of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. About 35 ms on one
// core, so that several log-ins at once leave the machine alive.
var params = &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Argon2 is ready as its zero value.
type Argon2 struct{}

// Hash makes the text to keep: parameters, salt and hash.
func (Argon2) Hash(password string) (string, error) { return argon2id.CreateHash(password, params) }

// Check says whether a password is the one that was hashed; a text that is no hash of ours matches nothing.
func (Argon2) Check(password, hash string) bool {
	ok, err := argon2id.ComparePasswordAndHash(password, hash)
	return err == nil && ok
}
