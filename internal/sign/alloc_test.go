//go:build !race

package sign_test

import (
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/sign"
)

// The race detector empties pools at random, so this holds without it only.
func TestCheckDoesNotAllocate(t *testing.T) {
	k := keyring(t, sign.Config{Keys: []string{"6e6577", secret}, Salts: []string{"6e6577", hello},
		Trusted: []string{strings.Repeat("t", len(signature))}})
	n := testing.AllocsPerRun(1000, func() {
		if err := k.Check(signature, path); err != nil {
			t.Fatal(err)
		}
	})
	// A collection may empty the pool during the run, so the average is what counts.
	if n >= 1 {
		t.Errorf("%v allocations per check, want none", n)
	}
}
