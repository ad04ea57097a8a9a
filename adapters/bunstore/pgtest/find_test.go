package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install makes a folder with programs that claim to be a version of PostgreSQL.
func install(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"initdb", "postgres"} {
		script := fmt.Sprintf("#!/bin/sh\necho '%s (PostgreSQL) %s'\n", name, version)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindBin(t *testing.T) {
	old, good, better := install(t, "14.9"), install(t, "15.18 (Debian 15.18-0+deb12u1)"), install(t, "18devel")
	empty := t.TempDir()
	for _, c := range []struct {
		name   string
		places places
		want   string
	}{
		{"the highest version, whatever the order of names", places{versioned: []string{better, good, old}}, better},
		{"the highest version, last", places{versioned: []string{old, good, better}}, better},
		{"what is installed by version before PATH", places{versioned: []string{good}, path: better}, good},
		{"PATH when there is nothing else", places{versioned: []string{empty}, path: good}, good},
		{"the chosen one before all", places{chosen: good, versioned: []string{better}}, good},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := findBin(c.places); err != nil || got != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestMissingPostgresNamesTheRemedy(t *testing.T) {
	old, good := install(t, "14.9"), install(t, "16.1")
	for _, p := range []places{
		{},
		{versioned: []string{old}, path: old},
		{chosen: old, versioned: []string{good}},
		{chosen: t.TempDir(), versioned: []string{good}},
	} {
		dir, err := findBin(p)
		if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "make deps") {
			t.Errorf("%+v: got %q, %v", p, dir, err)
		}
		if p.chosen != "" && !strings.Contains(err.Error(), p.chosen) {
			t.Errorf("the error %q does not say where it looked", err)
		}
	}
}
