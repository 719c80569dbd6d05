// Package config reads the server's configuration: defaults, then a YAML file, then the environment,
// then flags, each later one over the earlier. It also reads the names of the systems whose users come over
// (imgproxy, imgforge, PreviewProxy), says where each value came from, and refuses what it does
// not know.
//
// The struct Config is the one table from which names, defaults, help, checks and the listing of
// "stillroom config" are made. Its field tags:
//
//	env      name behind STILLROOM_; flag and file key follow from it
//	default  value in the spelling that users write
//	also     names of other systems; one that ends in "_" has the setting's own name appended
//	desc     one line of help
//	min, max bounds of a number, both included
//	oneof    the allowed values, separated by "|"
//	secret   the value is masked wherever it is shown
//	empty    an empty value means something (without it, empty counts as not set); says what
//
// A group of settings that stands in more than one place has in front of its names what its tag envPrefix says, and
// further names of other systems, by their ends, from its tag more.
package config

// Config is everything the operator decides, parsed and checked. Its values do not change after Load.
type Config struct {
	File   string `env:"CONFIG" desc:"YAML file with settings; nested keys are joined by _"`
	Compat string `env:"COMPAT" oneof:"previewproxy" desc:"also read the older, unprefixed names of this system"`

	Server    Server
	Admin     Admin
	Access    Access
	URL       URL
	Sources   Sources
	Objects   Objects
	Limits    Limits
	Freshness Freshness
	Delivery  Delivery
	Formats   Formats
	Encoders  Encoders
	Cache     Cache
	Fleet     Fleet
	Log       Log
}

// Log says what the server writes to its standard error, and how.
type Log struct {
	// Format is text or json; empty = text on a terminal, else json.
	Format string `env:"LOG_FORMAT" also:"IMGPROXY_" oneof:"text|json" desc:"text or json; when not set, text on a terminal and json elsewhere"`
	// Level is debug, info, warn or error.
	Level string `env:"LOG_LEVEL" default:"info" also:"IMGPROXY_ IMGFORGE_ RUST_LOG" oneof:"debug|info|warn|error" desc:"least severe level that is logged"`
}
