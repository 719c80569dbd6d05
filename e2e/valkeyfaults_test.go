package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/fleet/fleettest"
)

const (
	// valkeyTimeout is more than the default, so that a busy machine is not taken for a server that is silent.
	valkeyTimeout = 250 * time.Millisecond
	// slowestWithout is what an answer may take whatever Valkey does. There is one call that nobody answers, and for who
	// waits for the other node half a second until it looks for itself, and another call; then the picture is made. The rest
	// is for a busy machine. Nobody may wait until a lease runs out, which takes 5 s.
	slowestWithout = 3 * time.Second
)

// traffic is what many clients ask the nodes of a fleet for: pictures that are there, and new ones that several clients
// want at about the same time.
type traffic struct {
	nodes  []*server
	source string
	want   [][]byte // by width

	over    atomic.Bool
	all     sync.WaitGroup
	answers atomic.Int64
	slowest atomic.Int64 // in nanoseconds, since it was looked at
}

// begin has clients ask until the test ends.
func (f *traffic) begin(t *testing.T, clients int) {
	t.Helper()
	const widths, each = 32, 4 // how many times a new picture is asked for
	for n := range widths {
		a := f.nodes[0].get(f.path(n, "known"))
		if a.status != http.StatusOK {
			t.Fatal(a)
		}
		f.want = append(f.want, a.body)
	}
	t.Cleanup(f.end)
	var asked atomic.Int64
	for i := range clients {
		f.all.Go(func() {
			for !f.over.Load() && !t.Failed() {
				n, name := rand.IntN(widths), "known"
				if rand.IntN(4) == 0 {
					made := int(asked.Add(1)) / each
					n, name = made%widths, fmt.Sprint(made)
				}
				f.saw(ask(t, f.nodes[i%len(f.nodes)], f.path(n, name), f.want[n], ""))
				// What is looked for is waiting, which a machine that is full would hide.
				time.Sleep(10*time.Millisecond + rand.N(20*time.Millisecond))
			}
		})
	}
}

// end ends what begin began.
func (f *traffic) end() {
	f.over.Store(true)
	f.all.Wait()
}

// path returns the URL of a picture. Those that differ by name alone have the same bytes.
func (f *traffic) path(n int, name string) string {
	return fmt.Sprintf("/_/w:%d/cb:%s/plain/%s/a.jpg", 80+n, name, f.source)
}

func (f *traffic) saw(took time.Duration) {
	f.answers.Add(1)
	for most := f.slowest.Load(); int64(took) > most && !f.slowest.CompareAndSwap(most, int64(took)); most = f.slowest.Load() {
	}
}

// while does something to Valkey, lets clients ask for a time, and looks at how they fared.
func (f *traffic) while(t *testing.T, what string, lasts time.Duration, happens func()) {
	t.Helper()
	f.slowest.Store(0)
	before := f.answers.Load()
	happens()
	until(time.Now().Add(lasts))
	answers, slowest := f.answers.Load()-before, time.Duration(f.slowest.Load())
	t.Logf("%s: %d answers, the slowest took %v", what, answers, slowest)
	if answers == 0 || slowest > slowestWithout {
		t.Errorf("%s: of %d answers the slowest took %v, want some and %v at most", what, answers, slowest, slowestWithout)
	}
}

// command has a Valkey server do something, and tests what it says.
func command(t *testing.T, valkey *fleettest.Server, text, want string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", valkey.Address(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.SetDeadline(time.Now().Add(10 * time.Second))
	if err == nil {
		_, err = c.Write([]byte(text + "\r\n"))
	}
	answer, _, readErr := bufio.NewReader(c).ReadLine()
	if err != nil || readErr != nil || string(answer) != want {
		t.Fatalf("%s: %q, %v, %v, want %s", text, answer, err, readErr, want)
	}
}

// Valkey may stop, be emptied and fall silent: every request is answered in its time, and when it is back the nodes work
// together again.
func TestValkeyInTrouble(t *testing.T) {
	valkey := fleettest.Start(t)
	source := newOrigin(t, says("max-age=600", version(t, 5)))
	// The bucket brings purges as well, too late to be taken for Valkey.
	nodes := meet(t, 2, append(storageS3(t, "results").asTier("results"), "CACHE_PURGE_INTERVAL=30s",
		"VALKEY_URL="+valkey.URL(), "VALKEY_TIMEOUT="+valkeyTimeout.String())...)
	clients := &traffic{nodes: nodes, source: source.URL}
	clients.begin(t, 40)
	left := func() bool { return sum(nodes, "stillroom_fleet_up") == 0 }
	silent := func() float64 { return sum(nodes, "stillroom_fleet_calls_total", `outcome="slow"`) }

	clients.while(t, "all is well", time.Second, func() {})
	clients.while(t, "stopped", time.Second, func() {
		valkey.Stop()
		eventually(t, "Valkey is left alone", left)
	})
	clients.while(t, "started again", 200*time.Millisecond, func() {
		valkey.Start()
		together(t, nodes)
	})
	clients.while(t, "emptied, again and again", 0, func() {
		for range 40 {
			command(t, valkey, "FLUSHALL", "+OK")
			until(time.Now().Add(25 * time.Millisecond))
		}
	})
	before := silent()
	clients.while(t, "silent", slowestWithout, func() { // so that who waits for it to speak again is seen
		valkey.Signal(syscall.SIGSTOP)
		eventually(t, "Valkey is left alone", left)
	})
	if n := silent() - before; n == 0 {
		t.Error("it is not counted that calls were not answered")
	}
	clients.while(t, "it speaks again", 200*time.Millisecond, func() {
		valkey.Signal(syscall.SIGCONT)
		together(t, nodes)
	})
	if opened := sum(nodes, "stillroom_fleet_circuit_transitions_total", `to="open"`); opened < 4 {
		t.Errorf("it is counted %v times that Valkey was left alone, want twice by each node", opened)
	}
	clients.end()
	if t.Failed() {
		return
	}
	workTogether(t, nodes)
	// The connections that messages come through may be lost alone, as to a proxy that ends what is idle.
	command(t, valkey, "CLIENT KILL TYPE pubsub", ":2")
	workTogether(t, nodes)
}

// workTogether tests that a purge at each node reaches the others within a second, and that they make a picture once.
func workTogether(t *testing.T, nodes []*server) {
	t.Helper()
	for i := range nodes {
		source := newOrigin(t, says("max-age=600", version(t, 1)))
		path := "/_/w:100/plain/" + source.URL + "/a.jpg"
		for _, node := range nodes {
			if v := versionOf(t, node.get(path)); v != 1 {
				t.Errorf("version %d, want 1", v)
			}
		}
		purgeAtOne(t, slices.Concat(nodes[i:], nodes[:i]), source, []string{path}, time.Second)
	}
	// A call that a busy machine does not answer in time has both nodes make a picture, but not each time.
	source := newOrigin(t, serves(photo(t, 800, 600), 100*time.Millisecond))
	var fills float64
	for attempt := range 4 {
		before := sum(nodes, "stillroom_fills_total")
		for n := range 3 {
			crowd(t, nodes, 40, fmt.Sprintf("/_/w:%d/cb:%d/plain/%s/%d.jpg", 200+n, attempt, source.URL, attempt))
		}
		if fills = sum(nodes, "stillroom_fills_total") - before; fills == 3 {
			return
		}
	}
	t.Errorf("%v fills of 3 pictures, want one of each", fills)
}
