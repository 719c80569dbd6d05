package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
)

// exact compares everything, unexported fields included.
var exact = cmp.AllowUnexported(Canonical{})

// checkLaws checks what has to hold of every pipeline and every source.
func checkLaws(t *testing.T, data []byte) {
	t.Helper()
	p := (&source{data}).pipeline()
	before := (&source{data}).pipeline()
	c, err := Normalize(p)
	if err != nil {
		if !fault.Is(err, fault.BadURL) {
			t.Fatalf("error of kind %s: %v", fault.KindOf(err), err)
		}
		return
	}
	if diff := cmp.Diff(before, p, cmp.Comparer(sameFloat)); diff != "" {
		t.Fatalf("Normalize changed its argument:\n%s", diff)
	}
	again, err := Normalize(c.p)
	if err != nil {
		t.Fatalf("a canonical pipeline is refused: %v\n%s", err, c)
	}
	if diff := cmp.Diff(c, again, exact); diff != "" {
		t.Fatalf("Normalize(Normalize(p)) is another pipeline:\n%s", diff)
	}
	s := &source{data}
	s.pipeline()
	f := s.facts()
	checkPlan(t, c, f, format.Format(s.byte()%13))
	checkChoice(t, c, f, Capabilities{Read: s.set(), Write: s.set()})
	if plain, ok := literal(p); ok {
		want := plain.Plan(f, format.Unknown)
		if max(want.Size.W, want.Size.H) > maxSide/2 {
			// Numbers saturate on the way to such a size, and not in the same places.
			return
		}
		if diff := cmp.Diff(describe(want), describe(c.Plan(f, format.Unknown))); diff != "" {
			t.Fatalf("the canonical pipeline does something else (-as written +canonical):\n%s\n%s\n%s", diff, plain, c)
		}
	}
}

// sameFloat tells a negative zero from a positive one no more than == does, and takes NaN for itself.
func sameFloat(a, b float64) bool { return a == b || a != a && b != b }

// literal returns p as it is written, with nothing but defaults filled in, for planning what it
// literally says. That the two plans are equal step by step can only be asked of pipelines without a
// bound on the result, which is applied at a place that depends on what was dropped, and with no
// operation after a Background, which Normalize moves.
func literal(p Pipeline) (Canonical, bool) {
	if p.MaxDimension > 0 || p.Output.Format == format.SVG {
		return Canonical{}, false
	}
	ops := make([]Op, len(p.Ops))
	for i, op := range p.Ops {
		if _, ok := op.(*Background); ok && i != len(p.Ops)-1 {
			return Canonical{}, false
		}
		if r, ok := op.(*Resize); ok {
			n := *r
			n.ZoomX, n.ZoomY, n.Density = orOne(n.ZoomX), orOne(n.ZoomY), orOne(n.Density)
			op = &n
		}
		ops[i] = op
	}
	if n := len(ops); n > 0 && p.Output.Format == format.JPEG {
		if _, ok := ops[n-1].(*Background); ok {
			return Canonical{}, false
		}
	}
	return Canonical{Pipeline{Ops: ops}}, true
}

// checkPlan follows the size through the steps.
func checkPlan(t *testing.T, c Canonical, f Facts, out format.Format) {
	t.Helper()
	p := c.Plan(f, out)
	size := Size{f.Width, f.Height}
	alpha := f.Alpha
	for _, s := range p.Steps {
		switch s := s.(type) {
		case Cut:
			if s.X < 0 || s.Y < 0 || s.W < 1 || s.H < 1 || s.X+s.W > size.W || s.Y+s.H > size.H {
				t.Fatalf("cut of %v out of an image of %v\n%s\n%s", s.Rect, size, describe(p), c)
			}
			size = Size{s.W, s.H}
		case Scale:
			size = s.Size
		case TurnBy:
			size = s.Turn.size(size)
		case Embed:
			if s.X < 0 || s.Y < 0 || s.X+size.W > s.W || s.Y+size.H > s.H {
				t.Fatalf("image of %v embedded as %v\n%s\n%s", size, s.Rect, describe(p), c)
			}
			size, alpha = Size{s.W, s.H}, true
		case Flatten:
			alpha = false
		}
		if size.W < 1 || size.H < 1 {
			t.Fatalf("image of %v\n%s\n%s", size, describe(p), c)
		}
	}
	if size != p.Size {
		t.Fatalf("the steps end in %v, the plan says %v\n%s", size, p.Size, c)
	}
	if out != format.Unknown && (Shrink(size, out) != size || alpha && !out.HasAlpha()) {
		t.Fatalf("%v with transparency %v cannot be written as %s\n%s", size, alpha, out, c)
	}
}

func checkChoice(t *testing.T, c Canonical, f Facts, can Capabilities) {
	t.Helper()
	choice, err := c.Choose(f, can)
	switch {
	case err != nil:
		if !fault.Is(err, fault.Unsupported) {
			t.Fatalf("error of kind %s: %v", fault.KindOf(err), err)
		}
	case choice.Passthrough:
		if choice.Format != f.Format {
			t.Fatalf("a %s is passed through as %s", f.Format, choice.Format)
		}
	default:
		o := c.Output()
		if !can.Write.Has(choice.Format) || !o.outcomes().Has(choice.Format) {
			t.Fatalf("chose %s, which cannot be written or was not foreseen\n%s", choice.Format, c)
		}
		if q := c.Quality(choice.Format); choice.Format.HasQuality() != (q >= 1) || q > 100 {
			t.Fatalf("quality %d for %s\n%s", q, choice.Format, c)
		}
		if choice.Format.HasQuality() && o.Quality == 0 && o.FormatQuality[choice.Format] == 0 {
			t.Fatalf("the quality of %s does not stand in the text\n%s", choice.Format, c)
		}
		if choice.Fallback != format.Unknown && (choice.Fallback != o.Format || choice.Format == o.Format) {
			t.Fatalf("%s stands in for %s, asked for was %s", choice.Format, choice.Fallback, o.Format)
		}
	}
}

// checkText checks that two pipelines have one text exactly if they are one.
func checkText(t *testing.T, data []byte) {
	t.Helper()
	s := &source{data}
	one, err := Normalize(s.pipeline())
	if err != nil {
		return
	}
	// The other differs in few places: that is where two texts could be mistaken for each other.
	near := append([]byte(nil), data[:len(data)-len(s.data)]...)
	if len(near) == 0 {
		return
	}
	near[int(s.byte())%len(near)] ^= s.byte()
	other, err := Normalize((&source{near}).pipeline())
	if err != nil {
		return
	}
	if same := cmp.Equal(one, other, exact); same != (one.String() == other.String()) {
		t.Fatalf("equal pipelines: %v, equal texts: %v\n%s\n%s", same, !same, one, cmp.Diff(one, other, exact))
	}
}

func randomBytes(r *rand.Rand) []byte {
	data := make([]byte, 40+r.IntN(160))
	for i := range data {
		data[i] = byte(r.UintN(256))
	}
	return data
}

func TestLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		checkLaws(t, randomBytes(r))
	}
}

func TestTextsDiffer(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		checkText(t, randomBytes(r))
	}
}

func FuzzLaws(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		f.Add(randomBytes(r))
	}
	f.Fuzz(checkLaws)
}

func FuzzTextsDiffer(f *testing.F) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		f.Add(randomBytes(r))
	}
	f.Fuzz(checkText)
}
