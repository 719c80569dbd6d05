// Command generate draws the pictures in samples/: a small path tracer renders a stillroom's table, a cut-out pear and a
// tumbler in which bubbles rise. It needs nothing but the standard library, and draws the same pictures every time on one
// kind of machine (another kind may round differently).
//
//	go run ./samples/generate -out samples
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"time"
)

// A picture is one file of samples/. Effort multiplies the number of paths for each pixel.
type picture struct {
	name string
	draw func(w io.Writer, effort float64) error
}

func pictures() []picture {
	return []picture{
		{"still-life.jpg", func(w io.Writer, effort float64) error {
			s, c := stillLife()
			f := expose(1500, 1000, paths(48, effort), c, s.trace)
			smooth(f, 2.5)
			return jpeg.Encode(w, develop(f, 1), &jpeg.Options{Quality: 88})
		}},
		{"pear.png", func(w io.Writer, effort float64) error {
			s, c := cutOut()
			encoder := png.Encoder{CompressionLevel: png.BestCompression}
			return encoder.Encode(w, cut(800, 840, paths(48, effort), s, c, 1))
		}},
		{"bubbles.gif", func(w io.Writer, effort float64) error {
			return gif.EncodeAll(w, animate(rise(240, 320, paths(40, effort), 12), 8))
		}},
	}
}

func paths(usual int, effort float64) int { return max(1, int(float64(usual)*effort)) }

func main() {
	out := flag.String("out", "samples", "folder that the pictures are written to")
	only := flag.String("only", "", "name of the one picture to draw; empty for all")
	effort := flag.Float64("effort", 1, "multiplies the paths for each pixel: less is faster and grainier")
	flag.Parse()
	if err := draw(*out, *only, *effort); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func draw(out, only string, effort float64) error {
	drawn := 0
	for _, p := range pictures() {
		if only != "" && only != p.name {
			continue
		}
		began := time.Now()
		var file bytes.Buffer
		if err := p.draw(&file, effort); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := os.WriteFile(filepath.Join(out, p.name), file.Bytes(), 0o644); err != nil {
			return err
		}
		fmt.Printf("%s: %d kB in %s\n", p.name, file.Len()/1000, time.Since(began).Round(time.Second))
		drawn++
	}
	if drawn == 0 {
		return fmt.Errorf("-only %q: there is no such picture", only)
	}
	return nil
}
