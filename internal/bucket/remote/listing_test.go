package remote

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/bucket"
)

func TestListing(t *testing.T) {
	all := strings.Fields("a a/1 a/2 a/3 b")
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 0, "a a/1 a/2 a/3 b"},
		{"", "", 2, "a a/1"},
		{"", "a/1", 0, "a/2 a/3 b"},
		{"a/", "", 0, "a/1 a/2 a/3"},
		{"a/", "a/1", 1, "a/2"},
		{"", "", -1, "a a/1 a/2 a/3 b"},
	} {
		var got []string
		l := NewListing(c.prefix, c.after, c.limit, func(key string, _ bucket.Info) bool {
			got = append(got, key)
			return true
		})
		for _, key := range all { // by a service that knows no prefix and no beginning
			if !l.Take(key, bucket.Info{}) {
				break
			}
		}
		if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c, diff)
		}
	}
	if NewListing("", "", 0, func(string, bucket.Info) bool { return false }).Take("a", bucket.Info{}) {
		t.Error("goes on though nobody wants it to")
	}
}

func TestListingPages(t *testing.T) {
	for limit, want := range map[int]int{0: 1000, 1: 2, 999: 1000, 1000: 1000, 5000: 1000} {
		if got := NewListing("", "", limit, nil).Page(1000); got != want {
			t.Errorf("for %d objects: pages of %d, want %d", limit, got, want)
		}
	}
	l := NewListing("", "", 0, nil)
	for _, page := range []string{"2", "3", "2"} {
		if err := l.Turn(page); err != nil {
			t.Errorf("page %s: %v", page, err)
		}
	}
	if err := l.Turn("2"); !errors.Is(err, errSamePage) {
		t.Errorf("the same page again: %v", err)
	}
}
