package pluginhost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// rooms are the private folders of one run of the host: checked copies of programs, and sockets. Each run has its own,
// marked by a file that stays locked as long as the run lives; what dead runs left is swept when the next one begins.
type rooms struct {
	copies  room
	sockets room
}

// longestSocketDir keeps the address of a socket below the 108 bytes that the kernel has for it: the library adds
// "/plugin-dir<10 digits>/plugin<10 digits>".
const longestSocketDir = 107 - 38

func openRooms(private string) (rooms, error) {
	private, err := filepath.Abs(private)
	if err != nil {
		return rooms{}, err
	}
	base := filepath.Join(private, "run")
	copies, err := openRoom(base)
	if err != nil {
		return rooms{}, err
	}
	if len(copies.dir) <= longestSocketDir {
		return rooms{copies: copies, sockets: copies}, nil
	}
	sockets, err := openRoom(filepath.Join(os.TempDir(), fmt.Sprintf("acquit-%d", os.Getuid())))
	if err == nil && len(sockets.dir) > longestSocketDir {
		err = errors.Join(fmt.Errorf("%s is too long for a socket's address", sockets.dir), sockets.close())
	}
	if err != nil {
		return rooms{}, errors.Join(err, copies.close())
	}
	return rooms{copies: copies, sockets: sockets}, nil
}

func (r rooms) close() error {
	err := r.copies.close()
	if r.sockets != r.copies {
		err = errors.Join(err, r.sockets.close())
	}
	return err
}

// room is one folder of one run.
type room struct {
	dir  string
	mark *os.File
}

// openRoom sweeps base and makes a room in it.
func openRoom(base string) (room, error) {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return room{}, err
	}
	if err := checkPrivate(base); err != nil {
		return room{}, err
	}
	gate, err := os.Open(base)
	if err != nil {
		return room{}, err
	}
	defer gate.Close()
	// One at a time: else a new room could be swept between being made and being marked.
	if err := syscall.Flock(int(gate.Fd()), syscall.LOCK_EX); err != nil {
		return room{}, err
	}
	sweep(base)
	dir, err := os.MkdirTemp(base, "r")
	if err != nil {
		return room{}, err
	}
	mark, err := os.OpenFile(filepath.Join(dir, markName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return room{}, err
	}
	return room{dir: dir, mark: mark}, syscall.Flock(int(mark.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

const markName = "lock"

// checkPrivate refuses a folder that somebody else could have prepared.
func checkPrivate(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s must be a folder that this user alone can enter", dir)
	}
	return nil
}

// sweep removes the rooms of runs that are over. What cannot be removed is left for the next time.
func sweep(base string) {
	entries, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, e := range entries {
		dir := filepath.Join(base, e.Name())
		mark, err := os.OpenFile(filepath.Join(dir, markName), os.O_RDWR, 0)
		if err == nil {
			err = syscall.Flock(int(mark.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			_ = mark.Close()
		}
		if err == nil || errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (r room) close() error { return errors.Join(os.RemoveAll(r.dir), r.mark.Close()) }

// take copies a program into a room and returns the copy, if its checksum is the one wanted; a copy that is there
// already is used again, since every start checks it anyway.
func (r room) take(name, path, want string) (string, error) {
	dir := filepath.Join(r.dir, want[:16])
	to := filepath.Join(dir, wire.Prefix+name)
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	if path == "" {
		return "", notFound(name, "its program is in none of the folders")
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o111 == 0 {
		return "", os.ErrPermission
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	tmp := to + ".part"
	sum, err := copyProgram(path, tmp)
	if err == nil && sum != want {
		err = untrusted(name, Found{Name: name, Path: path, Checksum: sum, Pinned: want}.mismatch())
	}
	if err == nil {
		err = os.Rename(tmp, to)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return "", err
	}
	return to, nil
}

// copyProgram copies a file and returns the SHA-256 of what it wrote. No process is started meanwhile: one that is
// forked while the copy is open for writing would hold it open, and the copy could not be executed.
func copyProgram(from, to string) (string, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o500) //nolint:gosec // it is to be executed, by its owner
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, out.Close())
}
