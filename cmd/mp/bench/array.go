package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/cmd/mp/bench/rivals"
)

// floats is how many go in one message.
const floats = 100_000

// floatChannel has room for one message: examples/floatchannel explains it.
type floatChannel struct {
	Floats      *mp.RawArray[float64]
	Empty, Full *mp.Semaphore
}

var (
	sendFloats = mp.Proc3(func(ctx context.Context, r race, n int, c floatChannel) error {
		x := make([]float64, floats)
		for i := range x {
			x[i] = float64(i)
		}
		r.begin()
		for range n {
			if err := c.Empty.AcquireContext(ctx); err != nil {
				return err
			}
			copy(c.Floats.Slice(), x)
			c.Full.Release()
		}
		return nil
	})
	receiveFloats = mp.Proc3(func(ctx context.Context, r race, n int, c floatChannel) error {
		x := make([]float64, floats)
		r.begin()
		for range n {
			if err := c.Full.AcquireContext(ctx); err != nil {
				return err
			}
			copy(x, c.Floats.Slice())
			c.Empty.Release()
		}
		r.end()
		if x[floats-1] != floats-1 {
			return errors.New("what was received is not what was sent")
		}
		return nil
	})
)

// throughFloats has one process send n messages that another receives.
func throughFloats(n int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		c := floatChannel{mp.NewRawArray[float64](floats), mp.NewSemaphore(1), mp.NewSemaphore(0)}
		first := true
		ns, err := count(ctx, 2, n, func(r race) mp.Target {
			if first {
				first = false
				return sendFloats(r, n, c)
			}
			return receiveFloats(r, n, c)
		})
		return 2 * ns, err // it counts what each process does as an operation
	}
}

// copyTwice copies in and out of a third place, n times.
func copyTwice(n int) func(context.Context) (float64, error) {
	from, slot, to := make([]float64, floats), make([]float64, floats), make([]float64, floats)
	for i := range from {
		from[i] = float64(i)
	}
	copy(to, from) // memory that nobody has written is slower the first time
	copy(slot, from)
	return perOp(n, func(n int) {
		for range n {
			copy(slot, from)
			copy(to, slot)
		}
	})
}

func arrayRows(scale float64) []Row {
	n := int(2e6 * scale)
	a, large := mp.NewArray[int](1024), mp.NewArray[[8]int](1024)
	plain, wide := make([]int, 1024), make([][8]int, 1024)
	var mutex sync.Mutex
	// locked is what a slice needs to be used by several goroutines.
	locked := func(f func(i int)) func(context.Context) (float64, error) {
		return perOp(n, func(n int) {
			for i := range n {
				mutex.Lock()
				f(i % 1024)
				mutex.Unlock()
			}
		})
	}
	each := func(f func(i int)) func(context.Context) (float64, error) {
		return perOp(n, func(n int) {
			for i := range n {
				f(i % 1024)
			}
		})
	}
	sum := 0
	row := func(name string, most float64, ours, theirs func(i int)) Row {
		return Row{Name: "Array, " + name, Beside: "slice under a sync.Mutex", Most: most, Rounds: 9, Ours: each(ours), Theirs: locked(theirs)}
	}
	return []Row{
		row("At of 8 bytes", 1, func(i int) { sum += a.At(i) }, func(i int) { sum += plain[i] }),
		row("Set of 8 bytes", 1, func(i int) { a.Set(i, i) }, func(i int) { plain[i] = i }),
		row("Update of 8 bytes", 0, func(i int) { a.Update(i, func(x *int) { *x++ }) }, func(i int) { plain[i]++ }),
		row("At of 64 bytes", 1, func(i int) { x := large.At(i); sum += x[0] }, func(i int) { x := wide[i]; sum += x[0] }),
		row("Set of 64 bytes", 0, func(i int) { large.Set(i, [8]int{i}) }, func(i int) { wide[i] = [8]int{i} }),
		row("Update of 64 bytes", 0, func(i int) { large.Update(i, func(x *[8]int) { x[0]++ }) }, func(i int) { wide[i][0]++ }),
		{
			Name: "100,000 floats to another process", Beside: "memcpy in and out", Most: 1.3, Rounds: 9,
			Ours: throughFloats(int(1000 * scale)), Theirs: copyTwice(int(1000 * scale)),
		},
	}
}

func cpythonFloatRows(py *rivals.Program, scale float64) []Row {
	row := func(how, beside string, most float64) Row {
		return Row{
			Name: "100,000 floats to another process", Beside: beside, Most: most, Rounds: 5,
			Ours: throughFloats(int(1000 * scale)), Theirs: rival(py, "floats", how, fmt.Sprint(int(50*scale)), "1"),
		}
	}
	return []Row{row("list", "CPython Pipe, a list", 0.025), row("bytes", "CPython Pipe, bytes of an array", 0)}
}
