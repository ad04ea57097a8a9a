package browsertest

import "syscall"

// dieWithParent has the kernel kill the browser together with the test binary.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
