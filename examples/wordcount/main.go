// Wordcount counts the words, two letters or more, of every file under a directory, by default Go's own source tree, with
// one process for each CPU, prints the ten most frequent, and checks that one process alone counts the same.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unicode"

	"github.com/multiproc/mp"
	"github.com/multiproc/mp/threading"
)

// countShare counts the files that it can get hold of: the next one is whichever no process has taken yet.
var countShare = mp.Func2(func(ctx context.Context, paths []string, next *mp.Value[int]) (map[string]int, error) {
	words := make(map[string]int)
	for i := mp.Add(next, 1) - 1; i < len(paths); i = mp.Add(next, 1) - 1 {
		if err := countFile(words, paths[i]); err != nil {
			return nil, err
		}
	}
	return words, ctx.Err()
})

func countFile(words map[string]int, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for word := range bytes.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len(word) > 1 {
			words[string(word)]++
		}
	}
	return nil
}

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	root := filepath.Join(build.Default.GOROOT, "src")
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	paths, err := files(root)
	if err != nil {
		return err
	}
	begin := time.Now()
	many, err := countByProcesses(ctx, paths)
	if err != nil {
		return err
	}
	pooled := time.Since(begin)

	begin = time.Now()
	one := make(map[string]int)
	for _, path := range paths {
		if err := countFile(one, path); err != nil {
			return err
		}
	}
	if !maps.Equal(one, many) {
		return errors.New("the processes count otherwise than one process")
	}
	for _, line := range top(many, 10) {
		fmt.Printf("%8d %s\n", line.count, line.word)
	}
	fmt.Printf("%d files, %.1f times as fast as one process\n", len(paths), time.Since(begin).Seconds()/pooled.Seconds())
	return nil
}

// countByProcesses starts a process for each CPU and adds up what they count.
func countByProcesses(ctx context.Context, paths []string) (map[string]int, error) {
	next := mp.NewValue(0, mp.Name("next file"))
	stop := show(next, len(paths))
	defer stop()

	var group threading.Group
	var lock threading.Lock
	sum := make(map[string]int)
	for range mp.CPUCount() {
		group.Start(ctx, func(ctx context.Context) error {
			words, err := mp.Run(ctx, countShare(paths, next))
			lock.Lock()
			defer lock.Unlock()
			for word, n := range words {
				sum[word] += n
			}
			return err
		})
	}
	return sum, group.Join()
}

// show writes to stderr how far the processes are, until it is stopped.
func show(next *mp.Value[int], total int) (stop func()) {
	ticker, done := time.NewTicker(200*time.Millisecond), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				fmt.Fprintf(os.Stderr, "\r%d of %d files", min(next.Load(), total), total)
			case <-done:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		fmt.Fprintf(os.Stderr, "\r%d of %d files\n", min(next.Load(), total), total)
	}
}

func files(root string) (paths []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	return paths, err
}

type line struct {
	word  string
	count int
}

// top are the n most frequent words. Sorting all of them would take as long as counting did.
func top(words map[string]int, n int) []line {
	var best []line
	for word, count := range words {
		at, _ := slices.BinarySearchFunc(best, line{word, count}, func(a, b line) int {
			return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.word, b.word))
		})
		if at < n {
			best = slices.Insert(best, at, line{word, count})
			best = best[:min(n, len(best))]
		}
	}
	return best
}
