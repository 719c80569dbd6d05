package transform

import (
	"context"

	"github.com/stillroom/stillroom/internal/blob"
	"github.com/stillroom/stillroom/internal/format"
)

// Inputs is what an engine works on. Whatever a pipeline needs stands here: an engine opens nothing.
type Inputs struct {
	Source *blob.Blob
	Limits Limits
}

// Limits decide whether a result may be made. They are no part of a key: they say nothing about what
// the result looks like. Zero means no limit.
type Limits struct {
	SourcePixels int64 // width x height x frames
	FramePixels  int64 // width x height of one frame; when set it takes SourcePixels' place for animations
}

// Image is a finished result.
type Image struct {
	Body          *blob.Blob
	Format        format.Format
	Width, Height int // of one frame
	Frames        int
	Source        Facts
	// Untouched says that the body is the source's own bytes (skip processing) or the source cleaned of
	// active content (SVG).
	Untouched bool
	// Fallback is the format that was asked for when it could not be written and Format took its place.
	Fallback format.Format
}

// Facts is what an engine learns of a source before it decodes pixels.
type Facts struct {
	Format        format.Format
	Width, Height int // of one frame, as stored: before the EXIF orientation is applied
	Orientation   int // EXIF, 1 to 8
	Frames        int
	Alpha         bool
}

// Processor makes results. Implementations are safe for concurrent use. The same inputs and canonical
// pipeline give the same bytes, always: ETags rest on it.
//
// An error is a *fault.Error of kind NotImage, Unsupported, TooLarge, Broken, Overloaded, Timeout or
// Canceled; anything else is a bug. ctx bounds waiting and pixel work; an encoder that has begun cannot
// be stopped (libvips offers no way), so implementations bound output pixels times effort instead.
type Processor interface {
	Process(ctx context.Context, in Inputs, c Canonical) (Image, error)
}
