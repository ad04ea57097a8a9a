package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/chromedp/chromedp"
)

// ErrMissing is why a test fails where there is no browser.
var ErrMissing = errors.New("no Chromium is installed: run `make deps`, or set ACQUIT_CHROMIUM to the program")

// flags keep Chromium quiet, quick and at home.
var flags = map[string]any{
	// Chromium's own sandbox needs privileges that containers and root do not have. These tests only show our pages.
	"no-sandbox": true,
	// Only loopback: a page that asks for anything else fails its test.
	"host-resolver-rules":           "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
	"no-proxy-server":               true,
	"disable-background-networking": true,
	"disable-component-update":      true,
	"disable-default-apps":          true,
	"disable-extensions":            true,
	"disable-features":              "Translate,MediaRouter,OptimizationHints",
	"disable-quic":                  true,
	"disable-sync":                  true,
	// Tests in parallel are windows behind one another, which must all go on at full speed.
	"disable-background-timer-throttling":    true,
	"disable-backgrounding-occluded-windows": true,
	"disable-renderer-backgrounding":         true,
	// A small /dev/shm, as containers have, crashes the browser.
	"disable-dev-shm-usage": true,
	// The same pictures everywhere.
	"force-color-profile": "srgb",
	"font-render-hinting": "none",
	"hide-scrollbars":     true,
	"password-store":      "basic",
}

// chromium starts the browser of this test binary on first use. It ends with the binary, however that ends, and its
// files go with it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	program, err := findChromium(os.Getenv("ACQUIT_CHROMIUM"), exec.LookPath)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "acquit-chromium-")
	if err != nil {
		return nil, err
	}
	if err := removeAfterwards(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(dir), chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			cmd.ExtraFiles = append(cmd.ExtraFiles, alive)
			cmd.SysProcAttr = dieWithParent()
		}),
		// What it writes beside its profile goes with the profile.
		chromedp.Env("HOME="+dir, "TMPDIR="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "TZ=Europe/Paris"),
	}
	for name, value := range flags {
		opts = append(opts, chromedp.Flag(name, value))
	}
	// Neither context is ever cancelled: the browser serves until the binary ends.
	allocator, _ := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	return ctx, nil
})

// findChromium returns the browser's program: the chosen one, else the first that is installed.
func findChromium(chosen string, look func(string) (string, error)) (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	if chosen != "" {
		names = []string{chosen}
	}
	for _, name := range names {
		if program, err := look(name); err == nil {
			return program, nil
		}
	}
	if chosen != "" {
		return "", fmt.Errorf("ACQUIT_CHROMIUM is %s, which is no program: %w", chosen, ErrMissing)
	}
	return "", ErrMissing
}

// alive is the end of a pipe that this process and the browser hold open until they end; nothing is ever written to it.
// It is a variable so that it is not collected, and closed, before.
var alive *os.File

// removeAfterwards has a folder removed once this process and the browser are gone: a shell waits for the end of file.
// The browser's helpers may outlive it for a moment and write again, so gone is what stays gone.
func removeAfterwards(dir string) error {
	const wait = `read -r _
tries=0 absent=0
while [ "$absent" -lt 5 ] && [ "$tries" -lt 100 ]; do
	if [ -e "$1" ]; then
		rm -rf "$1"
		absent=0
	fi
	sleep 0.1
	tries=$((tries + 1)) absent=$((absent + 1))
done`
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // the shell has its own
	alive = w
	cmd := exec.Command("/bin/sh", "-c", wait, "sh", dir)
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // ^C is for the tests
	return cmd.Start()
}
