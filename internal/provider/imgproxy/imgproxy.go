// Package imgproxy reads and writes imgproxy's URLs.
//
// A URL is walked once, left to right: each option changes a set of values that starts from the
// operator's defaults, the last one wins, and what stands at the end becomes a provider.Request.
// Options of imgproxy that cannot be carried out here are refused by name, unless what they ask for
// changes nothing.
package imgproxy

import "github.com/stillroom/stillroom/internal/transform"

// Config says how URLs are read. The zero value reads them as imgproxy does without configuration,
// save for Defaults, whose fields mean what they say.
type Config struct {
	// ArgumentsSeparator stands between an option's name and its arguments; empty = ":".
	ArgumentsSeparator string
	// BaseURL is put in front of every source that does not begin with it.
	BaseURL string
	// URLReplacements rewrite sources before BaseURL is added, each as "pattern=text", in this order; each
	// that matches applies. A pattern is anchored at the beginning; "*" in it stands for any run of
	// characters other than "/", and "${1}" in the text for what the first "*" stood for.
	URLReplacements []string
	// Base64IncludesFilename says that the last segment of a base64 or encrypted source, if it has more
	// than one, is a file name for search engines and no part of the source.
	Base64IncludesFilename bool
	// EncryptionKey, in hex, 16, 24 or 32 bytes, decrypts sources after "enc/"; empty = there are none.
	EncryptionKey string

	// Presets are named lists of options, each as "name=option/option". One named "default" applies to
	// every URL before its own options.
	Presets []string
	// OnlyPresets makes the first segment a list of preset names; URLs then hold no options.
	OnlyPresets bool
	// AllowedOptions are the only option names, spelled just so, that a URL may use; empty = all.
	// Presets may use any.
	AllowedOptions []string
	// AllowSecurityOptions allows the options that change limits, in URLs and in presets.
	AllowSecurityOptions bool

	Defaults Defaults

	// MaxURLLength bounds a request target, in bytes; 0 = DefaultMaxURLLength.
	MaxURLLength int
}

// DefaultMaxURLLength is the longest request target that is read where nothing else is configured.
// Browsers and proxies stop at 8 KiB or less; base64 and encryption add a third to that.
const DefaultMaxURLLength = 16 << 10

// Defaults are what options start from.
type Defaults struct {
	Output       transform.Output
	AutoRotate   bool // turn images as their EXIF orientation says
	MaxFrames    int  // frames kept of an animation; 0 = 1
	MaxDimension int  // of the longer side of a result, in pixels; 0 = no bound
}
