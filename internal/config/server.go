package config

import "time"

// Server is the public listener and the bounds on the work that it takes on.
type Server struct {
	// Bind is host:port, or a path with the networks unix and unixpacket.
	Bind      string `env:"BIND" default:":8080" also:"IMGPROXY_ IMGPROXY_PORT IMGFORGE_ PP_PORT" desc:"address of the public listener"`
	Network   string `env:"NETWORK" default:"tcp" also:"IMGPROXY_" oneof:"tcp|tcp4|tcp6|unix|unixpacket" desc:"network of the public listener"`
	ReusePort bool   `env:"SO_REUSEPORT" default:"false" also:"IMGPROXY_" desc:"let several processes listen on the same port"`
	// PathPrefix is empty or begins with "/" and does not end with one.
	PathPrefix string `env:"PATH_PREFIX" also:"IMGPROXY_" desc:"path in front of every public path"`
	// Providers are the grammars to mount, longest prefix first.
	Providers Mounts `env:"PROVIDERS" default:"cloudflare=/cdn-cgi/image/,previewproxy=/proxy,imgproxy=/" desc:"URL grammars by path prefix, as name=/prefix"`
	// HealthCheckPath is empty or begins with "/".
	HealthCheckPath string `env:"HEALTH_CHECK_PATH" also:"IMGPROXY_" desc:"further path that answers like /health"`

	Timeout              time.Duration `env:"TIMEOUT" default:"30s" also:"IMGPROXY_ IMGFORGE_" min:"1ms" desc:"time for a whole request"`
	ReadRequestTimeout   time.Duration `env:"READ_REQUEST_TIMEOUT" default:"10s" also:"IMGPROXY_" min:"1ms" desc:"time to read a request"`
	WriteResponseTimeout time.Duration `env:"WRITE_RESPONSE_TIMEOUT" default:"10s" also:"IMGPROXY_" min:"1ms" desc:"time to write a response, from its first byte"`
	// KeepAliveTimeout of 0 closes a connection after each request.
	KeepAliveTimeout    time.Duration `env:"KEEP_ALIVE_TIMEOUT" default:"10s" also:"IMGPROXY_" min:"0" desc:"time an idle client connection stays open; 0 = none does"`
	GracefulStopTimeout time.Duration `env:"GRACEFUL_STOP_TIMEOUT" default:"20s" also:"IMGPROXY_" min:"0" desc:"time for running requests to finish when the server stops"`

	// MaxClients of 0 is no bound.
	MaxClients int `env:"MAX_CLIENTS" default:"2048" also:"IMGPROXY_" min:"0" desc:"open client connections; 0 = no bound"`
	// Workers of 0 is one for each CPU that the process may use.
	Workers int `env:"WORKERS" default:"0" also:"IMGPROXY_ IMGFORGE_" min:"0" max:"4096" desc:"images processed at the same time; 0 = number of CPUs"`
	// QueueSize of 0 refuses as soon as every worker is busy.
	QueueSize int `env:"REQUESTS_QUEUE_SIZE" default:"512" also:"IMGPROXY_" min:"0" desc:"fills that may wait for a worker; 0 = none"`
}

// Admin is the listener for metrics, statistics and purges.
type Admin struct {
	// Bind is host:port; empty = there is no such listener.
	Bind string `env:"ADMIN_BIND" default:"127.0.0.1:8081" empty:"off" desc:"address of the admin listener; empty = off"`
	// Token is never empty when Bind is reachable from other machines.
	Token string `env:"ADMIN_TOKEN" secret:"yes" desc:"bearer token of the admin API; needed when it is bound beyond loopback"`
}
