package vips

import (
	"bytes"
	"context"
	_ "embed" // for the samples
	"image"
	"image/png"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// One libvips operation reads AVIF and HEIC, and says nothing about which codecs libheif was built with.
// So both are tried on pictures of 16x16 pixels.
var (
	//go:embed sample/16x16.avif
	sampleAVIF []byte
	//go:embed sample/16x16.heic
	sampleHEIC []byte
)

// probe finds out what this build of libvips reads and writes.
func (e *Engine) probe() transform.Capabilities {
	var can transform.Capabilities
	for f, name := range loaders {
		if name != "" && hasOperation(name) && e.reads(format.Format(f)) {
			can.Read = can.Read.With(format.Format(f))
		}
	}
	for f, name := range savers {
		if name != "" && hasOperation(name) && e.writes(format.Format(f)) {
			can.Write = can.Write.With(format.Format(f))
		}
	}
	return can
}

// reads tries the decoder of a format that has a sample.
func (e *Engine) reads(f format.Format) bool {
	sample := map[format.Format][]byte{format.AVIF: sampleAVIF, format.HEIC: sampleHEIC}[f]
	if sample == nil {
		return true
	}
	j := e.begin(context.Background(), sample, f)
	defer j.end()
	im, err := j.load(nil)
	return err == nil && im.toMemory() == nil
}

// writes tries the encoder of AVIF; the others are part of libvips where their operation is.
func (e *Engine) writes(f format.Format) bool {
	if f != format.AVIF {
		return true
	}
	var sample bytes.Buffer
	if err := png.Encode(&sample, image.NewGray(image.Rect(0, 0, 16, 16))); err != nil {
		return false
	}
	j := e.begin(context.Background(), sample.Bytes(), format.PNG)
	defer j.end()
	im, err := j.load(nil)
	if err != nil {
		return false
	}
	_, err = im.save(savers[f], options{}.with("compression", "av1").withInt("effort", 0))
	return err == nil
}
