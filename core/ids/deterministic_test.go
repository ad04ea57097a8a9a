package ids

import (
	"slices"
	"testing"
	"time"
)

func TestDeterministic(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	mint := func(seed uint64, n int) []string {
		defer Deterministic(seed, func() time.Time { return at })()
		list := make([]string, n)
		for i := range list {
			list[i] = New(Invoice)
		}
		return list
	}
	first := mint(7, 50)
	if again := mint(7, 50); !slices.Equal(first, again) {
		t.Errorf("the same seed gave other identifiers: %s and %s", first[0], again[0])
	}
	if other := mint(8, 50); slices.ContainsFunc(other, func(id string) bool { return slices.Contains(first, id) }) {
		t.Error("another seed gave some of the same identifiers")
	}
	if !slices.IsSorted(first) || len(slices.Compact(slices.Clone(first))) != len(first) {
		t.Error("identifiers made within one instant are not in order, or not different")
	}
	for _, id := range first {
		if !Valid(Invoice, id) {
			t.Errorf("%s is not valid", id)
		}
	}
	at = at.Add(time.Hour)
	if later := mint(9, 1); later[0] <= first[49] {
		t.Error("identifiers do not follow the clock that was given")
	}
}

func TestDeterministicRestores(t *testing.T) {
	clock := func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }
	restore := Deterministic(1, clock)
	want := []string{New(Invoice), New(Invoice)}
	restore()

	restore = Deterministic(1, clock)
	got := []string{New(Invoice)}
	within := Deterministic(2, clock)
	New(Invoice)
	within()
	got = append(got, New(Invoice))
	restore()
	if !slices.Equal(got, want) {
		t.Errorf("got %v after another source within, want %v", got, want)
	}
	if replay.Load() != nil {
		t.Error("identifiers are still foreseeable after restore")
	}
}
