package vips

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"image"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// noise does not compress, so that half of its bytes is about half of the picture.
func noise(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.Uint32()) | uint8(i%4/3*255)
	}
	return m
}

func TestRefusals(t *testing.T) {
	picture := noise(96, 96)
	png, jpg := asPNG(picture), asJPEG(picture)
	webp := process(t, png, pipeline(t, format.WebP)).Body.Bytes()
	tiff := process(t, png, pipeline(t, format.TIFF)).Body.Bytes()
	avif := process(t, png, pipeline(t, format.AVIF)).Body.Bytes()
	anim := animated(96, 96, 0, []int{1, 1}, red, blue)
	part := func(b []byte, percent int) []byte { return b[:len(b)*percent/100] }
	tests := []struct {
		name   string
		source []byte
		want   fault.Kind
	}{
		{"text", []byte("hello, world"), fault.NotImage},
		{"a web page", []byte("<!DOCTYPE html><html></html>"), fault.NotImage},
		{"a known format that cannot be read", []byte("\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00"), fault.Unsupported},
		{"only a magic", []byte("\x89PNG\r\n\x1a\n"), fault.Broken},
		{"half a jpeg", part(jpg, 50), fault.Broken},
		{"nearly all of a jpeg", part(jpg, 95), fault.Broken},
		{"a jpeg's header", jpg[:200], fault.Broken},
		{"half a png", part(png, 50), fault.Broken},
		{"nearly all of a png", part(png, 95), fault.Broken},
		{"half a webp", part(webp, 50), fault.Broken},
		{"half a gif", part(anim, 50), fault.Broken},
		{"half a tiff", part(tiff, 50), fault.Broken},
		{"half an avif", part(avif, 50), fault.Broken},
		{"an svg that is not closed", []byte(`<svg width="10" height="10"><g>`), fault.Broken},
		{"an svg that is no XML", []byte(`<svg width=10 <<>>`), fault.Broken},
	}
	for _, tt := range tests {
		for _, out := range []format.Format{format.PNG, format.JPEG, format.WebP} {
			t.Run(tt.name+" to "+out.String(), func(t *testing.T) {
				_, err := engine.Process(t.Context(), inputs(tt.source), pipeline(t, out, &transform.Resize{Width: 40}))
				if !fault.Is(err, tt.want) {
					t.Fatalf("want %v, got %v: %v", tt.want, fault.KindOf(err), err)
				}
				if text := err.Error(); strings.Contains(text, "0x") || strings.Contains(text, "/tmp") || strings.Contains(text, "\n") {
					t.Errorf("the text shows too much: %q", text)
				}
			})
		}
	}
}

// A header may claim anything; nothing is decoded, so nothing is allocated.
func TestTooManyPixels(t *testing.T) {
	before := engine.Memory().Peak
	for range 20 {
		_, err := engine.Process(t.Context(), inputs(pngHeader(65_000, 65_000)), pipeline(t, format.JPEG, &transform.Resize{Width: 10}))
		if !fault.Is(err, fault.TooLarge) {
			t.Fatalf("want too large, got %v", err)
		}
	}
	if grown := engine.Memory().Peak - before; grown > 1<<20 {
		t.Errorf("the peak grew by %d bytes", grown)
	}
}

func TestResultTooLarge(t *testing.T) {
	c := pipeline(t, format.PNG, &transform.Resize{Width: 40_000, Enlarge: true})
	if _, err := engine.Process(t.Context(), inputs(asPNG(flat())), c); !fault.Is(err, fault.TooLarge) {
		t.Errorf("want too large, got %v", err)
	}
	c = pipeline(t, format.PNG, &transform.Resize{Width: 40_000})
	if _, err := engine.Process(t.Context(), inputs([]byte(drawing)), c); !fault.Is(err, fault.TooLarge) {
		t.Errorf("vector: want too large, got %v", err)
	}
}

func TestAVIFEffort(t *testing.T) {
	const million = 1_000_000
	tests := []struct {
		wanted int
		pixels int64
		effort int
		ok     bool
	}{
		{1, 130_000, 1, true},
		{9, 100_000, 9, true},
		{9, million, 5, true},
		{4, 2 * million, 4, true},
		{4, 8 * million, 3, true},
		{1, 30 * million, 1, true},
		{1, 31 * million, 0, true},
		{0, 76 * million, 0, true},
		{0, 77 * million, 0, false},
		{9, 77 * million, 0, false},
	}
	for _, tt := range tests {
		if effort, ok := avifEffort(tt.wanted, tt.pixels, defaultAVIFBudget); effort != tt.effort || ok != tt.ok {
			t.Errorf("effort %d of %d pixels: want %d, %v, got %d, %v", tt.wanted, tt.pixels, tt.effort, tt.ok, effort, ok)
		}
	}
}

// Work on pixels stops at the deadline. Left alone, this job takes several seconds.
func TestDeadline(t *testing.T) {
	source := asPNG(flat())
	c := pipeline(t, format.JPEG, &transform.Resize{Width: 11_000, Enlarge: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := engine.Process(ctx, inputs(source), c)
	if !fault.Is(err, fault.Timeout) {
		t.Fatalf("want a timeout, got %v after %v", err, time.Since(start))
	}

	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	turned := pipeline(t, format.JPEG, &transform.Rotate{Degrees: 90}, &transform.Resize{Width: 8000, Enlarge: true})
	if _, err := engine.Process(ctx, inputs(source), turned); !fault.Is(err, fault.Canceled) {
		t.Fatalf("want canceled, got %v", err)
	}
	if _, err := engine.Process(ctx, inputs(source), c); !fault.Is(err, fault.Canceled) {
		t.Errorf("want canceled before anything is done, got %v", err)
	}
}

// One broken image must not spoil what others get: libvips keeps one error buffer for all.
func TestBrokenBesideWhole(t *testing.T) {
	whole, broken := asJPEG(noise(200, 200)), asJPEG(noise(200, 200))[:9000]
	c := pipeline(t, format.JPEG, &transform.Resize{Width: 50})
	var group sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for range 20 {
				if _, err := engine.Process(t.Context(), inputs(whole), c); err != nil {
					t.Errorf("whole: %v", err)
				}
				if _, err := engine.Process(t.Context(), inputs(broken), c); !fault.Is(err, fault.Broken) {
					t.Errorf("broken: %v", err)
				}
			}
		})
	}
	group.Wait()
}

func TestPresentable(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "no reason given"},
		{"VipsJpeg: premature end\npngload: more\n", "VipsJpeg: premature end"},
		{"VipsImage: 0x7f8a1c002b10 is bad", "VipsImage: ... is bad"},
		{`open: "/root/secret/a.png" not found`, `open: "..." not found`},
		{"bad \xff byte", "bad ? byte"},
		{strings.Repeat("x", 500), strings.Repeat("x", 200)},
	} {
		if got := presentable(tt.text); got != tt.want {
			t.Errorf("%q: want %q, got %q", tt.text, tt.want, got)
		}
	}
}
