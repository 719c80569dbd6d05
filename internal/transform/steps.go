package transform

// The functions here add steps, leave out those that do nothing and join those that are one.

// cut adds a box of the image as it lies.
func (p *planner) cut(r Rect) {
	if n := len(p.steps) - 1; n >= 0 {
		if before, ok := p.steps[n].(Cut); ok {
			r.X, r.Y = r.X+before.X, r.Y+before.Y
			p.steps[n] = Cut{r}
			return
		}
	}
	p.steps = append(p.steps, Cut{r})
}

// scale adds a scaling to the size that a viewer will see. Of two in a row only the second counts: the
// pixels between them are never needed.
func (p *planner) scale(s Size) {
	if s == p.size {
		return
	}
	p.size = s
	step := Scale{p.turn.inverse().size(s)}
	if n := len(p.steps) - 1; n >= 0 {
		if _, ok := p.steps[n].(Scale); ok {
			p.steps[n] = step
			return
		}
	}
	p.steps = append(p.steps, step)
}

// flush adds the turns that were carried along.
func (p *planner) flush() {
	if p.turn != (Turn{}) {
		p.steps = append(p.steps, TurnBy{p.turn})
		p.turn = Turn{}
	}
}

// embed adds a canvas that is nowhere smaller than the image.
func (p *planner) embed(canvas Size, x, y int) {
	if canvas == p.size {
		return
	}
	p.flush()
	p.size, p.alpha = canvas, true
	r := Rect{x, y, canvas.W, canvas.H}
	if n := len(p.steps) - 1; n >= 0 {
		if before, ok := p.steps[n].(Embed); ok {
			r.X, r.Y = r.X+before.X, r.Y+before.Y
			p.steps[n] = Embed{r}
			return
		}
	}
	p.steps = append(p.steps, Embed{r})
}

// flatten adds a colour behind an image through which it can show.
func (p *planner) flatten(c Color) {
	if !p.alpha {
		return
	}
	p.flush()
	p.alpha = false
	p.steps = append(p.steps, Flatten{c})
}
