package config

import (
	"slices"
	"testing"
)

// TestForeignNames sets each name of another system that is accepted, alone, and looks where it arrives. It has the names
// that users rely on, written out: the table in Config must not lose one.
func TestForeignNames(t *testing.T) {
	for _, test := range []struct{ foreign, value, native, want string }{
		{"IMGPROXY_BIND", ":9000", "BIND", ":9000"},
		{"IMGPROXY_PORT", "9000", "BIND", ":9000"},
		{"IMGFORGE_BIND", "9000", "BIND", ":9000"},
		{"IMGFLUX_BIND", "0.0.0.0:9000", "BIND", "0.0.0.0:9000"},
		{"PP_PORT", "9000", "BIND", ":9000"},
		{"IMGPROXY_PATH_PREFIX", "/img", "PATH_PREFIX", "/img"},
		{"IMGPROXY_SECRET", "x", "SECRET", "***"},
		{"IMGFORGE_SECRET", "x", "SECRET", "***"},
		{"IMGPROXY_LOCAL_FILESYSTEM_ROOT", "/data", "LOCAL_FILESYSTEM_ROOT", "/data"},
		{"PP_LOCAL_BASE_DIR", "/data", "LOCAL_FILESYSTEM_ROOT", "/data"},
		{"IMGPROXY_BASE_URL", "https://a.example/", "BASE_URL", "https://a.example/"},
		{"IMGPROXY_ALLOWED_SOURCES", "local://", "ALLOWED_SOURCES", "local://"},
		{"PP_ALLOWED_HOSTS", "a.example", "ALLOWED_SOURCES", "http://a.example/,https://a.example/"},
		{"IMGPROXY_ALLOW_LOOPBACK_SOURCE_ADDRESSES", "true", "ALLOW_LOOPBACK_SOURCE_ADDRESSES", "true"},
		{"IMGPROXY_ALLOW_LINK_LOCAL_SOURCE_ADDRESSES", "true", "ALLOW_LINK_LOCAL_SOURCE_ADDRESSES", "true"},
		{"IMGPROXY_ALLOW_PRIVATE_SOURCE_ADDRESSES", "true", "ALLOW_PRIVATE_SOURCE_ADDRESSES", "true"},
		{"IMGPROXY_MAX_SRC_FILE_SIZE", "1048576", "MAX_SRC_FILE_SIZE", "1MiB"},
		{"PP_MAX_SOURCE_BYTES", "1048576", "MAX_SRC_FILE_SIZE", "1MiB"},
		{"IMGPROXY_MAX_SRC_RESOLUTION", "16.8", "MAX_SRC_RESOLUTION", "16.8"},
		{"IMGPROXY_WORKERS", "3", "WORKERS", "3"},
		{"IMGFORGE_WORKERS", "3", "WORKERS", "3"},
		{"IMGPROXY_REQUESTS_QUEUE_SIZE", "3", "REQUESTS_QUEUE_SIZE", "3"},
		{"IMGPROXY_TIMEOUT", "3", "TIMEOUT", "3s"},
		{"IMGFORGE_TIMEOUT", "3", "TIMEOUT", "3s"},
		{"IMGPROXY_DOWNLOAD_TIMEOUT", "3", "DOWNLOAD_TIMEOUT", "3s"},
		{"IMGFORGE_DOWNLOAD_TIMEOUT", "3", "DOWNLOAD_TIMEOUT", "3s"},
		{"PP_FETCH_TIMEOUT_SECS", "3", "DOWNLOAD_TIMEOUT", "3s"},
		{"IMGPROXY_TTL", "3", "TTL", "3s"},
		{"PP_TTL", "3", "TTL", "3s"},
		{"IMGFORGE_CACHE_TYPE", "none", "CACHE_TYPE", "none"},
		{"IMGFLUX_CACHE_TYPE", "none", "CACHE_TYPE", "none"},
		{"PP_CACHE_MEMORY_MAX_MB", "3", "CACHE_MEMORY_SIZE", "3MiB"},
		{"IMGFORGE_CACHE_MEMORY_CAPACITY", "3", "CACHE_MEMORY_CAPACITY", "3"},
		{"PP_CACHE_MEMORY_TTL_SECS", "3", "CACHE_MEMORY_TTL", "3s"},
		{"IMGFORGE_CACHE_DISK_PATH", "/c", "CACHE_DISK_PATH", "/c"},
		{"PP_CACHE_DIR", "/c", "CACHE_DISK_PATH", "/c"},
		{"PP_CACHE_DISK_MAX_MB", "3", "CACHE_DISK_SIZE", "3MiB"},
		{"IMGFORGE_CACHE_DISK_CAPACITY", "3", "CACHE_DISK_CAPACITY", "3"},
		{"PP_CACHE_DISK_TTL_SECS", "3", "CACHE_DISK_TTL", "3s"},
		{"PP_CACHE_CLEANUP_INTERVAL_SECS", "3", "CACHE_CLEANUP_INTERVAL", "3s"},
		{"IMGPROXY_CACHE_BUCKET", "b", "CACHE_BUCKET", "b"},
		{"IMGPROXY_CACHE_PATH_PREFIX", "p", "CACHE_PATH_PREFIX", "p"},
		{"IMGPROXY_CACHE_REPORT_ERRORS", "true", "CACHE_REPORT_ERRORS", "true"},
		{"IMGPROXY_PRESETS", "a=w:1", "PRESETS", "a=w:1"},
		{"IMGPROXY_LOG_FORMAT", "json", "LOG_FORMAT", "json"},
		{"IMGPROXY_LOG_LEVEL", "debug", "LOG_LEVEL", "debug"},
		{"RUST_LOG", "debug", "LOG_LEVEL", "debug"},

		{"IMGPROXY_NETWORK", "tcp4", "NETWORK", "tcp4"},
		{"IMGPROXY_SO_REUSEPORT", "true", "SO_REUSEPORT", "true"},
		{"IMGPROXY_HEALTH_CHECK_PATH", "/up", "HEALTH_CHECK_PATH", "/up"},
		{"IMGPROXY_READ_REQUEST_TIMEOUT", "3", "READ_REQUEST_TIMEOUT", "3s"},
		{"IMGPROXY_WRITE_RESPONSE_TIMEOUT", "3", "WRITE_RESPONSE_TIMEOUT", "3s"},
		{"IMGPROXY_KEEP_ALIVE_TIMEOUT", "0", "KEEP_ALIVE_TIMEOUT", "0s"},
		{"IMGPROXY_GRACEFUL_STOP_TIMEOUT", "3", "GRACEFUL_STOP_TIMEOUT", "3s"},
		{"IMGPROXY_CLIENT_KEEP_ALIVE_TIMEOUT", "3", "CLIENT_KEEP_ALIVE_TIMEOUT", "3s"},
		{"IMGPROXY_MAX_CLIENTS", "3", "MAX_CLIENTS", "3"},
		{"IMGPROXY_SIGNATURE_SIZE", "8", "SIGNATURE_SIZE", "8"},
		{"IMGPROXY_TRUSTED_SIGNATURES", "x", "TRUSTED_SIGNATURES", "***"},
		{"IMGPROXY_ALLOW_SECURITY_OPTIONS", "true", "ALLOW_SECURITY_OPTIONS", "true"},
		{"IMGPROXY_ALLOWED_PROCESSING_OPTIONS", "w,h", "ALLOWED_PROCESSING_OPTIONS", "w,h"},
		{"IMGPROXY_SOURCE_URL_ENCRYPTION_KEY", "000102030405060708090a0b0c0d0e0f", "SOURCE_URL_ENCRYPTION_KEY", "***"},
		{"IMGPROXY_ARGUMENTS_SEPARATOR", ",", "ARGUMENTS_SEPARATOR", ","},
		{"IMGPROXY_URL_REPLACEMENTS", "a=b", "URL_REPLACEMENTS", "a=b"},
		{"IMGPROXY_BASE64_URL_INCLUDES_FILENAME", "true", "BASE64_URL_INCLUDES_FILENAME", "true"},
		{"IMGPROXY_PRESETS_SEPARATOR", ";", "PRESETS_SEPARATOR", ";"},
		{"IMGPROXY_MAX_REDIRECTS", "0", "MAX_REDIRECTS", "0"},
		{"IMGPROXY_IGNORE_SSL_VERIFICATION", "true", "IGNORE_SSL_VERIFICATION", "true"},
		{"IMGPROXY_USER_AGENT", "me", "USER_AGENT", "me"},
		{"IMGPROXY_MAX_ANIMATION_FRAMES", "3", "MAX_ANIMATION_FRAMES", "3"},
		{"IMGPROXY_MAX_ANIMATION_FRAME_RESOLUTION", "3", "MAX_ANIMATION_FRAME_RESOLUTION", "3"},
		{"IMGPROXY_MAX_RESULT_DIMENSION", "3", "MAX_RESULT_DIMENSION", "3"},
		{"IMGPROXY_USE_ETAG", "false", "USE_ETAG", "false"},
		{"IMGPROXY_ETAG_BUSTER", "x", "ETAG_BUSTER", "x"},
		{"IMGPROXY_USE_LAST_MODIFIED", "false", "USE_LAST_MODIFIED", "false"},
		{"IMGPROXY_LAST_MODIFIED_BUSTER", "2024-05-01T12:00:00Z", "LAST_MODIFIED_BUSTER", "2024-05-01T12:00:00Z"},
		{"IMGPROXY_CACHE_CONTROL_PASSTHROUGH", "true", "CACHE_CONTROL_PASSTHROUGH", "true"},
		{"IMGPROXY_SET_CANONICAL_HEADER", "true", "SET_CANONICAL_HEADER", "true"},
		{"IMGPROXY_ENABLE_DEBUG_HEADERS", "true", "ENABLE_DEBUG_HEADERS", "true"},
		{"IMGPROXY_ALLOW_ORIGIN", "*", "ALLOW_ORIGIN", "*"},
		{"IMGPROXY_DEVELOPMENT_ERRORS_MODE", "true", "DEVELOPMENT_ERRORS_MODE", "true"},
		{"IMGPROXY_AUTO_WEBP", "true", "AUTO_WEBP", "true"},
		{"IMGPROXY_ENFORCE_WEBP", "true", "ENFORCE_WEBP", "true"},
		{"IMGPROXY_AUTO_AVIF", "true", "AUTO_AVIF", "true"},
		{"IMGPROXY_ENFORCE_AVIF", "true", "ENFORCE_AVIF", "true"},
		{"IMGPROXY_AUTO_JXL", "true", "AUTO_JXL", "true"},
		{"IMGPROXY_ENFORCE_JXL", "true", "ENFORCE_JXL", "true"},
		{"IMGPROXY_ENABLE_CLIENT_HINTS", "true", "ENABLE_CLIENT_HINTS", "true"},
		{"IMGPROXY_PREFERRED_FORMATS", "png", "PREFERRED_FORMATS", "png"},
		{"IMGPROXY_SKIP_PROCESSING_FORMATS", "svg", "SKIP_PROCESSING_FORMATS", "svg"},
		{"IMGPROXY_ALWAYS_RASTERIZE_SVG", "true", "ALWAYS_RASTERIZE_SVG", "true"},
		{"IMGPROXY_STRIP_METADATA", "false", "STRIP_METADATA", "false"},
		{"IMGPROXY_KEEP_COPYRIGHT", "false", "KEEP_COPYRIGHT", "false"},
		{"IMGPROXY_STRIP_COLOR_PROFILE", "false", "STRIP_COLOR_PROFILE", "false"},
		{"IMGPROXY_AUTO_ROTATE", "false", "AUTO_ROTATE", "false"},
		{"IMGPROXY_PNG_UNLIMITED", "true", "PNG_UNLIMITED", "true"},
		{"IMGPROXY_SVG_UNLIMITED", "true", "SVG_UNLIMITED", "true"},
		{"IMGPROXY_TIFF_UNLIMITED", "true", "TIFF_UNLIMITED", "true"},
		{"IMGPROXY_QUALITY", "3", "QUALITY", "3"},
		{"IMGPROXY_FORMAT_QUALITY", "avif=3", "FORMAT_QUALITY", "webp=79,avif=3,jxl=77"},
		{"IMGPROXY_JPEG_PROGRESSIVE", "true", "JPEG_PROGRESSIVE", "true"},
		{"IMGPROXY_PNG_INTERLACED", "true", "PNG_INTERLACED", "true"},
		{"IMGPROXY_PNG_QUANTIZE", "true", "PNG_QUANTIZE", "true"},
		{"IMGPROXY_PNG_QUANTIZATION_COLORS", "3", "PNG_QUANTIZATION_COLORS", "3"},
		{"IMGPROXY_WEBP_EFFORT", "3", "WEBP_EFFORT", "3"},
		{"IMGPROXY_WEBP_PRESET", "photo", "WEBP_PRESET", "photo"},
		{"IMGPROXY_AVIF_SPEED", "3", "AVIF_SPEED", "3"},
	} {
		_, report, err := Load(Options{Environ: []string{test.foreign + "=" + test.value}})
		if err != nil {
			t.Errorf("%s=%s: %v", test.foreign, test.value, err)
			continue
		}
		i := slices.IndexFunc(report.Rows, func(r Row) bool { return r.Name == prefix+test.native })
		if i < 0 {
			t.Errorf("%s: no such setting", test.native)
			continue
		}
		if row := report.Rows[i]; row.Value != test.want || row.Origin != test.foreign {
			t.Errorf("%s=%s: %s = %q from %s, want %q", test.foreign, test.value, row.Name, row.Value, row.Origin, test.want)
		}
	}
}
