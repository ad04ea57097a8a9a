package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// FileName is the customary name of the key file inside a data directory.
const FileName = "secret.key"

// maxKeyFile bounds what is read as keys; a keyset rotated once a month for a century stays below 300 kB.
const maxKeyFile = 1 << 20

// Open reads the key file at path, and makes it, readable by its owner only, when there is none. Two programs that
// start at the same moment end up with the same keys. A file that everybody may read, or others may write, is refused.
func Open(path string) (*Keys, error) {
	h, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		h, err = create(path)
	}
	if err != nil {
		return nil, err
	}
	return newKeys(h)
}

// Parse takes the content of a key file as text, for keys that come from the environment or from a secret store; the
// same text in base64 is taken too, because braces and quotes get lost in many of them.
func Parse(text string) (*Keys, error) {
	h, err := parse([]byte(text))
	if err != nil {
		return nil, err
	}
	return newKeys(h)
}

// Rotate adds a new key to the key file at path and makes it the one that seals; the older ones keep opening. Programs
// that have the file open go on with the keys they read, and see the new one when they are started again.
func Rotate(path string) error {
	unlock, err := lockDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer unlock()
	h, err := read(path)
	if err != nil {
		return err
	}
	m := keyset.NewManagerFromHandle(h)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	if h, err = m.Handle(); err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	temp, err := writeTemp(path, h)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil {
		err = os.Chmod(temp, info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	return syncDir(filepath.Dir(path))
}

func read(path string) (*keyset.Handle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s is not a file", path)
	}
	// The group may read, for a service whose key file belongs to root; nobody else may.
	if info.Mode().Perm()&0o037 != 0 {
		return nil, fmt.Errorf("key file %s can be read or changed by others (mode %04o): run chmod 600 on it", path, info.Mode().Perm())
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("key file %s is too large to be one", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	h, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return h, nil
}

func parse(text []byte) (*keyset.Handle, error) {
	text = bytes.TrimSpace(text)
	if len(text) > 0 && text[0] != '{' {
		plain, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return nil, errors.New("key file: neither a keyset nor one in base64")
		}
		text = plain
	}
	h, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		// The library's message could quote what it read, and that is the key.
		return nil, errors.New("key file: damaged, or not a keyset")
	}
	return h, nil
}

// create writes a first keyset, unless somebody else did in the meantime: a link fails when its name exists, so that
// the first one wins and nobody ever sees half a file.
func create(path string) (*keyset.Handle, error) {
	h, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	temp, err := writeTemp(path, h)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return read(path)
	} else if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return h, nil
}

// writeTemp writes h beside path, flushed to the disk, and returns the file's name.
func writeTemp(path string, h *keyset.Handle) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	err = insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(f))
	if err == nil {
		_, err = f.WriteString("\n")
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("write key file: %w", err)
	}
	return f.Name(), nil
}

// lockDir makes rotations of the keys in dir wait for one another, so that none drops the key of another.
func lockDir(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return func() { _ = d.Close() }, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
