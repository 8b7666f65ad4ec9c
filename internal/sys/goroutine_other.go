//go:build !amd64 && !arm64

package sys

// Goroutine tells the goroutines of a process apart. Here it costs what GoroutineNumber does.
func Goroutine() uint64 { return GoroutineNumber() }
