package transform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
)

// engine takes as long as it is told and remembers in what order images were begun.
type engine struct {
	takes time.Duration
	panic any

	mu            sync.Mutex
	begun         []int // heights, by which calls are told apart
	running, most int
}

func (e *engine) Process(ctx context.Context, in Inputs, c Canonical) (Image, error) {
	e.mu.Lock()
	e.begun = append(e.begun, c.MaxDimension())
	e.running++
	e.most = max(e.most, e.running)
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.running--
		e.mu.Unlock()
	}()
	if e.panic != nil {
		panic(e.panic)
	}
	select {
	case <-time.After(e.takes):
		return Image{Height: c.MaxDimension()}, nil
	case <-ctx.Done():
		return Image{}, ctx.Err()
	}
}

// number returns a pipeline by which a call can be told from others.
func number(n int) Canonical { return Canonical{Pipeline{MaxDimension: n}} }

// call is a Process under way.
type call struct {
	image Image
	err   error
	after time.Duration
	done  chan struct{}
}

// start calls Process and returns once the call waits for something.
func start(ctx context.Context, p Processor, n int) *call {
	c := &call{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		begun := time.Now()
		c.image, c.err = p.Process(ctx, Inputs{}, number(n))
		c.after = time.Since(begun)
	}()
	synctest.Wait()
	return c
}

func (c *call) wait(t *testing.T) *call {
	t.Helper()
	<-c.done
	return c
}

func wantLoad(t *testing.T, l *Limiter, running, queued int) {
	t.Helper()
	got := l.Load()
	if got.Running != running || got.Queued != queued {
		t.Errorf("%d running and %d queued, want %d and %d", got.Running, got.Queued, running, queued)
	}
}

func wantOverloaded(t *testing.T, err error, retryAfter time.Duration) {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Overloaded || e.RetryAfter != retryAfter {
		t.Errorf("error %#v, want overloaded for %s", err, retryAfter)
	}
}

func TestLimiterServesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{takes: 3 * time.Second}
		l := NewLimiter(e, Config{Workers: 2, Queue: 8, Timeout: time.Minute})
		var calls []*call
		for n := range 7 {
			calls = append(calls, start(t.Context(), l, n))
		}
		wantLoad(t, l, 2, 5)
		for n, c := range calls {
			c.wait(t)
			if want := time.Duration(3*(n/2+1)) * time.Second; c.err != nil || c.image.Height != n || c.after != want {
				t.Errorf("call %d: image %d, %v after %s, want it after %s", n, c.image.Height, c.err, c.after, want)
			}
		}
		if e.most != 2 {
			t.Errorf("%d at once, want 2", e.most)
		}
		wantLoad(t, l, 0, 0)
	})
}

func TestLimiterRefusesBeyondTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(&engine{takes: time.Second}, Config{Workers: 1, Queue: 1, Timeout: time.Minute})
		if err := l.Admit(); err != nil {
			t.Errorf("idle: %v", err)
		}
		first := start(t.Context(), l, 1)
		if err := l.Admit(); err != nil {
			t.Errorf("with room in the queue: %v", err)
		}
		second := start(t.Context(), l, 2)
		refused := start(t.Context(), l, 3).wait(t)
		wantOverloaded(t, refused.err, time.Second)
		if refused.after != 0 {
			t.Errorf("refused after %s, want at once", refused.after)
		}
		wantOverloaded(t, l.Admit(), time.Second)
		if want := (Load{Running: 1, Queued: 1, Workers: 1, Queue: 1}); l.Load() != want {
			t.Errorf("load %v, want %v", l.Load(), want)
		}
		if first.wait(t).err != nil || second.wait(t).err != nil {
			t.Errorf("errors %v, %v, want none", first.err, second.err)
		}
		if err := l.Admit(); err != nil {
			t.Errorf("idle again: %v", err)
		}
	})
}

func TestLimiterRefusesAWaitInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(&engine{takes: 8 * time.Second}, Config{Workers: 2, Queue: 100, Timeout: 10 * time.Second})
		if c := start(t.Context(), l, 0).wait(t); c.err != nil {
			t.Fatal(c.err)
		}
		// Now an image is known to take 8 s, so two workers free a slot every 4 s: two places are within 10 s.
		var calls []*call
		for n := range 4 {
			calls = append(calls, start(t.Context(), l, n))
		}
		wantLoad(t, l, 2, 2)
		wantOverloaded(t, l.Admit(), 12*time.Second)
		wantOverloaded(t, start(t.Context(), l, 9).wait(t).err, 12*time.Second)
		for n, c := range calls {
			if c.wait(t).err != nil {
				t.Errorf("call %d: %v", n, c.err)
			}
		}
	})
}

// The mean follows: after enough quick images the queue is open again.
func TestLimiterForgetsASlowImage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{takes: 9 * time.Second}
		l := NewLimiter(e, Config{Workers: 1, Queue: 10, Timeout: 10 * time.Second})
		start(t.Context(), l, 0).wait(t)
		e.takes = 10 * time.Millisecond
		for n := range 30 {
			start(t.Context(), l, n).wait(t)
		}
		var calls []*call
		for n := range 8 {
			calls = append(calls, start(t.Context(), l, n))
		}
		wantLoad(t, l, 1, 7)
		for _, c := range calls {
			if c.wait(t).err != nil {
				t.Error(c.err)
			}
		}
	})
}

func TestLimiterLetsAWaiterLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{takes: 5 * time.Second}
		l := NewLimiter(e, Config{Workers: 1, Queue: 3})
		first := start(t.Context(), l, 1)
		reason := errors.New("the client left")
		ctx, cancel := context.WithCancelCause(t.Context())
		leaves := start(ctx, l, 2)
		impatient, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		late := start(impatient, l, 3)
		stays := start(t.Context(), l, 4)
		wantLoad(t, l, 1, 3)

		cancel(reason)
		if err := leaves.wait(t).err; !fault.Is(err, fault.Canceled) || !errors.Is(err, reason) || leaves.after != 0 {
			t.Errorf("%v after %s, want canceled with its reason at once", err, leaves.after)
		}
		wantLoad(t, l, 1, 2)
		if err := late.wait(t).err; !fault.Is(err, fault.Timeout) || late.after != time.Second {
			t.Errorf("%v after %s, want a timeout after a second", err, late.after)
		}
		if first.wait(t).err != nil || stays.wait(t).err != nil || stays.after != 10*time.Second {
			t.Errorf("errors %v, %v, the last after %s, want 10s", first.err, stays.err, stays.after)
		}
		if diff := cmp.Diff([]int{1, 4}, e.begun); diff != "" {
			t.Errorf("begun (-want +got):\n%s", diff)
		}
		if err := start(ctx, l, 5).wait(t).err; !fault.Is(err, fault.Canceled) || len(e.begun) != 2 {
			t.Errorf("who comes after leaving gets %v and %d images, want canceled and 2", err, len(e.begun))
		}
	})
}

func TestLimiterFinishesWhatItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(&engine{takes: 5 * time.Second}, Config{Workers: 1, Timeout: 8 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if c := start(ctx, l, 7).wait(t); c.err != nil || c.image.Height != 7 || c.after != 5*time.Second {
			t.Errorf("image %d, %v after %s, want image 7 after 5s", c.image.Height, c.err, c.after)
		}
	})
}

func TestLimiterBoundsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(&engine{takes: time.Hour}, Config{Workers: 1, Queue: 2, Timeout: 8 * time.Second})
		first := start(t.Context(), l, 1)
		time.Sleep(2 * time.Second)
		second := start(t.Context(), l, 2)
		if !fault.Is(first.wait(t).err, fault.Timeout) || first.after != 8*time.Second {
			t.Errorf("%v after %s, want a timeout after 8s", first.err, first.after)
		}
		if !fault.Is(second.wait(t).err, fault.Timeout) || second.after != 14*time.Second {
			t.Errorf("%v after %s, want 6s in the queue and a timeout 8s later", second.err, second.after)
		}
		wantLoad(t, l, 0, 0)
	})
}

// Nobody knows yet how long images take, so the wait is admitted, and turns out too long.
func TestLimiterBoundsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{takes: 8 * time.Second}
		l := NewLimiter(e, Config{Workers: 1, Queue: 5, Timeout: 10 * time.Second})
		calls := []*call{start(t.Context(), l, 1), start(t.Context(), l, 2), start(t.Context(), l, 3)}
		if c := calls[2].wait(t); !fault.Is(c.err, fault.Overloaded) || c.after != 10*time.Second {
			t.Errorf("%v after %s, want overloaded after 10s", c.err, c.after)
		}
		if calls[0].wait(t).err != nil || calls[1].wait(t).err != nil {
			t.Errorf("errors %v, %v, want none", calls[0].err, calls[1].err)
		}
		wantLoad(t, l, 0, 0)
	})
}

// A slot that is granted in the instant in which its waiter leaves must go to the next.
func TestLimiterPassesOnASlotThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{takes: time.Second}
		l := NewLimiter(e, Config{Workers: 1, Queue: 5})
		for round := range 50 {
			first := start(t.Context(), l, 1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			meets := start(ctx, l, 2)
			next := start(t.Context(), l, 3)
			first.wait(t)
			meets.wait(t)
			if next.wait(t).err != nil {
				t.Fatalf("round %d: %v", round, next.err)
			}
			cancel()
			wantLoad(t, l, 0, 0)
		}
	})
}

func TestLimiterSurvivesAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{panic: "broken engine"}
		l := NewLimiter(e, Config{Workers: 1})
		func() {
			defer func() {
				if p := recover(); p != "broken engine" {
					t.Errorf("recovered %v, want the engine's own panic", p)
				}
			}()
			l.Process(t.Context(), Inputs{}, number(1))
		}()
		e.panic = nil
		if _, err := l.Process(t.Context(), Inputs{}, number(2)); err != nil {
			t.Error(err)
		}
	})
}

func TestLimiterDefaults(t *testing.T) {
	l := NewLimiter(&engine{}, Config{Workers: -3, Queue: -1})
	if want := (Load{Workers: 1}); l.Load() != want {
		t.Errorf("load %v, want %v", l.Load(), want)
	}
	if _, err := l.Process(t.Context(), Inputs{}, number(1)); err != nil {
		t.Error(err)
	}
}

// Under real threads: nothing is lost, the bound holds, all slots come back.
func TestLimiterUnderLoad(t *testing.T) {
	e := &engine{takes: 50 * time.Microsecond}
	l := NewLimiter(e, Config{Workers: 3, Queue: 1000})
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			ctx := t.Context()
			if n%4 == 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Duration(n)*time.Microsecond)
				defer cancel()
			}
			_, err := l.Process(ctx, Inputs{}, number(n))
			if n%4 != 0 && err != nil {
				t.Errorf("call %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	wantLoad(t, l, 0, 0)
	if e.most > 3 {
		t.Errorf("%d at once, want at most 3", e.most)
	}
}

func TestLimiterSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(&engine{takes: time.Second}, Config{Workers: 1})
		c := start(t.Context(), l, 1)
		if err := fmt.Sprint(l.Admit()); !strings.Contains(err, "1 images are being made and 0 wait") {
			t.Errorf("refusal %q does not say how busy it is", err)
		}
		c.wait(t)
	})
}
