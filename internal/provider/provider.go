// Package provider turns a URL into a Request: what is wanted, of which source, and how it is handed
// over. Each grammar is a Provider in a package of its own below this one.
package provider

import (
	"errors"
	"time"

	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/transform"
)

// Want says what kind of answer a URL asks for.
type Want uint8

// The kinds of answers.
const (
	Rendition Want = iota // an image made by the pipeline
	Original              // the source's own bytes, of whatever type
)

// Request is a URL, understood. Its parts have three fates: Want, Source, Pipeline and CacheBuster say
// which bytes are meant and go into the key; Delivery says how they are handed over; Credentials and
// Limits decide whether they may be had.
type Request struct {
	Want        Want
	Source      source.Ref
	Pipeline    transform.Pipeline
	CacheBuster string
	// Tags label the result for purging. They are no part of the key: the first request for a result labels it.
	Tags []string

	Delivery    Delivery
	Credentials Credentials
	Limits      Limits

	// Hints says which of width and density the URL left open, so that a client hint may fill them.
	Hints Hints
}

// Delivery is how an answer is handed over.
type Delivery struct {
	Filename   string    // stem for Content-Disposition, without extension; empty = from the source
	Attachment bool      // a browser should save rather than show
	Expires    time.Time // the URL stops working then, and max-age ends there; zero = never
}

// Credentials are what a URL brings to be let in.
type Credentials struct {
	Signature string // as it stands in the URL
	Signed    string // the text that the signature is for
}

// Limits are limits that a URL sets for itself, where that is allowed. 0 = the configured one.
type Limits struct {
	SourceBytes  int64
	SourcePixels int64
	FramePixels  int64
}

// Hints says what a client hint may still fill.
type Hints struct{ Width, Density bool }

// ErrSkip is Parse's answer to a URL that is not in its grammar at all.
var ErrSkip = errors.New("not in this grammar")

// Provider is a URL grammar. Implementations are pure and safe for concurrent use.
type Provider interface {
	// Name is the grammar's name in configuration, logs and metrics.
	Name() string
	// Parse reads a request target as it stood in the request line, less the prefix under which the
	// provider is mounted: a path that begins with "/", still escaped, with its query if any. Errors are
	// *fault.Error of kind BadURL, OptionDenied, SourceDenied or Unreachable that name the option at fault,
	// or ErrSkip. Nothing is fetched, signatures are not checked. With an error the Request holds the
	// Credentials, as far as they were found, and nothing else: whoever answers checks them first, so that
	// a URL that is not signed learns nothing but that.
	Parse(target string) (Request, error)
	// Format writes a request target, without signature where the grammar has one, that Parse reads as r
	// again: Parse(Format(r)) = r for every r that Parse returned, Credentials aside.
	Format(r Request) (string, error)
}
