//go:build linux

package mp_test

import (
	"context"
	"testing"

	"github.com/multiproc/mp"
)

var echoInts = mp.Proc(func(ctx context.Context, c *mp.Connection[int, int]) error {
	for n, err := range c.All(ctx) {
		if err != nil {
			return err
		}
		if err := c.SendContext(ctx, n); err != nil {
			return err
		}
	}
	return nil
})

func BenchmarkPipeAlone(b *testing.B) {
	mine, theirs := mp.NewPipe[int, int]()
	b.ReportAllocs()
	for b.Loop() {
		_ = mine.Send(1)
		_, _ = theirs.Recv()
	}
}

func BenchmarkPipeRoundTrip(b *testing.B) {
	mine, theirs := mp.NewPipe[int, int]()
	p := &mp.Process{Target: echoInts(theirs)}
	if err := p.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = mine.Send(1)
		_, _ = mine.Recv()
	}
	_ = mine.Close()
	_ = p.Join()
}

func BenchmarkNewPipe(b *testing.B) {
	for b.Loop() {
		mine, theirs := mp.NewPipe[int, int]()
		_, _ = mine.Close(), theirs.Close()
	}
}
