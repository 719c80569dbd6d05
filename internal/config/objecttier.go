package config

import "time"

// ObjectTier says where results are kept below memory and disk, for all nodes that share the bucket.
type ObjectTier struct {
	// Use names the adapter; empty = there is no such tier.
	Use string `env:"CACHE_USE" also:"IMGPROXY_" oneof:"fs|s3|gcs|abs|swift" desc:"object storage below the other tiers"`
	// Bucket is never empty where Use is not, but with fs: there it is a folder below FSRoot, or FSRoot itself.
	Bucket string `env:"CACHE_BUCKET" also:"IMGPROXY_" desc:"bucket or container of the object tier"`
	// PathPrefix neither begins nor ends with a slash.
	PathPrefix string `env:"CACHE_PATH_PREFIX" also:"IMGPROXY_" desc:"put in front of each name in the object tier"`

	FSRoot string `env:"CACHE_FS_ROOT" also:"IMGPROXY_" desc:"folder of the object tier with fs"`
	S3     S3     `envPrefix:"CACHE_S3_"`
	// S3KMSKeyID is empty where entries are stored as they are.
	S3KMSKeyID string `env:"CACHE_S3_KMS_KEY_ID" desc:"key of KMS, by ID, ARN or alias, with which entries of the object tier are encrypted before they are sent to S3"`

	GCS   GCS   `envPrefix:"CACHE_GCS_"`
	ABS   ABS   `envPrefix:"CACHE_ABS_"`
	Swift Swift `envPrefix:"CACHE_SWIFT_"`

	// Timeout bounds a read with its body, WriteTimeout one attempt to write.
	Timeout      time.Duration `env:"CACHE_OBJECT_TIMEOUT" default:"250ms" min:"1ms" desc:"time to read an entry of the object tier; what takes longer is a miss"`
	WriteTimeout time.Duration `env:"CACHE_OBJECT_WRITE_TIMEOUT" default:"15s" min:"1ms" desc:"time for one attempt to write an entry of the object tier"`
	Writers      int           `env:"CACHE_OBJECT_WRITERS" default:"8" min:"1" max:"256" desc:"entries of the object tier written at the same time"`
	// EntrySize is at most QueueSize.
	EntrySize Size `env:"CACHE_OBJECT_ENTRY_SIZE" default:"16MiB" min:"1" desc:"bytes of the largest body that the object tier keeps"`
	// QueueSize and QueueCapacity bound what waits to be written; beyond either, entries are dropped.
	QueueSize     Size `env:"CACHE_OBJECT_QUEUE_SIZE" default:"64MiB" min:"1" desc:"bytes that wait to be written to the object tier; beyond it entries are dropped"`
	QueueCapacity int  `env:"CACHE_OBJECT_QUEUE_CAPACITY" default:"1024" min:"1" desc:"entries that wait to be written to the object tier; beyond it they are dropped"`
	// DrainTimeout bounds how long the end of the server waits for the queue.
	DrainTimeout time.Duration `env:"CACHE_OBJECT_DRAIN_TIMEOUT" default:"10s" min:"1ms" desc:"time to write what waits for the object tier when the server stops, after running requests have finished"`
	// PurgeInterval is how often the bucket is asked for the purges of other nodes.
	PurgeInterval time.Duration `env:"CACHE_PURGE_INTERVAL" default:"4s" min:"500ms" max:"30s" desc:"how often purges of other nodes are looked for in the bucket"`
}
