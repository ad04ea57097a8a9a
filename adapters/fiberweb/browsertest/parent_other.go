//go:build !linux

package browsertest

import "syscall"

// dieWithParent leaves it to the browser to end when the pipe that it takes its orders from does.
func dieWithParent() *syscall.SysProcAttr { return nil }
