package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// adapt translates the value of another system's name into the spelling of the native one. A note
// says what is lost on the way. Most names need nothing: seconds, bytes and megapixels are plain
// numbers here too.
func (l *loader) adapt(s *setting, name, value string) (text, note string, err error) {
	value = strings.TrimSpace(value)
	system, _, _ := strings.Cut(name, "_")
	forge := system == "IMGFORGE" || system == "IMGFLUX"
	switch strings.TrimPrefix(s.name, prefix) {
	case "BIND":
		if name != "IMGPROXY_BIND" {
			text, err = adaptPort(value, forge)
			return text, "", err
		}
	case "REQUESTS_QUEUE_SIZE":
		if n, err := strconv.Atoi(value); err == nil && n == 0 {
			return "", "0 means an unbounded queue there; here it is bounded, and the default " + s.fallback + " holds", nil
		}
	case "CACHE_MEMORY_SIZE", "CACHE_DISK_SIZE":
		text, err = adaptMegabytes(value)
		return text, "", err
	case "ALLOWED_SOURCES":
		if system != "IMGPROXY" {
			return adaptHosts(value), "", nil
		}
	case "LOCAL_FILESYSTEM_ROOT":
		if system != "IMGPROXY" {
			return l.adaptLocal(name, value)
		}
	case "S3_ENDPOINT", "CACHE_S3_ENDPOINT":
		// It takes a host without a scheme for one without TLS.
		if value != "" && !strings.Contains(value, "://") {
			return "http://" + value, "", nil
		}
	case "CACHE_TYPE":
		return strings.ToLower(value), "", nil
	case "LOG_FORMAT":
		return adaptLogFormat(value)
	case "LOG_LEVEL":
		return adaptLogLevel(name, value)
	}
	if forge && s.isBool() {
		return adaptBool(value), "", nil
	}
	return value, "", nil
}

// adaptPort makes an address of a port number; an address stays as it is where orAddress says so.
func adaptPort(value string, orAddress bool) (string, error) {
	if n, err := strconv.ParseUint(value, 10, 16); err == nil && n > 0 {
		return ":" + strconv.FormatUint(n, 10), nil
	}
	if orAddress {
		return value, nil
	}
	return "", fmt.Errorf("want a port number from 1 to 65535, got %q", value)
}

func adaptMegabytes(value string) (string, error) {
	if n, err := strconv.ParseUint(value, 10, 40); err == nil {
		return strconv.FormatUint(n, 10) + "MiB", nil
	}
	return "", fmt.Errorf("want a number of megabytes, got %q", value)
}

// adaptHosts makes source prefixes of host names. The closing slash matters: without it "example.com"
// would also allow "example.com.evil.net". "*.example.com" does not allow example.com itself, as there.
func adaptHosts(value string) string {
	var hosts, prefixes List
	_ = hosts.UnmarshalText([]byte(value)) // a List takes any text
	for _, h := range hosts {
		prefixes = append(prefixes, "http://"+h+"/", "https://"+h+"/")
	}
	return prefixes.String()
}

// adaptLocal heeds PreviewProxy's separate switch for local sources.
func (l *loader) adaptLocal(name, value string) (text, note string, err error) {
	toggle := strings.TrimSuffix(name, "BASE_DIR") + "ENABLED"
	if on, err := strconv.ParseBool(l.env[toggle]); err == nil && !on {
		return "", "no effect while " + toggle + " is " + l.env[toggle], nil
	}
	return value, "", nil
}

func adaptLogFormat(value string) (text, note string, err error) {
	switch strings.ToLower(value) {
	case "pretty", "structured":
		return "text", "", nil
	case "gcp":
		return "json", "written as plain json, without Google's field names", nil
	}
	return value, "", nil
}

// adaptLogLevel reads imgproxy's levels and the directives of Rust's env_logger, "info" or
// "previewproxy=info,tower_http=debug": the level without a target counts, else that of a system we stand in
// for.
func adaptLogLevel(name, value string) (text, note string, err error) {
	own := ""
	for directive := range strings.SplitSeq(value, ",") {
		target, word, targeted := strings.Cut(directive, "=")
		if !targeted {
			word = directive
		}
		level, ok := logLevel(strings.ToLower(strings.TrimSpace(word)))
		switch {
		case !ok:
		case !targeted:
			return level, "", nil
		case own == "" && slices.Contains([]string{"previewproxy", "imgforge", "imgflux"}, strings.TrimSpace(target)):
			own = level
		}
	}
	switch {
	case own != "":
		return own, "", nil
	case name == "RUST_LOG": // it is every Rust program's, so that it says nothing of us is no mistake
		return "", "no effect here: it names no level for this server", nil
	}
	return "", "", fmt.Errorf("want a level such as debug, info, warn or error, got %q", value)
}

func logLevel(name string) (string, bool) {
	switch name {
	case "trace", "debug":
		return "debug", true
	case "info":
		return "info", true
	case "warn", "warning":
		return "warn", true
	case "error", "fatal", "panic", "off":
		return "error", true
	}
	return "", false
}

// adaptBool reads the booleans of imgforge, which know more words than Go's.
func adaptBool(value string) string {
	switch strings.ToLower(value) {
	case "yes", "on":
		return "true"
	case "no", "off":
		return "false"
	}
	return value
}

// bothLevels gives PreviewProxy's folder the effect that it has there: that cache has both levels always, and no setting
// that says so.
func (l *loader) bothLevels(merged layer) {
	folder, ok := merged[prefix+"CACHE_DISK_PATH"]
	if _, said := merged[prefix+"CACHE_TYPE"]; said || !ok || folder.at != "PP_CACHE_DIR" && folder.at != "CACHE_DIR" {
		return
	}
	merged.put(l.setting(prefix+"CACHE_TYPE"), "hybrid", folder.at)
}

// tagsWanted turns tags on for whoever says how they are to be sent.
func (l *loader) tagsWanted(merged layer) {
	format, ok := merged[prefix+"CACHE_TAGS_FORMAT"]
	if _, said := merged[prefix+"CACHE_TAGS"]; said || !ok || format.text == "none" {
		return
	}
	merged.put(l.setting(prefix+"CACHE_TAGS"), "true", format.at)
}
