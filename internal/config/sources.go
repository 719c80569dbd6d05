package config

import "time"

// Sources says where source images may come from and how they are fetched.
type Sources struct {
	// LocalRoot is empty when local:/// sources are off.
	LocalRoot string `env:"LOCAL_FILESYSTEM_ROOT" also:"IMGPROXY_ PP_LOCAL_BASE_DIR" desc:"folder that local:/// sources are read from; not set = off"`
	// Allowed are prefixes in which * stands for a run of characters other than "/"; none = all.
	Allowed        List `env:"ALLOWED_SOURCES" also:"IMGPROXY_ PP_ALLOWED_HOSTS" desc:"prefixes of allowed source URLs, * = any run without a slash; none = all"`
	AllowLoopback  bool `env:"ALLOW_LOOPBACK_SOURCE_ADDRESSES" default:"false" also:"IMGPROXY_" desc:"allow sources on this machine"`
	AllowLinkLocal bool `env:"ALLOW_LINK_LOCAL_SOURCE_ADDRESSES" default:"false" also:"IMGPROXY_" desc:"allow sources at link-local addresses, cloud metadata among them"`
	AllowPrivate   bool `env:"ALLOW_PRIVATE_SOURCE_ADDRESSES" default:"false" also:"IMGPROXY_" desc:"allow sources in private networks"`

	// DownloadTimeout bounds a whole fetch, its body included.
	DownloadTimeout        time.Duration `env:"DOWNLOAD_TIMEOUT" default:"10s" also:"IMGPROXY_ IMGFORGE_ PP_FETCH_TIMEOUT_SECS" min:"1ms" desc:"time to fetch a source"`
	ClientKeepAliveTimeout time.Duration `env:"CLIENT_KEEP_ALIVE_TIMEOUT" default:"90s" also:"IMGPROXY_" min:"0" desc:"time an idle connection to a source stays open; 0 = none does"`
	MaxRedirects           int           `env:"MAX_REDIRECTS" default:"10" also:"IMGPROXY_" min:"0" max:"100" desc:"redirects followed; 0 = none"`
	IgnoreTLS              bool          `env:"IGNORE_SSL_VERIFICATION" default:"false" also:"IMGPROXY_" desc:"accept any certificate of a source"`
	// UserAgent may hold %current_version, which stands for the version of the server.
	UserAgent string `env:"USER_AGENT" default:"stillroom/%current_version" also:"IMGPROXY_" desc:"User-Agent sent to sources; %current_version becomes the version"`

	// CacheSize bounds the source bytes that are kept; when not set, a tenth of the disk tier if there is one.
	CacheSize Size `env:"SOURCE_CACHE_SIZE" default:"64MiB" min:"0" desc:"bytes of sources kept; when not set and there is a disk tier, a tenth of that; 0 = none"`
}

// Limits bound what one request may cost.
type Limits struct {
	// SourceBytes of 0 is no limit.
	SourceBytes Size `env:"MAX_SRC_FILE_SIZE" default:"100MiB" also:"IMGPROXY_ IMGFORGE_ PP_MAX_SOURCE_BYTES" min:"0" desc:"bytes of a source; 0 = no limit"`
	// SourcePixels of 0 is no limit. Frames of an animation count together unless FramePixels is set.
	SourcePixels Pixels `env:"MAX_SRC_RESOLUTION" default:"50" also:"IMGPROXY_ IMGFORGE_" min:"0" desc:"megapixels of a source, all frames together; 0 = no limit"`
	// FramePixels of 0 leaves animations to SourcePixels.
	FramePixels Pixels `env:"MAX_ANIMATION_FRAME_RESOLUTION" default:"0" also:"IMGPROXY_ IMGFORGE_" min:"0" desc:"megapixels of one frame of an animation, in place of the limit on all; 0 = none"`
	Frames      int    `env:"MAX_ANIMATION_FRAMES" default:"1" also:"IMGPROXY_ IMGFORGE_" min:"1" desc:"frames of an animation that are kept"`
	// ResultDimension of 0 is no limit.
	ResultDimension int `env:"MAX_RESULT_DIMENSION" default:"0" also:"IMGPROXY_ IMGFORGE_" min:"0" desc:"longer side of a result, which is scaled down to it; 0 = no limit"`
}
