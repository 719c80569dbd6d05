package render

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// purges is a ledger with one rule for everything.
type purges struct {
	mu sync.Mutex
	at int64
}

func (p *purges) Last(string, cache.Key, []string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

func (p *purges) all() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = time.Now().UnixNano()
}

func TestPurgeDuringASlowFillWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := &purges{}
		b := newBench(t, func(c *Config) { c.Purges = rules })
		b.sources.delay = 10 * time.Second
		before := make(chan Result, 1)
		go func() { before <- b.get(t, picture(1)) }()
		synctest.Wait()
		time.Sleep(5 * time.Second)
		rules.all()
		b.sources.set("v2")
		after := b.get(t, picture(1))
		<-before
		if got := string(after.Body.Bytes()); !strings.HasSuffix(got, "of pixels v2") {
			t.Errorf("after the purge: %q", got)
		}
		if f := b.sources.fetches.Load(); f != 2 {
			t.Errorf("%d fetches, want one from before and one from after the purge", f)
		}
	})
}

func TestBrokenImageIsRememberedForItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Negatives = cache.NewNegatives(cache.NegativesConfig{TTL: time.Minute}) })
		b.engine.fails = fault.New(fault.Broken, "test", "cut short")
		for range 5 {
			_, err := b.Render(t.Context(), picture(1), "")
			var cause *fault.Error
			if !errors.As(err, &cause) || cause.Kind != fault.Broken || cause.Until.IsZero() {
				t.Fatalf("got %#v", err)
			}
			time.Sleep(10 * time.Second)
		}
		if n := b.engine.made.Load(); n != 1 {
			t.Errorf("decoded %d times, want once", n)
		}
		time.Sleep(time.Minute)
		b.engine.fails = nil
		want(t, b.get(t, picture(1)), "stillroom; fwd=uri-miss; stored")
	})
}

func TestGoneSourceTakesItsResultsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.get(t, picture(1))
		synctest.Wait()
		time.Sleep(2*time.Hour + time.Second)
		b.sources.fail(fault.New(fault.SourceMissing, "test", "status 404"))
		_, _ = b.Render(t.Context(), picture(1), "") // fails, as another test shows
		synctest.Wait()
		b.sources.fail(fault.New(fault.SourceFailed, "test", "status 500"))
		if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.SourceFailed) {
			t.Errorf("what was gone is served stale: %v", err)
		}
	})
}

// Entries of one moment are renewed at moments of their own, ahead of their expiry, and nobody waits.
func TestRefreshAheadIsSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *Config) { c.Background = 300 })
		const pictures = 250
		for n := range pictures {
			b.get(t, picture(n))
		}
		synctest.Wait()
		before := b.sources.fetches.Load()
		count := func(at time.Duration) int64 {
			time.Sleep(at)
			for n := range pictures {
				if r := b.get(t, picture(n)); r.Status.TTL < 0 {
					t.Errorf("picture %d was served stale", n)
				}
			}
			synctest.Wait()
			return b.sources.fetches.Load() - before
		}
		if n := count(56 * time.Minute); n != 0 {
			t.Errorf("%d refreshes with more than a twentieth of the life left", n)
		}
		if n := count(2 * time.Minute); n < pictures/6 || n > pictures/2 {
			t.Errorf("%d of %d refreshed a minute into the last three", n, pictures)
		}
		if n := count(119 * time.Second); n < pictures*9/10 {
			t.Errorf("%d of %d refreshed a second before the end", n, pictures)
		}
	})
}

func TestVerifyFindsAnEngineThatIsNotDeterministic(t *testing.T) {
	for _, honest := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			verdicts := map[bool]int{}
			b := newBench(t, func(c *Config) {
				c.Verify = 0.5
				c.Verified = func(_ cache.Key, same bool) { verdicts[same]++ }
			})
			b.engine.honest = honest
			b.get(t, picture(1))
			synctest.Wait()
			for range 10 {
				b.get(t, picture(1))
				synctest.Wait()
			}
			if verdicts[honest] != 5 || verdicts[!honest] != 0 {
				t.Errorf("honest %v: verdicts %v of ten hits, every second of them made again", honest, verdicts)
			}
		})
	}
}

func TestReportedErrorsOfTheStore(t *testing.T) {
	b := newBench(t, func(c *Config) { c.ReportErrors = true })
	b.store.brokenPut = errors.New("no space left on device")
	if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.Internal) {
		t.Errorf("a result that could not be stored: %v, want kind Internal", err)
	}
	b.store.broken = errors.New("input/output error")
	if _, err := b.Render(t.Context(), picture(1), ""); !fault.Is(err, fault.Internal) {
		t.Errorf("a store that cannot be asked: %v, want kind Internal", err)
	}
}

// A body in a file is whoever's who is given the result; nothing else keeps it open or reads it after that.
func TestBodiesInFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.get(t, picture(1))
		synctest.Wait()
		b.store.inFiles = t.TempDir()
		fresh := b.get(t, picture(1))
		stale := func() Result {
			time.Sleep(time.Hour + time.Second)
			return b.get(t, picture(1))
		}()
		synctest.Wait() // the refresh in the background read its own copy
		for name, r := range map[string]Result{"fresh": fresh, "stale": stale} {
			if r.Body.InMemory() {
				t.Errorf("%s: the body was read into memory", name)
			}
			body, err := r.Body.Load()
			if err != nil || !strings.HasPrefix(string(body.Bytes()), "image 1 of") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if open := b.store.open(); open != 0 {
			t.Errorf("%d files are still open", open)
		}
	})
}

// asFile returns an entry whose body is in a file of its own.
func (s *shelf) asFile(e *cache.Entry) (*cache.Entry, error) {
	name := filepath.Join(s.inFiles, "body")
	if err := os.WriteFile(name, e.Body.Bytes(), 0o600); err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	s.files = append(s.files, f)
	return &cache.Entry{Meta: e.Meta, Body: blob.FromFile(f, 0, e.Body.Len()), Tier: e.Tier}, nil
}

// open counts the files that nobody closed.
func (s *shelf) open() int {
	n := 0
	for _, f := range s.files {
		if _, err := f.Stat(); err == nil {
			n++
		}
	}
	return n
}

var _ Sources = (*sources)(nil)

// A purge of results asks the source again: the copy that they were made of may be what is wrong.
func TestFillAfterAPurgeAsksTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan time.Time, 10)
		rules := &purges{}
		b := newBench(t, func(c *Config) { c.Purges = rules })
		b.Sources = &noting{b.sources, asked}
		time.Sleep(time.Second)
		rules.all()
		b.get(t, picture(1))
		if newer := <-asked; newer.UnixNano() != rules.at {
			t.Errorf("wants a copy newer than %v, the purge was at %v", newer, time.Unix(0, rules.at))
		}
	})
}

// A copy that is not newer than the entry does not count as asking again.
func TestRefreshAsksForNewerThanTheEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan time.Time, 10)
		b := newBench(t)
		b.Sources = &noting{b.sources, asked}
		first := b.get(t, picture(1))
		synctest.Wait()
		time.Sleep(time.Hour + time.Second)
		b.get(t, picture(1))
		synctest.Wait()
		if newer := <-asked; !newer.IsZero() {
			t.Errorf("a miss wants a copy newer than %v", newer)
		}
		if newer := <-asked; !newer.Equal(first.Created) {
			t.Errorf("a refresh wants a copy newer than %v, the entry is of %v", newer, first.Created)
		}
	})
}

type noting struct {
	*sources

	newer chan time.Time
}

func (n *noting) Fetch(ctx context.Context, ref source.Ref, limit int64, newer time.Time) (*source.Fetched, error) {
	n.newer <- newer
	return n.sources.Fetch(ctx, ref, limit, newer)
}
