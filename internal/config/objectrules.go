package config

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// objectRules check what object storage needs, for sources and for the object tier.
func objectRules() []rule {
	rules := []rule{
		{[]string{"CACHE_BUCKET", "CACHE_USE"}, tierHasBucket},
		{[]string{"CACHE_FS_ROOT", "CACHE_USE"}, tierHasFolder},
		{[]string{"CACHE_PATH_PREFIX"}, tierPrefixIsPath},
		{[]string{"CACHE_OBJECT_ENTRY_SIZE", "CACHE_OBJECT_QUEUE_SIZE"}, tierEntryFits},
		{[]string{"VALKEY_URL"}, valkeyIsURL},
	}
	for _, a := range accounts() {
		rules = append(rules, a.rules()...)
	}
	return rules
}

// account is one of object storage, at one of the two places that have it: sources and the object tier.
type account struct {
	toggle string // what turns it on
	prefix string // of its settings
	why    string // what it is needed for, behind "because"
	used   func(*Config) bool

	// One of them, where it has rules.
	s3    func(*Config) *S3
	gcs   func(*Config) *GCS
	abs   func(*Config) *ABS
	swift func(*Config) *Swift
}

// accounts returns all whose settings may be missing or idle.
func accounts() []account {
	return []account{
		sources("S3", func(o *Objects) bool { return o.UseS3 }, account{s3: func(c *Config) *S3 { return &c.Objects.S3 }}),
		sources("GCS", func(o *Objects) bool { return o.UseGCS }, account{gcs: func(c *Config) *GCS { return &c.Objects.GCS }}),
		sources("ABS", func(o *Objects) bool { return o.UseABS }, account{abs: func(c *Config) *ABS { return &c.Objects.ABS }}),
		sources("SWIFT", func(o *Objects) bool { return o.UseSwift }, account{swift: func(c *Config) *Swift { return &c.Objects.Swift }}),
		tier("fs", account{}),
		tier("s3", account{s3: func(c *Config) *S3 { return &c.Cache.Object.S3 }}),
		tier("gcs", account{gcs: func(c *Config) *GCS { return &c.Cache.Object.GCS }}),
		tier("abs", account{abs: func(c *Config) *ABS { return &c.Cache.Object.ABS }}),
		tier("swift", account{swift: func(c *Config) *Swift { return &c.Cache.Object.Swift }}),
	}
}

func sources(name string, used func(*Objects) bool, a account) account {
	a.toggle, a.prefix, a.why = "USE_"+name, name+"_", prefix+"USE_"+name+" is true"
	a.used = func(c *Config) bool { return used(&c.Objects) }
	return a
}

func tier(adapter string, a account) account {
	a.toggle, a.prefix, a.why = "CACHE_USE", "CACHE_"+strings.ToUpper(adapter)+"_", prefix+"CACHE_USE is "+adapter
	a.used = func(c *Config) bool { return c.Cache.Object.Use == adapter }
	return a
}

// rules returns what holds of an account that is used. What is wrong in it is said without repeating it.
func (a account) rules() []rule {
	switch {
	case a.s3 != nil:
		return []rule{
			a.rule("ACCESS_KEY_ID", "the access key that "+prefix+a.prefix+"SECRET_ACCESS_KEY belongs to",
				func(c *Config) bool { return a.s3(c).AccessKeyID == "" && a.s3(c).SecretAccessKey != "" }),
			a.rule("SECRET_ACCESS_KEY", "the secret of "+prefix+a.prefix+"ACCESS_KEY_ID",
				func(c *Config) bool { return a.s3(c).AccessKeyID != "" && a.s3(c).SecretAccessKey == "" }),
		}
	case a.gcs != nil:
		return []rule{
			a.rule("KEY", "the JSON key of a service account", func(c *Config) bool {
				return a.gcs(c).Key != "" && !json.Valid([]byte(a.gcs(c).Key))
			}),
		}
	case a.abs != nil:
		return []rule{
			a.rule("NAME", "the name of a storage account", func(c *Config) bool {
				return a.abs(c).Name == "" && (a.abs(c).Endpoint == "" || a.abs(c).Key != "")
			}),
			a.rule("KEY", "the key of a storage account, in base64", func(c *Config) bool {
				_, err := base64.StdEncoding.DecodeString(a.abs(c).Key)
				return err != nil
			}),
		}
	case a.swift != nil:
		return []rule{
			a.rule("USERNAME", "a user", func(c *Config) bool { return a.swift(c).UserName == "" }),
			a.rule("API_KEY", "a key or password", func(c *Config) bool { return a.swift(c).APIKey == "" }),
			a.rule("AUTH_URL", "a URL to log in at", func(c *Config) bool { return a.swift(c).AuthURL == "" }),
		}
	}
	return nil
}

// rule returns the rule that a setting of an account is as it must be where the account is used.
func (a account) rule(name, want string, wrong func(*Config) bool) rule {
	return rule{[]string{a.prefix + name, a.toggle}, func(c *Config) string {
		if !a.used(c) || !wrong(c) {
			return ""
		}
		return "want " + want + ", because " + a.why
	}}
}

func tierHasBucket(c *Config) string {
	t := c.Cache.Object
	switch {
	case t.Bucket == "" && t.Use != "" && t.Use != "fs":
		return "want a bucket, because " + prefix + "CACHE_USE is " + t.Use
	case t.Use != "" && (strings.ContainsAny(t.Bucket, "/\\") || t.Bucket == "." || t.Bucket == ".."):
		return "want the name of a bucket without slashes, got " + quote(t.Bucket) + "; folders in it go into " + prefix + "CACHE_PATH_PREFIX"
	}
	return ""
}

func tierHasFolder(c *Config) string {
	if c.Cache.Object.Use != "fs" || c.Cache.Object.FSRoot != "" {
		return ""
	}
	return "want a folder, because " + prefix + "CACHE_USE is fs"
}

func tierEntryFits(c *Config) string {
	t := c.Cache.Object
	if t.EntrySize <= t.QueueSize {
		return ""
	}
	return "want at most " + prefix + "CACHE_OBJECT_QUEUE_SIZE (" + t.QueueSize.String() + "), got " + t.EntrySize.String()
}

// tierPrefixIsPath is asked when the slashes at the ends are gone. The bound leaves room for what comes behind it in
// a key.
func tierPrefixIsPath(c *Config) string {
	const most = 512
	p := c.Cache.Object.PathPrefix
	if p == "" {
		return ""
	}
	if len(p) > most {
		return "want at most 512 bytes"
	}
	for element := range strings.SplitSeq(p, "/") {
		if element == "" || element == "." || element == ".." || strings.ContainsFunc(element, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "want names separated by single slashes, none of them . or .., got " + quote(p)
		}
	}
	return ""
}
