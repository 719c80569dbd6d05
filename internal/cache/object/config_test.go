package object

import (
	"strings"
	"testing"

	"github.com/stillroom/stillroom/internal/bucket"
)

func TestConfig(t *testing.T) {
	b := memory(t)
	for name, c := range map[string]struct {
		config Config
		want   []string
	}{
		"nothing": {Config{}, []string{"Bucket: one is needed"}},
		"below 0": {
			Config{Bucket: b, Timeout: -1, Readers: -2, QueueBytes: -3},
			[]string{"Timeout:", "got -1ns", "Readers:", "got -2", "QueueBytes:", "got -3"},
		},
		"more than queued": {
			Config{Bucket: b, MaxEntry: 101, QueueBytes: 100},
			[]string{"MaxEntry: want at most QueueBytes, which is 100, got 101"},
		},
		"nothing left":     {Config{Bucket: b, Reserved: bucket.MaxMetadata}, []string{"Reserved: want 0 to 1024, got 2048"}},
		"prefix up":        {Config{Bucket: b, Prefix: "a/../b"}, []string{"Prefix:", `".."`}},
		"prefix too long":  {Config{Bucket: b, Prefix: strings.Repeat("a", bucket.MaxKey)}, []string{"Prefix:", "bytes"}},
		"prefix with gaps": {Config{Bucket: b, Prefix: "a//b"}, []string{"Prefix:", "a//b"}},
		"prefix in binary": {Config{Bucket: b, Prefix: "a\x00"}, []string{"Prefix:", "control"}},
	} {
		s, err := New(c.config)
		if err == nil {
			t.Errorf("%s: no error", name)
			s.Close()
			continue
		}
		for _, want := range append(c.want, "object tier: ") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", name, err, want)
			}
		}
	}
	for prefix, want := range map[string]string{"": "", "/": "", "a": "a/", "/a/b/": "a/b/", "a b/ü": "a b/ü/"} {
		if s := open(t, Config{Bucket: b, Prefix: prefix}); s.config.Prefix != want {
			t.Errorf("prefix %q: %q, want %q", prefix, s.config.Prefix, want)
		}
	}
	// A queue smaller than the default entry bounds the entry.
	if s := open(t, Config{Bucket: b, QueueBytes: 1000}); s.config.MaxEntry != 1000 {
		t.Errorf("MaxEntry is %d, want 1000", s.config.MaxEntry)
	}
}

// Every word for a label is there, and there once.
func TestWords(t *testing.T) {
	seen := map[string]bool{}
	check := func(word string) {
		if word == "" || seen[word] || strings.ToLower(word) != word || strings.ContainsAny(word, " _") {
			t.Errorf("%q: want a word of its own in lower case", word)
		}
		seen[word] = true
	}
	for o := range outcomes {
		check(o.String())
	}
	clear(seen)
	for d := range drops {
		check(d.String())
	}
	clear(seen)
	for d := range damages {
		check(d.String())
	}
}
