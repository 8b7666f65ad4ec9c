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
)

// part is what a process has counted since it last told.
type part struct {
	Files int
	Words map[string]int
}

// partFiles is how many files make a part.
const partFiles = 2000

// count counts the files whose names it gets, until there are no more.
var count = mp.Proc2(func(ctx context.Context, paths *mp.Queue[string], parts *mp.Queue[part]) error {
	p := part{Words: make(map[string]int)}
	for path, err := range paths.All(ctx) {
		if err != nil {
			return err
		}
		if err := countFile(p.Words, path); err != nil {
			return err
		}
		if p.Files++; p.Files == partFiles {
			if err := parts.PutContext(ctx, p); err != nil {
				return err
			}
			p = part{Words: make(map[string]int)}
		}
	}
	return parts.PutContext(ctx, p)
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
	begin := time.Now()
	many, err := countByProcesses(ctx, root)
	if err != nil {
		return err
	}
	pooled := time.Since(begin)

	begin = time.Now()
	one := part{Words: make(map[string]int)}
	err = files(root, func(path string) error {
		one.Files++
		return countFile(one.Words, path)
	})
	if err != nil {
		return err
	}
	if one.Files != many.Files || !maps.Equal(one.Words, many.Words) {
		return errors.New("the processes count otherwise than one process")
	}
	for _, line := range top(many.Words, 10) {
		fmt.Printf("%8d %s\n", line.count, line.word)
	}
	fmt.Printf("%d files, %.1f times as fast as one process\n", many.Files, time.Since(begin).Seconds()/pooled.Seconds())
	return nil
}

// countByProcesses puts the name of each file into a queue, from which a process for each CPU gets them, and adds up what
// comes back by another. It tells on stderr how far the processes are.
func countByProcesses(ctx context.Context, root string) (sum part, err error) {
	paths, parts := mp.NewQueue[string](0, mp.Name("paths")), mp.NewQueue[part](0, mp.Name("parts"))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers mp.Group
	for range mp.CPUCount() {
		workers.Start(ctx, count(paths, parts))
	}
	walked := make(chan error, 1)
	go func() {
		walked <- files(root, func(path string) error { return paths.PutContext(ctx, path) })
		paths.Shutdown()
	}()
	joined := make(chan error, 1)
	go func() {
		joined <- workers.Join()
		parts.Shutdown()
	}()
	sum.Words = make(map[string]int)
	for p, err := range parts.All(ctx) {
		if err != nil {
			return sum, err
		}
		for word, n := range p.Words {
			sum.Words[word] += n
		}
		sum.Files += p.Files
		fmt.Fprintf(os.Stderr, "\r%d files", sum.Files)
	}
	fmt.Fprintln(os.Stderr)
	cancel() // if the workers have failed nobody gets names any more
	return sum, cmp.Or(<-joined, <-walked)
}

// files calls f with each file below a directory.
func files(root string, f func(path string) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			err = f(path)
		}
		return err
	})
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
