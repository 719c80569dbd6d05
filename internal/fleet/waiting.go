package fleet

import "sync"

// waiting is who waits for which key on this node.
type waiting struct {
	mu    sync.Mutex
	rooms map[string]*room
}

// room is where all who wait for one key do, until the next message about it.
type room struct {
	waiters int
	outcome outcome
	woken   chan struct{} // closed when outcome is set
}

// enter joins the room of a key.
func (w *waiting) enter(key string) *room {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rooms == nil {
		w.rooms = map[string]*room{}
	}
	r, ok := w.rooms[key]
	if !ok {
		r = &room{woken: make(chan struct{})}
		w.rooms[key] = r
	}
	r.waiters++
	return r
}

// leave ends what enter began.
func (w *waiting) leave(key string, r *room) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.waiters--
	if r.waiters == 0 && w.rooms[key] == r {
		delete(w.rooms, key)
	}
}

// wake tells those in a key's room what came of it. Whoever comes later waits in a new one.
func (w *waiting) wake(key string, o outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.rooms[key]; ok {
		delete(w.rooms, key)
		r.outcome = o
		close(r.woken)
	}
}

// wakeAll makes everybody look for themselves: messages may have been missed.
func (w *waiting) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, r := range w.rooms {
		delete(w.rooms, key)
		r.outcome = handed
		close(r.woken)
	}
}

func (w *waiting) keys() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.rooms)
}
