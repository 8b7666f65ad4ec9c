package tour

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
)

// programVariable makes the test binary one of the programs below: the one by whose name it was started.
const programVariable = "MP_TOUR_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		play(filepath.Base(os.Args[0]))
	}
	os.Exit(m.Run())
}

func play(name string) {
	switch name {
	case "right":
		fmt.Println("right")
		fmt.Fprintln(os.Stderr, "working")
	case "wrong":
		fmt.Println("left")
	case "exits":
		fmt.Println("right")
		fmt.Fprintln(os.Stderr, "out of paper")
		os.Exit(3)
	case "hangs":
		fmt.Println("right")
		never := make(chan os.Signal, 1)
		signal.Notify(never, os.Interrupt)
		<-never
	case "leaves":
		child := &exec.Cmd{Path: os.Args[0], Args: []string{"hangs"}, Stdout: os.Stdout}
		if err := child.Start(); err != nil {
			panic(err)
		}
		fmt.Println("right")
		fmt.Fprintln(os.Stderr, child.Process.Pid)
	case "talks":
		fmt.Println(strings.Repeat("x", outputMost+1))
	}
	os.Exit(0)
}
