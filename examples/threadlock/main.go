// Threadlock: ten goroutines count under a lock.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/multiproc/mp/threading"
)

func main() {
	var (
		lock    threading.Lock
		group   threading.Group
		counter int
	)
	for range 10 {
		group.Start(context.Background(), func(ctx context.Context) error {
			for range 1000 {
				lock.Lock()
				counter++
				lock.Unlock()
			}
			return nil
		})
	}
	if err := group.Join(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("Counter:", counter)
}
