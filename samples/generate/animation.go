package main

import (
	"image"
	"image/color"
	"image/gif"
	"sort"
)

// animate makes an animation that repeats for ever: one palette for all frames, and in each frame after the first only
// the pixels that changed visibly. Delay is in hundredths of a second.
func animate(frames []*image.RGBA, delay int) *gif.GIF {
	colours := palette(frames, 255)
	paints := append(color.Palette{color.RGBA{}}, colours...)
	shown := image.NewRGBA(frames[0].Bounds())
	known := map[color.RGBA]uint8{}
	out := &gif.GIF{}
	for n, frame := range frames {
		img := image.NewPaletted(frame.Bounds(), paints)
		for y := range frame.Rect.Dy() {
			for x := range frame.Rect.Dx() {
				want := dithered(frame.RGBAAt(x, y), x, y)
				if n > 0 && alike(want, shown.RGBAAt(x, y)) {
					continue // stays transparent
				}
				index, ok := known[want]
				if !ok {
					index = uint8(colours.Index(want)) + 1
					known[want] = index
				}
				img.SetColorIndex(x, y, index)
				shown.Set(x, y, paints[index])
			}
		}
		out.Image = append(out.Image, img)
		out.Delay = append(out.Delay, delay)
		out.Disposal = append(out.Disposal, gif.DisposalNone)
	}
	return out
}

// alike says whether a difference would not be noticed in something that moves.
func alike(a, b color.RGBA) bool {
	far := func(p, q uint8) int { return max(int(p)-int(q), int(q)-int(p)) }
	return far(a.R, b.R)+far(a.G, b.G)+far(a.B, b.B) < 22
}

// dithered moves a colour a little, by a pattern that stands still while frames change.
func dithered(c color.RGBA, x, y int) color.RGBA {
	pattern := [4][4]int{{-3, 1, -2, 2}, {3, -1, 2, -2}, {-2, 2, -3, 1}, {2, -2, 3, -1}}
	by := pattern[y%4][x%4]
	move := func(v uint8) uint8 { return uint8(max(0, min(255, int(v)+by))) &^ 1 }
	return color.RGBA{move(c.R), move(c.G), move(c.B), 255}
}

// palette chooses colours by halving: the box of colours with the widest spread, weighted by its number of pixels, is cut
// at its median until there are enough boxes; each gives its mean.
func palette(frames []*image.RGBA, size int) color.Palette {
	var pixels [][3]uint8
	for _, frame := range frames {
		for i := 0; i < len(frame.Pix); i += 4 * 3 { // a third of the pixels tells enough
			pixels = append(pixels, [3]uint8{frame.Pix[i], frame.Pix[i+1], frame.Pix[i+2]})
		}
	}
	boxes := [][][3]uint8{pixels}
	for len(boxes) < size {
		best, channel, score := -1, 0, 0.0
		for i, box := range boxes {
			if c, spread := widest(box); float64(spread*spread)*sqrt(float64(len(box))) > score {
				best, channel, score = i, c, float64(spread*spread)*sqrt(float64(len(box)))
			}
		}
		if best < 0 {
			break
		}
		box := boxes[best]
		sort.SliceStable(box, func(i, k int) bool { return box[i][channel] < box[k][channel] })
		boxes[best] = box[:len(box)/2]
		boxes = append(boxes, box[len(box)/2:])
	}
	var colours color.Palette
	for _, box := range boxes {
		var sum [3]int
		for _, p := range box {
			sum[0], sum[1], sum[2] = sum[0]+int(p[0]), sum[1]+int(p[1]), sum[2]+int(p[2])
		}
		n := len(box)
		colours = append(colours, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
	}
	return colours
}

func widest(box [][3]uint8) (channel, spread int) {
	for c := range 3 {
		low, high := 255, 0
		for _, p := range box {
			low, high = min(low, int(p[c])), max(high, int(p[c]))
		}
		if high-low > spread {
			channel, spread = c, high-low
		}
	}
	return channel, spread
}
