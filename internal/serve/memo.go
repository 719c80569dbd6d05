package serve

import (
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/plan"
)

// memo remembers the plans of URLs whose results were hits: a URL that is asked for thousands of times a second is
// understood, checked and planned once. Measured, that is half of what a hit in memory costs this package.
//
// What it holds depends on the URL alone: it is used only where nothing that a client shows changes a plan, and of what was
// admitted only the expiry can change, which is looked at each time.
type memo struct {
	mu    sync.RWMutex
	plans map[string]*understood
}

// understood is a URL on its other side.
type understood struct {
	provider string
	plan     plan.Plan
}

// The memo is small and simple: when it is full it begins anew, and those that are wanted are back at once. URLs are bounded
// so that the whole stays below 20 MB.
const (
	memoEntries = 4096
	memoLength  = 1024
)

// get returns what a target means; nil = not remembered, or not valid any more.
func (m *memo) get(target string, now time.Time) *understood {
	m.mu.RLock()
	u := m.plans[target]
	m.mu.RUnlock()
	if u != nil && !u.plan.Delivery.Expires.IsZero() && !now.Before(u.plan.Delivery.Expires) {
		return nil // whoever says so names the time
	}
	return u
}

func (m *memo) put(target string, u *understood) {
	if len(target) > memoLength {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.plans == nil || len(m.plans) >= memoEntries {
		m.plans = make(map[string]*understood)
	}
	m.plans[target] = u
}
