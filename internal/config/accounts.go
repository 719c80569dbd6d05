package config

import "time"

// The accounts of object storage. Each stands in Config twice: for sources under its own name, and for the object tier
// with CACHE_ in front of it.

// S3 is an account of Amazon S3 or of a service that speaks its protocol. Without keys, the environment names who
// we are, as the AWS SDK reads it.
type S3 struct {
	// Region is empty where the environment names it, or nobody does.
	Region   string   `env:"REGION" also:"IMGPROXY_" desc:"region of the buckets; not set = that of AWS_REGION, else us-west-1"`
	Endpoint Endpoint `env:"ENDPOINT" also:"IMGPROXY_" desc:"URL of an S3 service; not set = Amazon's"`
	// PathStyle counts with an Endpoint only.
	PathStyle bool `env:"ENDPOINT_USE_PATH_STYLE" default:"true" also:"IMGPROXY_" desc:"at the endpoint, a bucket is the first part of the path; false = of the host name"`
	// AssumeRoleExternalID counts with an AssumeRoleARN only.
	AssumeRoleARN        string `env:"ASSUME_ROLE_ARN" also:"IMGPROXY_" desc:"role to take on"`
	AssumeRoleExternalID string `env:"ASSUME_ROLE_EXTERNAL_ID" also:"IMGPROXY_" desc:"external ID that the role asks for"`
	// AccessKeyID and SecretAccessKey are both set or both empty.
	AccessKeyID     string `env:"ACCESS_KEY_ID" desc:"access key; not set = credentials are found as the AWS SDK finds them"`
	SecretAccessKey string `env:"SECRET_ACCESS_KEY" secret:"yes" desc:"secret of the access key"`
	SessionToken    string `env:"SESSION_TOKEN" secret:"yes" desc:"session of the access key, where it is a temporary one"`
	// UseDecryptionClient has objects read that are encrypted, and no others. The object tier's are encrypted where they are written
	// with ObjectTier.S3KMSKeyID; without that it does nothing there.
	UseDecryptionClient bool `env:"USE_DECRYPTION_CLIENT" default:"false" also:"IMGPROXY_" desc:"objects are encrypted as Amazon's S3 Encryption Client does it, with keys of KMS"`
}

// GCS is an account of Google Cloud Storage. Without a Key, the application default credentials count, or none at an
// Endpoint.
type GCS struct {
	Key      string   `env:"KEY" also:"IMGPROXY_" secret:"yes" desc:"JSON key of a Google service account; not set = application default credentials"`
	Endpoint Endpoint `env:"ENDPOINT" also:"IMGPROXY_" desc:"URL of a service that speaks Google's protocol; not set = Google's"`
}

// ABS is a storage account of Azure. Without a Key, it is opened as the identity that the environment names.
type ABS struct {
	Name     string   `env:"NAME" also:"IMGPROXY_" desc:"name of the Azure storage account"`
	Key      string   `env:"KEY" also:"IMGPROXY_" secret:"yes" desc:"key of the storage account; not set = service principal or managed identity"`
	Endpoint Endpoint `env:"ENDPOINT" also:"IMGPROXY_" desc:"URL of the storage account; not set = Azure's"`
}

// Swift is an account of OpenStack Swift.
type Swift struct {
	UserName string   `env:"USERNAME" also:"IMGPROXY_" desc:"user of OpenStack Swift"`
	APIKey   string   `env:"API_KEY" also:"IMGPROXY_" secret:"yes" desc:"key or password of the user"`
	AuthURL  Endpoint `env:"AUTH_URL" also:"IMGPROXY_" desc:"URL to log in at"`
	// AuthVersion of 0 goes by the look of AuthURL.
	AuthVersion int    `env:"AUTH_VERSION" default:"0" also:"IMGPROXY_" min:"0" max:"3" desc:"version of the authentication, 1 to 3; 0 = as the URL looks"`
	Tenant      string `env:"TENANT" also:"IMGPROXY_" desc:"tenant or project of the user"`
	Domain      string `env:"DOMAIN" also:"IMGPROXY_" desc:"domain of the user"`
	// Timeout bounds how long a body stands still, ConnectTimeout making a connection.
	Timeout        time.Duration `env:"TIMEOUT_SECONDS" default:"60s" also:"IMGPROXY_" min:"1ms" desc:"time that a body may stand still"`
	ConnectTimeout time.Duration `env:"CONNECT_TIMEOUT_SECONDS" default:"10s" also:"IMGPROXY_" min:"1ms" desc:"time to connect"`
}
