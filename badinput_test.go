//go:build linux

package mp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/multiproc/mp"
)

// Some mistakes end a program: it is this test binary, told by the environment which one to make.
const mistakeVar = "MP_TEST_MISTAKE"

var mistakes = map[string]func(){
	"a shared object before Main": func() { mp.NewValue(0) },
	"a lock before Main":          func() { mp.NewLock() },
	"a process before Main": func() {
		if err := (&mp.Process{Target: addOne(nil)}).Start(context.Background()); errors.Is(err, mp.ErrNoMain) {
			panic(err)
		}
	},
	"spares before Main": func() { panic(mp.KeepSpares(1)) },
	"a registration after Init": func() {
		mp.Init()
		mp.Proc0(func(context.Context) error { return nil })
	},
	"a registration in a loop": func() {
		for range 2 {
			mp.Proc0(nobody)
		}
	},
	"a nil function": func() { mp.Proc0(nil) },
	"a stranger's environment": func() {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), "MP_CHILD=1:3:4:5:6:7", mistakeVar+"=init")
		out, err := c.CombinedOutput()
		fmt.Fprint(os.Stderr, string(out))
		panic(err)
	},
	"init": func() { mp.Init(); fmt.Fprintln(os.Stderr, "Init took a stranger's word"); os.Exit(0) },
	"configured too late": func() {
		mp.Init()
		mp.NewLock()
		panic(mp.Configure(mp.ArenaOptions{}))
	},
	"an arena too small": func() {
		panic(mp.Configure(mp.ArenaOptions{Size: 4096}))
	},
	"a full arena": func() {
		if err := mp.Configure(mp.ArenaOptions{Size: 32 << 20}); err != nil {
			panic(err)
		}
		mp.Init()
		var keep []any
		for {
			keep = append(keep, mp.NewValue([1 << 20]byte{}))
			runtime.KeepAlive(keep)
		}
	},
	"a list fills the arena": func() { panic(fillsWithList()) },
}

func nobody(context.Context) error { return nil }

// makeMistake is TestMain's first act, before Init.
func makeMistake() {
	if f := mistakes[os.Getenv(mistakeVar)]; f != nil {
		f()
		os.Exit(0)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	for name, says := range map[string]string{
		"a shared object before Main": "NewValue before Main",
		"a lock before Main":          "NewLock before Main",
		"a process before Main":       "Main (or Init) was not called",
		"spares before Main":          "Main (or Init) was not called",
		"a registration after Init":   "after Main or Init",
		"a registration in a loop":    "registered twice",
		"a nil function":              "nil function",
		"a stranger's environment":    "unset MP_CHILD",
		"configured too late":         "too late",
		"an arena too small":          "4096",
		"a full arena":                "the arena",
		"a list fills the arena":      "filled, emptied, and in use",
		"a full dict":                 "full, and usable",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), mistakeVar+"="+name)
			out, err := c.CombinedOutput()
			if err == nil {
				t.Error("the program did not end with an error")
			}
			if !strings.Contains(string(out), says) {
				t.Errorf("expected %q in\n%s", says, out)
			}
		})
	}
}

type unexported struct {
	Fine  []int
	inner []string
}

var (
	takeChan       = mp.Proc(func(context.Context, chan int) error { return nil })
	takeUnexported = mp.Proc(func(context.Context, unexported) error { return nil })
	takeFunc       = mp.Proc(func(context.Context, func()) error { return nil })
	giveChan       = mp.Func0(func(context.Context) (chan int, error) { return make(chan int), nil })
)

func TestWhatCannotTravelIsNamed(t *testing.T) {
	ctx := context.Background()
	for says, target := range map[string]mp.Target{
		"chan int": takeChan(nil), "inner": takeUnexported(unexported{inner: []string{"x"}}), "func()": takeFunc(nil),
	} {
		err := (&mp.Process{Target: target}).Start(ctx)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("expected %q in %v", says, err)
		}
	}
	if _, err := mp.Run(ctx, giveChan()); err == nil || !strings.Contains(err.Error(), "chan int") {
		t.Errorf("a result that cannot travel: %v", err)
	}
}
