//go:build unix

package rivals

import (
	"os/exec"
	"syscall"
)

// killTogether makes cmd a process group of its own and the end of its context
// the end of all of it: a rival starts processes, and those that outlive it
// would go on to disturb the next measurement.
func killTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
