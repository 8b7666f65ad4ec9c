package boot

import (
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

const commSize = 15 // TASK_COMM_LEN less the zero at its end

// SetComm sets the name under which ps and top show this process, which was started as "exe". The kernel keeps 15
// bytes; the rest is cut off, between characters. Without /proc it does nothing.
func SetComm(name string) {
	if unix.Gettid() == unix.Getpid() { // PR_SET_NAME names the calling thread, and ps shows the main thread
		var b [commSize + 1]byte
		copy(b[:], cutComm(name))
		_ = unix.Prctl(unix.PR_SET_NAME, address(&b), 0, 0, 0)
		return
	}
	fd, err := unix.Open("/proc/self/comm", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	_, _ = unix.Write(fd, []byte(cutComm(name)))
	_ = unix.Close(fd)
}

func cutComm(name string) string {
	if len(name) <= commSize {
		return name
	}
	end := commSize
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}
