// Pipe: a message goes from one process to another and an answer comes back; then both learn that the other has gone.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/multiproc/mp"
)

// shout answers what it is told, louder, until nobody is there any more.
var shout = mp.Proc(func(ctx context.Context, c *mp.Connection[string, string]) error {
	for s, err := range c.All(ctx) {
		if err != nil {
			return err
		}
		if err := c.SendContext(ctx, strings.ToUpper(s)+"!"); err != nil {
			return err
		}
	}
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	mine, theirs := mp.NewPipe[string, string]()
	p := &mp.Process{Target: shout(theirs)}
	if err := p.Start(ctx); err != nil { // theirs is p's from here on
		return err
	}
	for _, s := range []string{"hello", "is anybody there"} {
		if err := mine.SendContext(ctx, s); err != nil {
			return err
		}
		answer, err := mine.RecvContext(ctx)
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	_ = mine.Close() // it returns no error
	if err := p.Join(); err != nil {
		return err
	}
	fmt.Println("the other process has ended")
	return nil
}
