package seal_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/adapters/seal"
	"github.com/acquit-app/acquit/core/app"
)

var _ app.Sealer = (*seal.Keys)(nil)

const bind = "co_1/gw_1"

func open(t *testing.T, path string) *seal.Keys {
	t.Helper()
	k, err := seal.Open(path)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return k
}

func sealed(t *testing.T, k *seal.Keys, plain string) []byte {
	t.Helper()
	s, err := k.Seal([]byte(plain), bind)
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return s
}

func TestSealedValueOpensOnlyForWhatItIsBoundTo(t *testing.T) {
	k := open(t, filepath.Join(t.TempDir(), seal.FileName))
	for _, plain := range []string{"sk_live_é", "", strings.Repeat("x", 100_000)} {
		s := sealed(t, k, plain)
		if plain != "" && bytes.Contains(s, []byte(plain)) {
			t.Fatal("the sealed value contains the secret")
		}
		got, err := k.Open(s, bind)
		if err != nil || string(got) != plain {
			t.Fatalf("Open = %q, %v", got, err)
		}
		if _, err := k.Open(s, "co_2/gw_1"); !errors.Is(err, seal.ErrDoesNotOpen) {
			t.Errorf("opened for another company: %v", err)
		}
	}
	if bytes.Equal(sealed(t, k, "same"), sealed(t, k, "same")) {
		t.Error("sealing twice gave the same bytes: equal secrets would show")
	}
	if _, err := k.Seal([]byte("x"), ""); err == nil {
		t.Error("a secret bound to nothing was sealed")
	}
}

func TestAlteredValueDoesNotOpen(t *testing.T) {
	k := open(t, filepath.Join(t.TempDir(), seal.FileName))
	s := sealed(t, k, "secret")
	for i := range s {
		altered := bytes.Clone(s)
		altered[i] ^= 1
		if _, err := k.Open(altered, bind); !errors.Is(err, seal.ErrDoesNotOpen) && !errors.Is(err, seal.ErrWrongKey) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
	for i := range s {
		if _, err := k.Open(s[:i], bind); !errors.Is(err, seal.ErrDoesNotOpen) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

func TestRotationKeepsOpeningWhatIsOlder(t *testing.T) {
	path := filepath.Join(t.TempDir(), seal.FileName)
	before := open(t, path)
	old := sealed(t, before, "old")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := seal.Rotate(path); err != nil {
		t.Fatal(err)
	}
	after := open(t, path)
	if got, err := after.Open(old, bind); err != nil || string(got) != "old" {
		t.Fatalf("the new keys do not open the old value: %q, %v", got, err)
	}
	if _, err := before.Open(sealed(t, after, "new"), bind); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("the new value opens without the new key, so nothing was rotated: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("rotation changed who may read the key file: %v, %v", info.Mode(), err)
	}
}

func TestRotationsAtOnceLoseNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), seal.FileName)
	open(t, path)
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		values [][]byte
	)
	for range 8 {
		wg.Go(func() {
			if err := seal.Rotate(path); err != nil {
				t.Error(err)
				return
			}
			k, err := seal.Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			s, err := k.Seal([]byte("x"), bind)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			values = append(values, s)
		})
	}
	wg.Wait()
	last := open(t, path)
	for _, s := range values {
		if _, err := last.Open(s, bind); err != nil {
			t.Errorf("a key was lost: %v", err)
		}
	}
	onlyTheKeyFile(t, path)
}

func TestFirstUseByManyMakesOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), seal.FileName)
	var wg sync.WaitGroup
	got := make([]*seal.Keys, 16)
	for i := range got {
		wg.Go(func() {
			k, err := seal.Open(path)
			if err != nil {
				t.Errorf("Open: %v", err)
			}
			got[i] = k
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	s := sealed(t, got[0], "x")
	for _, k := range got {
		if _, err := k.Open(s, bind); err != nil {
			t.Fatalf("two programs that started together have different keys: %v", err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	onlyTheKeyFile(t, path)
}

func onlyTheKeyFile(t *testing.T, path string) {
	t.Helper()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("something was left beside the key file: %v, %v", files, err)
	}
}

func TestKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), seal.FileName)
	open(t, path)
	for _, mode := range []os.FileMode{0o644, 0o604, 0o620, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Open(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestDamagedKeyFileIsRefusedAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), seal.FileName)
	open(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(whole[bytes.Index(whole, []byte(`"value"`)):])
	for name, text := range map[string][]byte{"empty": nil, "half": whole[:len(whole)/2], "words": []byte("not a key"), "other JSON": []byte(`{"a":1}`)} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := seal.Open(path)
		if err == nil {
			t.Errorf("%s: opened", name)
		} else if strings.Contains(err.Error(), secret[10:30]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, text) {
			t.Errorf("%s: the file was replaced, and the secrets with it", name)
		}
		if err := seal.Rotate(path); err == nil {
			t.Errorf("%s: rotated", name)
		}
	}
}

func TestAnotherKeyFileIsTold(t *testing.T) {
	s := sealed(t, open(t, filepath.Join(t.TempDir(), "a")), "x")
	if _, err := open(t, filepath.Join(t.TempDir(), "b")).Open(s, bind); !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("got %v", err)
	}
}

func TestRotateNeedsAKeyFile(t *testing.T) {
	if err := seal.Rotate(filepath.Join(t.TempDir(), seal.FileName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestKeysFromText(t *testing.T) {
	path := filepath.Join(t.TempDir(), seal.FileName)
	s := sealed(t, open(t, path), "x")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{string(text), base64.StdEncoding.EncodeToString(text), " " + base64.StdEncoding.EncodeToString(text) + "\n"} {
		k, err := seal.Parse(given)
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		if got, err := k.Open(s, bind); err != nil || string(got) != "x" {
			t.Errorf("Open = %q, %v", got, err)
		}
	}
	for _, given := range []string{"", "{}", "hello", "!!"} {
		if _, err := seal.Parse(given); err == nil {
			t.Errorf("%q was taken for keys", given)
		}
	}
}
