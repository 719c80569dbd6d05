package config

import "time"

// Cache says which tiers keep results, and how much.
type Cache struct {
	// Type is none, memory, disk or hybrid (memory above disk).
	Type string `env:"CACHE_TYPE" default:"memory" also:"IMGFORGE_" oneof:"none|memory|disk|hybrid" desc:"tiers that keep results: none, memory, disk or hybrid"`

	MemorySize Size `env:"CACHE_MEMORY_SIZE" default:"256MiB" also:"PP_CACHE_MEMORY_MAX_MB" min:"1" desc:"bytes of bodies in memory"`
	// MemoryCapacity of 0 is no bound.
	MemoryCapacity int64 `env:"CACHE_MEMORY_CAPACITY" default:"0" also:"IMGFORGE_" min:"0" desc:"entries in memory; 0 = no bound"`
	// MemoryTTL of 0 leaves entries their own time.
	MemoryTTL time.Duration `env:"CACHE_MEMORY_TTL" default:"0s" also:"PP_CACHE_MEMORY_TTL_SECS" min:"0" desc:"longest time an entry stays in memory; 0 = its own"`

	DiskPath string `env:"CACHE_DISK_PATH" also:"IMGFORGE_ PP_CACHE_DIR" desc:"folder of the disk tier; needed for disk and hybrid"`
	DiskSize Size   `env:"CACHE_DISK_SIZE" default:"10GiB" also:"PP_CACHE_DISK_MAX_MB" min:"1" desc:"bytes on disk"`
	// DiskCapacity of 0 is no bound.
	DiskCapacity int64 `env:"CACHE_DISK_CAPACITY" default:"0" also:"IMGFORGE_" min:"0" desc:"entries on disk; 0 = no bound"`
	// DiskTTL of 0 leaves entries their own time.
	DiskTTL         time.Duration `env:"CACHE_DISK_TTL" default:"0s" also:"PP_CACHE_DISK_TTL_SECS" min:"0" desc:"longest time an entry stays on disk; 0 = its own"`
	CleanupInterval time.Duration `env:"CACHE_CLEANUP_INTERVAL" default:"10m" also:"PP_CACHE_CLEANUP_INTERVAL_SECS" min:"1s" desc:"how often expired files are removed"`

	Object ObjectTier

	Verify Share `env:"CACHE_VERIFY" default:"0" desc:"share of hits that are made again in the background and compared, 0 to 1"`

	KeyHeaders   List `env:"CACHE_KEY_HEADERS" also:"IMGPROXY_" desc:"request headers that are part of the key"`
	KeyCookies   List `env:"CACHE_KEY_COOKIES" also:"IMGPROXY_" desc:"request cookies that are part of the key"`
	ReportErrors bool `env:"CACHE_REPORT_ERRORS" default:"false" also:"IMGPROXY_" desc:"answer with an error when the cache fails, in place of going on without it"`
}
