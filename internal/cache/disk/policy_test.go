package disk

import (
	"container/list"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// shop is a policy with a budget and no files: what the tier does with it, for tests.
type shop struct {
	*policy
	slots  map[uint64]uint32
	budget int64
	used   int64
	now    uint32
}

func newShop(budget, floor int64) *shop {
	return &shop{policy: newPolicy(floor), slots: map[uint64]uint32{}, budget: budget}
}

func number(n uint64) (i id) {
	binary.LittleEndian.PutUint64(i[:], n*spread)
	binary.LittleEndian.PutUint64(i[8:], n)
	return i
}

func (s *shop) get(n uint64) bool {
	slot, ok := s.slots[n]
	if ok {
		s.touch(slot)
	}
	return ok
}

func (s *shop) put(n uint64, blocks int64, cost time.Duration) {
	for s.used+blocks > s.budget {
		slot := s.victim(s.now)
		v := s.nodes.at(slot)
		s.used -= int64(v.blocks)
		delete(s.slots, binary.LittleEndian.Uint64(v.id[8:]))
		s.banish(slot)
	}
	slot := s.nodes.take()
	v := s.nodes.at(slot)
	v.id, v.blocks, v.written, v.weight = number(n), uint32(blocks), s.now, s.weigh(cost, uint32(blocks))
	s.slots[n] = slot
	s.used += blocks
	s.enter(slot)
}

// lru is what to be better than: least recently used goes first, in bytes.
type lru struct {
	order        list.List
	at           map[uint64]*list.Element
	budget, used int64
}

type lruItem struct {
	n      uint64
	blocks int64
}

func (l *lru) get(n uint64) bool {
	e, ok := l.at[n]
	if ok {
		l.order.MoveToFront(e)
	}
	return ok
}

func (l *lru) put(n uint64, blocks int64, _ time.Duration) {
	for l.used+blocks > l.budget {
		last := l.order.Back()
		item := l.order.Remove(last).(lruItem)
		l.used -= item.blocks
		delete(l.at, item.n)
	}
	l.at[n] = l.order.PushFront(lruItem{n, blocks})
	l.used += blocks
}

type ratio struct{ objects, bytes float64 }

type request struct {
	n      uint64
	blocks int64
}

func replay(requests []request, c interface {
	get(uint64) bool
	put(uint64, int64, time.Duration)
}) ratio {
	var hits, hitBlocks, blocks float64
	for _, r := range requests {
		blocks += float64(r.blocks)
		if c.get(r.n) {
			hits++
			hitBlocks += float64(r.blocks)
		} else {
			c.put(r.n, r.blocks, 0)
		}
	}
	return ratio{hits / float64(len(requests)), hitBlocks / blocks}
}

// zipf makes requests for objects of log-normal sizes with Zipf's popularity (alpha 0.9), and from time to time
// a scan of objects that nobody asks for again. It returns also the blocks of all objects.
func zipf(requests, objects int, scans bool) (trace []request, footprint int64) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := make([]int64, objects)
	sums := make([]float64, objects)
	total := 0.0
	for i := range sizes {
		sizes[i] = min(max(int64(math.Exp(r.NormFloat64()*1.2+1.5)), 1), 2000)
		footprint += sizes[i]
		total += math.Pow(float64(i+1), -0.9)
		sums[i] = total
	}
	next := uint64(objects)
	for len(trace) < requests {
		if scans && len(trace)%20_000 == 10_000 {
			for range 8_000 {
				next++
				trace = append(trace, request{next, sizes[r.IntN(objects)]})
			}
		}
		u := r.Float64() * total
		lo, hi := 0, objects-1
		for lo < hi {
			if mid := (lo + hi) / 2; sums[mid] < u {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		trace = append(trace, request{uint64(lo), sizes[lo]})
	}
	return trace, footprint
}

// Hit ratios must not be below those of plain LRU anywhere, and above them when a scan passes.
func TestPolicyBeatsLRU(t *testing.T) {
	for _, scans := range []bool{false, true} {
		trace, footprint := zipf(150_000, 20_000, scans)
		for _, percent := range []int64{1, 5, 20} {
			t.Run(fmt.Sprintf("scans=%v/%d%%", scans, percent), func(t *testing.T) {
				budget := footprint * percent / 100
				least := replay(trace, &lru{at: map[uint64]*list.Element{}, budget: budget})
				ours := replay(trace, newShop(budget, 0))
				t.Logf("objects %.3f (LRU %.3f), bytes %.3f (LRU %.3f)", ours.objects, least.objects, ours.bytes, least.bytes)
				margin := 0.0
				if scans {
					margin = 0.01
				}
				if ours.objects < least.objects+margin || ours.bytes < least.bytes+margin {
					t.Errorf("objects %.3f, bytes %.3f; want %.3f and %.3f, LRU's plus %.2f",
						ours.objects, ours.bytes, least.objects+margin, least.bytes+margin, margin)
				}
			})
		}
	}
}

// An entry that took much time per byte outlives a cheap large one with the same uses, none included.
func TestPolicyKeepsWhatIsDearPerByte(t *testing.T) {
	for uses := range 2 {
		s := newShop(1000, 0)
		for n := range uint64(50) {
			s.put(n, 10, 10*time.Millisecond) // what is usual: 1 ms per block
		}
		s.put(100, 4, 400*time.Millisecond)
		s.put(101, 40, 10*time.Millisecond)
		for range uses {
			s.get(100)
			s.get(101)
		}
		gone := map[uint64]int{}
		for n := uint64(1000); n < 1500; n++ {
			s.put(n, 10, 10*time.Millisecond)
			for range uses { // others are wanted as much
				s.get(n)
			}
			for _, k := range []uint64{100, 101} {
				if _, ok := s.slots[k]; !ok && gone[k] == 0 {
					gone[k] = int(n)
				}
			}
		}
		if gone[101] == 0 || gone[100] != 0 && gone[100] <= gone[101] {
			t.Errorf("after %d uses: the dear one left at %d, the cheap one at %d", uses, gone[100], gone[101])
		}
	}
}

// A dear entry is not kept for ever once nobody asks for it.
func TestPolicyLetsTheDearGoInTheEnd(t *testing.T) {
	s := newShop(1000, 0)
	s.put(0, 10, time.Millisecond)
	s.put(1, 1, time.Hour)
	for range 10 {
		s.get(1)
	}
	for n := uint64(10); n < 3000; n++ {
		s.put(n, 10, time.Millisecond)
		s.get(n)
	}
	if _, ok := s.slots[1]; ok {
		t.Error("still there after 3000 others")
	}
}

// Entries below the age floor go only when nobody else is left, and then the oldest first.
func TestPolicyAgeFloor(t *testing.T) {
	s := newShop(100, 10)
	s.now = 1000
	for n := range uint64(5) {
		s.put(n, 10, 0)
		s.get(n) // being asked for does not help against the young
	}
	s.now += 20
	for n := uint64(10); n < 15; n++ {
		s.put(n, 10, 0)
	}
	for n := uint64(20); n < 25; n++ {
		s.put(n, 10, 0)
	}
	for n := uint64(10); n < 25; n++ {
		if _, ok := s.slots[n]; !ok && n%10 < 5 {
			t.Errorf("%d went although it is young and old ones were there", n)
		}
	}
	s.put(30, 10, 0)
	if _, ok := s.slots[10]; ok {
		t.Error("10 is the oldest of the young, and did not go first")
	}
	if _, ok := s.slots[11]; !ok {
		t.Error("11 went though one was enough")
	}
}

// A clock that is set back makes nobody immortal.
func TestPolicyClockSetBack(t *testing.T) {
	s := newShop(100, 10)
	s.now = 100_000
	for n := range uint64(10) {
		s.put(n, 10, 0)
	}
	s.now = 1000
	s.graduate(s.now)
	if young := s.queues[nursery].len; young != 0 {
		t.Errorf("%d entries of the future count as young", young)
	}
}

// Who comes back soon after having been put out is not put to the proof again.
func TestPolicyGhost(t *testing.T) {
	s := newShop(100, 0)
	for n := range uint64(11) {
		s.put(n, 10, 0) // the last puts 0 out
	}
	if _, ok := s.slots[0]; ok {
		t.Fatal("0 is still there")
	}
	s.put(0, 10, 0)
	s.graduate(s.now)
	if at := s.nodes.at(s.slots[0]).place; at != main {
		t.Errorf("it stands in queue %d, want the main one (%d)", at, main)
	}
}

// One eviction looks at a bounded number of entries, even if all are wanted.
func TestPolicyPatience(t *testing.T) {
	s := newShop(100_000, 0)
	for n := range uint64(100_000) {
		s.put(n, 1, 0)
	}
	s.graduate(0)
	for n := range uint64(100_000) {
		for range maxUses {
			s.get(n)
		}
	}
	before := s.stamp
	slot := s.victim(0)
	if slot == none {
		t.Fatal("nobody goes")
	}
	if moved := s.stamp - before; moved > patience {
		t.Errorf("%d entries were moved for one eviction, want at most %d", moved, patience)
	}
}

// Whatever happens, each entry stands in exactly one queue, and the queues' counts are right.
func TestPolicyInvariants(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := newShop(500, 3)
	for step := range 50_000 {
		n := uint64(r.IntN(400))
		switch {
		case s.get(n):
			if r.IntN(20) == 0 {
				slot := s.slots[n]
				s.used -= int64(s.nodes.at(slot).blocks)
				delete(s.slots, n)
				s.leave(slot)
			}
		default:
			s.put(n, int64(1+r.IntN(9)), time.Duration(r.IntN(1000))*time.Microsecond)
		}
		if r.IntN(50) == 0 {
			s.now++
		}
		if step%500 == 0 {
			checkQueues(t, s.policy, len(s.slots), s.used)
		}
	}
}

func checkQueues(t *testing.T, p *policy, entries int, used int64) {
	t.Helper()
	total, blocks := 0, int64(0)
	for at := nursery; at < places; at++ {
		q := &p.queues[at]
		count, sum, prev := 0, int64(0), uint32(none)
		for slot := q.head; slot != none; slot = p.nodes.at(slot).next {
			n := p.nodes.at(slot)
			if n.place != at || n.prev != prev {
				t.Fatalf("node %d: place %d, before it %d; want %d and %d", slot, n.place, n.prev, at, prev)
			}
			count, sum, prev = count+1, sum+int64(n.blocks), slot
		}
		if count != q.len || sum != q.blocks || prev != q.tail {
			t.Fatalf("queue %d holds %d entries, %d blocks; it says %d and %d", at, count, sum, q.len, q.blocks)
		}
		total, blocks = total+count, blocks+sum
	}
	if total != entries || blocks != used {
		t.Fatalf("%d entries, %d blocks in the queues; want %d and %d", total, blocks, entries, used)
	}
}

// A ghost is remembered for about as many evictions as there are entries, and no longer.
func TestGhostsLast(t *testing.T) {
	g := ghosts{seed: 12345}
	const entries = 10_000
	for n := range uint64(3 * entries) {
		g.add(number(n), entries)
	}
	recent, old := 0, 0
	for n := range uint64(entries) {
		if g.take(number(n)) {
			old++
		}
		if g.take(number(2*entries + n)) {
			recent++
		}
	}
	if recent < entries*7/10 || old > entries/100 {
		t.Errorf("%d of the last %d are remembered and %d of those long gone; want at least 70 %% and at most 1 %%", recent, entries, old)
	}
}

func BenchmarkPolicy(b *testing.B) {
	s := newShop(1<<20, 0)
	r := rand.New(rand.NewPCG(5, 6))
	for n := range uint64(1 << 18) {
		s.put(n, 4, 0)
	}
	next := uint64(1 << 18)
	b.ReportAllocs()
	for b.Loop() {
		s.get(uint64(r.IntN(1 << 18)))
		next++
		s.put(next, 4, 0)
	}
}
