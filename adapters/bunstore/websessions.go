package bunstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"
)

// Sessions keeps web sessions: values by key that expire. Only a hash of the key is stored, because who knows the key of
// a session is logged in.
type Sessions struct {
	store *Store
	now   func() time.Time
	swept atomic.Int64
}

const (
	// sweepEvery is how often expired sessions are deleted, by the way, while others are written.
	sweepEvery = time.Minute
	// sessionPatience bounds one question: the interface that web frameworks ask for has no context.
	sessionPatience = 10 * time.Second
)

// Sessions are the web sessions in this database. now is the clock; nil: time.Now.
func (s *Store) Sessions(now func() time.Time) *Sessions {
	if now == nil {
		now = time.Now
	}
	return &Sessions{store: s, now: now}
}

func sessionKey(key string) string {
	h := sha256.Sum256([]byte(key))
	return hex.EncodeToString(h[:])
}

// Get returns the value of a key; nil when there is none or it has expired.
func (x *Sessions) Get(key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sessionPatience)
	defer cancel()
	var value []byte
	err := x.store.read.QueryRowContext(ctx, "SELECT value FROM sessions WHERE key = ? AND (expires_at = 0 OR expires_at > ?)",
		sessionKey(key), micros(x.now())).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return value, err
}

// Set stores a value for so long; 0 is for ever. An empty key or value is ignored.
func (x *Sessions) Set(key string, value []byte, ttl time.Duration) error {
	if key == "" || len(value) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionPatience)
	defer cancel()
	now := x.now()
	var expires int64
	if ttl > 0 {
		expires = micros(now.Add(ttl))
	}
	_, err := x.store.write.ExecContext(ctx, `INSERT INTO sessions (key, value, expires_at) VALUES (?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at`, sessionKey(key), value, expires)
	if err != nil {
		return err
	}
	if last := x.swept.Load(); now.UnixMicro()-last > sweepEvery.Microseconds() && x.swept.CompareAndSwap(last, now.UnixMicro()) {
		_, err = x.store.write.ExecContext(ctx, "DELETE FROM sessions WHERE expires_at <> 0 AND expires_at <= ?", micros(now))
	}
	return err
}

// Delete forgets a key.
func (x *Sessions) Delete(key string) error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionPatience)
	defer cancel()
	_, err := x.store.write.ExecContext(ctx, "DELETE FROM sessions WHERE key = ?", sessionKey(key))
	return err
}

// Reset forgets everything.
func (x *Sessions) Reset() error {
	ctx, cancel := context.WithTimeout(context.Background(), sessionPatience)
	defer cancel()
	_, err := x.store.write.ExecContext(ctx, "DELETE FROM sessions")
	return err
}

// Close does nothing: the store is closed by whoever opened it.
func (x *Sessions) Close() error { return nil }
