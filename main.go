package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/multiproc/mp/internal/boot"
	"github.com/multiproc/mp/threading"
)

// Main is the first and only statement of main. In the program that the user started it calls run with a
// context that Ctrl-C and SIGTERM cancel. When run has returned it waits for the threads of package threading
// that are no daemons ([threading.Shutdown]; plain goroutines end with the program), ends daemon children, waits
// for the others, prints a non-nil error to stderr and exits: 0, or 1 for an error, or 130 (143) if the signal was
// the reason. A second Ctrl-C ends the program at once, and its children with it.
//
// In a child it runs what the child was started for and never returns: run is not reached.
func Main(run func(ctx context.Context) error) {
	Init()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the next signal is the system's again
	code := 0
	err := run(ctx)
	interrupted := ctx.Err() != nil
	windDown()
	if err != nil {
		code = 1
		if interrupted && errors.Is(err, context.Canceled) {
			code = 130
		} else {
			fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		}
	}
	if self.arena.view != nil {
		self.arena.view.in.Exit(code)
	}
	os.Exit(code)
}

// Init is Main's first half alone, for programs whose main belongs to someone else (cobra, TestMain):
// in a child it never returns, elsewhere it allows processes to be started and returns at once. Children
// that still run when the program ends are ended with it.
func Init() {
	in, err := boot.Inherited()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	registry.sealed = true
	if in != nil {
		serve(in)
	}
	self.ready.Store(true)
}

// windDown waits for the threads, which may still start children, ends the daemons and waits for the other children.
func windDown() {
	_ = threading.Shutdown(background) // whose end nothing but the threads decides
	closeSpares()
	self.children.Lock()
	var list []*processState
	for st := range self.children.living {
		list = append(list, st)
	}
	self.children.Unlock()
	for _, st := range list {
		if st.daemon {
			st.terminate()
		}
	}
	for _, st := range list {
		<-st.done
	}
}
