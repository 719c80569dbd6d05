package board

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/bucket/filesystem"
	"github.com/stillroom/stillroom/internal/bucket/s3"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/purge"
)

func TestWrongConfigurations(t *testing.T) {
	ledger := purge.NewMemory(0)
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Ledger: ledger}, "want a bucket and a ledger"},
		{Config{Bucket: memory(t)}, "want a bucket and a ledger"},
		{Config{Bucket: memory(t), Ledger: ledger, Interval: -1}, "interval"},
		{Config{Bucket: memory(t), Ledger: ledger, Retention: -1}, "retention"},
		{Config{Bucket: memory(t), Ledger: ledger, Prefix: "a/../b"}, `prefix "a/../b"`},
		{Config{Bucket: memory(t), Ledger: ledger, Prefix: strings.Repeat("x", 1000)}, "prefix"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.config, err, c.want)
		}
	}
}

// everyKind is a rule of each kind, the awkward ones among them.
func everyKind() []purge.Rule {
	return []purge.Rule{
		{Selector: purge.Source, Value: "https://example.com/ä \"b\"\n.jpg", Soft: true},
		{Selector: purge.Tag, Value: "spring"},
		{Selector: purge.Prefix, Value: "https://example.com/\x00\xfe", Soft: true},
		{Selector: purge.URL, Value: cache.Key{1, 2, 3}.String()},
		{Selector: purge.All, Soft: true},
		{Selector: purge.All},
	}
}

func TestPurgesReachTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		nodes := []*node{join(t, b, setting{}), join(t, b, setting{}), join(t, b, setting{})}
		var all []purge.Rule
		for i, from := range nodes {
			for _, r := range everyKind() {
				if r.Value != "" && r.Selector != purge.URL {
					r.Value += fmt.Sprint(i)
				}
				r = from.purge(t, r)
				began := time.Now()
				for _, to := range nodes {
					to.sees(t, promised, r)
				}
				if took := time.Since(began); took > promised {
					t.Errorf("a purge took %v", took)
				}
				all = append(all, r)
			}
		}
		time.Sleep(time.Hour)
		written := 0
		for i, n := range nodes {
			if n.Pending() != 0 || !n.Ready() {
				t.Errorf("node %d: %d are pending, ready %t", i, n.Pending(), n.Ready())
			}
			_, w, _ := n.get(List)
			written += w
		}
		if written != len(all) || len(objects(t, b)) != len(all) {
			t.Errorf("%d purges were written %d times, into %d objects", len(all), written, len(objects(t, b)))
		}
		sameRules(t, "the board", all, rulesOf(t, b))
	})
}

// The same through real file systems and real HTTP, where time is real, too.
func TestRealBuckets(t *testing.T) {
	quick := usual()
	quick.gather, quick.spacing, quick.retry = 5*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond
	quick.keep, quick.foldAbove, quick.foldPause = 200*time.Millisecond, 3, 300*time.Millisecond
	for name, open := range map[string]func(t *testing.T) bucket.Opener{
		"filesystem": func(t *testing.T) bucket.Opener {
			o, err := filesystem.New(filesystem.Config{Root: t.TempDir(), Create: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { o.Close() })
			return o
		},
		"s3": func(t *testing.T) bucket.Opener {
			store := s3mem.New()
			if err := store.CreateBucket("pictures"); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(gofakes3.New(store).Server())
			t.Cleanup(server.Close)
			o, err := s3.New(t.Context(), s3.Config{Endpoint: server.URL, AccessKeyID: "a", SecretAccessKey: "b"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { o.Close() })
			return o
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := open(t).Open("pictures")
			if err != nil {
				t.Fatal(err)
			}
			s := setting{pace: quick, interval: 20 * time.Millisecond}
			one, two := join(t, b, s), join(t, b, s)
			var all []purge.Rule
			for i := range 12 {
				from := []*node{one, two}[i%2]
				r := from.purgeSource(t, fmt.Sprint(i, "\xff"))
				one.sees(t, time.Minute, r)
				two.sees(t, time.Minute, r)
				all = append(all, r)
			}
			eventually(t, time.Minute, "the objects are folded", func() bool { return len(objects(t, b)) <= quick.foldAbove })
			late := join(t, b, s)
			eventually(t, time.Minute, "the node is ready", late.Ready)
			late.sees(t, 0, all...)
			place(t, b, "stranger", "hello")
			eventually(t, time.Minute, "everything is purged because of a foreign object", func() bool {
				r, covered := late.Covers(&cache.Meta{Source: "any", Created: time.Now().Add(-time.Minute)})
				return covered && r.Selector == purge.All
			})
		})
	}
}

func TestManyPurgesShareAnObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one, two := join(t, b, setting{}), join(t, b, setting{})
		synctest.Wait()
		rules := make([]purge.Rule, 10_000)
		for i := range rules {
			rules[i] = one.purgeSource(t, i)
		}
		if n := one.Pending(); n != len(rules) {
			t.Errorf("%d are pending", n)
		}
		two.sees(t, promised, rules...)
		if n := len(objects(t, b)); n > 20 {
			t.Errorf("they take %d objects", n)
		}
		time.Sleep(time.Hour)
		if _, written, _ := one.get(Put); written != len(rules) {
			t.Errorf("%d rules were written %d times", len(rules), written)
		}
		if _, written, _ := two.get(Put); written != 0 {
			t.Errorf("the node that has read them has written %d", written)
		}
	})
}

// Looking at a large board costs as little as looking at a small one, but for a while now and then.
func TestLookingAtALargeBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, p := memory(t), usual()
		p.page, p.foldAbove = 100, 1000
		one := join(t, b, setting{pace: p})
		for i := range 200 {
			one.purgeSource(t, i)
			time.Sleep(2 * time.Second)
		}
		var gets atomic.Int64
		one.way.do(func(_ context.Context, o Operation, _ string) error {
			if o == Get {
				gets.Add(1)
			}
			return nil
		})
		time.Sleep(15 * time.Minute)
		before := one.way.listed.Load()
		time.Sleep(time.Hour)
		if n := one.way.listed.Load() - before; n < 200 || n > 40*200 {
			t.Errorf("in an hour, listings told of %d objects, want 200 each few minutes", n)
		}
		if n := gets.Load(); n > 0 {
			t.Errorf("the node has fetched %d objects that it has written itself", n)
		}
	})
}

// What is read is not taken for what has to be written, however much it is.
func TestALargeObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		time.Sleep(time.Minute)
		rules := make([]purge.Rule, 2*maxWaiting)
		for i := range rules {
			rules[i] = purge.Rule{ID: fmt.Sprint(i), Selector: purge.Tag, Value: fmt.Sprint(i), At: time.Now().UTC()}
		}
		place(t, b, name{written: time.Now(), newest: time.Now(), kind: fold}.text(), string(encode(rules)))
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			if n := one.Pending(); n != 0 {
				t.Fatalf("%d rules are pending", n)
			}
		}
		one.sees(t, 0, rules...)
		if _, written, _ := one.get(Put); written != 0 {
			t.Errorf("%d rules are written again", written)
		}
	})
}

// Rules that never cease come in larger parts, and not later than promised.
func TestPurgesThatNeverCease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one, two := join(t, b, setting{}), join(t, b, setting{})
		for i := range 600 {
			r := one.purgeSource(t, i)
			time.AfterFunc(promised, func() {
				if !two.holds(r) {
					t.Errorf("rule %d has not arrived", i)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(promised)
		if n := len(objects(t, b)); n > 65 {
			t.Errorf("a minute of purges takes %d objects", n)
		}
	})
}

// More rules than a node remembers for the board are found by comparing it with the ledger.
func TestMoreThanCanWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one, two := join(t, b, setting{}), join(t, b, setting{})
		one.way.shut()
		rules := make([]purge.Rule, 2*maxWaiting+5000)
		for i := range rules {
			rules[i] = one.purgeSource(t, i)
		}
		time.Sleep(time.Minute)
		if n := one.Pending(); n != maxWaiting {
			t.Errorf("%d are pending, want all that can be", n)
		}
		one.way.open()
		two.sees(t, time.Minute, rules...)
		eventually(t, time.Minute, "nothing is pending", func() bool { return one.Pending() == 0 })
	})
}

func TestALaterNodeHonoursEarlierPurges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := memory(t)
		one := join(t, b, setting{})
		r := one.purgeSource(t, 1)
		time.Sleep(time.Second)
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * 24 * time.Hour)
		two := prepare(t, b, setting{})
		two.way.do(func(context.Context, Operation, string) error { time.Sleep(time.Second); return nil })
		if two.Ready() {
			t.Error("a node that has not begun is ready")
		}
		two.Start()
		eventually(t, promised, "the node is ready", two.Ready)
		if !two.holds(r) {
			t.Error("a node was ready before it knew of an earlier purge")
		}
	})
}

func TestANodeThatEndsWritesWhatIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, started := range []bool{true, false} {
			b := memory(t)
			one := prepare(t, b, setting{})
			if started {
				one.Start()
			}
			rules := []purge.Rule{one.purgeSource(t, 1), one.purgeSource(t, 2)}
			// What came from another node and was not seen on the board yet goes along: that node may have ended, too.
			rules = append(rules, purge.Rule{ID: "other", Selector: purge.All, At: time.Now().UTC()})
			if _, err := one.Merge(rules[2]); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(one.Close(), one.Close()); err != nil {
				t.Error(err)
			}
			sameRules(t, "the board", rules, rulesOf(t, b))
		}
	})
}

func TestClosingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := join(t, memory(t), setting{})
		synctest.Wait()
		one.way.do(func(ctx context.Context, _ Operation, _ string) error {
			<-ctx.Done()
			return fault.Wrap(fault.KindOf(ctx.Err()), "test.hang", ctx.Err())
		})
		one.purgeSource(t, 1)
		time.Sleep(time.Second)
		one.purgeSource(t, 2)
		began := time.Now()
		err := one.Close()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		if err == nil || !strings.Contains(err.Error(), "2 purges") {
			t.Errorf("%v, want it to say that two are not written", err)
		}
		for _, o := range []Operation{List, Put} {
			if _, _, failed := one.get(o); failed > 0 {
				t.Errorf("%s counts as failed %d times, because of being closed", o, failed)
			}
		}
		if lines := one.log.about(""); len(lines) > 0 {
			t.Errorf("the log says %q", lines)
		}
	})
}
