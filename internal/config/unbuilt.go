package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// unbuilt is a group of settings that this build knows by name only. A switch set to anything but its
// default stops the start: what is configured and silently does nothing is worse than a server that
// does not run. Companions mean nothing without their switch and are let through.
type unbuilt struct {
	what       string // what is missing, in the operator's words
	switches   string // NAME or NAME=default, separated by blanks
	companions string // NAME, separated by blanks
}

// unbuiltNames are the names that have no field in Config yet.
func unbuiltNames() []unbuilt {
	return []unbuilt{
		{"watermarks", "WATERMARK_DATA WATERMARK_PATH WATERMARK_URL", "WATERMARK_OPACITY"},
		{"fallback images", "FALLBACK_IMAGE_DATA FALLBACK_IMAGE_PATH FALLBACK_IMAGE_URL", "FALLBACK_IMAGE_HTTP_CODE FALLBACK_IMAGE_TTL"},
		{"high dynamic range", "PRESERVE_HDR=false", ""},
		{"embedded thumbnails", "ENFORCE_THUMBNAIL=false", ""},
		{"linear resizing", "USE_LINEAR_COLORSPACE=false", ""},
		{"switching shrink-on-load off", "DISABLE_SHRINK_ON_LOAD=false", ""},
		{"cookie passthrough", "COOKIE_PASSTHROUGH=false COOKIE_PASSTHROUGH_ALL=false", "COOKIE_BASE_URL"},
		{"settings kept in a file or store of secrets", "ENV_LOCAL_FILE_PATH ENV_AWS_SECRET_ID ENV_AWS_SSM_PARAMETERS_PATH ENV_GCP_SECRET_ID",
			"ENV_AWS_SECRET_VERSION_ID ENV_AWS_SECRET_VERSION_STAGE ENV_AWS_SECRET_REGION ENV_AWS_SSM_PARAMETERS_REGION " +
				"ENV_GCP_KEY ENV_GCP_SECRET_PROJECT_ID ENV_GCP_SECRET_VERSION_ID"},
	}
}

// unbuiltValues are settings that Config holds and of which a value ("*" = every one but the default) waits
// for its part. The part that lands takes its lines out.
func unbuiltValues() []unbuiltValue {
	return []unbuiltValue{
		{"JXL_EFFORT", "*", "JPEG XL effort", warn},
		{"SANITIZE_SVG", "*", "SVG passed through with its scripts", warn},
	}
}

type unbuiltValue struct {
	name, value, what string
	verdict           verdict
}

// verdict says what becomes of a value that is not carried out: it stops the start where answers would be
// other than asked for, and is warned of where they would not, or only safer.
type verdict bool

const (
	refuse verdict = true
	warn   verdict = false
)

// builtProviders are the grammars that can be mounted.
func builtProviders() []string { return []string{"imgproxy"} }

// plannedProviders are grammars that are known by name only; the default of PROVIDERS goes without them.
func plannedProviders() []string { return []string{"cloudflare", "previewproxy"} }

// unbuiltSettings returns rows for the names that Config has no field for.
func unbuiltSettings() []setting {
	var all []setting
	for _, group := range unbuiltNames() {
		for word := range strings.FieldsSeq(group.switches) {
			name, fallback, _ := strings.Cut(word, "=")
			s := setting{name: prefix + name, fallback: fallback, also: []string{"IMGPROXY_" + name}, unbuilt: group.what, kind: reflect.TypeFor[string]()}
			if fallback == "false" {
				s.kind = reflect.TypeFor[bool]()
			}
			all = append(all, s)
		}
		for name := range strings.FieldsSeq(group.companions) {
			all = append(all, setting{name: prefix + name, also: []string{"IMGPROXY_" + name}, kind: reflect.TypeFor[string]()})
		}
	}
	return all
}

// refuseUnbuilt reports every setting whose value asks for something that is not there.
func (l *loader) refuseUnbuilt(merged layer) {
	for i := range l.table {
		s := &l.table[i]
		if v, ok := merged[s.name]; ok && s.unbuilt != "" && !l.failed[s.name] && !sameSwitch(v.text, s.fallback) {
			l.fail(s, v.at, "not supported by this build: %s", s.unbuilt)
		}
	}
	for _, u := range unbuiltValues() {
		s := l.setting(prefix + u.name)
		v, ok := merged[s.name]
		switch {
		case !ok || l.failed[s.name], u.value == "*" && sameSwitch(v.text, s.fallback), u.value != "*" && u.value != v.text:
		case u.verdict == warn:
			l.warnings = append(l.warnings, v.at.String()+": no effect, not supported by this build: "+u.what)
		default:
			l.fail(s, v.at, "not supported by this build: %s", u.what)
		}
	}
}

// sameSwitch reports whether two spellings of a switch, or two texts, mean the same.
func sameSwitch(a, b string) bool {
	if p, err := strconv.ParseBool(a); err == nil {
		if q, err := strconv.ParseBool(b); err == nil {
			return p == q
		}
	}
	return a == b
}

// mountable checks the providers and drops those that only the default names and this build lacks.
func (l *loader) mountable(c *Config, merged layer) {
	s := l.setting(prefix + "PROVIDERS")
	v, explicit := merged[s.name]
	if l.failed[s.name] {
		return
	}
	kept := c.Server.Providers[:0]
	for _, m := range c.Server.Providers {
		switch known := append(builtProviders(), plannedProviders()...); {
		case slices.Contains(builtProviders(), m.Name):
			kept = append(kept, m)
		case !slices.Contains(known, m.Name):
			l.fail(s, v.at, "unknown provider %q, the nearest is %s", m.Name, nearest(m.Name, known))
		case explicit:
			l.fail(s, v.at, "not supported by this build: provider %s", m.Name)
		}
	}
	c.Server.Providers = kept
}
