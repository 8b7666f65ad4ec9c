// Package mp gives Go programs Python's multiprocessing: processes that run functions of the same binary,
// and locks and values that live in memory shared by all of them.
//
//	var increment = mp.Proc(func(ctx context.Context, counter *mp.Value[int]) error {
//		counter.Update(func(n *int) { *n++ })
//		return nil
//	})
//
//	func main() { mp.Main(run) }
//
//	func run(ctx context.Context) error {
//		counter := mp.NewValue(0)
//		var group mp.Group
//		for range 10 {
//			group.Start(ctx, increment(counter))
//		}
//		return group.Join()
//	}
//
// # Processes
//
// A function that other processes may be asked to run is registered once, at package level, by [Func] or
// [Proc]. What these return makes calls: increment(counter) is a [Call], a value that [Process], [Group] and
// [Run] take. A child is a fresh start of the same binary that never reaches run. It ends when its parent
// ends, however that ends; its own end, by return, error, panic, os.Exit or signal, is told by Join.
//
// # Shared objects
//
// Locks, values, arrays, lists, dicts, queues and pipes lie in the family's arena: anonymous memory that all its processes
// map, on no file system, gone with the last of them. What a program holds is a handle. Handles travel as
// arguments, in results and in messages, at any depth, and arrive as working handles. The object is freed when no
// process holds a handle any more; one in a message, a list or a dict does not count.
//
// # When a process dies
//
// It may be killed at any instruction. What it had not committed did not happen. A lock that it held is
// abandoned, and every locker is told by [*OwnerDiedError]; see [Lock]. Nobody waits for it in vain.
//
// # Where it works
//
// Linux on amd64 and arm64. Elsewhere the package compiles, and says what is missing when it is used.
package mp
