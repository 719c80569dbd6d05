package purge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/fault"
)

func TestSelectors(t *testing.T) {
	for _, c := range []struct {
		selector Selector
		value    string
		covers   bool
	}{
		{All, "", true},
		{Source, photo, true},
		{Source, photo + "?", false},
		{Source, "https://example.com/a/photo.jp", false},
		{Source, "https://example.com/a/", false},
		{Prefix, "h", true},
		{Prefix, "https://example.com/a/", true},
		{Prefix, photo, true},
		{Prefix, photo + "x", false},
		{Prefix, "https://example.com/b", false},
		{Prefix, "example.com", false},
		{Tag, "summer", true},
		{Tag, "shop", true},
		{Tag, "sho", false},
		{Tag, "Shop", false},
		{URL, group.String(), true},
		{URL, strings.ToUpper(group.String()), true},
		{URL, cache.Key{1, 2}.String(), false},
	} {
		for _, soft := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s soft=%t", c.selector, c.value, soft), func(t *testing.T) {
				l, _ := inMemory(0)
				rule := add(t, l, Rule{Selector: c.selector, Value: c.value, Soft: soft})
				for _, at := range []struct {
					name    string
					created time.Time
					older   bool
				}{
					{"long before", noon.Add(-time.Hour), true},
					{"never dated", time.Time{}, true},
					{"in the same nanosecond", noon, true},
					{"a nanosecond later", noon.Add(1), false},
				} {
					got, covered := l.Covers(pictured(at.created))
					if want := c.covers && at.older; covered != want {
						t.Errorf("made %s: covered = %t, want %t", at.name, covered, want)
					}
					if covered && got != rule {
						t.Errorf("made %s: covered by %+v, want %+v", at.name, got, rule)
					}
					if covered != rule.Covers(pictured(at.created)) {
						t.Errorf("made %s: rule and ledger do not agree", at.name)
					}
				}
				want := int64(0)
				if c.covers {
					want = noon.UnixNano()
				}
				if got := l.Last(photo, group, []string{"summer", "shop"}); got != want {
					t.Errorf("Last = %d, want %d", got, want)
				}
			})
		}
	}
}

func TestAnEntryWithoutAGroupIsInNone(t *testing.T) {
	l, _ := inMemory(0)
	add(t, l, Rule{Selector: URL, Value: group.String()})
	if r, covered := l.Covers(&cache.Meta{Source: photo, Created: noon}); covered {
		t.Errorf("covered by %+v", r)
	}
}

func TestHardWinsOverSoft(t *testing.T) {
	for _, c := range []struct {
		name  string
		soft  [2]bool
		index int // of the rule that must be named
	}{
		{"soft after hard", [2]bool{false, true}, 0},
		{"hard after soft", [2]bool{true, false}, 1},
		{"hard after hard", [2]bool{false, false}, 1},
		{"soft after soft", [2]bool{true, true}, 1},
	} {
		for _, selectors := range [][2]Rule{
			{{Selector: Source, Value: photo}, {Selector: Source, Value: photo}},
			{{Selector: Source, Value: photo}, {Selector: Tag, Value: "shop"}},
			{{Selector: All}, {Selector: Prefix, Value: "https://"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				l, _ := inMemory(0)
				var rules [2]Rule
				for i, r := range selectors {
					r.Soft = c.soft[i]
					rules[i] = add(t, l, r)
				}
				if got, _ := l.Covers(pictured(noon)); got != rules[c.index] {
					t.Errorf("covered by %+v, want %+v", got, rules[c.index])
				}
			})
		}
	}
}

func TestAHardRuleThatIsTooOldLeavesTheSoftOne(t *testing.T) {
	l, c := inMemory(0)
	add(t, l, Rule{Selector: Source, Value: photo})
	c.now = noon.Add(time.Hour)
	soft := add(t, l, Rule{Selector: Source, Value: photo, Soft: true})
	if got, _ := l.Covers(pictured(noon.Add(time.Minute))); got != soft {
		t.Errorf("covered by %+v, want the soft rule", got)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{Rule{}, `selector: want url, source, tag, prefix or all, got ""`},
		{Rule{Selector: "host", Value: "x"}, `got "host"`},
		{Rule{Selector: All, Value: "x"}, `all: want no value, got "x"`},
		{Rule{Selector: Source}, "source: want a value, got none"},
		{Rule{Selector: Prefix}, "prefix: want a value, got none"},
		{Rule{Selector: Tag}, "tag: want a value, got none"},
		{Rule{Selector: URL, Value: "https://x/"}, `url: key: want 64 hex digits, got "https://x/"`},
		{Rule{Selector: URL, Value: cache.Key{}.String()}, "names nothing"},
		{Rule{Selector: Tag, Value: strings.Repeat("x", 8193)}, "tag: want at most 8192 bytes, got 8193"},
	} {
		l, _ := inMemory(0)
		if _, err := l.Add(c.rule); !fault.Is(err, fault.BadURL) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Add(%+v) = %v, want %q", c.rule, err, c.want)
		}
		c.rule.ID, c.rule.At = "x", noon
		if merged, err := l.Merge(c.rule); merged || !fault.Is(err, fault.BadURL) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Merge(%+v) = %t, %v, want %q", c.rule, merged, err, c.want)
		}
		if n := len(l.Rules()); n != 0 {
			t.Errorf("%+v: %d rules are in force", c.rule, n)
		}
	}
}
