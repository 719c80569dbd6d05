package collapse

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/stillroom/stillroom/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is what a call of Do returned.
type answer struct {
	value string
	part  Part
	err   error
}

// ask calls Do in a goroutine and returns where its answer will stand.
func ask(ctx context.Context, g *Group[string, string], key string, work Work[string]) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		value, part, err := g.Do(ctx, key, work)
		got <- answer{value, part, err}
	}()
	return got
}

// never is the work of a caller that must not work.
func never(t *testing.T) Work[string] {
	return func(context.Context, func(string)) error {
		t.Error("a caller that had to join began work of its own")
		return errors.New("unwanted")
	}
}

// until returns work that publishes value when gate closes, unless its context ends first.
func until(gate <-chan struct{}, value string) Work[string] {
	return func(ctx context.Context, publish func(string)) error {
		select {
		case <-gate:
			publish(value)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func TestManyWaitForOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		gate := make(chan struct{})
		first := ask(t.Context(), &g, "k", until(gate, "value"))
		synctest.Wait()
		var others []<-chan answer
		for range 100 {
			others = append(others, ask(t.Context(), &g, "k", never(t)))
		}
		synctest.Wait()
		if n := g.Running(); n != 1 {
			t.Errorf("%d flights are under way, want 1", n)
		}
		close(gate)
		if got := <-first; got != (answer{value: "value"}) {
			t.Errorf("the first got %+v", got)
		}
		for _, other := range others {
			if got := <-other; got != (answer{value: "value", part: Joined}) {
				t.Errorf("another got %+v", got)
			}
		}
		synctest.Wait()
		if n := g.Running(); n != 0 {
			t.Errorf("%d flights are left over", n)
		}
	})
}

func TestKeysDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		gate := make(chan struct{})
		slow := ask(t.Context(), &g, "slow", until(gate, "late"))
		synctest.Wait()
		open := make(chan struct{})
		close(open)
		if got := <-ask(t.Context(), &g, "fast", until(open, "soon")); got.value != "soon" {
			t.Errorf("got %+v", got)
		}
		close(gate)
		<-slow
	})
}

func TestErrorsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		gate, broken := make(chan struct{}), errors.New("broken")
		first := ask(t.Context(), &g, "k", func(context.Context, func(string)) error {
			<-gate
			return broken
		})
		synctest.Wait()
		second := ask(t.Context(), &g, "k", never(t))
		synctest.Wait()
		close(gate)
		if a, b := <-first, <-second; !errors.Is(a.err, broken) || !errors.Is(b.err, broken) {
			t.Errorf("got %v and %v, want %v for both", a.err, b.err, broken)
		}
	})
}

func TestFirstLeavesAtOnceAndOthersGetTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		gate, gone := make(chan struct{}), errors.New("client left")
		ctx, leave := context.WithCancelCause(t.Context())
		first := ask(ctx, &g, "k", until(gate, "value"))
		synctest.Wait()
		second := ask(t.Context(), &g, "k", never(t))
		synctest.Wait()

		leave(gone)
		if got := <-first; !errors.Is(got.err, gone) {
			t.Errorf("the one who left got %+v, want its own cause", got)
		}
		close(gate)
		if got := <-second; got != (answer{value: "value", part: Joined}) {
			t.Errorf("the one who stayed got %+v", got)
		}
	})
}

func TestDeadlineOfTheFirstDoesNotBindTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		type mark struct{}
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), mark{}, "trace"), 1)
		defer cancel()
		_, _, err := g.Do(ctx, "k", func(ctx context.Context, publish func(string)) error {
			if _, bound := ctx.Deadline(); bound || ctx.Value(mark{}) != "trace" {
				t.Errorf("the work has a deadline: %t, and the value %v", bound, ctx.Value(mark{}))
			}
			publish("value")
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestWorkIsCancelledWhenAllHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		ended := make(chan error, 1)
		ctx, leave := context.WithCancel(t.Context())
		first := ask(ctx, &g, "k", func(ctx context.Context, _ func(string)) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		})
		synctest.Wait()
		other, leaveToo := context.WithCancel(t.Context())
		second := ask(other, &g, "k", never(t))
		synctest.Wait()

		leave()
		<-first
		synctest.Wait()
		if len(ended) != 0 {
			t.Error("the work was cancelled while one still waited")
		}
		leaveToo()
		<-second
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the work's context ended with %v", err)
		}
	})
}

func TestJoinerOfAnAbandonedFlightTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		slow := make(chan struct{}) // work that does not notice at once that it was given up
		ctx, leave := context.WithCancel(t.Context())
		first := ask(ctx, &g, "k", func(ctx context.Context, _ func(string)) error {
			<-slow
			return ctx.Err()
		})
		synctest.Wait()
		leave()
		<-first

		open := make(chan struct{})
		close(open)
		second := ask(t.Context(), &g, "k", until(open, "value"))
		synctest.Wait()
		close(slow)
		if got := <-second; got != (answer{value: "value"}) {
			t.Errorf("got %+v, want a value of its own making", got)
		}
	})
}

func TestAbandonedWorkThatSucceedsServesWhoComesNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		gate := make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		first := ask(ctx, &g, "k", func(_ context.Context, publish func(string)) error {
			<-gate
			publish("value")
			return nil
		})
		synctest.Wait()
		leave()
		<-first
		second := ask(t.Context(), &g, "k", never(t))
		synctest.Wait()
		close(gate)
		if got := <-second; got != (answer{value: "value", part: Joined}) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestPublishAnswersBeforeTheWorkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		stored := make(chan struct{})
		work := func(ctx context.Context, publish func(string)) error {
			publish("value")
			publish("another") // only the first counts
			<-stored
			if ctx.Err() != nil {
				t.Error("waiters that were answered count as having left")
			}
			return errors.New("the store failed, which is no answer's business")
		}
		if got := <-ask(t.Context(), &g, "k", work); got != (answer{value: "value"}) {
			t.Errorf("got %+v", got)
		}
		if got := <-ask(t.Context(), &g, "k", never(t)); got != (answer{value: "value", part: Late}) {
			t.Errorf("who came between publishing and storing got %+v", got)
		}
		close(stored)
		synctest.Wait()
		open := make(chan struct{})
		close(open)
		if got := <-ask(t.Context(), &g, "k", until(open, "next")); got != (answer{value: "next"}) {
			t.Errorf("who came after the flight got %+v", got)
		}
	})
}

func TestAValueThatIsThereCountsForACallerWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		stored := make(chan struct{})
		first := ask(t.Context(), &g, "k", func(_ context.Context, publish func(string)) error {
			publish("value")
			<-stored
			return nil
		})
		<-first
		ctx, leave := context.WithCancel(t.Context())
		leave()
		for range 50 { // both channels are ready: whichever select takes, the answer is the same
			if got := <-ask(ctx, &g, "k", never(t)); got != (answer{value: "value", part: Late}) {
				t.Fatalf("got %+v", got)
			}
		}
		close(stored)
	})
}

func TestWorkThatGoesWrong(t *testing.T) {
	for _, c := range []struct {
		name string
		work Work[string]
		want string
	}{
		{"panic", func(context.Context, func(string)) error { panic("boom") }, "panic: boom"},
		{"end of its goroutine", func(context.Context, func(string)) error { runtime.Goexit(); return nil }, "ended without returning"},
		{"neither value nor error", func(context.Context, func(string)) error { return nil }, "neither a value nor an error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g Group[string, string]
				_, _, err := g.Do(t.Context(), "k", c.work)
				if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want an error of kind Internal with %q", err, c.want)
				}
				if c.name == "panic" && !strings.Contains(err.Error(), "collapse_test.go") {
					t.Errorf("the error does not say where: %v", err)
				}
				if n := g.Running(); n != 0 {
					t.Errorf("%d flights are left over", n)
				}
			})
		})
	}
}

func TestPanicAfterPublishingChangesNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		got := <-ask(t.Context(), &g, "k", func(_ context.Context, publish func(string)) error {
			publish("value")
			panic("boom")
		})
		if got != (answer{value: "value"}) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		gate := make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		if !g.Go(ctx, "k", until(gate, "value")) {
			t.Error("there was no flight, and none was started")
		}
		leave() // the flight is nobody's in particular
		if g.Go(t.Context(), "k", never(t)) {
			t.Error("a second flight of one key was started")
		}
		joiner, quit := context.WithCancel(t.Context())
		first := ask(joiner, &g, "k", never(t))
		second := ask(t.Context(), &g, "k", never(t))
		synctest.Wait()
		quit()
		<-first
		close(gate)
		if got := <-second; got != (answer{value: "value", part: Joined}) {
			t.Errorf("who joined got %+v", got)
		}
	})
}

// TestStorm has callers come and leave at random: under the race detector it shows what is not guarded,
// and everybody must get a value or the end of its own context.
func TestStorm(t *testing.T) {
	var g Group[int, int]
	var all sync.WaitGroup
	for i := range 400 {
		all.Go(func() {
			ctx, leave := context.WithCancel(context.Background())
			if i%3 == 0 {
				go leave()
			}
			defer leave()
			value, _, err := g.Do(ctx, i%4, func(ctx context.Context, publish func(int)) error {
				runtime.Gosched()
				if err := ctx.Err(); err != nil {
					return err
				}
				publish(i % 4)
				runtime.Gosched()
				return nil
			})
			switch {
			case err == nil && value != i%4:
				t.Errorf("key %d got the value of %d", i%4, value)
			case err != nil && ctx.Err() == nil:
				t.Errorf("who did not leave got %v", err)
			}
		})
	}
	all.Wait()
}

// What was forgotten goes on for those who wait for it; whoever comes later begins anew, and neither ends the other.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Group[string, string]
		first, second, stored := make(chan struct{}), make(chan struct{}), make(chan struct{})
		joined := []<-chan answer{ask(t.Context(), &g, "key", func(_ context.Context, publish func(string)) error {
			<-first
			g.Forget("key")
			publish("one")
			<-stored
			return nil
		})}
		synctest.Wait()
		joined = append(joined, ask(t.Context(), &g, "key", never(t)))
		synctest.Wait()
		close(first)
		for _, a := range joined {
			if got := <-a; got.value != "one" || got.err != nil {
				t.Errorf("who waited got %q, %v", got.value, got.err)
			}
		}
		late := ask(t.Context(), &g, "key", until(second, "two"))
		synctest.Wait()
		close(stored) // the first flight ends, and leaves the second's place alone
		synctest.Wait()
		later := ask(t.Context(), &g, "key", never(t))
		synctest.Wait()
		close(second)
		for a, part := range map[<-chan answer]Part{late: Began, later: Joined} {
			if got := <-a; got.value != "two" || got.part != part {
				t.Errorf("who came later got %q as part %d, want part %d", got.value, got.part, part)
			}
		}
		synctest.Wait()
		g.Forget("key") // that there is none does nothing
		if n := g.Running(); n != 0 {
			t.Errorf("%d flights are left", n)
		}
	})
}
