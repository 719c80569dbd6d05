package vips

// #include "vips.h"
import "C"

import (
	"fmt"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// Config bounds what an Engine accepts. The zero value is the careful default.
type Config struct {
	// PNGUnlimited, SVGUnlimited and TIFFUnlimited lift the decoders' own limits on single chunks, on
	// nesting and on tag sizes. The pixel limits of a request hold all the same.
	PNGUnlimited, SVGUnlimited, TIFFUnlimited bool

	// MaxResultPixels bounds width x height x frames of a result; more is TooLarge. It is what keeps an
	// enlargement, which no limit on sources can see, from taking all memory. 0 = 100 million.
	MaxResultPixels int64

	// AVIFBudget bounds the time that one AVIF encoding may take, in seconds on the machine described at
	// avifCost, because an encoder that has begun cannot be stopped. Effort is lowered until the result
	// fits; what does not fit at the least effort is TooLarge. 0 = 10.
	AVIFBudget float64
}

const (
	defaultResultPixels = 100_000_000
	defaultAVIFBudget   = 10
)

// Engine makes results; it implements transform.Processor. It holds no state of its own between
// results and may be used by any number of goroutines; it does not limit how many.
type Engine struct {
	config Config
	can    transform.Capabilities
	knows  knows
}

var _ transform.Processor = (*Engine)(nil)

// knows holds what differs between versions of libvips, asked once.
type knows struct {
	keep          bool // savers take "keep" (8.15); before, only "strip"
	avifTune      bool // heifsave takes "tune" (8.18)
	tiffUnlimited bool // tiffload takes "unlimited" (8.17)
}

// New starts libvips if this process has not yet done so, and finds out what it can do.
func New(c Config) (*Engine, error) {
	if C.sr_start() != 0 {
		return nil, fault.New(fault.Internal, "vips.start", "libvips does not start: %s", takeError())
	}
	if major, minor := int(C.vips_version(0)), int(C.vips_version(1)); major != 8 || minor < 14 {
		return nil, fault.New(fault.Internal, "vips.start", "libvips: want 8.14 or newer, got %d.%d", major, minor)
	}
	if c.MaxResultPixels == 0 {
		c.MaxResultPixels = defaultResultPixels
	}
	if c.AVIFBudget == 0 {
		c.AVIFBudget = defaultAVIFBudget
	}
	e := &Engine{config: c}
	e.knows = knows{
		keep:          hasArgument("jpegsave_buffer", "keep"),
		avifTune:      hasArgument("heifsave_buffer", "tune"),
		tiffUnlimited: hasArgument("tiffload_buffer", "unlimited"),
	}
	e.can = e.probe()
	for _, f := range []format.Format{format.JPEG, format.PNG} {
		if !e.can.Read.Has(f) || !e.can.Write.Has(f) {
			return nil, fault.New(fault.Internal, "vips.start", "this libvips cannot read and write %s", f)
		}
	}
	return e, nil
}

// Capabilities returns the formats that can be read and written here.
func (e *Engine) Capabilities() transform.Capabilities { return e.can }

// Version returns the version of libvips, as in "8.18.7".
func (e *Engine) Version() string {
	return fmt.Sprintf("%d.%d.%d", int(C.vips_version(0)), int(C.vips_version(1)), int(C.vips_version(2)))
}

// Codecs describes the engine in lines for people: the version and allocator, then what is read and
// what is written.
func (e *Engine) Codecs() []string {
	allocator := "libc"
	if C.sr_jemalloc() != 0 {
		allocator = "jemalloc"
	}
	return []string{
		"libvips " + e.Version() + " with " + allocator,
		"reads " + e.can.Read.String(),
		"writes " + e.can.Write.String(),
	}
}

// Memory is what libvips holds.
type Memory struct {
	Bytes  int64 // allocated for pixels now
	Peak   int64 // the most that Bytes ever was
	Allocs int64 // allocations that make up Bytes
	Files  int64 // files held open
}

// Memory returns what libvips holds at this moment, for all engines of the process.
func (e *Engine) Memory() Memory {
	return Memory{
		Bytes:  int64(C.vips_tracked_get_mem()),
		Peak:   int64(C.vips_tracked_get_mem_highwater()),
		Allocs: int64(C.vips_tracked_get_allocs()),
		Files:  int64(C.vips_tracked_get_files()),
	}
}
