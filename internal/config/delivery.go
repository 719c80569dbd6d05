package config

import "time"

// Freshness says how long a result may be used.
type Freshness struct {
	// TTL holds where the source says nothing; 0 = revalidate every time.
	TTL    time.Duration `env:"TTL" default:"1h" also:"IMGPROXY_ PP_" min:"0" desc:"freshness where the source says nothing, and max-age; 0 = no-cache"`
	MinTTL time.Duration `env:"MIN_TTL" default:"0s" min:"0" desc:"least freshness that a source can ask for"`
	MaxTTL time.Duration `env:"MAX_TTL" default:"365d" min:"0" desc:"most freshness that a source can ask for"`

	StaleWhileRevalidate time.Duration `env:"STALE_WHILE_REVALIDATE" default:"24h" min:"0" desc:"time a stale result is served while it is made anew"`
	StaleIfError         time.Duration `env:"STALE_IF_ERROR" default:"7d" min:"0" desc:"time a stale result is served when its source fails"`
	NegativeTTL          time.Duration `env:"NEGATIVE_TTL" default:"60s" min:"0" desc:"time a missing or broken source is remembered as such"`

	// CacheControlPassthrough hands the source's Cache-Control and Expires to the client.
	CacheControlPassthrough bool `env:"CACHE_CONTROL_PASSTHROUGH" default:"false" also:"IMGPROXY_" desc:"hand the source's Cache-Control or Expires to the client"`
}

// Delivery shapes the headers of an answer.
type Delivery struct {
	ETag         bool   `env:"USE_ETAG" default:"true" also:"IMGPROXY_" desc:"send ETag and answer If-None-Match"`
	ETagBuster   string `env:"ETAG_BUSTER" also:"IMGPROXY_" desc:"text that, when changed, changes every ETag"`
	LastModified bool   `env:"USE_LAST_MODIFIED" default:"true" also:"IMGPROXY_" desc:"send Last-Modified and answer If-Modified-Since"`
	// LastModifiedBuster is zero when not set.
	LastModifiedBuster time.Time `env:"LAST_MODIFIED_BUSTER" also:"IMGPROXY_" desc:"no Last-Modified is older than this time (RFC 3339)"`

	CanonicalHeader bool `env:"SET_CANONICAL_HEADER" default:"false" also:"IMGPROXY_" desc:"send Link rel=canonical with the source's URL"`
	DebugHeaders    bool `env:"ENABLE_DEBUG_HEADERS" default:"false" also:"IMGPROXY_" desc:"send X-Origin-*, X-Result-* and Server-Timing"`
	Tags            bool `env:"CACHE_TAGS" default:"false" desc:"label results with their source and the URL's tags, and send them as Surrogate-Key and as CACHE_TAGS_FORMAT says"`
	// TagsFormat names the CDNs that tags are sent for beside those that read Surrogate-Key. That somebody sets it turns Tags on, unless
	// they are set too or it is none: imgproxy has no other switch.
	TagsFormat string `env:"CACHE_TAGS_FORMAT" default:"cloudflare" also:"IMGPROXY_" oneof:"all|cloudflare|cloudfront|none" desc:"send tags as Cache-Tag (cloudflare), X-Amz-Meta-Cache-Tag (cloudfront) or both"`
	// CDNCacheControl is printable ASCII.
	CDNCacheControl   string `env:"CDN_CACHE_CONTROL" desc:"CDN-Cache-Control of fresh, public results, such as max-age=604800; not set = CDNs obey Cache-Control"`
	AllowOrigin       string `env:"ALLOW_ORIGIN" also:"IMGPROXY_" desc:"Access-Control-Allow-Origin of every answer"`
	DevelopmentErrors bool   `env:"DEVELOPMENT_ERRORS_MODE" default:"false" also:"IMGPROXY_" desc:"tell clients the whole cause of an error"`
}
