package threading

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const programVar = "THREADING_TEST_PROGRAM"

// programs are main functions that end in Shutdown, each a process of its own: there is one main thread in a
// process, and it ends once.
var programs = map[string]func(){
	// test_1_join_on_shutdown: a thread that waits for the main one goes on when that ends.
	"joins main": func() {
		started(func(context.Context) error {
			err := MainThread().Join()
			fmt.Println("end of thread", err, MainThread().Alive(), Enumerate()[0] == MainThread())
			return nil
		})
		fmt.Println("end of main")
	},
	// test_thread_from_thread: also a thread that a thread has started is awaited.
	"thread from thread": func() {
		started(func(context.Context) error {
			_ = MainThread().Join()
			started(func(context.Context) error {
				defer fmt.Println("OK")
				return nil
			})
			return nil
		})
	},
	// test_4_daemon_threads: daemons do not keep the program, and disturb nothing.
	"daemons": func() {
		running := make(chan bool)
		for range 8 {
			(&Thread{Daemon: true, Target: func(context.Context) error {
				running <- true
				for {
					_, _ = os.ReadFile(os.Args[0] + "/nothing")
				}
			}}).Start(context.Background())
			<-running
		}
		fmt.Println(ActiveCount())
	},
	// test_main_thread_during_shutdown, test_locals_at_exit, test_finalization_shutdown
	"locals": func() {
		var local Local[string]
		ctx := context.Background()
		*local.Get(ctx) = "value"
		started(func(ctx context.Context) error {
			_ = MainThread().Join()
			*local.Get(ctx) = "gone"
			return nil
		})
		_ = Shutdown(ctx)
		_ = Shutdown(ctx) // again does no harm
		values := 0
		local.values.Range(func(any, any) bool { values++; return true })
		fmt.Println(Current(ctx) == MainThread(), ActiveCount(), *local.Get(ctx), values)
	},
	// Errors that nobody has joined are told, in the order of the starts, once; a joined one is not.
	"errors": func() {
		SetExceptHook(func(args ExceptHookArgs) { fmt.Println(args.Name, args.Err) })
		kept := []*Thread{{Name: "first"}, {Name: "joined"}, {Name: "last"}, {Name: "daemon", Daemon: true}}
		for i, th := range kept {
			th.Target = func(context.Context) error { return fmt.Errorf("error %d", i) }
			th.Start(context.Background())
		}
		_, _ = kept[1].Join(), kept[3].Join()
		_ = Shutdown(context.Background())
		fmt.Println(len(alive.unfetched()), kept[0].Join())
	},
	// A context ends the wait, and what is known is told.
	"stuck": func() {
		SetExceptHook(func(args ExceptHookArgs) { fmt.Println(args.Err) })
		failed := started(func(context.Context) error { return errTest })
		<-failed.life.Load().done
		stuck := started(until(nil))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		fmt.Println(Shutdown(ctx), stuck.Alive())
		os.Exit(0)
	},
	// A timer that is no daemon fires before the end; a cancelled one and a daemon do not.
	"timers": func() {
		say := func(text string) func(context.Context) error {
			return func(context.Context) error { fmt.Println(text); return nil }
		}
		timers := []*Timer{NewTimer(1, say("fired")), NewTimer(1<<60, say("cancelled")), NewTimer(1<<60, say("daemon"))}
		timers[2].Daemon = true
		for _, timer := range timers {
			timer.Start(context.Background())
		}
		timers[1].Cancel()
	},
}

func TestShutdown(t *testing.T) {
	for name, want := range map[string][]string{
		"joins main":         {"end of main", "end of thread <nil> false false"},
		"thread from thread": {"OK"},
		"daemons":            {"9"},
		"locals":             {"true 0 value 1"},
		"errors":             {"daemon error 3", "first error 0", "last error 2", "0 error 0"},
		"stuck":              {"run failed", "context canceled true"},
		"timers":             {"fired"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestProgram$")
			cmd.Env = append(os.Environ(), programVar+"="+name, "GORACE=atexit_sleep_ms=0") // the race detector waits at the end, for nothing here
			output, err := cmd.CombinedOutput()
			if got := strings.Split(strings.TrimSuffix(string(output), "\n"), "\n"); err != nil || !slices.Equal(got, want) {
				t.Errorf("got %q, %v; expected %q", got, err, want)
			}
		})
	}
}

// TestProgram is such a process.
func TestProgram(t *testing.T) {
	program := programs[os.Getenv(programVar)]
	if program == nil {
		t.Skip("is started by TestShutdown")
	}
	program()
	if err := Shutdown(context.Background()); err != nil {
		t.Fatal(errors.Join(errors.New("Shutdown failed"), err))
	}
	os.Exit(0)
}
