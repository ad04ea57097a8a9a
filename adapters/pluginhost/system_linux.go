package pluginhost

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes: a process group of its own, so that its children go with it and a terminal's Ctrl-C does not reach it
// before the host has closed; and death with the host, however that ends. The kernel sends that signal when the thread
// that started the program ends; see starter.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func changeTime(st *syscall.Stat_t) syscall.Timespec { return st.Ctim }

// awaitEnd returns when a child has ended, without burying it; false means that this cannot be seen.
func awaitEnd(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return err == nil
		}
	}
}
