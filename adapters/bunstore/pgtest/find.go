package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
)

// minMajor is the oldest PostgreSQL that Acquit supports.
const minMajor = 15

// ErrMissing is the error of Start and New where no usable PostgreSQL is installed.
var ErrMissing = errors.New("no PostgreSQL " + strconv.Itoa(minMajor) + " or later is installed: run `make deps`, or set PG_BIN to the folder of initdb and postgres")

// places are where findBin looks, in order of preference.
type places struct {
	chosen    string   // PG_BIN: when set, nothing else is tried, so that a typing error does not test another version
	versioned []string // folders of installed versions, as Debian lays them out; the highest usable one is taken
	path      string   // folder of the initdb on PATH, empty when there is none
}

func systemPlaces() places {
	p := places{chosen: os.Getenv("PG_BIN")}
	p.versioned, _ = filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	if initdb, err := exec.LookPath("initdb"); err == nil {
		p.path = filepath.Dir(initdb)
	}
	return p
}

// findBin returns the folder that holds the server's programs.
func findBin(p places) (string, error) {
	if p.chosen != "" {
		if major, err := majorOf(p.chosen); err != nil || major < minMajor {
			return "", fmt.Errorf("PG_BIN is %s, which holds no initdb and postgres of version %d or later: %w", p.chosen, minMajor, ErrMissing)
		}
		return p.chosen, nil
	}
	type found struct {
		dir   string
		major int
	}
	var all []found
	for _, dir := range p.versioned {
		if major, err := majorOf(dir); err == nil && major >= minMajor {
			all = append(all, found{dir, major})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].major > all[j].major })
	if p.path != "" {
		if major, err := majorOf(p.path); err == nil && major >= minMajor {
			all = append(all, found{p.path, major})
		}
	}
	if len(all) == 0 {
		return "", ErrMissing
	}
	return all[0].dir, nil
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// majorOf asks the server in dir for its major version.
func majorOf(dir string) (int, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0, err
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s/postgres says it is %.80q", dir, out)
	}
	return strconv.Atoi(string(m[1]))
}
