package fleet

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/purge"
)

// node is a ledger that is shared.
type node struct {
	*purge.Ledger

	client *Client
	purges *Purges
	merged chan purge.Rule
}

func newNode(t *testing.T, address string) *node {
	t.Helper()
	return nodeOf(connect(t, address), purge.NewMemory(0))
}

func nodeOf(f *Client, ledger *purge.Ledger) *node {
	n := &node{Ledger: ledger, client: f, merged: make(chan purge.Rule, 2*maxPending)}
	// Looked for by itself so rarely that what arrives in a test was told of.
	n.purges = NewPurges(f, PurgesConfig{Ledger: ledger, Interval: time.Minute})
	ledger.Observer = func(r purge.Rule, merged bool) {
		n.purges.Offer(r, merged)
		if merged {
			n.merged <- r
		}
	}
	n.purges.Start()
	return n
}

func (n *node) add(t *testing.T, value string) purge.Rule {
	t.Helper()
	r, err := n.Add(purge.Rule{Selector: purge.Source, Value: value})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// gets waits for a rule.
func (n *node) gets(t *testing.T, want purge.Rule) {
	t.Helper()
	for {
		select {
		case got := <-n.merged:
			if got.ID != want.ID {
				continue
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("the rule changed on its way: %s", d)
			}
			return
		case <-time.After(patience):
			t.Fatalf("the rule about %q did not arrive", want.Value)
		}
	}
}

// sent waits until the others can know of all that a node holds.
func (n *node) sent(t *testing.T) {
	t.Helper()
	eventually(t, "everything was offered", func() bool { return n.purges.Pending() == 0 })
}

func TestPurgesReachTheOthers(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		a, b, c := newNode(t, m.address()), newNode(t, m.address()), newNode(t, m.address())
		b.gets(t, a.add(t, "https://a.example/first.jpg"))
		for i, from := range []*node{a, b, c} {
			r := from.add(t, fmt.Sprintf("https://a.example/\xff%d", i)) // no UTF-8: a source may be any bytes
			began := time.Now()
			for _, to := range []*node{a, b, c} {
				if to != from {
					to.gets(t, r)
				}
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("a purge took %v, want less than a second", took)
			}
		}
	})
}

func TestEveryKindOfRuleArrivesAsItIs(t *testing.T) {
	m := newMini(t)
	a, b := newNode(t, m.address()), newNode(t, m.address())
	for _, r := range []purge.Rule{
		{Selector: purge.Source, Value: "https://a.example/ä \"b\".jpg", Soft: true},
		{Selector: purge.Tag, Value: "spring"},
		{Selector: purge.Prefix, Value: "https://a.example/\x00\xfe", Soft: true},
		{Selector: purge.URL, Value: "00000000000000000000000000000000000000000000000000000000000000ff"},
		{Selector: purge.All, Soft: true},
		{Selector: purge.All},
	} {
		r, err := a.Add(r)
		if err != nil {
			t.Fatal(err)
		}
		b.gets(t, r)
	}
}

func TestPurgesFromBeforeAreRead(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		a := newNode(t, m.address())
		rules := make([]purge.Rule, 2*page+7)
		for i := range rules {
			rules[i] = a.add(t, fmt.Sprintf("https://a.example/%d.jpg", i))
		}
		a.sent(t)
		b := newNode(t, m.address())
		eventually(t, "a newcomer has read them all", func() bool { return len(b.Rules()) == len(rules) })
		if d := cmp.Diff(rules, b.Rules()); d != "" {
			t.Errorf("what it has read: %s", d)
		}
	})
}

func TestPurgeWhileAway(t *testing.T) {
	machines(t, func(t *testing.T, m machine) {
		road := newProxy(t, m.address())
		a, b := newNode(t, m.address()), newNode(t, road.listener.Addr().String())
		b.gets(t, a.add(t, "https://a.example/before.jpg"))
		road.refuses.Store(true)
		road.cut()
		theirs := a.add(t, "https://a.example/theirs.jpg")
		own := b.add(t, "https://a.example/own.jpg")
		a.sent(t)
		if n := len(b.merged); n != 0 {
			t.Errorf("%d rules arrived at a node that is cut off", n)
		}
		road.refuses.Store(false)
		b.gets(t, theirs)
		a.gets(t, own)
	})
}

// Whatever becomes of the log, what one ledger holds reaches the others.
func TestLogIsLost(t *testing.T) {
	losses := map[string]func(t *testing.T, m machine, log string){
		"emptied":            func(t *testing.T, m machine, _ string) { command(t, m.address(), "FLUSHALL") },
		"without its end":    func(t *testing.T, m machine, log string) { command(t, m.address(), "ZREMRANGEBYRANK", log, "-2", "-1") },
		"without its middle": func(t *testing.T, m machine, log string) { command(t, m.address(), "ZREMRANGEBYRANK", log, "1", "-1") },
		"begun anew by others": func(t *testing.T, m machine, log string) {
			command(t, m.address(), "DEL", log)
			command(t, m.address(), "ZADD", log, "0", "another epoch", "1", "a rule of the future", "2", "another")
		},
		"begun anew with what was read last in its place": func(t *testing.T, m machine, log string) {
			command(t, m.address(), "EVAL", `local last = redis.call('ZRANGE', KEYS[1], '-1', '-1', 'WITHSCORES')
redis.call('DEL', KEYS[1])
return redis.call('ZADD', KEYS[1], '0', 'another epoch', last[2], last[1])`, "1", log)
		},
		"stopped and started": func(_ *testing.T, m machine, _ string) { m.stop(); m.start() },
	}
	for name, lose := range losses {
		t.Run(name, func(t *testing.T) {
			machines(t, func(t *testing.T, m machine) {
				a, b := newNode(t, m.address()), newNode(t, m.address())
				old := a.add(t, "https://a.example/old.jpg")
				b.gets(t, old)
				b.gets(t, a.add(t, "https://a.example/older.jpg"))
				a.sent(t)
				lose(t, m, DefaultPrefix+"purges")
				b.gets(t, a.add(t, "https://a.example/new.jpg"))
				c := newNode(t, m.address())
				c.gets(t, old)
			})
		})
	}
}

// Nobody has to purge anything for a log that was lost to be written anew.
func TestLogIsWrittenAnewByItself(t *testing.T) {
	m := newMini(t)
	ledger := purge.NewMemory(0)
	p := NewPurges(connect(t, m.address()), PurgesConfig{Ledger: ledger, Interval: 10 * time.Millisecond})
	ledger.Observer = p.Offer
	p.Start()
	if _, err := ledger.Add(purge.Rule{Selector: purge.All}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		eventually(t, "the rule and the epoch are in the log", func() bool {
			members, err := m.ZMembers(DefaultPrefix + "purges")
			return err == nil && len(members) == 2
		})
		m.FlushAll()
	}
}

// rules is an Observer that counts rules.
type rules struct {
	nobody
	read, written atomic.Int64
}

func (r *rules) Read(n int)    { r.read.Add(int64(n)) }
func (r *rules) Written(n int) { r.written.Add(int64(n)) }

func TestLedgerFromBeforeIsOffered(t *testing.T) {
	m := newMini(t)
	ledger := purge.NewMemory(0)
	r, err := ledger.Add(purge.Rule{Selector: purge.Tag, Value: "made while the server was away"})
	if err != nil {
		t.Fatal(err)
	}
	var ours, theirs rules
	nodeOf(connectWith(t, m.address(), Config{Observer: &ours}), ledger)
	nodeOf(connectWith(t, m.address(), Config{Observer: &theirs}), purge.NewMemory(0)).gets(t, r)
	eventually(t, "the rule is counted on both sides", func() bool {
		return ours.written.Load() == 1 && ours.read.Load() == 0 && theirs.written.Load() == 0 && theirs.read.Load() == 1
	})
}

func TestOldRulesAreLetGo(t *testing.T) {
	m := newMini(t)
	f := connect(t, m.address())
	ledger := purge.NewMemory(time.Hour)
	var now atomic.Int64
	now.Store(time.Now().UnixNano())
	clock := func() time.Time { return time.Unix(0, now.Load()) }
	ledger.Now = clock
	p := NewPurges(f, PurgesConfig{Ledger: ledger, Retention: time.Hour, Now: clock})
	ledger.Observer = p.Offer
	p.Start()
	in := func() int { n, _ := m.ZMembers(DefaultPrefix + "purges"); return len(n) - 1 }
	for i := range 10 {
		if _, err := ledger.Add(purge.Rule{Selector: purge.Tag, Value: fmt.Sprint("old ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "ten rules are in the log", func() bool { return in() == 10 })
	now.Add(int64(2 * time.Hour))
	if _, err := ledger.Add(purge.Rule{Selector: purge.Tag, Value: "new"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "only the new one is", func() bool { return in() == 1 })
}

// A full log is written anew with what the ledgers still hold.
func TestFullLogIsBegunAnew(t *testing.T) {
	m := newMini(t)
	b := newNode(t, m.address())
	small := &short{Ledger: purge.NewMemory(0)}
	p := NewPurges(connect(t, m.address()), PurgesConfig{Ledger: small, Interval: time.Minute})
	p.log.bound = 20
	small.Observer = p.Offer
	p.Start()
	add := func(value string) purge.Rule {
		r, err := small.Add(purge.Rule{Selector: purge.Source, Value: value})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for i := range 20 {
		b.gets(t, add(fmt.Sprint("https://a.example/", i)))
	}
	small.keeps.Store(3)
	b.gets(t, add("https://a.example/beyond.jpg"))
}

// short is a ledger that has found all but its newest rules needless.
type short struct {
	*purge.Ledger

	keeps atomic.Int64 // 0 = all
}

func (s *short) Rules() []purge.Rule {
	rules := s.Ledger.Rules()
	if n := int(s.keeps.Load()); n > 0 && len(rules) > n {
		rules = rules[len(rules)-n:]
	}
	return rules
}

// stubborn is a ledger that takes nothing until it does.
type stubborn struct {
	*purge.Ledger

	takes atomic.Bool
	asked atomic.Int64
}

func (s *stubborn) MergeAll(rules []purge.Rule) []purge.Outcome {
	s.asked.Add(int64(len(rules)))
	if s.takes.Load() {
		return s.Ledger.MergeAll(rules)
	}
	outcomes := make([]purge.Outcome, len(rules))
	for i := range outcomes {
		outcomes[i].Err = errors.New("its time is ahead of this machine's clock")
	}
	return outcomes
}

func TestRuleOfAClockAheadIsHeldBack(t *testing.T) {
	m := newMini(t)
	late := time.Now().Add(-time.Hour)
	ledger := &stubborn{Ledger: purge.NewMemory(0)}
	NewPurges(connect(t, m.address()), PurgesConfig{
		Ledger: ledger, Interval: 10 * time.Millisecond, Now: func() time.Time { return late },
	}).Start()
	a := newNode(t, m.address())
	r := a.add(t, "https://a.example/ahead.jpg")
	eventually(t, "it was tried", func() bool { return ledger.asked.Load() > 2 })
	ledger.takes.Store(true)
	eventually(t, "it is in force", func() bool {
		rules := ledger.Rules()
		return len(rules) == 1 && rules[0].ID == r.ID
	})
}

func TestMoreRulesThanMayBePending(t *testing.T) {
	m := newMini(t)
	road := newProxy(t, m.address())
	a := newNode(t, road.listener.Addr().String())
	road.refuses.Store(true)
	road.cut()
	for i := range maxPending + 100 {
		a.add(t, fmt.Sprint("https://a.example/", i))
	}
	if n := a.purges.Pending(); n != maxPending {
		t.Errorf("%d are pending, want the bound, %d", n, maxPending)
	}
	road.refuses.Store(false)
	a.sent(t)
	b := newNode(t, m.address())
	eventually(t, "all are known elsewhere", func() bool { return len(b.Rules()) == maxPending+100 })
}
