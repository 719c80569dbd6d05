package remote

import (
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
	"github.com/stillroom/stillroom/internal/fault"
)

// Whatever a service answers to a request for a part, what is believed holds the part's first byte.
func FuzzWholeSize(f *testing.F) {
	for _, header := range []string{"bytes 10-14/100", "bytes 10-14/*", "bytes 0-4/100", "bytes 10-9/10", "bytes 10-/99999999999999999999", ""} {
		f.Add(header, int64(10), int64(5))
	}
	f.Fuzz(func(t *testing.T, header string, offset, length int64) {
		asked := bucket.Range{Offset: max(offset, 0), Length: max(length, 0)}
		if asked == (bucket.Range{}) {
			return // not a part
		}
		size, err := WholeSize("x.get", "k", asked, header, 5)
		if err == nil && (size < 0 || asked.Offset > 0 && size <= asked.Offset) {
			t.Errorf("%q: an object of %d bytes has no byte %d", header, size, asked.Offset)
		}
		if err != nil && !fault.Is(err, fault.SourceFailed) && !fault.Is(err, fault.SourceMissing) {
			t.Errorf("%q: %v (%v)", header, err, fault.KindOf(err))
		}
	})
}
