package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// written makes a journal of n records and returns its bytes and where each line ends.
func written(t *testing.T, n int) (all []byte, ends []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path, func(record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		end, err := j.append(record{Uses: []use{{Key: fmt.Sprint(i), ID: "é\n"}}})
		if err == nil {
			err = j.sync(end)
		}
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(end))
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	if all, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return all, ends
}

// reopened opens a journal that holds some bytes, appends one more record, and returns the keys that a further opening
// finds.
func reopened(t *testing.T, content []byte) ([]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := openJournal(path, func(record) error { return nil })
	if err != nil {
		return nil, err
	}
	if _, err := j.append(record{Uses: []use{{Key: "new"}}}); err != nil {
		t.Fatal(err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	j, err = openJournal(path, func(r record) error { keys = append(keys, r.Uses[0].Key); return nil })
	if err != nil {
		return nil, err
	}
	return keys, j.close()
}

func TestATornLastLineIsTakenAway(t *testing.T) {
	all, ends := written(t, 3)
	for cut := 0; cut <= len(all); cut++ {
		want := []string{}
		for i, end := range ends {
			if end <= cut {
				want = append(want, fmt.Sprint(i))
			}
		}
		want = append(want, "new")
		keys, err := reopened(t, all[:cut])
		if err != nil || fmt.Sprint(keys) != fmt.Sprint(want) {
			t.Fatalf("cut at %d of %d: %v, %v; wanted %v", cut, len(all), keys, err, want)
		}
	}
	// A file system may also leave zeros, or a line of which only the end was written.
	for name, tail := range map[string][]byte{"zeros": make([]byte, 100), "half": append(make([]byte, 50), all[ends[1]+50:]...)} {
		keys, err := reopened(t, append(append([]byte(nil), all[:ends[1]]...), tail...))
		if err != nil || fmt.Sprint(keys) != "[0 1 new]" {
			t.Errorf("%s at the end: %v, %v", name, keys, err)
		}
	}
}

func TestABadLineInTheMiddleIsRefused(t *testing.T) {
	all, ends := written(t, 3)
	for at := range ends[1] - 1 { // without its newline, the second line is part of the last
		bad := bytes.Clone(all)
		bad[at] ^= 0x20
		if keys, err := reopened(t, bad); err == nil {
			t.Fatalf("with byte %d changed, it was read as %v", at, keys)
		}
	}
}
