// Processes: five processes with names and exit codes; one of them has to be killed, and tells how it died.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/multiproc/mp"
)

var work = mp.Proc(func(ctx context.Context, code int) error {
	mp.Logger().Info("working")
	if code < 0 {
		select {} // deaf: only Kill helps
	}
	os.Exit(code)
	return nil
})

func main() { mp.Main(run) }

func run(ctx context.Context) error {
	var processes []*mp.Process
	for i, code := range []int{0, 1, 2, 3, -1} {
		p := &mp.Process{Target: work(code), Name: fmt.Sprintf("worker-%d", i)}
		if err := p.Start(ctx); err != nil {
			return err
		}
		processes = append(processes, p)
	}
	if err := processes[4].Kill(); err != nil {
		return err
	}
	for _, p := range processes {
		err := p.Join()
		code, _ := p.ExitCode()
		fmt.Println(p.Name, "exit code", code)
		if died, ok := errors.AsType[*mp.ExitError](err); ok && died.Signal != 0 {
			fmt.Println(p.Name, "was ended by", died.Signal)
		}
	}
	return nil
}
