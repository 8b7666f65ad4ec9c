package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/multiproc/mp"
)

const patience = 5 * time.Second // for a child to do what it must

// pidfd asks the runtime, which has tried at its start whether processes can be started, signalled and awaited by pidfd:
// clone(CLONE_PIDFD), pidfd_send_signal, waitid(P_PIDFD). Then it opens one, as inspectors of a stranger do.
func pidfd(context.Context) (State, string) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		return Limited, err.Error()
	}
	defer func() { _ = self.Release() }()
	if err := self.WithHandle(func(uintptr) {}); err != nil {
		return Limited, fmt.Sprintf("clone, signal and wait by pidfd, which Linux 5.4 brought: %v", err)
	}
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return Limited, os.NewSyscallError("pidfd_open", err).Error()
	}
	defer func() { _ = unix.Close(fd) }()
	if ended, err := readable(fd, 0); err != nil || ended {
		return Limited, fmt.Sprintf("poll says that this process has ended (%v)", err)
	}
	return OK, "pidfd_open, poll, clone, signal and wait by pidfd"
}

func readable(fd int, within time.Duration) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(within); ; {
		n, err := unix.Poll(fds, int(max(0, time.Until(deadline).Milliseconds())))
		if !errors.Is(err, unix.EINTR) {
			return n == 1, os.NewSyscallError("poll", err)
		}
	}
}

// deathSignal sets it on a thread of its own, which ends with the goroutine: nobody else notices.
func deathSignal(context.Context) (State, string) {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		result <- unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0)
	}()
	if err := <-result; err != nil {
		return Missing, os.NewSyscallError("prctl(PR_SET_PDEATHSIG)", err).Error()
	}
	return OK, "PR_SET_PDEATHSIG"
}

// visit is a child that leaves a trace in shared memory, and answers who it is.
var visit = mp.Func(func(_ context.Context, visits *mp.Value[int]) (int, error) {
	mp.Add(visits, 1)
	return os.Getpid(), nil
})

// stay is a child that does not end by itself.
var stay = mp.Proc0(func(ctx context.Context) error {
	<-ctx.Done()
	return nil
})

// children does with processes of its own what every program does, and then what none hopes for.
func children(ctx context.Context) (State, string) {
	if state, found := firstNeeded(ctx); state != OK {
		return state, "not tried: " + found
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	visits := mp.NewValue(0)
	begin := time.Now()
	pid, err := mp.Run(ctx, visit(visits))
	took := time.Since(begin)
	if err != nil {
		return Missing, err.Error()
	}
	if n := visits.Load(); n != 1 || pid == os.Getpid() {
		return Missing, fmt.Sprintf("expected 1 visit of another process than %d, found %d of %d", os.Getpid(), n, pid)
	}
	if err := killed(ctx); err != nil {
		return Missing, err.Error()
	}
	return OK, fmt.Sprintf("a call in a process of its own took %.1f ms; another was killed", took.Seconds()*1000)
}

// killed kills a child and wants to hear of it: from the pidfd, if there is one, and from Join.
func killed(ctx context.Context) error {
	p := &mp.Process{Target: stay(), Name: "doctor's child"}
	if err := p.Start(ctx); err != nil {
		return err
	}
	fd, noPidfd := unix.PidfdOpen(p.PID(), 0)
	if noPidfd == nil {
		defer func() { _ = unix.Close(fd) }()
	}
	if err := p.Kill(); err != nil {
		return err
	}
	if noPidfd == nil {
		if ended, err := readable(fd, patience); err != nil || !ended {
			return fmt.Errorf("the pidfd of a killed child is not readable within %v (%v)", patience, err)
		}
	}
	err := p.JoinContext(ctx)
	if died, ok := errors.AsType[*mp.ExitError](err); !ok || died.Signal != unix.SIGKILL {
		return fmt.Errorf("expected a child ended by %v, came: %v", unix.SIGKILL, err)
	}
	return nil
}

// firstNeeded is what a child and its arena cannot be without: ok if all of it is there. Limits count too, since the
// arena has the default size here.
func firstNeeded(ctx context.Context) (State, string) {
	for _, try := range []func(context.Context) (State, string){sealedMemory, byteLocks, futex} {
		if state, found := try(ctx); state == Missing {
			return state, found
		}
	}
	for _, try := range []func(context.Context) (State, string){fileSize, addressSpace} {
		if state, found := try(ctx); state != OK {
			return state, "an arena of the default size does not fit: " + found
		}
	}
	return OK, ""
}
