package cache

import "time"

// Policy is the operator's word on how long results live.
type Policy struct {
	TTL        time.Duration // freshness where the source says nothing
	MinTTL     time.Duration // lower bound on what a source says
	MaxTTL     time.Duration // upper bound on what a source says
	Revalidate time.Duration // how long a stale entry is served while one fill runs
	IfError    time.Duration // how long a stale entry is served when the source fails
	Keep       time.Duration // how long an entry that is served no more is kept for a conditional fetch
}

// Said is what a source said about the reuse of its answer.
type Said struct {
	Lifetime       time.Duration // counted from the beginning of the fetch
	Explicit       bool          // Lifetime was said; otherwise the policy decides
	NoCache        bool          // ask again before each reuse
	MustRevalidate bool          // never serve stale
}

// Clocks sets the four clocks of an entry whose source fetch began at the given time.
func (p Policy) Clocks(began time.Time, said Said) Clocks {
	life := p.TTL
	if said.Explicit {
		life = max(min(said.Lifetime, p.MaxTTL), p.MinTTL)
	}
	if said.NoCache {
		life = p.MinTTL
	}
	c := Clocks{Fresh: began.Add(life)}
	c.Revalidate, c.IfError = c.Fresh, c.Fresh
	if !said.MustRevalidate && !said.NoCache {
		c.Revalidate = c.Fresh.Add(p.Revalidate)
		c.IfError = c.Fresh.Add(p.IfError)
	}
	c.Keep = later(c.Revalidate, c.IfError).Add(p.Keep)
	return c
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
