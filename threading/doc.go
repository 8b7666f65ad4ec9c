// Package threading has Python's threading over goroutines: threads that can be joined, and locks between
// them. The zero values work. The state machines are those of package mp's objects between processes; here
// they lie on the heap and sleep on channels, so that they work inside a testing/synctest bubble.
package threading
