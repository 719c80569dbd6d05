package object

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errIll = errors.New("ill")

// script is what a breaker goes through: a letter is a call, "w" well, "i" ill, "u" unclear, in that order and each with a
// permit; "-" is a call that gets none, "." is half a pause.
func runScript(t *testing.T, script string) (b *breaker, changes string) {
	t.Helper()
	var said strings.Builder
	const pause = 10 * time.Second
	b = newBreaker(3, pause, func(open bool, why error) {
		switch {
		case open && errors.Is(why, errIll):
			said.WriteString("open ")
		case !open && why == nil:
			said.WriteString("closed ")
		default:
			t.Errorf("open %t because of %v", open, why)
		}
	})
	for at, letter := range script {
		if letter == '.' {
			time.Sleep(pause / 2)
			continue
		}
		p, ok, in, _ := b.admit()
		if ok == (letter == '-') {
			t.Fatalf("%q, %d: admitted %t", script, at, ok)
		}
		switch letter {
		case '-':
			if in <= 0 || in > pause {
				t.Errorf("%q, %d: to ask again in %v", script, at, in)
			}
		case 'w':
			b.done(p, well, nil)
		case 'i':
			b.done(p, ill, errIll)
		case 'u':
			b.done(p, unclear, nil)
		}
	}
	return b, strings.TrimSpace(said.String())
}

func TestBreaker(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"wwww", ""},
		{"iiwiiwii", ""},
		{"iii", "open"},
		{"iuiui", "open"},
		{"iii-.-.i-.-.w", "open closed"},
		{"iii..wiiw", "open closed"},
		{"iii..wiii-", "open closed open"},
		{"iii..uw", "open closed"}, // nothing was learnt, so the next one tries at once
		{"iii..ui-..w", "open closed"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b, got := runScript(t, c.script)
			if got != c.want {
				t.Errorf("%q: %q, want %q", c.script, got, c.want)
			}
			if b.isOpen() != strings.HasSuffix(c.want, "open") {
				t.Errorf("%q: open %t in the end", c.script, b.isOpen())
			}
		})
	}
}

// What was asked before the last change says nothing about the bucket as it is now.
func TestBreakerLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := runScript(t, "")
		var early []permit
		for range 4 {
			p, _, _, _ := b.admit()
			early = append(early, p)
		}
		for range 3 {
			p, _, _, _ := b.admit()
			b.done(p, ill, errIll)
		}
		b.done(early[0], well, nil)
		if !b.isOpen() {
			t.Fatal("an answer from before closes it")
		}
		time.Sleep(10 * time.Second)
		p, ok, _, _ := b.admit()
		if !ok || !p.probe {
			t.Fatal("no probe after the pause")
		}
		b.done(p, well, nil)
		for _, p := range early[1:] {
			b.done(p, ill, errIll)
		}
		if b.isOpen() {
			t.Error("failures from before open it")
		}
	})
}

// A probe that takes long keeps nobody from trying a pause later.
func TestBreakerLongProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := runScript(t, "iii..")
		first, ok, _, _ := b.admit()
		if _, second, _, _ := b.admit(); !ok || second {
			t.Fatalf("probes admitted: %t and %t, want one", ok, second)
		}
		time.Sleep(10 * time.Second)
		p, ok, _, _ := b.admit()
		if !ok {
			t.Fatal("no second probe")
		}
		b.done(p, well, nil)
		b.done(first, ill, errIll)
		if b.isOpen() {
			t.Error("open, although the later probe went well")
		}
	})
}

func TestBreakerAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := runScript(t, "iii")
		got := make(chan permit)
		for range 3 {
			go func() {
				p, ok := b.await(t.Context())
				if !ok {
					t.Error("no permit")
				}
				got <- p
			}()
		}
		began := time.Now()
		probe := <-got
		if took := time.Since(began); took != 10*time.Second || !probe.probe {
			t.Errorf("the first permit came after %v, a probe: %t", took, probe.probe)
		}
		synctest.Wait()
		select {
		case <-got:
			t.Error("a second permit while the probe goes on")
		default:
		}
		b.done(probe, well, nil)
		<-got
		<-got
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("the others came %v later", took-10*time.Second)
		}
	})
}

func TestBreakerAwaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := runScript(t, "iii")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, ok := b.await(ctx); ok || time.Since(began) != time.Second {
			t.Errorf("a permit: %t, after %v; want none after 1s", ok, time.Since(began))
		}
	})
}
