package fleet

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/purge"
)

// newPurges returns the purges of a node that looks at the log very often.
func newPurges(t *testing.T, address string, ledger *purge.Ledger) *Purges {
	t.Helper()
	p := NewPurges(connect(t, address), PurgesConfig{Ledger: ledger, Interval: 10 * time.Millisecond})
	ledger.Observer = p.Offer
	return p
}

// A primary that was demoted goes on answering what is read, and its connections last. Where there is nothing but purges, as
// without a bucket, each that is refused stands between reads that succeed. The name stands for the new primary by then.
func TestPrimaryIsDemoted(t *testing.T) {
	old, next := newProcess(t), newProcess(t)
	road := newProxy(t, old.address())
	ledger := purge.NewMemory(0)
	newPurges(t, road.listener.Addr().String(), ledger).Start()
	other := newNode(t, next.address())
	host, port, err := net.SplitHostPort(next.address())
	if err != nil {
		t.Fatal(err)
	}
	command(t, old.address(), "REPLICAOF", host, port)
	road.to.Store(next.address())
	r, err := ledger.Add(purge.Rule{Selector: purge.Source, Value: "https://a.example/demoted.jpg"})
	if err != nil {
		t.Fatal(err)
	}
	other.gets(t, r)
}

// What goes through the channels comes from the new server, too, when the old one lives on.
func TestSubscriptionFollows(t *testing.T) {
	old, next := newProcess(t), newProcess(t)
	road := newProxy(t, old.address())
	a, b := newNode(t, road.listener.Addr().String()), newNode(t, next.address())
	command(t, old.address(), "REPLICAOF", "127.0.0.1", "1") // takes no writes, and passes nothing on
	road.to.Store(next.address())
	l := NewLeases(a.client, LeasesConfig{})
	for range tolerated {
		l.Acquire(t.Context(), "key")
	}
	down(t, a.client)
	up(t, a.client)
	for i := range 3 { // a is told, for it looks by itself once a minute
		a.gets(t, b.add(t, fmt.Sprint("https://b.example/", i)))
	}
}

// What a primary had taken and not passed on when it failed is offered to its successor, also where the node that had
// offered it has not seen it in the log.
func TestLostInAFailover(t *testing.T) {
	for name, before := range map[string]bool{"offered as it comes": false, "offered at the start": true} {
		t.Run(name, func(t *testing.T) { machines(t, func(t *testing.T, m machine) { lostInAFailover(t, m, before) }) })
	}
}

func lostInAFailover(t *testing.T, m machine, before bool) {
	ledger := purge.NewMemory(0)
	add := func(value string) purge.Rule {
		r, err := ledger.Add(purge.Rule{Selector: purge.Source, Value: value})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	var last purge.Rule
	if before {
		add("https://a.example/kept.jpg")
		last = add("https://a.example/lost.jpg")
	}
	p := newPurges(t, m.address(), ledger)
	shares := func() {
		if err := p.sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if !before {
		add("https://a.example/kept.jpg")
		shares()
		last = add("https://a.example/lost.jpg")
	}
	shares()
	command(t, m.address(), "ZREM", DefaultPrefix+"purges", purge.FormatRule(last))
	shares()
	shares()
	if n := p.Pending(); n != 0 {
		t.Errorf("%d rules are pending", n)
	}
	late := purge.NewMemory(0)
	newPurges(t, m.address(), late).Start()
	eventually(t, "a newcomer knows both", func() bool { return late.Len() == 2 })
}

// So it is where more was offered than may be pending.
func TestManyLostInAFailover(t *testing.T) {
	m := newMini(t)
	ledger := purge.NewMemory(0)
	for i := range maxPending + 1 {
		if _, err := ledger.Add(purge.Rule{Selector: purge.Source, Value: fmt.Sprint("https://a.example/", i)}); err != nil {
			t.Fatal(err)
		}
	}
	p := newPurges(t, m.address(), ledger)
	if err := p.sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	command(t, m.address(), "ZREMRANGEBYRANK", DefaultPrefix+"purges", "-9", "-1")
	for p.Pending() > 0 {
		if err := p.sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := m.ZMembers(DefaultPrefix + "purges"); len(n) != ledger.Len()+1 || err != nil {
		t.Errorf("%d are in the log, want %d and the epoch, %v", len(n), ledger.Len(), err)
	}
}
