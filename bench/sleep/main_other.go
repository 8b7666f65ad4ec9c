//go:build !linux

package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintf(os.Stderr, "sleep: futexes and CPU affinity need Linux; this is %s/%s\n", runtime.GOOS, runtime.GOARCH)
	os.Exit(1)
}
