package imgproxy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stillroom/stillroom/internal/fault"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/transform"
)

// op is the operation that errors of Parse name.
const op = "imgproxy.parse"

// Provider reads and writes imgproxy's URLs. It is immutable and safe for concurrent use.
type Provider struct {
	sep         string
	maxURL      int
	options     map[string]*option // by every name a URL may spell
	allowed     map[string]bool    // nil = every option
	security    bool
	onlyPresets bool
	presets     map[string]string // name -> options
	names       []string          // of the presets, sorted
	sources     sources
	start       state                  // what options change: the defaults, then the preset "default"
	quality     transform.QualityTable // the operator's, which "format_quality:webp:0" goes back to
	warnings    []string
}

var _ provider.Provider = (*Provider)(nil)

// New returns the provider that cfg describes. Errors name the setting ("presets", "allowed options",
// "arguments separator", ...), what was wrong and what was expected; never the encryption key.
func New(cfg Config) (*Provider, error) {
	p := &Provider{
		sep: cfg.ArgumentsSeparator, maxURL: cfg.MaxURLLength, options: catalogue(),
		security: cfg.AllowSecurityOptions, onlyPresets: cfg.OnlyPresets,
	}
	if p.sep == "" {
		p.sep = ":"
	}
	if err := checkSeparator(p.sep); err != nil {
		return nil, err
	}
	switch {
	case p.maxURL == 0:
		p.maxURL = DefaultMaxURLLength
	case p.maxURL < 0:
		return nil, fmt.Errorf("max url length: want a number of bytes above 0, got %d", p.maxURL)
	}
	if err := p.allow(cfg.AllowedOptions); err != nil {
		return nil, err
	}
	var err error
	if p.sources, err = newSources(cfg); err != nil {
		return nil, err
	}
	p.quality = cfg.Defaults.Output.FormatQuality
	p.start = newState(p, cfg.Defaults)
	if err := p.addPresets(cfg.Presets); err != nil {
		return nil, err
	}
	return p, nil
}

// Name returns "imgproxy".
func (p *Provider) Name() string { return "imgproxy" }

// Warnings says what an operator should know of the configuration although it can be worked with, one
// sentence each: presets that use what is not supported here, that use themselves, or that are defined
// twice.
func (p *Provider) Warnings() []string { return slices.Clone(p.warnings) }

// checkSeparator refuses what names and numbers are made of, and what ends a path or a segment.
func checkSeparator(sep string) error {
	for _, c := range []byte(sep) {
		if c <= ' ' || c >= 0x7f || isAlnum(c) || strings.IndexByte(".+-/?#%", c) >= 0 {
			return fmt.Errorf("arguments separator: want punctuation other than . + - / ? # %%, got %q", sep)
		}
	}
	return nil
}

func isAlnum(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }

// allow restricts the options of URLs to the given names; without any, every option stays allowed.
func (p *Provider) allow(names []string) error {
	if len(names) == 0 {
		return nil
	}
	p.allowed = make(map[string]bool, len(names))
	for _, name := range names {
		if p.options[name] == nil {
			return fmt.Errorf("allowed options: want names of options, got %q", name)
		}
		p.allowed[name] = true
	}
	return nil
}

// badURL returns the error of a URL that is not understood.
func badURL(message string, args ...any) error {
	return fault.New(fault.BadURL, op, message, args...)
}
