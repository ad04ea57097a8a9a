package pluginhost

import "syscall"

// attributes: a process group of its own, so that its children go with it and a terminal's Ctrl-C does not reach it
// before the host has closed; and death with the host, however that ends. The kernel sends that signal when the thread
// that started the program ends; see starter.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func changeTime(st *syscall.Stat_t) syscall.Timespec { return st.Ctim }
