// Rlock: a function that locks calls another that locks the same, three levels deep.
package main

import (
	"fmt"
	"sync"

	"github.com/multiproc/mp/threading"
)

type account struct{ balance int }

func (a *account) deposit(held sync.Locker, n int) {
	held.Lock()
	defer held.Unlock()
	a.balance += n
}

func (a *account) depositTwice(held sync.Locker, n int) {
	held.Lock()
	defer held.Unlock()
	a.deposit(held, n)
	a.deposit(held, n)
}

func main() {
	var lock threading.RLock
	var a account
	h := lock.Holder() // this goroutine's hold on the lock; mp.RLock alike
	h.Lock()
	a.depositTwice(h, 10) // three levels deep
	fmt.Println(a.balance, h.Depth())
	h.Unlock()
}
