package sandbox

import (
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// Tests do not wait for a lock that nobody will let go of.
func init() { lockPatience = 50 * time.Millisecond }

// Word is a page's word in a language, or "".
func Word(lang, key string) string {
	w, ok := words[key]
	switch {
	case !ok:
		return ""
	case lang == "en":
		return w[1]
	}
	return w[0]
}

// KindWord is the French word for a kind of movement.
func KindWord(k gateway.Kind) string { return speaker{"fr"}.KindOf(Movement{Kind: k}) }
