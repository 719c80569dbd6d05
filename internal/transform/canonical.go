package transform

// Canonical is a pipeline in the one form that all its spellings share. Only Normalize makes one, so
// whoever holds a Canonical may rely on the rules that Normalize states.
type Canonical struct {
	p Pipeline
}

// Ops returns the operations in the order in which they are applied. They must not be changed.
func (c Canonical) Ops() []Op { return c.p.Ops }

// Output says what is written.
func (c Canonical) Output() Output { return c.p.Output }

// MaxDimension bounds the longer side of the result; 0 = no bound.
func (c Canonical) MaxDimension() int { return c.p.MaxDimension }

// MaxFrames is how many frames are kept, at least 1.
func (c Canonical) MaxFrames() int { return c.p.MaxFrames }
