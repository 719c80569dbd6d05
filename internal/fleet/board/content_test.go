package board

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/purge"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 123456789, time.UTC)

func TestContent(t *testing.T) {
	rules := []purge.Rule{
		{ID: "A", Selector: purge.Source, Value: "https://example.com/a\nb\r\u2028.jpg", At: noon},
		{ID: "B", Selector: purge.Prefix, Value: "\xff\n", At: noon.Add(1), Soft: true},
		{ID: "C", Selector: purge.All, At: noon.Add(2)},
	}
	want := `stillroom purges 1
01767355200123456789 {"id":"A","selector":"source","value":"https://example.com/a\nb\r\u2028.jpg"}
01767355200123456790 {"id":"B","selector":"prefix","bytes":"/wo=","soft":true}
01767355200123456791 {"id":"C","selector":"all"}
`
	text := string(encode(rules))
	if d := cmp.Diff(want+text[len(text)-endSize:], text); d != "" {
		t.Errorf("written (-want +got):\n%s", d)
	}
	got, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rules, got); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

// Whatever happens to an object is noticed.
func TestDamagedContent(t *testing.T) {
	good := string(encode([]purge.Rule{{ID: "A", Selector: purge.Source, Value: "https://example.com/", At: noon}}))
	signed := func(text string) string {
		return text + fmt.Sprintf("crc32c %08x\n", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
	}
	for i := range good {
		for name, text := range map[string]string{
			"cut off":   good[:i],
			"flipped":   good[:i] + string(good[i]^1) + good[i+1:],
			"left out":  good[:i] + good[i+1:],
			"with more": good[:i] + "x" + good[i:],
		} {
			if rules, err := decode([]byte(text)); !isForeign(err) {
				t.Errorf("%s at %d: read as %+v, %v", name, i, rules, err)
			}
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"with more at its end": {good + "\n", "as its last line"},
		"another version":      {signed("stillroom purges 2\n"), "as its first line"},
		"a rule that is none":  {signed(heading + "01767355200123456789 {}\n"), "rule 1: want an id"},
		"an empty line":        {signed(heading + "\n"), "rule 1: want a time"},
		"a page":               {"<html>", "as its first line"},
	} {
		if _, err := decode([]byte(c.text)); !isForeign(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzContent(f *testing.F) {
	f.Add([]byte(heading))
	f.Add(encode(nil))
	f.Add(encode([]purge.Rule{
		{ID: "A", Selector: purge.Tag, Value: "\xff", At: noon, Soft: true}, {ID: "B", Selector: purge.All, At: noon},
	}))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, content := range [][]byte{body, append([]byte(heading+string(body)), ending([]byte(heading+string(body)))...)} {
			rules, err := decode(content)
			if err != nil {
				if !isForeign(err) || rules != nil {
					t.Fatalf("%q: %v, %v", content, rules, err)
				}
				continue
			}
			again, err := decode(encode(rules))
			if err != nil || !slices.Equal(rules, again) {
				t.Fatalf("%q: %v, %+v became %+v", content, err, rules, again)
			}
		}
	})
}

func TestNames(t *testing.T) {
	n := name{written: noon, newest: noon.Add(-time.Second), kind: fold}
	text := n.text()
	if got, ours := parseName(text); !ours || got != n {
		t.Errorf("%s is read as %+v, %t", text, got, ours)
	}
	if text == n.text() {
		t.Error("two objects have one name")
	}
	if later := (name{written: noon.Add(1), newest: time.Unix(0, 0), kind: batch}).text(); later <= text {
		t.Errorf("%s does not come after %s", later, text)
	}
	for _, text := range []string{
		"", "x", ".DS_Store", "01767355200123456789-01767355200123456789-rules-", "01767355200123456789-01767355200123456789-rule-X",
		"1767355200123456789-01767355200123456789-rules-X", "01767355200123456789-+1767355200123456789-rules-X",
		"99999999999999999999-01767355200123456789-rules-X", "01767355200123456789-01767355200123456789-fold-X-Y",
	} {
		if n, ours := parseName(text); ours {
			t.Errorf("%q is read as %+v", text, n)
		}
	}
}
