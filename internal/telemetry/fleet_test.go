package telemetry

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/buckettest"
	"github.com/stillroom/stillroom/internal/fault"
)

func TestRemoteTier(t *testing.T) {
	m := NewMetrics("test")
	m.Read("object", "found", 1000, 20*time.Millisecond)
	m.Read("object", "absent", 0, 10*time.Millisecond)
	m.Read("object", "suspended", 0, 0)
	m.Wrote("object", 500, 30*time.Millisecond)
	m.Breaker("object", true)
	m.Breaker("object", false)
	m.Dropped("object", "queue-full")
	now := Queue{Entries: 3, MaxEntries: 10, Bytes: 300, MaxBytes: 1000}
	m.Queue("object", func() Queue { return now })
	left := true
	m.Degraded("object", func() bool { return left })
	m.Degraded("disk", func() bool { return false })
	wantLines(t, scrape(t, m),
		`stillroom_cache_reads_total{cache_type="object",outcome="found"} 1`,
		`stillroom_cache_reads_total{cache_type="object",outcome="suspended"} 1`,
		`stillroom_cache_read_bytes_total{cache_type="object"} 1000`,
		`stillroom_cache_read_duration_seconds_count{cache_type="object"} 2`, // who does not ask takes no time
		`stillroom_cache_written_bytes_total{cache_type="object"} 500`,
		`stillroom_cache_write_duration_seconds_count{cache_type="object"} 1`,
		`stillroom_cache_breaker_transitions_total{cache_type="object",to="open"} 1`,
		`stillroom_cache_breaker_transitions_total{cache_type="object",to="closed"} 1`,
		`stillroom_cache_drops_total{cache_type="object",reason="queue-full"} 1`,
		`stillroom_cache_queue_entries{cache_type="object"} 3`,
		`stillroom_cache_queue_max_bytes{cache_type="object"} 1000`,
		`stillroom_cache_degraded{cache_type="object"} 1`,
		`stillroom_cache_degraded{cache_type="disk"} 0`,
	)
	now.Entries, left = 4, false // gauges are read when they are asked for
	s, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string) float64 { return s.Sum(name, "cache_type", "object") }
	if of("stillroom_cache_queue_entries") != 4 || of("stillroom_cache_degraded") != 0 {
		t.Errorf("the snapshot has %v entries in the queue, degraded %v", of("stillroom_cache_queue_entries"), of("stillroom_cache_degraded"))
	}
	if d := cmp.Diff(map[string]int64{"found": 1, "absent": 1, "suspended": 1}, s.By("stillroom_cache_reads_total", "outcome")); d != "" {
		t.Error(d)
	}
}

func TestFleetMetrics(t *testing.T) {
	m := NewMetrics("test")
	m.FleetCall("lease take", "answered", time.Millisecond)
	m.FleetCall("lease take", "skipped", 0)
	m.FleetCircuit(true)
	m.FleetCircuit(false)
	m.FleetCollapsed("found")
	m.RulesRead("bucket", 3)
	m.RulesWritten("valkey", 2)
	m.SharingFailed("bucket", "list")
	m.RulesPending("bucket", func() int { return 7 })
	m.RulesPending("valkey", func() int { return 0 })
	m.Fleet(func() bool { return true }, func() int { return 2 }, func() int { return 5 })
	wantLines(t, scrape(t, m),
		`stillroom_fleet_calls_total{operation="lease take",outcome="answered"} 1`,
		`stillroom_fleet_calls_total{operation="lease take",outcome="skipped"} 1`,
		`stillroom_fleet_call_duration_seconds_count{operation="lease take"} 1`,
		`stillroom_fleet_circuit_transitions_total{to="closed"} 1`,
		`stillroom_fleet_circuit_transitions_total{to="open"} 1`,
		`stillroom_fleet_collapsed_total{part="found"} 1`,
		`stillroom_fleet_rules_read_total{through="bucket"} 3`,
		`stillroom_fleet_rules_written_total{through="valkey"} 2`,
		`stillroom_fleet_sharing_failures_total{operation="list",through="bucket"} 1`,
		`stillroom_fleet_rules_pending{through="bucket"} 7`,
		`stillroom_fleet_rules_pending{through="valkey"} 0`,
		`stillroom_fleet_up 1`,
		`stillroom_fleet_leases 2`,
		`stillroom_fleet_waiting 5`,
	)
}

func TestObservedBucketIsABucket(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) buckettest.Harness {
		o := NewMetrics("test").Opener(buckettest.NewMemory("pictures"), "cache")
		open := func(name string) bucket.Bucket {
			b, err := o.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		return buckettest.Harness{Bucket: open("pictures"), Missing: open("missing"), Versions: true}
	})
}

// An observed bucket counts.
func TestObservedBucket(t *testing.T) {
	m := NewMetrics("test")
	b, err := m.Opener(buckettest.NewMemory("pictures"), "cache").Open("pictures")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := b.Put(ctx, "a", strings.NewReader("12345"), 5, bucket.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	object, err := b.Get(ctx, "a", bucket.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := object.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(ctx, "a", bucket.GetOptions{IfNoneMatch: object.Info.ETag}); !fault.Is(err, fault.NotModified) {
		t.Errorf("Get of what is known: %v", err)
	}
	if _, err := b.Get(ctx, "b", bucket.GetOptions{}); !bucket.Absent(err) {
		t.Errorf("Get of what is not there: %v", err)
	}
	if info, err := b.Stat(ctx, "a", ""); err != nil || info.Size != 5 {
		t.Errorf("Stat: %+v, %v", info, err)
	}
	var keys []string
	if err := b.List(ctx, "", "", 0, func(key string, _ bucket.Info) bool { keys = append(keys, key); return true }); err != nil || len(keys) != 1 {
		t.Errorf("List: %q, %v", keys, err)
	}
	if err := b.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	wantLines(t, scrape(t, m),
		`stillroom_bucket_calls_total{operation="put",result="ok",use="cache"} 1`,
		`stillroom_bucket_calls_total{operation="get",result="ok",use="cache"} 1`,
		`stillroom_bucket_calls_total{operation="get",result="not modified",use="cache"} 1`,
		`stillroom_bucket_calls_total{operation="get",result="absent",use="cache"} 1`,
		`stillroom_bucket_calls_total{operation="stat",result="ok",use="cache"} 1`,
		`stillroom_bucket_calls_total{operation="list",result="ok",use="cache"} 1`,
		`stillroom_bucket_calls_total{operation="delete",result="ok",use="cache"} 1`,
		`stillroom_bucket_call_duration_seconds_count{operation="get",use="cache"} 3`,
	)
	if _, err := m.Opener(refusing{}, "source").Open("pictures"); !fault.Is(err, fault.SourceDenied) {
		t.Errorf("a bucket that may not be opened: %v", err)
	}
}

type refusing struct{}

func (refusing) Open(string) (bucket.Bucket, error) {
	return nil, fault.Wrap(fault.SourceDenied, "test", errors.New("not this one"))
}
