package queue

// An order has smallest places once it has any, and does not give memory back while it has no more than kept: queues
// swing between empty and full all the time, and that must not cost an allocation each.
const (
	smallest = 16
	kept     = 1024
)

// deque is a ring of items that grows and shrinks with what is in it. A place that holds no item holds the zero T,
// so that the garbage collector can have what has left.
type deque[T any] struct {
	places []T // a power of two, or none
	head   int // the place of the first item
	n      int
}

// fifo is the order of a Queue made by New.
type fifo[T any] struct{ deque[T] }

func (f *fifo[T]) pop() T {
	v := f.take(f.head)
	f.head = f.place(1)
	f.fit()
	return v
}

// lifo is the order of a Queue made by NewLifo.
type lifo[T any] struct{ deque[T] }

func (l *lifo[T]) pop() T {
	v := l.take(l.place(l.n - 1))
	l.fit()
	return v
}

func (d *deque[T]) push(v T) {
	if d.n == len(d.places) {
		d.resize(max(smallest, 2*d.n))
	}
	d.places[d.place(d.n)] = v
	d.n++
}

func (d *deque[T]) drop() { *d = deque[T]{} }

// place is that of the i-th item behind head.
func (d *deque[T]) place(i int) int { return (d.head + i) & (len(d.places) - 1) }

// take empties a place at either end.
func (d *deque[T]) take(place int) T {
	var none T
	v := d.places[place]
	d.places[place] = none
	d.n--
	return v
}

// fit gives half of the places back when three quarters are empty: not more, so that some must come or go before it
// resizes again.
func (d *deque[T]) fit() {
	if len(d.places) > kept && d.n <= len(d.places)/4 {
		d.resize(len(d.places) / 2)
	}
}

func (d *deque[T]) resize(to int) {
	places := make([]T, to)
	for i := range d.n {
		places[i] = d.places[d.place(i)]
	}
	d.places, d.head = places, 0
}
