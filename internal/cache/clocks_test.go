package cache

import (
	"testing"
	"time"
)

func TestClocks(t *testing.T) {
	began := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	p := Policy{
		TTL: time.Hour, MinTTL: time.Minute, MaxTTL: 10 * time.Hour,
		Revalidate: 2 * time.Hour, IfError: 3 * time.Hour, Keep: time.Hour,
	}
	for _, c := range []struct {
		name                             string
		said                             Said
		fresh, revalidate, ifError, keep time.Duration
	}{
		{"nothing", Said{}, time.Hour, 3 * time.Hour, 4 * time.Hour, 5 * time.Hour},
		{"explicit", Said{Explicit: true, Lifetime: 2 * time.Hour}, 2 * time.Hour, 4 * time.Hour, 5 * time.Hour, 6 * time.Hour},
		{"below the least", Said{Explicit: true}, time.Minute, 121 * time.Minute, 181 * time.Minute, 241 * time.Minute},
		{"above the most", Said{Explicit: true, Lifetime: 99 * time.Hour}, 10 * time.Hour, 12 * time.Hour, 13 * time.Hour, 14 * time.Hour},
		{"must-revalidate", Said{MustRevalidate: true}, time.Hour, time.Hour, time.Hour, 2 * time.Hour},
		{"no-cache", Said{NoCache: true, Explicit: true, Lifetime: time.Hour}, time.Minute, time.Minute, time.Minute, 61 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := p.Clocks(began, c.said)
			want := Clocks{began.Add(c.fresh), began.Add(c.revalidate), began.Add(c.ifError), began.Add(c.keep)}
			if got != want {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}
