package threading

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// hooked collects what the hook is told, until the end of the test.
func hooked(t *testing.T) <-chan ExceptHookArgs {
	told := make(chan ExceptHookArgs, 10)
	before := SetExceptHook(func(args ExceptHookArgs) { told <- args })
	t.Cleanup(func() { SetExceptHook(before) })
	return told
}

// logged collects what goes to slog.Default, until the end of the test.
func logged(t *testing.T) *bytes.Buffer {
	text, before := new(bytes.Buffer), slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(text, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return text
}

func fails(context.Context) error { return errTest }

func falls(context.Context) error { panic("fell") }

// daemon runs f in a thread whose errors are told at once, and waits for its end.
func daemon(name string, f func(context.Context) error) *Thread {
	th := &Thread{Target: f, Name: name, Daemon: true}
	th.Start(context.Background())
	_ = th.Join()
	return th
}

func TestHook(t *testing.T) { // test_custom_excepthook
	told := hooked(t)
	th := daemon("excepthook thread", fails)
	if args := <-told; args.Err != errTest || args.Name != th.Name || args.Ident != th.Ident() {
		t.Errorf("told of %+v", args)
	}
	daemon("", falls)
	var p *PanicError
	if args := <-told; !errors.As(args.Err, &p) || p.Value != "fell" {
		t.Errorf("told of %+v", args)
	}
}

// test_excepthook, test_print_exception
func TestHookDefault(t *testing.T) {
	text := logged(t)
	daemon("excepthook thread", falls)
	for _, want := range []string{"level=ERROR", "Exception in thread excepthook thread", "fell", "threading.falls"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

func TestHookPanics(t *testing.T) { // test_custom_excepthook_fail
	text := logged(t)
	SetExceptHook(func(ExceptHookArgs) { panic("threading_hook failed") })
	t.Cleanup(func() { SetExceptHook(nil) })
	daemon("", fails)
	for _, want := range []string{errTest.Error(), "threading_hook failed", "SetExceptHook"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

func TestHookRestored(t *testing.T) { // test_original_excepthook
	text, told := logged(t), hooked(t)
	daemon("", fails)
	<-told
	if text.Len() != 0 {
		t.Errorf("logged beside the hook: %s", text)
	}
	mine := SetExceptHook(nil)
	daemon("", fails)
	if !strings.Contains(text.String(), errTest.Error()) {
		t.Errorf("the default hook logged %q", text)
	}
	if SetExceptHook(mine) != nil {
		t.Error("nil did not stand for the default")
	}
	daemon("", fails)
	<-told
}

// test_system_exit: a thread that ends because it was told to is no news.
func TestHookOfTheObedient(t *testing.T) {
	told := hooked(t)
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("closing time")
		end, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		late, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		for _, c := range []struct {
			ctx context.Context
			f   func(context.Context) error
		}{
			{end, func(ctx context.Context) error { return ctx.Err() }},
			{end, func(ctx context.Context) error { return context.Cause(ctx) }},
			{late, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		} {
			th := &Thread{Target: c.f, Daemon: true}
			th.Start(c.ctx)
			if th.Join() == nil {
				t.Error("Join keeps the error back")
			}
		}
		other := &Thread{Target: fails, Daemon: true}
		other.Start(end)
		_ = other.Join()
	})
	if args := <-told; args.Err != errTest || len(told) != 0 {
		t.Errorf("told of %+v, and of %d more", args, len(told))
	}
}

// An error that Join returns is not told; one that nobody can join any more is.
func TestHookOfTheForgotten(t *testing.T) {
	told := hooked(t)
	joined := started(fails)
	if joined.Join() != errTest || len(alive.unfetched()) != 0 {
		t.Errorf("unfetched after Join: %v", alive.unfetched())
	}
	ident := func() int64 { return started(fails).Ident() }()
	var args ExceptHookArgs
	collected(t, "a thread that nobody knows", func() bool {
		select {
		case args = <-told:
			return true
		default:
			return false
		}
	})
	if args.Err != errTest || args.Ident != ident || len(told) != 0 {
		t.Errorf("told of %+v, and of %d more", args, len(told))
	}
	collected(t, "the list of errors", func() bool { return len(alive.unfetched()) == 0 })
}
