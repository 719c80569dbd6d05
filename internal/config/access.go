package config

// Access says who may ask for what.
type Access struct {
	// Keys and Salts have equal lengths and pair up by index. None = URLs are not signed.
	Keys  HexList `env:"KEY" also:"IMGPROXY_ IMGFORGE_" secret:"yes" desc:"keys of URL signatures in hex, separated by commas; the first signs, any verifies"`
	Salts HexList `env:"SALT" also:"IMGPROXY_ IMGFORGE_" secret:"yes" desc:"salts of URL signatures in hex, one for each key"`
	// SignatureSize is in bytes.
	SignatureSize     int    `env:"SIGNATURE_SIZE" default:"32" also:"IMGPROXY_" min:"1" max:"32" desc:"bytes of a signature"`
	TrustedSignatures List   `env:"TRUSTED_SIGNATURES" also:"IMGPROXY_" secret:"yes" desc:"texts accepted in place of any signature"`
	Secret            string `env:"SECRET" also:"IMGPROXY_ IMGFORGE_" secret:"yes" desc:"bearer token that the public listener asks for"`

	AllowSecurityOptions     bool `env:"ALLOW_SECURITY_OPTIONS" default:"false" also:"IMGPROXY_ IMGFORGE_" desc:"let URLs set limits of their own"`
	AllowedProcessingOptions List `env:"ALLOWED_PROCESSING_OPTIONS" also:"IMGPROXY_" desc:"option names that URLs may use; none = all"`
	// SourceURLEncryptionKey has 16, 24 or 32 bytes; none = encrypted sources are off.
	SourceURLEncryptionKey Hex `env:"SOURCE_URL_ENCRYPTION_KEY" also:"IMGPROXY_" secret:"yes" desc:"AES key of encrypted source URLs, 16, 24 or 32 bytes in hex"`
}

// URL shapes how imgproxy URLs are read.
type URL struct {
	ArgumentsSeparator     string       `env:"ARGUMENTS_SEPARATOR" default:":" also:"IMGPROXY_" desc:"text between an option's arguments"`
	BaseURL                string       `env:"BASE_URL" also:"IMGPROXY_" desc:"put in front of every source URL that does not begin with it"`
	Replacements           Replacements `env:"URL_REPLACEMENTS" also:"IMGPROXY_" desc:"source URL rewrites as pattern=text;pattern=text, in order"`
	Base64IncludesFilename bool         `env:"BASE64_URL_INCLUDES_FILENAME" default:"false" also:"IMGPROXY_" desc:"the last segment of a base64 source is a file name and is dropped"`
	PresetsText            string       `env:"PRESETS" also:"IMGPROXY_ IMGFORGE_" desc:"presets as name=options, separated by STILLROOM_PRESETS_SEPARATOR or one per line"`
	PresetsPath            string       `env:"PRESETS_PATH" also:"IMGPROXY_" desc:"file with one preset per line; # begins a comment"`
	PresetsSeparator       string       `env:"PRESETS_SEPARATOR" default:"," also:"IMGPROXY_" desc:"text between presets"`
	OnlyPresets            bool         `env:"ONLY_PRESETS" default:"false" also:"IMGPROXY_ IMGFORGE_" desc:"URLs hold preset names in place of options"`

	// Presets are the presets of PresetsText, then those of the file PresetsPath.
	Presets []Preset `env:"-"`
}

// Preset is a named list of options, not parsed yet.
type Preset struct{ Name, Options string }

// String returns "name=options".
func (p Preset) String() string { return p.Name + "=" + p.Options }
