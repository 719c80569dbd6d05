package disk

import (
	"testing"

	"github.com/stillroom/stillroom/internal/cache/cachetest"
)

// filling is a shop as a policy of the suite: what is not there is put there, unless it is larger than the default limit
// per entry.
type filling struct{ *shop }

func (f filling) Get(object uint32, size int64) bool {
	if f.get(uint64(object)) {
		return true
	}
	if blocks := blocksOf(size); blocks <= f.budget/8 {
		f.put(uint64(object), blocks, 0)
	}
	return false
}

// TestAgainstLRU replays the traces that all tiers are measured by. A body takes whole blocks here.
func TestAgainstLRU(t *testing.T) {
	charge := func(size int64) int64 { return blocksOf(size) * block }
	cachetest.CompareWithLRU(t, charge, func(_ *testing.T, limit int64) cachetest.Policy {
		return filling{newShop(limit/block, 0)}
	})
}
