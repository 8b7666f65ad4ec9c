package inspect

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/multiproc/mp/internal/arena"
)

// The test binary is also the programs that are looked at and that look; the variable says which.
const roleVariable = "INSPECT_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// play writes one line, then waits until its input ends.
func play(role string) (err error) {
	line := "ready"
	switch role {
	case "family":
		var a *arena.Arena
		if a, err = arena.New("a family", arena.MinSize); err != nil {
			return err
		}
		if _, _, err = a.NewObject(arena.ObjectSpec{Kind: arena.KindLock, Name: "theirs", Type: "mp.Lock", Size: lockSize}); err != nil {
			return err
		}
	case "secret":
		if err = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
			return err
		}
	case "looker":
		arenas, obstacles, err := List()
		if err != nil {
			return err
		}
		for _, a := range arenas {
			obstacles = append(obstacles, Obstacle{Why: "saw " + a.info().Name})
		}
		b, err := json.Marshal(obstacles)
		if err != nil {
			return err
		}
		line = string(b)
	}
	fmt.Println(line)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// cast starts this binary in a role, as user uid, and gives its pid and the line that it wrote.
func cast(t *testing.T, role string, uid int) (pid int, line string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	if uid != os.Getuid() {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	})
	line, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: %v", role, err)
	}
	return cmd.Process.Pid, strings.TrimSpace(line)
}
