package object

import "github.com/stillroom/stillroom/internal/cache"

// line is first in, first out.
type line struct {
	keys []cache.Key
	head int
}

func (l *line) push(key cache.Key) { l.keys = append(l.keys, key) }

func (l *line) pop() (cache.Key, bool) {
	if l.head == len(l.keys) {
		return cache.Key{}, false
	}
	key := l.keys[l.head]
	l.head++
	// The front is given back once it is half of what is there.
	if l.head*2 >= len(l.keys) {
		l.keys = l.keys[:copy(l.keys, l.keys[l.head:])]
		l.head = 0
	}
	return key, true
}
