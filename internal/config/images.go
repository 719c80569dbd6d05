package config

import (
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

// Formats says in what format a result is written and what a URL that says nothing gets.
type Formats struct {
	AutoWebP    bool `env:"AUTO_WEBP" default:"false" also:"IMGPROXY_" desc:"WebP for clients that accept it, where the URL names no format"`
	EnforceWebP bool `env:"ENFORCE_WEBP" default:"false" also:"IMGPROXY_" desc:"WebP for clients that accept it, whatever the URL names"`
	AutoAVIF    bool `env:"AUTO_AVIF" default:"false" also:"IMGPROXY_" desc:"AVIF for clients that accept it, where the URL names no format"`
	EnforceAVIF bool `env:"ENFORCE_AVIF" default:"false" also:"IMGPROXY_" desc:"AVIF for clients that accept it, whatever the URL names"`
	AutoJXL     bool `env:"AUTO_JXL" default:"false" also:"IMGPROXY_" desc:"JPEG XL for clients that accept it, where the URL names no format"`
	EnforceJXL  bool `env:"ENFORCE_JXL" default:"false" also:"IMGPROXY_" desc:"JPEG XL for clients that accept it, whatever the URL names"`
	ClientHints bool `env:"ENABLE_CLIENT_HINTS" default:"false" also:"IMGPROXY_" desc:"use the client hints Width and DPR"`

	// Preferred is never empty.
	Preferred          []format.Format `env:"PREFERRED_FORMATS" default:"jpeg,png,gif" also:"IMGPROXY_" desc:"formats to write where source and URL decide nothing, best first"`
	Skip               format.Set      `env:"SKIP_PROCESSING_FORMATS" also:"IMGPROXY_" desc:"source formats that are passed through where the URL names no other"`
	AlwaysRasterizeSVG bool            `env:"ALWAYS_RASTERIZE_SVG" default:"false" also:"IMGPROXY_" desc:"make pixels of SVG sources even where no format is named"`
	SanitizeSVG        bool            `env:"SANITIZE_SVG" default:"true" also:"IMGPROXY_" desc:"remove scripts from SVG that is passed through"`

	StripMetadata     bool `env:"STRIP_METADATA" default:"true" also:"IMGPROXY_ IMGFORGE_" desc:"drop EXIF, XMP and IPTC"`
	KeepCopyright     bool `env:"KEEP_COPYRIGHT" default:"true" also:"IMGPROXY_ IMGFORGE_" desc:"but keep the fields that say who owns the picture"`
	StripColorProfile bool `env:"STRIP_COLOR_PROFILE" default:"true" also:"IMGPROXY_ IMGFORGE_" desc:"convert to sRGB and drop the colour profile"`
	AutoRotate        bool `env:"AUTO_ROTATE" default:"true" also:"IMGPROXY_ IMGFORGE_" desc:"turn pictures as their EXIF orientation says"`

	PNGUnlimited  bool `env:"PNG_UNLIMITED" default:"false" also:"IMGPROXY_" desc:"lift the PNG decoder's own limits"`
	SVGUnlimited  bool `env:"SVG_UNLIMITED" default:"false" also:"IMGPROXY_" desc:"lift the SVG decoder's own limits"`
	TIFFUnlimited bool `env:"TIFF_UNLIMITED" default:"false" also:"IMGPROXY_" desc:"lift the TIFF decoder's own limits"`
}

// Encoders are the encoders' settings.
type Encoders struct {
	Quality int `env:"QUALITY" default:"80" also:"IMGPROXY_ IMGFORGE_" min:"1" max:"100" desc:"quality of lossy formats"`
	// FormatQuality holds what the operator set on top of the defaults.
	FormatQuality transform.QualityTable `env:"FORMAT_QUALITY" default:"webp=79,avif=63,jxl=77" also:"IMGPROXY_" desc:"quality by format, on top of the default"`

	JPEGProgressive bool   `env:"JPEG_PROGRESSIVE" default:"false" also:"IMGPROXY_" desc:"write progressive JPEG"`
	PNGInterlaced   bool   `env:"PNG_INTERLACED" default:"false" also:"IMGPROXY_" desc:"write interlaced PNG"`
	PNGQuantize     bool   `env:"PNG_QUANTIZE" default:"false" also:"IMGPROXY_" desc:"write PNG with a palette"`
	PNGColors       int    `env:"PNG_QUANTIZATION_COLORS" default:"256" also:"IMGPROXY_" min:"2" max:"256" desc:"size of that palette"`
	WebPEffort      int    `env:"WEBP_EFFORT" default:"4" also:"IMGPROXY_" min:"1" max:"6" desc:"WebP effort, 1 (fast) to 6 (small)"`
	WebPPreset      string `env:"WEBP_PRESET" default:"default" also:"IMGPROXY_" oneof:"default|photo|picture|drawing|icon|text" desc:"WebP tuning"`
	AVIFSpeed       int    `env:"AVIF_SPEED" default:"8" also:"IMGPROXY_" min:"0" max:"9" desc:"AVIF speed, 0 (small) to 9 (fast)"`
	JXLEffort       int    `env:"JXL_EFFORT" default:"4" also:"IMGPROXY_" min:"1" max:"9" desc:"JPEG XL effort, 1 (fast) to 9 (small)"`
}
