package sandbox

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// A host that is killed and started at once finds the former gateway dying: it is given this long to let go.
var lockPatience = 3 * time.Second

// lockFile takes a file for this process; the lock goes with the process, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(lockPatience); ; <-again.C {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Now().After(end) {
			_ = f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "state_in_use", "another process has the sandbox's folder")
			}
			return nil, err
		}
	}
}
