package cachetest

import (
	"container/list"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/processtest"
)

// Policy decides what a cache keeps.
type Policy interface {
	// Get asks for an object, which is put into the cache if it is not there, and reports whether it was.
	Get(object uint32, size int64) bool
}

// LRU keeps what was asked for last, up to a number of bytes. It is what policies are measured against.
type LRU struct {
	limit, held int64
	order       list.List // of Request, the latest first
	places      map[uint32]*list.Element
}

// NewLRU returns an empty LRU that keeps limit bytes.
func NewLRU(limit int64) *LRU { return &LRU{limit: limit, places: map[uint32]*list.Element{}} }

// Get implements Policy.
func (l *LRU) Get(object uint32, size int64) bool {
	if place, ok := l.places[object]; ok {
		l.order.MoveToFront(place)
		return true
	}
	if size > l.limit {
		return false
	}
	l.places[object] = l.order.PushFront(Request{object, size})
	for l.held += size; l.held > l.limit; {
		last := l.order.Remove(l.order.Back()).(Request)
		delete(l.places, last.Object)
		l.held -= last.Size
	}
	return false
}

// Ratio is which part of the requests, and of the bytes asked for, was found, from 0 to 1.
type Ratio struct{ Object, Byte float64 }

// Replay asks a policy for every object of a trace.
func Replay(t Trace, p Policy) Ratio {
	var hits, hitBytes, bytes int64
	for _, r := range t.Requests {
		bytes += r.Size
		if p.Get(r.Object, r.Size) {
			hits++
			hitBytes += r.Size
		}
	}
	return Ratio{float64(hits) / float64(len(t.Requests)), float64(hitBytes) / float64(bytes)}
}

// CompareWithLRU replays traces against a policy and against an LRU of the same size, at 1, 5 and 20 % of the
// traces' footprint, and prints both. The policy must find as much as the LRU, by object and by byte, up to 0.1 points;
// and at least two points more where scans go through. open returns an empty policy that holds limit bytes; charge is
// what an object takes of them.
//
// The traces are Zipf and ZipfWithScans, and those recorded ones that lie in ../shared/traces beside the module.
func CompareWithLRU(t *testing.T, charge func(size int64) int64, open func(t *testing.T, limit int64) Policy) {
	const tolerance, gain = 0.001, 0.02
	traces := append([]Trace{Zipf(), ZipfWithScans()}, recordings(t)...)
	t.Logf("%-18s %5s %9s %15s %15s", "hits by object/byte", "cache", "", "LRU", "this")
	for _, trace := range traces {
		for _, percent := range []int64{1, 5, 20} {
			limit := trace.Footprint * percent / 100
			lru, ours := NewLRU(limit), open(t, limit)
			want := Replay(trace, charged{lru, charge})
			got := Replay(trace, ours)
			t.Logf("%-18s %4d%% %6.1f MB %7.2f /%6.2f %7.2f /%6.2f", trace.Name, percent, float64(limit)/1e6,
				100*want.Object, 100*want.Byte, 100*got.Object, 100*got.Byte)
			least := -tolerance
			if trace.Scanned {
				least = gain
			}
			if got.Object < want.Object+least || got.Byte < want.Byte+least {
				t.Errorf("%s at %d %%: %+.2f points by object and %+.2f by byte against LRU, want at least %+.2f",
					trace.Name, percent, 100*(got.Object-want.Object), 100*(got.Byte-want.Byte), 100*least)
			}
		}
	}
}

// charged asks an LRU for objects as large as what they take of a cache.
type charged struct {
	*LRU
	charge func(size int64) int64
}

func (c charged) Get(object uint32, size int64) bool { return c.LRU.Get(object, c.charge(size)) }

// recordings returns the recorded traces beside the module, if there are any and xz is there to read them.
func recordings(t *testing.T) (traces []Trace) {
	files, err := filepath.Glob(filepath.Join(processtest.Root(t), "..", "shared", "traces", "*.trace.xz"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("xz"); err != nil && len(files) > 0 {
		t.Logf("%d recorded traces are left out: %v", len(files), err)
		return nil
	}
	for _, file := range files {
		trace, err := Recorded(t.Context(), strings.TrimSuffix(filepath.Base(file), ".trace.xz"), file)
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, trace)
	}
	return traces
}
