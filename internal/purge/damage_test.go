package purge

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFilesThatAreNoLedger(t *testing.T) {
	good, err := appendHead(nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"text":             "hello\n",
		"text without end": "hello",
		"json":             "{}\n",
		"newer version":    strings.Replace(string(good), `"version":1`, `"version":2`, 1),
		"flipped head":     strings.Replace(string(good), "1h0m0s", "2h0m0s", 1),
		"half a head":      string(good[:len(good)/2]),
		"zeros":            strings.Repeat("\x00", 5000),
		"long first line":  strings.Repeat("x", 3*maxLine) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if l, err := Open(path, 0); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v, %v; want an error that names the file", l, err)
			}
			if left, _ := os.ReadFile(path); string(left) != text {
				t.Error("a file of somebody else was changed")
			}
		})
	}
}

// writtenFile returns the text of a file with rules for n sources.
func writtenFile(t testing.TB, n int) ([]byte, []Rule) {
	t.Helper()
	text, err := appendHead(nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var rules []Rule
	for i := range n {
		r := Rule{ID: fmt.Sprint(i), Selector: Source, Value: fmt.Sprint("https://example.com/", i), At: noon.Add(time.Duration(i))}
		if text, err = appendRule(text, &r); err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	return text, rules
}

func folderWith(text []byte) *memoryFolder {
	m := newMemoryFolder()
	m.names["l"] = &content{bytes.Clone(text), len(text)}
	m.last["l"] = m.names["l"]
	return m
}

// TestACutTail cuts a file at every byte: the rules whose lines are whole are there, nothing counts as damage, and the next
// rule is written so that it is found.
func TestACutTail(t *testing.T) {
	text, rules := writtenFile(t, 3)
	head := bytes.IndexByte(text, '\n') + 1
	for cut := head; cut <= len(text); cut++ {
		m := folderWith(text[:cut])
		c := &clock{noon}
		l, err := open(m, "l", time.Hour, c.read)
		if err != nil {
			t.Fatalf("cut after %d of %d bytes: %v", cut, len(text), err)
		}
		want := rules[:bytes.Count(text[:cut], []byte("\n"))-1]
		sameRules(t, fmt.Sprint("cut after ", cut), want, l.Rules())
		next := add(t, l, Rule{Selector: Tag, Value: "next"})
		if l, err = open(m.crash(false), "l", time.Hour, c.read); err != nil {
			t.Fatal(err)
		}
		sameRules(t, fmt.Sprint("one more rule, cut after ", cut), append([]Rule{next}, want...), l.Rules())
		if l.Lost() != 0 {
			t.Errorf("cut after %d bytes: %d rules count as lost", cut, l.Lost())
		}
	}
}

// TestDamage flips each byte of a file in turn: no purge is forgotten.
func TestDamage(t *testing.T) {
	text, rules := writtenFile(t, 3)
	head := bytes.IndexByte(text, '\n') + 1
	for at := head; at < len(text); at++ {
		damaged := bytes.Clone(text)
		damaged[at] ^= 0x04
		m := folderWith(damaged)
		c := &clock{noon.Add(time.Minute)}
		l, err := open(m, "l", time.Hour, c.read)
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		if at == len(text)-1 {
			continue // the last line end: what is left looks like an append that was cut off
		}
		for restart := range 2 {
			for _, r := range rules {
				meta := pictured(r.At)
				meta.Source = r.Value
				if _, covered := l.Covers(meta); !covered {
					t.Errorf("byte %d, restart %d: %s is not purged any more", at, restart, r.Value)
				}
			}
			if _, covered := l.Covers(pictured(c.now.Add(1))); covered {
				t.Errorf("byte %d, restart %d: what is made after the start is covered", at, restart)
			}
			if lost := l.Lost(); restart == 0 && lost == 0 {
				t.Errorf("byte %d: nothing counts as lost", at)
			} else if restart == 1 && lost > 0 {
				t.Errorf("byte %d: the damage is still in the file after the restart", at)
			}
			if l, err = open(m.crash(false), "l", time.Hour, c.read); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestALineThatNeverEnds has a long line in the middle, of bytes that never were one.
func TestALineThatNeverEnds(t *testing.T) {
	text, _ := writtenFile(t, 1)
	text = append(text, bytes.Repeat([]byte("x"), 5*maxLine)...)
	for _, end := range []string{"", "\n"} {
		l, err := open(folderWith(append(bytes.Clone(text), end...)), "l", time.Hour, func() time.Time { return noon })
		if err != nil {
			t.Fatal(err)
		}
		if want := len(end); l.Lost() != want {
			t.Errorf("with %d line ends %d lines count as lost", len(end), l.Lost())
		}
	}
}

// FuzzRead reads anything as a file: it never panics, and whatever rules it finds are read again from the file that they are
// written to.
func FuzzRead(f *testing.F) {
	text, _ := writtenFile(f, 2)
	f.Add(text)
	f.Add(text[:len(text)-3])
	f.Add(bytes.ReplaceAll(text, []byte("source"), []byte("tag")))
	f.Add([]byte(""))
	f.Add([]byte("\n"))
	head := text[:bytes.IndexByte(text, '\n')+1]
	f.Fuzz(func(t *testing.T, data []byte) {
		// Half of the inputs get a good head, so that lines are reached without guessing a checksum.
		if len(data)%2 == 0 {
			data = append(bytes.Clone(head), data...)
		}
		c, err := read(bytes.NewReader(data))
		if err != nil {
			return
		}
		if whole := int64(bytes.LastIndexByte(data, '\n') + 1); c.size != whole {
			t.Fatalf("whole lines are %d bytes, want %d", c.size, whole)
		}
		if len(data) > 0 {
			if lines := bytes.Count(data, []byte("\n")); lines != 1+len(c.rules)+c.damaged {
				t.Fatalf("of %d lines, %d are rules and %d are damaged", lines, len(c.rules), c.damaged)
			}
		}
		again := bytes.Clone(head)
		for _, r := range c.rules {
			if again, err = appendRule(again, r); err != nil {
				t.Fatal(err)
			}
		}
		d, err := read(bytes.NewReader(again))
		if err != nil || d.damaged > 0 {
			t.Fatalf("written anew, %d of %d rules are damaged: %v", d.damaged, len(c.rules), err)
		}
		if diff := cmp.Diff(c.rules, d.rules); diff != "" {
			t.Fatalf("written anew, they differ (-want +got):\n%s", diff)
		}
	})
}
