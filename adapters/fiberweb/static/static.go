// Package static holds the files that pages load: style, icons, fonts and the little JavaScript there is.
//
// Every file is served below one folder named after the content of all of them, so a browser may keep each for ever and
// a new version of the program is seen at once. Third-party files lie in third_party/ with their licences.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.css *.js *.svg third_party
var embedded embed.FS

// Prefix is the path below which Get's files are served.
const Prefix = "/static/"

// File is one served file. Gzip is its compressed form, nil where compression gains nothing.
type File struct {
	Type string
	Data []byte
	Gzip []byte
}

var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2",
}

var (
	all     = read()
	version = digest()
)

// read prepares every file. The style sheet of the pages is ours after Pico's, which is put in a cascade layer: whatever
// our rules say then wins without raising their specificity.
func read() map[string]File {
	out := map[string]File{}
	err := fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		kind, served := types[path.Ext(name)]
		if err != nil || d.IsDir() || !served {
			return err
		}
		b, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		out[name] = File{Type: kind, Data: b}
		return nil
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	const pico = "third_party/pico/pico.min.css"
	base := bytes.TrimPrefix(out[pico].Data, []byte(`@charset "UTF-8";`))
	delete(out, pico)
	app := out["app.css"]
	app.Data = bytes.Join([][]byte{[]byte("@layer pico {"), base, []byte("}\n"), app.Data}, nil)
	out["app.css"] = app
	for name, f := range out {
		if strings.HasPrefix(f.Type, "text/") || f.Type == types[".svg"] {
			f.Gzip = compress(f.Data)
			out[name] = f
		}
	}
	return out
}

func compress(b []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// digest names the content of all files together.
func digest() string {
	sum := sha256.New()
	for _, name := range Names() {
		one := sha256.Sum256(all[name].Data)
		sum.Write([]byte(name))
		sum.Write(one[:])
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// Names lists the served files in alphabetical order.
func Names() []string {
	var out []string
	_ = fs.WalkDir(embedded, ".", func(name string, _ fs.DirEntry, _ error) error {
		if _, ok := all[name]; ok {
			out = append(out, name)
		}
		return nil
	})
	return out
}

// URL is where a page loads a file from.
func URL(name string) string { return Prefix + version + "/" + name }

// Get finds a file by its path behind Prefix. current is false for the path of another version of the program: the
// content may differ, so it must not be kept.
func Get(behindPrefix string) (f File, current, ok bool) {
	v, name, _ := strings.Cut(behindPrefix, "/")
	f, ok = all[name]
	return f, v == version, ok
}
