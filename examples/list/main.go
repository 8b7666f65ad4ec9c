// List: four processes look for primes and append what they find to one list, which is then sorted.
package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/multiproc/mp"
)

type span struct{ From, To int }

var search = mp.Proc2(func(_ context.Context, s span, found *mp.List[int]) error {
	var primes []int
	for n := s.From; n < s.To; n++ {
		if prime(n) {
			primes = append(primes, n)
		}
	}
	return found.Append(primes...) // all of them or, should this process be killed, none
})

func prime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return n > 1
}

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	found := mp.NewList[int]()
	var searchers mp.Group
	for i := range 4 {
		searchers.Start(ctx, search(span{i * 250, (i + 1) * 250}, found))
	}
	if err := searchers.Join(); err != nil {
		return err
	}
	if err := found.Sort(cmp.Compare[int]); err != nil {
		return err
	}
	fmt.Println(found.Len(), "primes, from", found.At(0), "to", found.At(-1))
	return nil
}
