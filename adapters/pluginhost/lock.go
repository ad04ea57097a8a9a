package pluginhost

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"

	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Lock is the file plugins.lock: the SHA-256 of every gateway program that the operator trusts. Its lines are those of
// sha256sum, "<hexadecimal>  acquit-gateway-<name>", so that "sha256sum -c" in the programs' folder checks them too;
// lines that begin with # are comments. One gateway has one pin.
type Lock struct {
	path string

	mu   sync.Mutex // guards the copy below
	seen fileID
	pins map[string]string
}

// OpenLock names the file; it need not exist.
func OpenLock(path string) *Lock { return &Lock{path: path} }

// Pins returns the pinned checksum of each gateway by name. The file is read again only when it has changed.
func (l *Lock) Pins() (map[string]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fmt.Errorf("%s can be written by everybody: chmod o-w it, and look at what it holds", l.path)
	}
	if id := identify(info); id != l.seen || l.pins == nil {
		b, err := os.ReadFile(l.path)
		if err != nil {
			return nil, err
		}
		pins, err := parsePins(string(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.path, err)
		}
		l.pins, l.seen = pins, id
	}
	out := make(map[string]string, len(l.pins))
	for name, sum := range l.pins {
		out[name] = sum
	}
	return out, nil
}

// pin is the checksum pinned for a gateway, or "".
func (l *Lock) pin(name string) (string, error) {
	pins, err := l.Pins()
	return pins[name], err
}

func parsePins(text string) (map[string]string, error) {
	pins := map[string]string{}
	in := bufio.NewScanner(strings.NewReader(text))
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		sum, file, _ := strings.Cut(line, " ")
		name, ok := strings.CutPrefix(strings.TrimLeft(file, " *"), wire.Prefix)
		if raw, err := hex.DecodeString(sum); err != nil || len(raw) != sha256.Size || !ok || !validName(name) {
			return nil, fmt.Errorf("line %d is not a checksum and the file name of a gateway", n)
		}
		if pins[name] != "" {
			return nil, fmt.Errorf("line %d: %s has two checksums", n, name)
		}
		pins[name] = strings.ToLower(sum)
	}
	return pins, in.Err()
}

// Trust pins a program as it was found, in place of any former pin of its name.
func (l *Lock) Trust(f Found) error {
	return l.change(func(pins map[string]string) error { pins[f.Name] = f.Checksum; return nil })
}

// Forget takes a gateway's pin away: it will not be started again.
func (l *Lock) Forget(name string) error {
	return l.change(func(pins map[string]string) error {
		if pins[name] == "" {
			return notFound(name, "it is not in "+filepath.Base(l.path))
		}
		delete(pins, name)
		return nil
	})
}

// change rewrites the file whole, one writer at a time, so that a reader sees the former or the new one.
func (l *Lock) change(f func(pins map[string]string) error) error {
	dir := filepath.Dir(l.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	guard, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer guard.Close()
	if err := syscall.Flock(int(guard.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	pins, err := l.Pins()
	if err != nil {
		return err
	}
	if err := f(pins); err != nil {
		return err
	}
	names := make([]string, 0, len(pins))
	for name := range pins {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("# Gateway programs that Acquit may run. Written by \"acquit plugin trust\".\n")
	for _, name := range names {
		fmt.Fprintf(&b, "%s  %s%s\n", pins[name], wire.Prefix, name)
	}
	tmp, err := os.CreateTemp(dir, filepath.Base(l.path)+".*")
	if err != nil {
		return err
	}
	_, err = tmp.WriteString(b.String())
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), l.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// Found is a gateway program in one of the folders.
type Found struct {
	Name     string
	Path     string
	Checksum string // SHA-256 of the file, in hexadecimal
	Pinned   string // the checksum in plugins.lock, or ""
}

// Trusted says whether the file is the one that the operator pinned.
func (f Found) Trusted() bool { return f.Pinned != "" && f.Pinned == f.Checksum }

// mismatch says why a file is not trusted.
func (f Found) mismatch() string {
	if f.Pinned == "" {
		return fmt.Sprintf("%s is not in plugins.lock; its SHA-256 is %s", f.Path, f.Checksum)
	}
	return fmt.Sprintf("%s has changed: its SHA-256 is %s, plugins.lock has %s", f.Path, f.Checksum, f.Pinned)
}

// Find lists the gateway programs in some folders, by name; a folder that is missing holds none.
func Find(dirs []string, lock *Lock) ([]Found, error) {
	pins, err := lock.Pins()
	if err != nil {
		return nil, err
	}
	var out []Found
	seen := map[string]bool{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name, ok := strings.CutPrefix(e.Name(), wire.Prefix)
			if !ok || !validName(name) || seen[name] {
				continue
			}
			path := filepath.Join(dir, e.Name())
			if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
				continue
			}
			sum, err := sums.of(path)
			if err != nil {
				return nil, err
			}
			seen[name] = true
			out = append(out, Found{Name: name, Path: path, Checksum: sum, Pinned: pins[name]})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}

// locate returns the first file of a gateway in some folders, or "".
func locate(dirs []string, name string) string {
	for _, dir := range dirs {
		path := filepath.Join(dir, wire.Prefix+name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

func validName(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return name != "" && len(name) <= 40
}

// fileID tells one state of a file from another without reading it. It is for what is shown; what runs is always hashed.
type fileID struct {
	ino    uint64
	size   int64
	mod    int64
	change syscall.Timespec
}

func identify(info fs.FileInfo) fileID {
	id := fileID{size: info.Size(), mod: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id.ino, id.change = st.Ino, changeTime(st)
	}
	return id
}

// checksums remembers the SHA-256 of files that have not changed since.
type checksums struct {
	mu    sync.Mutex
	known map[string]checksum
}

type checksum struct {
	id  fileID
	sum string
}

var sums = &checksums{known: map[string]checksum{}}

func (c *checksums) of(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	id := identify(info)
	c.mu.Lock()
	have := c.known[path]
	c.mu.Unlock()
	if have.sum != "" && have.id == id {
		return have.sum, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	c.mu.Lock()
	c.known[path] = checksum{id, sum}
	c.mu.Unlock()
	return sum, nil
}
