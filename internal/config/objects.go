package config

// Objects says which sources are read from object storage.
type Objects struct {
	// QuerySeparator stands between a key and the version that is wanted of it; empty = keys are taken whole.
	QuerySeparator string `env:"SOURCE_URL_QUERY_SEPARATOR" default:"?" also:"IMGPROXY_" empty:"none" desc:"text between an object's key and its version; empty = keys are taken whole"`

	UseS3          bool         `env:"USE_S3" default:"false" also:"IMGPROXY_ PP_S3_ENABLED" desc:"read s3://bucket/key sources"`
	S3             S3           `envPrefix:"S3_" more:"PP_S3_REGION PP_S3_ENDPOINT PP_S3_ACCESS_KEY_ID PP_S3_SECRET_ACCESS_KEY"`
	S3Allowed      List         `env:"S3_ALLOWED_BUCKETS" also:"IMGPROXY_ PP_S3_BUCKET" desc:"buckets that sources may be read from; none = all"`
	S3Denied       List         `env:"S3_DENIED_BUCKETS" also:"IMGPROXY_" desc:"buckets that sources may not be read from, allowed or not"`
	S3AccessPoints AccessPoints `env:"S3_ACCESS_POINTS" also:"IMGPROXY_" desc:"access points in place of buckets, as bucket=arn;bucket=arn"`

	UseGCS     bool `env:"USE_GCS" default:"false" also:"IMGPROXY_" desc:"read gs://bucket/key sources"`
	GCS        GCS  `envPrefix:"GCS_"`
	GCSAllowed List `env:"GCS_ALLOWED_BUCKETS" also:"IMGPROXY_" desc:"buckets that sources may be read from; none = all"`
	GCSDenied  List `env:"GCS_DENIED_BUCKETS" also:"IMGPROXY_" desc:"buckets that sources may not be read from, allowed or not"`

	UseABS     bool `env:"USE_ABS" default:"false" also:"IMGPROXY_" desc:"read abs://container/key sources"`
	ABS        ABS  `envPrefix:"ABS_"`
	ABSAllowed List `env:"ABS_ALLOWED_BUCKETS" also:"IMGPROXY_" desc:"containers that sources may be read from; none = all"`
	ABSDenied  List `env:"ABS_DENIED_BUCKETS" also:"IMGPROXY_" desc:"containers that sources may not be read from, allowed or not"`

	UseSwift     bool  `env:"USE_SWIFT" default:"false" also:"IMGPROXY_" desc:"read swift://container/key sources"`
	Swift        Swift `envPrefix:"SWIFT_"`
	SwiftAllowed List  `env:"SWIFT_ALLOWED_BUCKETS" also:"IMGPROXY_" desc:"containers that sources may be read from; none = all"`
	SwiftDenied  List  `env:"SWIFT_DENIED_BUCKETS" also:"IMGPROXY_" desc:"containers that sources may not be read from, allowed or not"`
}
