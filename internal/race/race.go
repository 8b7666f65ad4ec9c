// Package race tells Go's race detector about orders that it cannot see.
//
// The detector watches the Go heap and ignores every other address: a lock whose word lies in a shared
// mapping orders nothing in its eyes, and heap data guarded by such a lock is reported falsely. Whoever
// takes or gives such a lock says so to a Shadow, a byte on the heap that stands for the lock in this
// process. What is read and written in the mapping itself stays invisible to the detector either way.
package race

// Shadow stands for one shared object in this process. The zero Shadow is ready; it must be on the heap
// and shared by everyone in the process that uses the object. Without the race detector it costs nothing.
type Shadow struct {
	b byte //lint:ignore U1000 its address is what the build with the race detector uses
}
