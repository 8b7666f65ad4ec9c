package mp

import "context"

// Func registers f and returns the function that makes calls of it. It may only be used to initialise a
// package-level variable (or in an init function): every process of the program must register the same.
// Registering after [Main] or [Init], or the same function twice at the same place, panics.
//
// A function that mentions itself, var fib = mp.Func(… fib(n-1) …), is Go's initialization cycle: declare
// var fib func(int) mp.Call[int] and assign it in init. Tools name a function by its Go name; a literal
// is main.init.func1, so they show its place too.
//
// A call costs one allocation. Arguments and results are any values made of exported fields: plain
// data and bytes are copied raw, handles of shared objects travel at any depth. What
// cannot travel (a channel, a closure, an unexported field) is an error that names the field.
func Func[A, R any](f func(context.Context, A) (R, error)) func(A) Call[R] {
	d := define(f, one[A]{}, f)
	return remember(d.function, func(a A) Call[R] { return d.call(a) })
}

// Func0 is Func for a function without arguments.
func Func0[R any](f func(context.Context) (R, error)) func() Call[R] {
	d := define(f, zero{}, func(ctx context.Context, _ None) (R, error) { return f(ctx) })
	return remember(d.function, func() Call[R] { return d.call(None{}) })
}

// Func2 is Func for two arguments.
func Func2[A, B, R any](f func(context.Context, A, B) (R, error)) func(A, B) Call[R] {
	d := define(f, two[A, B]{}, func(ctx context.Context, p pair[A, B]) (R, error) { return f(ctx, p.a, p.b) })
	return remember(d.function, func(a A, b B) Call[R] { return d.call(pair[A, B]{a, b}) })
}

// Func3 is Func for three arguments. More than three: one struct with names.
func Func3[A, B, C, R any](f func(context.Context, A, B, C) (R, error)) func(A, B, C) Call[R] {
	d := define(f, three[A, B, C]{}, func(ctx context.Context, t triple[A, B, C]) (R, error) { return f(ctx, t.a, t.b, t.c) })
	return remember(d.function, func(a A, b B, c C) Call[R] { return d.call(triple[A, B, C]{a, b, c}) })
}

// Proc registers a function that has no result but an error. See [Func].
func Proc[A any](f func(context.Context, A) error) func(A) Call[None] {
	d := define(f, one[A]{}, func(ctx context.Context, a A) (None, error) { return None{}, f(ctx, a) })
	return remember(d.function, func(a A) Call[None] { return d.call(a) })
}

// Proc0 is Proc for a function without arguments.
func Proc0(f func(context.Context) error) func() Call[None] {
	d := define(f, zero{}, func(ctx context.Context, _ None) (None, error) { return None{}, f(ctx) })
	return remember(d.function, func() Call[None] { return d.call(None{}) })
}

// Proc2 is Proc for two arguments.
func Proc2[A, B any](f func(context.Context, A, B) error) func(A, B) Call[None] {
	d := define(f, two[A, B]{}, func(ctx context.Context, p pair[A, B]) (None, error) { return None{}, f(ctx, p.a, p.b) })
	return remember(d.function, func(a A, b B) Call[None] { return d.call(pair[A, B]{a, b}) })
}

// Proc3 is Proc for three arguments. More than three: one struct with names.
func Proc3[A, B, C any](f func(context.Context, A, B, C) error) func(A, B, C) Call[None] {
	d := define(f, three[A, B, C]{}, func(ctx context.Context, t triple[A, B, C]) (None, error) { return None{}, f(ctx, t.a, t.b, t.c) })
	return remember(d.function, func(a A, b B, c C) Call[None] { return d.call(triple[A, B, C]{a, b, c}) })
}

// None is the result of a function that has none.
type None = struct{}
