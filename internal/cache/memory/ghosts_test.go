package memory

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestGhosts compares the ghosts with a list of those that came last, among keys that come back often.
func TestGhosts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	g := newGhosts()
	var turns []uint32 // who came, by turn; none = it was taken meanwhile, or came again
	const none = ^uint32(0)
	live := 0
	for range 20_000 {
		n := rng.Uint32N(300)
		at := slices.Index(turns, n)
		if rng.IntN(3) == 0 {
			if got, want := g.take(keyOf(n)), at >= 0; got != want {
				t.Fatalf("take(%d) = %t, want %t", n, got, want)
			}
			if at >= 0 {
				turns[at] = none
			}
			continue
		}
		if at >= 0 {
			turns[at] = none // its newest turn counts
		}
		entries := 100 + rng.IntN(100)
		g.add(keyOf(n), int64(entries))
		turns = append(turns, n)
		turns = turns[max(0, len(turns)-max(entries, fewestGhosts)):]
		live = max(live, len(g.turns))
	}
	if live < fewestGhosts || len(g.order) > 256 {
		t.Errorf("at most %d ghosts at once, in a ring of %d", live, len(g.order))
	}
}
