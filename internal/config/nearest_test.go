package config

import "testing"

func TestEdits(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"ttl", "", 3}, {"ttl", "TTL", 0}, {"ttl", "tl", 1}, {"ttl", "tll", 1}, {"ttl", "xttl", 1},
		{"path", "paht", 1}, {"workers", "wrokers", 1}, {"kitten", "sitting", 3},
	} {
		if got := edits(test.a, test.b); got != test.want {
			t.Errorf("edits(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := edits(test.b, test.a); got != test.want {
			t.Errorf("edits(%q, %q) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}
