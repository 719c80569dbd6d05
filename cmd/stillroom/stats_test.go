package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/admin"
)

// numbers are those of a server when it has been asked n times, 2 seconds apart.
func numbers(n int64) admin.Stats {
	started := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return admin.Stats{
		Version: "1.2.3", Started: started, At: started.Add(3*time.Hour + time.Duration(2*n)*time.Second), Uptime: 10800 + 2*float64(n),
		Tiers: []admin.TierStats{
			{
				Name: "memory", Entries: 1234, Bytes: 200 << 20, MaxBytes: 256 << 20, Hits: 800 + 30*n, Misses: 200 + 10*n,
				Evictions: map[string]int64{"size": 12, "expired": 3},
			},
			{Name: "disk", Entries: 10, MaxEntries: 20, Bytes: 999, Degraded: true, Drops: map[string]int64{"disk-full": 1}, Damaged: map[string]int64{"flipped": 2}},
			{Name: "object", Hits: 5, Misses: 15, Pending: &admin.Pending{Entries: 2, MaxEntries: 1024, Bytes: 3 << 20, MaxBytes: 64 << 20}},
		},
		Requests: map[string]int64{"hit": 800 + 30*n, "miss": 150, "collapsed": 50, "loop": 0}, Collapsed: 50,
		Fills: map[string]int64{"webp": 100, "jpeg": 50}, SourceFetches: map[string]int64{"ok": 40}, SavedCPU: 123.45,
		Queue:   admin.Queue{Running: 2, Queued: 3, Workers: 4, Size: 512},
		Latency: map[string]admin.Latency{"hit": {P50: 0.0002, P90: 0.0011, P99: 0.0312}, "fill": {P50: 0.05, P90: 0.2, P99: 1.2345}}, PurgeRules: 3, Negatives: 7,
	}
}

const firstTable = `stillroom 1.2.3, up 3h

TIER             ENTRIES  OF  BYTES     OF        HITS  MISSES  RATIO  EVICTED  DROPPED
memory           1234     -   200.0MiB  256.0MiB  800   200     80.0%  15       0
disk (degraded)  10       20  999B      -         0     0       -      0        1
object           -        -   -         -         5     15      25.0%  0        0
memory evicted: size 12, expired 3
disk dropped: disk-full 1
disk damaged: flipped 2
object waiting to be written: 2 of 1024 entries, 3.0MiB of 64.0MiB

requests             1000  hit 800, miss 150, collapsed 50
hit ratio            80.0%
collapsed            50
fills                150  webp 100, jpeg 50
source fetches       40   ok 40
CPU saved            123.5 s
queue                2 of 4 workers busy, 3 of 512 waiting
purge rules          3
remembered failures  7

LATENCY  P50    P90    P99
fill     50ms   200ms  1.23s
hit      200µs  1.1ms  31.2ms
`

const secondTable = `stillroom 1.2.3, up 3h

TIER             ENTRIES  OF  BYTES     OF        HITS  MISSES  RATIO  EVICTED  DROPPED  HITS/S  MISSES/S  RATIO NOW
memory           1234     -   200.0MiB  256.0MiB  830   210     79.8%  15       0        15.0    5.0       75.0%
`

func TestStatsTable(t *testing.T) {
	var b strings.Builder
	if err := writeStats(&b, numbers(0), nil); err != nil {
		t.Fatal(err)
	}
	if b.String() != firstTable {
		t.Errorf("got\n%s\nwant\n%s", b.String(), firstTable)
	}
	b.Reset()
	before := numbers(0)
	if err := writeStats(&b, numbers(1), &before); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, secondTable) || !strings.Contains(got, "1030   15.0/s  hit 830, miss 150") || !strings.Contains(got, "80.6%  100.0% now") {
		t.Errorf("got\n%s\nwant it to begin\n%s", got, secondTable)
	}
	before.Started = before.Started.Add(-time.Hour)
	b.Reset()
	if err := writeStats(&b, numbers(0), &before); err != nil || b.String() != firstTable {
		t.Errorf("after a restart, got\n%s\nwant\n%s", b.String(), firstTable)
	}
}

// counting plays a server that calls asked with the number of each request. What it reports false for is answered by
// the proxy in front of it.
func counting(t *testing.T, asked func(n int64) bool) string {
	t.Helper()
	var n atomic.Int64
	h := admin.New(admin.Config{
		Token: "t0ken", Now: func() time.Time { return numbers(n.Load()).At },
		Stats: func() admin.Stats { return numbers(n.Load()) },
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !asked(n.Add(1)) {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestStats(t *testing.T) {
	address := counting(t, func(int64) bool { return true })
	token := []string{"STILLROOM_ADMIN_TOKEN=t0ken"}
	invoke(token, "stats", "--admin", address).check(t, exitDone, "\nTIER ", "")
	var s admin.Stats
	r := invoke(token, "stats", "--json", "--admin", address)
	if err := json.Unmarshal([]byte(r.out), &s); err != nil || s.Queue.Size != 512 || strings.Count(r.out, "\n") != 1 {
		t.Errorf("%v, %s", err, r.out)
	}
	invoke(nil, "stats", "--admin", address).check(t, exitFailed, "", "admin token")
	invoke(token, "stats", "--admin", "127.0.0.1:1").check(t, exitFailed, "", "stats: http://127.0.0.1:1: ")
	invoke(token, "stats", "--watch", "--admin", "127.0.0.1:1").check(t, exitFailed, "", "stats: http://127.0.0.1:1: ")
	invoke(token, "stats", "--json=perhaps").check(t, exitUsage, "", `--json: want true or false, got "perhaps"`)
	invoke(token, "stats", "memory").check(t, exitUsage, "", `argument: want flags only, got "memory"`)
	invoke([]string{"STILLROOM_ADMIN_BIND="}, "stats").check(t, exitUsage, "", "the admin listener is off")
}

// TestStatsWatch checks that numbers are shown until the end, with rates from the second time on, and that a server that
// does not answer is waited for.
func TestStatsWatch(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		ctx, stop := context.WithCancel(t.Context())
		address := counting(t, func(n int64) bool {
			if n == 5 {
				stop()
			}
			return n != 3 // the server is being restarted
		})
		client, err := admin.NewClient(address, "t0ken", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var out, errors bytes.Buffer
		v := viewer{client: client, out: &out, errors: &errors, json: asJSON}
		if err := v.show(ctx); err != nil {
			t.Fatal(err)
		}
		v.watch(ctx, time.Millisecond)
		if asJSON {
			if n := strings.Count(out.String(), "\n"); n < 3 || n > 4 {
				t.Errorf("%d lines, want one for each answer:\n%s", n, out.String())
			}
		} else if n := strings.Count(out.String(), "HITS/S"); n < 2 || n > 3 {
			t.Errorf("rates stand in %d tables, want all but the first:\n%s", n, out.String())
		}
		if n := strings.Count(errors.String(), "stats: "); n != 1 {
			t.Errorf("want one line for the time that the server did not answer, got %q", errors.String())
		}
	}
}
