package config

import (
	"slices"
	"strings"
)

// complete works out what follows from several settings together.
func (l *loader) complete(c *Config, merged layer) {
	l.refuseUnbuilt(merged)
	l.mountable(c, merged)
	c.Server.PathPrefix = strings.TrimRight(c.Server.PathPrefix, "/")
	c.Cache.Object.PathPrefix = strings.Trim(c.Cache.Object.PathPrefix, "/")
	if _, set := merged[prefix+"CACHE_OBJECT_ENTRY_SIZE"]; !set {
		c.Cache.Object.EntrySize = min(c.Cache.Object.EntrySize, c.Cache.Object.QueueSize)
	}
	if _, set := merged[prefix+"SOURCE_CACHE_SIZE"]; !set && c.Cache.onDisk() {
		c.Sources.CacheSize = c.Cache.DiskSize / 10
	}
	l.overlayQualities(c)
	l.readPresets(c, merged)
}

func (c *Cache) onDisk() bool { return c.Type == "disk" || c.Type == "hybrid" }

// overlayQualities keeps the default quality of every format that the operator's list does not name, as
// imgproxy does: whoever sets jpeg=90 does not ask for another AVIF.
func (l *loader) overlayQualities(c *Config) {
	fallback, err := parseQualities(l.setting(prefix + "FORMAT_QUALITY").fallback)
	if err != nil {
		panic("config: default of FORMAT_QUALITY: " + err.Error())
	}
	for f, q := range fallback {
		if c.Encoders.FormatQuality[f] == 0 {
			c.Encoders.FormatQuality[f] = q
		}
	}
}

// readPresets splits the presets of the setting and reads those of the file.
func (l *loader) readPresets(c *Config, merged layer) {
	if v, ok := merged[prefix+"PRESETS"]; ok {
		separator := c.URL.PresetsSeparator
		if strings.Contains(v.text, "\n") {
			separator = "\n"
		}
		l.addPresets(c, l.setting(prefix+"PRESETS"), v.at, strings.Split(v.text, separator))
	}
	if v, ok := merged[prefix+"PRESETS_PATH"]; ok {
		s := l.setting(prefix + "PRESETS_PATH")
		text, err := l.o.ReadFile(v.text)
		if err != nil {
			l.fail(s, v.at, "cannot read the file %q: %s", v.text, cause(err))
			return
		}
		l.addPresets(c, s, v.at, strings.Split(string(text), "\n"))
	}
}

// addPresets appends "name=options" items; blank ones and comments are skipped.
func (l *loader) addPresets(c *Config, s *setting, at origin, items []string) {
	for _, item := range items {
		item = strings.TrimSpace(item)
		if item == "" || strings.HasPrefix(item, "#") {
			continue
		}
		name, options, _ := strings.Cut(item, "=")
		name, options = strings.TrimSpace(name), strings.TrimSpace(options)
		switch {
		case name == "" || options == "" || strings.Contains(options, "="):
			l.fail(s, at, "want presets as name=options, got %q", item)
		case slices.ContainsFunc(c.URL.Presets, func(p Preset) bool { return p.Name == name }):
			l.fail(s, at, "want each preset once, got %q again", name)
		default:
			c.URL.Presets = append(c.URL.Presets, Preset{Name: name, Options: options})
		}
	}
}
