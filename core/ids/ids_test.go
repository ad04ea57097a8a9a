package ids_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/ids"
)

func TestNewSorts(t *testing.T) {
	var list []string
	for range 10_000 {
		list = append(list, ids.New(ids.Invoice))
	}
	if !slices.IsSorted(list) || len(slices.Compact(list)) != 10_000 {
		t.Error("identifiers made one after the other are not in order, or not different")
	}
	for _, id := range list[:100] {
		if !ids.Valid(ids.Invoice, id) {
			t.Fatalf("%q is not valid", id)
		}
	}
}

func TestNewIsUniqueForMany(t *testing.T) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[string]bool{}
	for range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			own := make([]string, 2000)
			for i := range own {
				own[i] = ids.New("x")
			}
			mu.Lock()
			defer mu.Unlock()
			for _, id := range own {
				seen[id] = true
			}
		}()
	}
	wg.Wait()
	if len(seen) != 32_000 {
		t.Errorf("%d different identifiers of 32000", len(seen))
	}
}

// TestDerive pins values: arrivals and customers on record are found again by them.
func TestDerive(t *testing.T) {
	for want, parts := range map[string][]string{
		"arr_zvkaz1cv4s5vrhhbf2etd48a0g": {"gw_1", "payment", "pi_1"},
		"arr_werc8gmrzge196qvyk49jvxs4g": {},
	} {
		if got := ids.Derive(ids.Arrival, parts...); got != want {
			t.Errorf("%q gives %s, want %s", parts, got, want)
		}
	}
	different := [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {"a", "b", "c"}}
	seen := map[string]bool{}
	for _, parts := range different {
		seen[ids.Derive("x", parts...)] = true
	}
	if len(seen) != len(different) {
		t.Error("different parts give one identifier")
	}
}

func TestValid(t *testing.T) {
	good := ids.New(ids.Customer)
	for _, s := range []string{"", "cus_", "cus", good[:len(good)-1], good + "0", "inv" + good[3:], strings.ToUpper(good), strings.Replace(good, "_", "-", 1), good[:len(good)-1] + "!", good[:len(good)-1] + "i", "cus_" + strings.Repeat("é", 13)} {
		if ids.Valid(ids.Customer, s) {
			t.Errorf("%q passes", s)
		}
	}
	if !ids.Valid(ids.Customer, good) || !ids.Valid("cus", ids.Derive("cus", "a")) {
		t.Error("identifiers of ours do not pass")
	}
}
