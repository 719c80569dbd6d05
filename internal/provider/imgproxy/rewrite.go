package imgproxy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/stillroom/stillroom/internal/source"
)

// rewriter turns what URLs say of a source into what is opened.
type rewriter struct {
	rules []rule
	base  string
}

// rule replaces what matches a pattern at the beginning of a source.
type rule struct {
	match *regexp.Regexp
	with  string // as for regexp.Expand

	// back matches what the rule makes; it is nil where that cannot be told. stars names, for each of its
	// groups, the star that the group came from; pieces is the pattern between its stars.
	back   *regexp.Regexp
	stars  []int
	pieces []string
}

const star = "([^/]*)"

var reference = regexp.MustCompile(`\$\{(\d+)\}`)

func newRewriter(replacements []string, base string) (rewriter, error) {
	if strings.Contains(base, "#") {
		return rewriter{}, fmt.Errorf("base url: want a URL without a fragment, got %q", base)
	}
	w := rewriter{base: base}
	for _, text := range replacements {
		pattern, with, ok := strings.Cut(text, "=")
		if !ok || pattern == "" {
			return w, fmt.Errorf("url replacements: want pattern=text, got %q", text)
		}
		r := rule{with: with, pieces: strings.Split(pattern, "*")}
		r.match = regexp.MustCompile("^" + quoteJoin(r.pieces))
		r.invert()
		w.rules = append(w.rules, r)
	}
	return w, nil
}

// quoteJoin returns the expression that matches the pieces with a star between each two.
func quoteJoin(pieces []string) string {
	quoted := make([]string, len(pieces))
	for i, piece := range pieces {
		quoted[i] = regexp.QuoteMeta(piece)
	}
	return strings.Join(quoted, star)
}

// invert prepares undo.
func (r *rule) invert() {
	for _, group := range reference.FindAllStringSubmatch(r.with, -1) {
		n, err := strconv.Atoi(group[1])
		if err != nil || n < 1 || n >= len(r.pieces) {
			return
		}
		r.stars = append(r.stars, n-1)
	}
	pieces := reference.Split(r.with, -1)
	if strings.Contains(strings.Join(pieces, ""), "$") {
		return
	}
	r.back = regexp.MustCompile("^" + quoteJoin(pieces))
}

// apply returns the source that text stands for.
func (w *rewriter) apply(text string) string {
	for i := range w.rules {
		r := &w.rules[i]
		if at := r.match.FindStringSubmatchIndex(text); at != nil {
			text = string(r.match.ExpandString(nil, r.with, text, at)) + text[at[1]:]
		}
	}
	if strings.HasPrefix(text, w.base) {
		return text
	}
	return w.base + text
}

// undo returns a text that the rule turns into the given one; what a star held that the rule forgot is
// left empty.
func (r *rule) undo(text string) (string, bool) {
	if r.back == nil {
		return "", false
	}
	found := r.back.FindStringSubmatch(text)
	if found == nil {
		return "", false
	}
	held := make([]string, len(r.pieces))
	for group, n := range r.stars {
		held[n] = found[group+1]
	}
	var b strings.Builder
	for i, piece := range r.pieces {
		b.WriteString(piece)
		b.WriteString(held[i]) // empty after the last piece
	}
	return b.String() + text[len(found[0]):], true
}

// maxGuesses bounds the search of spell. A base is found after about as many guesses as it has characters.
const maxGuesses = 1024

// spell returns a text that apply and source.ParseRef turn into ref; false if none is found. Rules and
// base are the operator's, so a source may have no such text: one that a rule always rewrites. The search
// tries the reference as it is, then without what the base or the rules may have put there.
func (w *rewriter) spell(ref source.Ref) (string, bool) {
	whole, guesses := ref.String(), 0
	var try func(text string, rules int) (string, bool)
	try = func(text string, rules int) (string, bool) {
		if guesses++; text == "" || guesses > maxGuesses {
			return "", false
		}
		if got, err := source.ParseRef(w.apply(text)); err == nil && got == ref {
			return text, true
		}
		for i := rules - 1; i >= 0; i-- {
			before, ok := w.rules[i].undo(text)
			if !ok {
				continue
			}
			if found, ok := try(before, i); ok {
				return found, true
			}
		}
		return "", false
	}
	if text, ok := try(whole, len(w.rules)); ok || w.base == "" {
		return text, ok
	}
	// The base may be longer or shorter than it is in the reference, which folds case and default ports.
	for i := 1; i < len(whole); i++ {
		if text, ok := try(whole[i:], len(w.rules)); ok {
			return text, true
		}
	}
	return try("#", len(w.rules)) // a fragment, which says nothing: the base is all there is
}
