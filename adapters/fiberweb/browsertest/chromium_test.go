package browsertest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asVictim makes this test binary start a browser, say so, and wait to be killed.
const asVictim = "BROWSERTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(asVictim) != "" {
		_, err := chromium()
		fmt.Println("started:", err)
		select {}
	}
	os.Exit(m.Run())
}

// TestKilledProgramLeavesNothing kills a program that has a browser, with the signal that no program can handle.
func TestKilledProgramLeavesNothing(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "browsertest-") // short: Chromium makes sockets below
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	victim := exec.Command(self)
	victim.Env = append(os.Environ(), asVictim+"=1", "TMPDIR="+dir)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var said string
	if _, err := fmt.Fscanln(out, &said, &said); err != nil || said != "<nil>" {
		t.Fatalf("the program said %q, %v", said, err)
	}
	if users(t, dir) == 0 || len(entries(t, dir)) == 0 {
		t.Fatal("no browser runs in the folder")
	}

	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // ends with the signal

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for users(t, dir) > 0 || len(entries(t, dir)) > 0 {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d processes still run, the folder holds %v", users(t, dir), entries(t, dir))
		}
	}
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// users counts the browser's processes by the folder in their command line.
func users(t *testing.T, dir string) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Fatalf("no list of processes: %v", err)
	}
	n := 0
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err == nil && bytes.Contains(line, []byte("--user-data-dir="+dir)) {
			n++
		}
	}
	return n
}

func TestFindChromium(t *testing.T) {
	installed := func(names ...string) func(string) (string, error) {
		return func(name string) (string, error) {
			for _, n := range names {
				if n == name {
					return "/usr/bin/" + n, nil
				}
			}
			return "", os.ErrNotExist
		}
	}
	for _, c := range []struct {
		chosen    string
		installed []string
		want      string
	}{
		{"", []string{"google-chrome", "chromium"}, "/usr/bin/chromium"},
		{"", []string{"google-chrome"}, "/usr/bin/google-chrome"},
		{"mine", []string{"mine", "chromium"}, "/usr/bin/mine"},
	} {
		if got, err := findChromium(c.chosen, installed(c.installed...)); err != nil || got != c.want {
			t.Errorf("%q of %v: got %q, %v", c.chosen, c.installed, got, err)
		}
	}
	for _, chosen := range []string{"", "mine"} {
		if got, err := findChromium(chosen, installed()); err == nil || !strings.Contains(err.Error(), "make deps") {
			t.Errorf("%q of nothing: got %q, %v", chosen, got, err)
		}
	}
}
