package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/multiproc/mp"
)

// The first byte of a message says what the other end does with it.
const (
	giveBack byte = 'b'
	take     byte = 't'
	answer   byte = 'a' // the last of those that were taken
)

// A way is a way of sending messages of one size to another process.
type way interface {
	// trip sends a message there and back, n times; flood sends n messages and waits until the last is answered.
	trip(n int) error
	flood(n int) error
	close() error
}

var ways = []struct {
	name string
	open func(ctx context.Context, size int) (way, error)
}{
	{"mp.Queue", openQueues},
	{"mp.Queue, Borrow", openBorrow},
	{"mp.NewPipe, RecvBytesInto", openPipe},
	{"boost message_queue", openBoost},
	{"Unix socket pair", openSockets},
	{"net/rpc", openRPC},
	{"hashicorp/go-plugin", openPlugin},
}

// roleVariable makes this program the other end of a way.
const roleVariable = "QUEUES_ROLE"

var roles = map[string]func() error{"sockets": otherSocket, "rpc": serveRPC, "plugin": servePlugin}

func main() {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		if err := role(); err != nil {
			fmt.Fprintln(os.Stderr, "queues:", err)
			os.Exit(1)
		}
		return
	}
	mp.Main(run)
}

func run(ctx context.Context) error {
	only := flag.String("only", "", "measure only those ways, beside mp.Queue, whose name matches this regular expression")
	rounds := flag.Int("rounds", 7, "how often each is measured")
	scale := flag.Float64("scale", 1, "how long, beside the usual")
	flag.Parse()
	fitting, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	err = table(ctx, os.Stdout, fitting, *rounds, *scale)
	return errors.Join(err, removeBoost())
}

func table(ctx context.Context, out io.Writer, fitting *regexp.Regexp, rounds int, scale float64) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| bytes \t| way \t| there and back \t| × mp.Queue \t| one way \t| × mp.Queue \t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, size := range []int{8, 1 << 10, 64 << 10, 1 << 20} {
		if err := rows(ctx, w, fitting, size, rounds, scale); err != nil {
			return err
		}
	}
	return w.Flush()
}

// times are what one message took, in ns, in each round.
type times struct{ trip, flood []float64 }

func rows(ctx context.Context, w io.Writer, fitting *regexp.Regexp, size, rounds int, scale float64) error {
	var open []way
	var names []string
	for i, one := range ways {
		if i > 0 && !fitting.MatchString(one.name) {
			continue
		}
		at, err := one.open(ctx, size)
		if missing := new(missingError); errors.As(err, &missing) {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", one.name, err)
			continue
		} else if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		open, names = append(open, at), append(names, one.name)
	}
	all := make([]times, len(open))
	n := max(int(scale*4e7/float64(size+4000)), 10)
	for range rounds {
		for i, at := range open {
			if err := all[i].round(at, n); err != nil {
				return fmt.Errorf("%s: %w", names[i], err)
			}
		}
	}
	for i, t := range all {
		trip, flood := median(t.trip), median(t.flood)
		fmt.Fprintf(w, "| %d \t| %s \t| %s \t| %.1f \t| %s \t| %.1f \t|\n", size, names[i],
			pretty(trip), trip/median(all[0].trip), pretty(flood), flood/median(all[0].flood))
	}
	var errs []error
	for _, at := range open {
		errs = append(errs, at.close())
	}
	return errors.Join(errs...)
}

func (t *times) round(at way, n int) error {
	begin := time.Now()
	if err := at.trip(n); err != nil {
		return err
	}
	t.trip = append(t.trip, float64(time.Since(begin))/float64(n))
	begin = time.Now()
	if err := at.flood(n); err != nil {
		return err
	}
	t.flood = append(t.flood, float64(time.Since(begin))/float64(n))
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func pretty(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
}

// missingError: this machine lacks what a way needs.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what }

// message is one of so many bytes.
func message(what byte, size int) []byte {
	m := make([]byte, size)
	m[0] = what
	return m
}
