// Threads: one from a function, and one from a type with a Run method; both are joined, and one fails.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/multiproc/mp/threading"
)

type greeter struct{ names []string }

// Run is an ordinary method: there is nothing to inherit from.
func (g greeter) Run(ctx context.Context) error {
	for _, name := range g.names {
		fmt.Println("hello", name, "from", threading.Current(ctx).Name)
	}
	return errors.New("out of names")
}

func main() {
	ctx := context.Background()
	function := &threading.Thread{Target: func(ctx context.Context) error {
		fmt.Println("hello from", threading.Current(ctx).Name)
		return nil
	}}
	method := &threading.Thread{Target: greeter{[]string{"Ada", "Grace"}}.Run, Name: "greeter"}
	for _, t := range []*threading.Thread{function, method} {
		t.Start(ctx)
		if err := t.Join(); err != nil { // a panic would come back here too
			fmt.Println(t.Name, "failed:", err)
		}
	}
}
