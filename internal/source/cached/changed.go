package cached

import (
	"context"
	"sync"
	"time"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/source"
)

// recheck is how long an answer about the version of a source holds for Changed. Asking costs a few
// system calls, and a picture that many want is asked about with each hit; a second is less than anybody
// waits before looking whether a new file is there.
const recheck = time.Second

// remembered bounds how many answers are held; beyond it they are all forgotten and asked for again.
const remembered = 4096

// versions remembers what staters said a moment ago.
type versions struct {
	mu   sync.RWMutex
	said map[source.Ref]said
}

type said struct {
	version string
	at      time.Time
}

func (v *versions) get(ref source.Ref) (string, bool) {
	v.mu.RLock()
	s, ok := v.said[ref]
	v.mu.RUnlock()
	return s.version, ok && time.Since(s.at) < recheck
}

func (v *versions) set(ref source.Ref, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.said == nil || len(v.said) >= remembered {
		v.said = make(map[source.Ref]said)
	}
	v.said[ref] = said{version, time.Now()}
}

// Changed reports whether ref is known, where asking is cheap, to be gone or another version than the one
// given. It looks at no copy and moves no body; for a source that cannot be asked cheaply it is
// false. That a version is still current may be up to a second old; that it is not is always new.
func (s *Source) Changed(ctx context.Context, ref source.Ref, version string) bool {
	if held, ok := s.versions.get(ref); ok && held == version {
		return false
	}
	known, cheap, err := s.stat(ctx, ref)
	switch {
	case !cheap:
		return false
	case err != nil:
		return fault.Is(err, fault.SourceMissing)
	}
	now := source.Version(known, nil)
	if now == "" {
		return false
	}
	s.versions.set(ref, now)
	return now != version
}
