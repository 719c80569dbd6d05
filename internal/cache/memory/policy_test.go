package memory

import (
	"context"
	"testing"

	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// checkBooks fails the test unless queues, table and sums agree.
func checkBooks(t *testing.T, s *Store) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := 0
	for i := range s.shards {
		listed += len(s.shards[i].nodes)
	}
	var held, bytes int64
	for _, q := range []*queue{&s.policy.small, &s.policy.main} {
		var qBytes, qLen int64
		for n := q.oldest; n != nil; n = n.next {
			if s.shard(n.key).nodes[n.key] != n || n.queue != q {
				t.Errorf("%v stands in a queue, but not in the table", n.key)
			}
			qBytes += n.size
			qLen++
		}
		if qBytes != q.bytes || qLen != q.len {
			t.Errorf("a queue holds %d in %d bytes and says %d in %d", qLen, qBytes, q.len, q.bytes)
		}
		held, bytes = held+qLen, bytes+qBytes
	}
	if held != int64(listed) {
		t.Errorf("%d stand in queues and %d in the table", held, listed)
	}
	if g := &s.policy.ghosts; len(g.turns) > int(g.next-g.first) || g.next-g.first > uint64(len(g.order)) {
		t.Errorf("%d ghosts are remembered of %d turns, in a ring of %d", len(g.turns), g.next-g.first, len(g.order))
	}
}

// A scan of entries that are read once must leave most of a set that is read again and again.
func TestScanLeavesWhatIsWanted(t *testing.T) {
	s := open(t, Config{Size: 1 << 20})
	ctx := context.Background()
	const wanted = 40
	for range 20 {
		for n := range wanted {
			if _, err := s.Get(ctx, cachetest.Key(n)); err != nil {
				s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 10_000))
			}
		}
	}
	for n := 1000; n < 3000; n++ {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 10_000))
	}
	left := 0
	for n := range wanted {
		if _, err := s.Get(ctx, cachetest.Key(n)); err == nil {
			left++
		}
	}
	if left < wanted*3/4 {
		t.Errorf("%d of %d wanted entries are left after the scan", left, wanted)
	}
}

// Where the number is what binds, a scan of tiny entries must not take the places of large ones because it takes few bytes.
func TestScanOfTinyEntriesInATierBoundedInNumber(t *testing.T) {
	s := open(t, Config{Size: 1 << 30, Capacity: 100})
	ctx := context.Background()
	const wanted = 60
	for n := range wanted {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 50_000))
		s.Get(ctx, cachetest.Key(n))
	}
	for n := 1000; n < 3000; n++ {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 1))
	}
	for n := range wanted {
		if _, err := s.Get(ctx, cachetest.Key(n)); err != nil {
			t.Fatalf("entry %d of %d that were asked for is gone: %v", n, wanted, err)
		}
	}
}

// An entry that is made anew, because it was stale, is wanted as much as before.
func TestReplacingKeepsWhatUsesWereCounted(t *testing.T) {
	s := open(t, Config{Size: 1 << 20})
	ctx := context.Background()
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10_000))
	s.Get(ctx, cachetest.Key(1))
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10_000))
	for n := 1000; n < 1200; n++ {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 10_000))
	}
	if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
		t.Errorf("an entry that was asked for and then replaced went with a scan: %v", err)
	}
	checkBooks(t, s)
}

// TestAReturningEntryStays has an entry come back soon after it was evicted: then no scan drives it out again.
func TestAReturningEntryStays(t *testing.T) {
	s := open(t, Config{Size: 1 << 20})
	ctx := context.Background()
	next := 1000
	scan := func(entries int) {
		for range entries {
			s.Put(ctx, cachetest.Key(next), cachetest.Entry(next, 10_000))
			next++
		}
	}
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10_000))
	scan(100)
	if _, err := s.Get(ctx, cachetest.Key(1)); err == nil {
		t.Fatal("the first scan leaves an entry that nobody asked for")
	}
	s.Put(ctx, cachetest.Key(1), cachetest.Entry(1, 10_000))
	scan(500)
	if _, err := s.Get(ctx, cachetest.Key(1)); err != nil {
		t.Errorf("the second scan drives out an entry that had come back: %v", err)
	}
}

// TestPatience has more entries that were all asked for than one eviction looks at.
func TestPatience(t *testing.T) {
	const entries = 3 * patience
	s := open(t, Config{Size: 1 << 30, Capacity: entries})
	ctx := context.Background()
	for n := range entries {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 1))
		for range maxUses {
			s.Get(ctx, cachetest.Key(n))
		}
	}
	for n := entries; n < entries+10; n++ {
		s.Put(ctx, cachetest.Key(n), cachetest.Entry(n, 1))
	}
	if size := s.Size(); size.Entries != entries {
		t.Errorf("holds %d, want %d", size.Entries, entries)
	}
	checkBooks(t, s)
}
