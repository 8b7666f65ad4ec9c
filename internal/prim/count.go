package prim

import "fmt"

// Permits checks the number of permits that a semaphore is to be made with; most is how many it can have.
func Permits(n int, most int64) (uint32, error) {
	if n < 0 || int64(n) > most {
		return 0, fmt.Errorf("mp: a semaphore is made with 0 to %d permits, not %d", most, n)
	}
	return uint32(n), nil
}

// Released checks the number of permits that are to be released. More than there can be are left to the semaphore.
func Released(n int) (uint32, error) {
	if n < 1 {
		return 0, fmt.Errorf("mp: a release is of 1 permit or more, not of %d", n)
	}
	return uint32(min(int64(n), MaxPermits+1)), nil
}
