package board

import (
	"sync"
	"sync/atomic"
)

// connections is how many calls are made at once where there are many to make.
const connections = 16

// inParallel calls do for 0 to n-1 and waits.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var tasks sync.WaitGroup
	for range min(n, connections) {
		tasks.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	tasks.Wait()
}

// firstError keeps the first error of calls that are made at once.
type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}
