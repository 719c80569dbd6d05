package imgproxy

import (
	"math"
	"strconv"
	"strings"
)

// args are the arguments of one option, as they stand in the URL.
type args struct{ name, text, sep string }

// maxFixed is the most arguments of an option whose arguments are counted (resize).
const maxFixed = 8

// fixed returns the arguments of an option that takes at most limit of them. There is always one, if
// only an empty one.
func (a args) fixed(limit int) (list [maxFixed]string, n int, err error) {
	if n = strings.Count(a.text, a.sep) + 1; n > limit {
		return list, n, badURL("%s: want at most %d arguments, got %d", a.name, limit, n)
	}
	rest := a.text
	for i := range n {
		list[i], rest, _ = strings.Cut(rest, a.sep)
	}
	return list, n, nil
}

// one returns the argument of an option that takes exactly one.
func (a args) one() (string, error) {
	if strings.Contains(a.text, a.sep) {
		return "", badURL("%s: want one argument, got %q", a.name, a.text)
	}
	return a.text, nil
}

// next returns the first argument and the arguments after it.
func (a args) next() (first string, rest args, more bool) {
	first, a.text, more = strings.Cut(a.text, a.sep)
	return first, a, more
}

// bad returns the error for an argument. An option with one argument does not name it.
func (a args) bad(argument, got, want string) error {
	if argument == "" {
		return badURL("%s: want %s, got %q", a.name, want, got)
	}
	return badURL("%s: %s: want %s, got %q", a.name, argument, want, got)
}

// whole reads a whole number.
func (a args) whole(argument, text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err == nil && low <= n && n <= high {
		return n, nil
	}
	want := "a whole number"
	if low > math.MinInt || high < math.MaxInt {
		want += " from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)
	}
	return 0, a.bad(argument, text, want)
}

// maxSide bounds sides and borders: what fits an int everywhere and is beyond every image.
const maxSide = math.MaxInt32

// wholeOption reads the only argument of an option into n.
func (a args) wholeOption(n *int, low, high int) error {
	text, err := a.one()
	if err != nil {
		return err
	}
	v, err := a.whole("", text, low, high)
	if err == nil {
		*n = v
	}
	return err
}

// span is a range of numbers. Neither infinities nor NaN are in any.
type span struct {
	low, high float64
	open      bool // low itself is outside
	want      string
}

// The ranges of numbers that options take.
var (
	anyNumber   = span{-math.MaxFloat64, math.MaxFloat64, false, "a number"}
	notNegative = span{0, math.MaxFloat64, false, "a number that is not negative"}
	positive    = span{0, math.MaxFloat64, true, "a number above 0"}
	fraction    = span{0, 1, false, "a number from 0 to 1"}
	megapixels  = span{0, 1e9, false, "a number of megapixels from 0 to 1000000000"}
)

// number reads a number in a range.
func (a args) number(argument, text string, in span) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= in.low && f <= in.high) || in.open && f == in.low {
		return 0, a.bad(argument, text, in.want)
	}
	return f + 0, nil // turns a negative zero into zero: two texts, one meaning
}

// numberOption reads the only argument of an option into f.
func (a args) numberOption(f *float64, in span) error {
	text, err := a.one()
	if err != nil {
		return err
	}
	v, err := a.number("", text, in)
	if err == nil {
		*f = v
	}
	return err
}

// truth reads a boolean. Anything that is none means false, as in imgproxy: URLs in the wild say "no".
func truth(text string) bool {
	v, err := strconv.ParseBool(text)
	return err == nil && v
}

// truthOption reads the only argument of an option into b.
func (a args) truthOption(b *bool) error {
	text, err := a.one()
	if err == nil {
		*b = truth(text)
	}
	return err
}
