//go:build unix && !linux

package pluginhost

import "syscall"

// attributes: a process group of its own. That the program ends with its host is left to the kit that gateways are
// built with, which watches its parent.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func changeTime(*syscall.Stat_t) syscall.Timespec { return syscall.Timespec{} }

// awaitEnd says that the end of a child cannot be seen here without burying it.
func awaitEnd(int) bool { return false }
