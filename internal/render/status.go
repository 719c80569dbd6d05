package render

import (
	"strconv"
	"time"
)

// Status says how a result came about, in the words of the Cache-Status field (RFC 9211). It is a hit
// or it was forwarded, never both.
type Status struct {
	Hit    bool
	TTL    time.Duration // with Hit: freshness left, negative when stale
	Detail string        // with Hit: which tier or which kind of staleness; empty = the store does not say

	Fwd       Fwd  // without Hit: why the request went on
	FwdStatus int  // what the source answered, when that was not 200
	Stored    bool // the new result is kept
	Collapsed bool // another request's fill was waited for
}

// Fwd is why a request could not be answered from the store (RFC 9211, section 2.2).
type Fwd string

// The reasons.
const (
	Miss   Fwd = "uri-miss"
	Stale  Fwd = "stale"
	Bypass Fwd = "bypass"
)

// Append appends the status as one member of a Cache-Status field.
func (s Status) Append(b []byte) []byte {
	b = append(b, "stillroom"...)
	if s.Hit {
		b = append(b, "; hit; ttl="...)
		b = strconv.AppendInt(b, int64(s.TTL/time.Second), 10)
		if s.Detail != "" {
			b = append(b, "; detail="...)
			b = append(b, s.Detail...)
		}
		return b
	}
	b = append(b, "; fwd="...)
	b = append(b, s.Fwd...)
	if s.FwdStatus != 0 {
		b = append(b, "; fwd-status="...)
		b = strconv.AppendInt(b, int64(s.FwdStatus), 10)
	}
	if s.Stored {
		b = append(b, "; stored"...)
	}
	if s.Collapsed {
		b = append(b, "; collapsed"...)
	}
	return b
}

// Outcome is the status in one word of a small closed set, for logs and metrics.
func (s Status) Outcome() string {
	switch {
	case s.Hit && s.TTL < 0:
		return s.Detail
	case s.Hit:
		return "hit"
	case s.Collapsed:
		return "collapsed"
	case s.FwdStatus == 304:
		return "revalidated"
	case s.Fwd == Stale:
		return "stale"
	case s.Fwd == Bypass:
		return "bypass"
	}
	return "miss"
}
