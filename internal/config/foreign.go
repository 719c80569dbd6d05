package config

import (
	"slices"
	"strings"
)

// foreignNames reads the names of other systems for every setting that has no native name in the
// environment. The names of theirs that do nothing here end up in one warning.
func (l *loader) foreignNames(native layer, compat string) layer {
	found := layer{}
	used := map[string]bool{"RUST_LOG": true, "PP_LOCAL_ENABLED": true, "LOCAL_ENABLED": true} // see adaptLocal
	for i := range l.table {
		s := &l.table[i]
		for _, name := range s.alsoWith(compat) {
			used[name], used[name+fileSuffix] = true, true
			_, taken := found[s.name]
			if _, ok := native[s.name]; !ok && !taken && !l.failed[s.name] {
				l.foreignName(s, name, found)
			}
		}
	}
	l.warnIdle(used, compat)
	return found
}

// foreignName reads one name of another system, or the file that it names, into found.
func (l *loader) foreignName(s *setting, name string, found layer) {
	v := given{l.env[name], origin(name)}
	if path := (given{l.env[name+fileSuffix], origin(name + fileSuffix)}); path.text != "" {
		if v.text != "" {
			l.fail(s, path.at, "want either this or %s, not both", name)
			return
		}
		text, ok := l.readSecret(s, path)
		if !ok {
			return
		}
		v = given{text, path.at}
	}
	_, set := l.env[name]
	if v.text == "" && (s.empty == "" || !set) || serviceLink().MatchString(name+"="+v.text) {
		return
	}
	text, note, err := l.adapt(s, name, v.text)
	if err != nil {
		l.fail(s, v.at, "%s", err)
		return
	}
	if note != "" {
		l.warnings = append(l.warnings, v.at.String()+": "+note)
	}
	found.put(s, text, v.at)
}

// alsoWith returns the names of other systems for a setting; with PreviewProxy's compatibility, its names
// also count without their prefix, as it read them before version 1.5.
func (s *setting) alsoWith(compat string) []string {
	names := s.also
	if compat != "previewproxy" {
		return names
	}
	for _, name := range s.also {
		if old, ok := strings.CutPrefix(name, "PP_"); ok {
			names = append(slices.Clone(names), old)
		}
	}
	return names
}

// warnIdle lists the names of other systems that are set and have no effect, in one warning.
func (l *loader) warnIdle(used map[string]bool, compat string) {
	older := map[string]bool{}
	if compat == "previewproxy" {
		for _, name := range previewProxyNames() {
			older[name] = true
		}
	}
	links := serviceLink()
	var idle []string
	for name, value := range l.env {
		foreign := older[name] || slices.ContainsFunc(foreignPrefixes(), func(p string) bool { return strings.HasPrefix(name, p) })
		if foreign && value != "" && !used[name] && !links.MatchString(name+"="+value) {
			idle = append(idle, name)
		}
	}
	if len(idle) > 0 {
		slices.Sort(idle)
		l.warnings = append(l.warnings, "no effect here: "+strings.Join(idle, ", "))
	}
}

func foreignPrefixes() []string { return []string{"IMGPROXY_", "IMGFORGE_", "IMGFLUX_", "PP_"} }

// previewProxyNames are PreviewProxy's variables as they were called before version 1.5 gave them a prefix.
func previewProxyNames() []string {
	return strings.Fields(`PORT APP_ENV MAX_CONCURRENT_REQUESTS TTL HMAC_KEY ALLOWED_HOSTS SOURCE_URL_ENCRYPTION_KEY
		CORS_ALLOW_ORIGIN CORS_MAX_AGE_SECS FETCH_TIMEOUT_SECS FETCH_RETRY_COUNT FETCH_RETRY_DELAY_MS MAX_SOURCE_BYTES
		CACHE_MEMORY_MAX_MB CACHE_MEMORY_TTL_SECS CACHE_DIR CACHE_DISK_TTL_SECS CACHE_DISK_MAX_MB
		CACHE_CLEANUP_INTERVAL_SECS S3_ENABLED S3_BUCKET S3_REGION S3_ACCESS_KEY_ID S3_SECRET_ACCESS_KEY S3_ENDPOINT
		LOCAL_ENABLED LOCAL_BASE_DIR URL_ALIASES DEFAULT_SOURCE_URL FFMPEG_PATH FFPROBE_PATH
		BEST_FORMAT_COMPLEXITY_THRESHOLD BEST_FORMAT_MAX_RESOLUTION BEST_FORMAT_BY_DEFAULT BEST_FORMAT_ALLOW_SKIPS
		BEST_FORMAT_PREFERRED_FORMATS INPUT_DISALLOW_LIST OUTPUT_DISALLOW_LIST TRANSFORM_DISALLOW_LIST
		FALLBACK_IMAGE_DATA FALLBACK_IMAGE_PATH FALLBACK_IMAGE_URL FALLBACK_IMAGE_HTTP_CODE FALLBACK_IMAGE_TTL
		PROMETHEUS_BIND PROMETHEUS_NAMESPACE`)
}
