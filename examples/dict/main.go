// Dict: a process for each line counts its words in one dict, and none is lost.
package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/multiproc/mp"
)

var lines = []string{
	"the quick brown fox jumps over the lazy dog",
	"the dog barks and the fox runs",
	"over the hill and over the river",
}

var countWords = mp.Proc2(func(_ context.Context, line string, counts *mp.Dict[string, int]) error {
	for word := range strings.FieldsSeq(line) {
		if _, err := counts.Update(word, func(n int, _ bool) int { return n + 1 }); err != nil {
			return err
		}
	}
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	counts := mp.NewDict[string, int]()
	var g mp.Group
	for _, line := range lines {
		g.Start(ctx, countWords(line, counts))
	}
	if err := g.Join(); err != nil {
		return err
	}
	for _, word := range slices.Sorted(counts.Keys()) {
		if n, _ := counts.Get(word); n > 1 {
			fmt.Println(word, n)
		}
	}
	fmt.Println(counts.Len(), "words")
	return nil
}
