package board

import (
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

// made is an entry of a time.
func made(at time.Time) *cache.Meta { return &cache.Meta{Source: "https://example.com/x", Created: at} }

func covered(n *node, at time.Time) bool {
	_, covered := n.Covers(made(at))
	return covered
}

func TestWhatIsNotUnderstoodPurgesEverythingOlder(t *testing.T) {
	for name, c := range map[string]struct{ object, content string }{
		"a stranger":          {"index.html", "<html>"},
		"one below":           {"a/b", "x"},
		"an empty one":        {"empty", ""},
		"one cut off":         {"", string(encode([]purge.Rule{{ID: "A", Selector: purge.Tag, Value: "x", At: noon}})[:60])},
		"one of a later time": {"", heading[:len(heading)-2] + "2\n"},
		"a very large one":    {"", strings.Repeat("x", maxContent+1)},
		"a selector not known": {"", string(encode([]purge.Rule{{
			ID: "A", Selector: "country", Value: "x", At: time.Date(2000, 1, 1, 0, 0, 0, 5e8, time.UTC), // when it is placed
		}}))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := memory(t)
				one := join(t, b, setting{})
				time.Sleep(500 * time.Millisecond)
				began := time.Now()
				object := c.object
				if object == "" {
					object = (&desk{}).name(began)
				}
				place(t, b, object, c.content)
				time.Sleep(promised)
				if !covered(one, began) || covered(one, began.Add(time.Second+1)) {
					t.Errorf("what was made before is covered: %t, what was made a second later: %t",
						covered(one, began), covered(one, began.Add(time.Second+1)))
				}
				r := one.purgeSource(t, 1)
				time.Sleep(time.Hour)
				if lines := one.log.about("not understood"); len(lines) != 1 || !strings.Contains(lines[0], object) {
					t.Errorf("the log says %.1000q", lines)
				}
				if _, _, failed := one.get(Understand); failed != 1 {
					t.Errorf("it counts %d times", failed)
				}
				if len(objects(t, b)) != 2 {
					t.Errorf("there are %d objects, want it and a purge", len(objects(t, b)))
				}
				late := join(t, b, setting{})
				eventually(t, promised, "a new node is ready", late.Ready)
				late.sees(t, 0, r)
				if !covered(late, began) || covered(late, began.Add(time.Second+1)) {
					t.Error("a new node does not purge the same")
				}
			})
		})
	}
}

// Of what is not ours only the beginning is read: there may be much of it, and sixteen are read at once.
func TestLargeStrangersAreNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &weighed{Bucket: memory(t)}
		place(t, b.Bucket, "movie", strings.Repeat("x", 20<<20))
		time.Sleep(2 * time.Second) // or what it counts as would cover the rule, which may then be dropped
		r := join(t, b.Bucket, setting{}).purgeSource(t, 1)
		time.Sleep(promised)
		two := join(t, b, setting{})
		two.sees(t, promised, r)
		if n := b.bytes.Load(); n > 64<<10 {
			t.Errorf("%d bytes were read", n)
		}
	})
}

// weighed is a bucket that counts the bytes that are read.
type weighed struct {
	bucket.Bucket
	bytes atomic.Int64
}

func (w *weighed) Get(ctx context.Context, key string, options bucket.GetOptions) (*bucket.Object, error) {
	object, err := w.Bucket.Get(ctx, key, options)
	if err != nil {
		return nil, err
	}
	heavy := *object
	heavy.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(object.Body, w), object.Body}
	return &heavy, nil
}

func (w *weighed) Write(b []byte) (int, error) {
	w.bytes.Add(int64(len(b)))
	return len(b), nil
}

// name is that of an object with rules of one time.
func (d *desk) name(at time.Time) string { return name{written: at, newest: at, kind: batch}.text() }

// What consoles make of a folder is none of these.
func TestTheFolderItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		place(t, b, "", "")
		one := join(t, b, setting{})
		eventually(t, promised, "the node is ready", one.Ready)
		if n := len(one.Rules()); n != 0 {
			t.Errorf("%d rules are in force", n)
		}
	})
}

// What lies beside the board is none of its business.
func TestOtherObjects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		for _, key := range []string{prefix + "/purgesX", prefix + "/purges.d/x", prefix + "/0a/entry", "purges/x"} {
			if _, err := b.Put(t.Context(), key, strings.NewReader("x"), 1, bucket.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		one := join(t, b, setting{})
		one.way.do(func(_ context.Context, o Operation, key string) error {
			if !strings.HasPrefix(key, prefix+"/purges/") {
				t.Errorf("%s of %s", o, key)
			}
			return nil
		})
		one.purgeSource(t, 1)
		time.Sleep(time.Hour)
		if n := len(one.Rules()); n != 1 || !one.Ready() {
			t.Errorf("%d rules are in force, ready %t", n, one.Ready())
		}
	})
}

// joinWithout is join for a node that gets an error in place of each object.
func joinWithout(t *testing.T, b bucket.Bucket, instead func(key string) error) *node {
	t.Helper()
	n := prepare(t, b, setting{})
	n.way.do(func(_ context.Context, o Operation, key string) error {
		if o == Get {
			return instead(key)
		}
		return nil
	})
	n.Start()
	return n
}

// cold is how a service says that it keeps an object where it takes hours to get at.
func cold(key string) error {
	return bucket.Answered("test.get", key, 403, "InvalidObjectState", false)
}

// What cannot be decrypted, as what was written before the bucket was encrypted, will not be another time, either.
func TestAnObjectThatCannotBeDecrypted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		one.purgeSource(t, "plain")
		time.Sleep(time.Minute)
		began := time.Now()
		two := joinWithout(t, b, func(key string) error {
			return fault.New(fault.SourceFailed, "test.get", "%s: %w", key, bucket.ErrUnreadable)
		})
		time.Sleep(10 * time.Second)
		if !two.Ready() || !covered(two, began.Add(-59*time.Second)) || covered(two, began) {
			t.Errorf("ready %t, rules %+v", two.Ready(), two.Rules())
		}
		if _, _, failed := two.get(Get); failed != 0 {
			t.Errorf("%d failures of the bucket are counted", failed)
		}
	})
}

// An object that the service does not hand out counts as not understood, but not as soon as credentials fail.
func TestAnObjectThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		one.purgeSource(t, "cold")
		time.Sleep(time.Minute)
		began := time.Now()
		two := joinWithout(t, b, cold)
		time.Sleep(14 * time.Minute)
		if two.Ready() || len(two.Rules()) > 0 {
			t.Errorf("too soon: ready %t, %d rules", two.Ready(), len(two.Rules()))
		}
		time.Sleep(90 * time.Second)
		if !two.Ready() || !covered(two, began.Add(-59*time.Second)) || covered(two, began) {
			t.Errorf("ready %t, rules %+v", two.Ready(), two.Rules())
		}
	})
}

// However many there are, it takes no longer: what was moved to cold storage was moved with all that is as old.
func TestManyObjectsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		for i := range 200 {
			one.purgeSource(t, i)
			time.Sleep(2 * time.Second)
		}
		two := joinWithout(t, b, cold)
		time.Sleep(14 * time.Minute)
		if two.Ready() {
			t.Error("ready too soon")
		}
		time.Sleep(90 * time.Second)
		if !two.Ready() {
			t.Error("not ready after a quarter of an hour")
		}
	})
}

// held is a ledger that may be full.
type held struct {
	*purge.Ledger
	full atomic.Bool
}

func (h *held) MergeAll(rules []purge.Rule) []purge.Outcome {
	if !h.full.Load() {
		return h.Ledger.MergeAll(rules)
	}
	outcomes := make([]purge.Outcome, len(rules))
	for i := range outcomes {
		outcomes[i].Err = fault.New(fault.Overloaded, "test.merge", "full")
	}
	return outcomes
}

func TestALedgerThatIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		began := time.Now()
		place(t, b, "stranger", "x")
		time.Sleep(promised) // or the stranger would make the rule needless
		r := one.purgeSource(t, 1)
		time.Sleep(time.Second)
		two := prepare(t, b, setting{})
		full := &held{Ledger: two.Ledger}
		full.full.Store(true)
		two.Board.Ledger, two.Board.reader.ledger = full, full
		two.Start()
		time.Sleep(time.Hour)
		if lines := two.log.about("held back"); len(lines) != 1 || !strings.Contains(lines[0], "full") {
			t.Errorf("the log says %q", lines)
		}
		if lines := two.log.about("not understood"); len(lines) != 1 {
			t.Errorf("the log says %q", lines)
		}
		full.full.Store(false)
		two.sees(t, 2*time.Minute, r)
		if !covered(two, began) {
			t.Error("the stranger did not purge everything")
		}
	})
}

// A rule from a clock that is ahead comes into force when it is not too far ahead any more.
func TestARuleFromAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		ahead := join(t, b, setting{now: func() time.Time { return time.Now().Add(10 * time.Minute) }})
		behind := join(t, b, setting{now: func() time.Time { return time.Now().Add(-9 * time.Minute) }})
		two := join(t, b, setting{})
		r, s := ahead.purgeSource(t, "ahead"), behind.purgeSource(t, "behind")
		two.sees(t, promised, s)
		if two.holds(r) {
			t.Error("a rule from ten minutes ahead is in force at once")
		}
		time.Sleep(5 * time.Minute)
		two.sees(t, 2*time.Minute, r)
	})
}
