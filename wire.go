package stillroom

import (
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"

	"github.com/stillroom/stillroom/internal/config"
	"github.com/stillroom/stillroom/internal/deliver"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
	"github.com/stillroom/stillroom/internal/provider"
	"github.com/stillroom/stillroom/internal/provider/imgproxy"
	"github.com/stillroom/stillroom/internal/serve"
	"github.com/stillroom/stillroom/internal/sign"
	"github.com/stillroom/stillroom/internal/source"
	"github.com/stillroom/stillroom/internal/source/cached"
	"github.com/stillroom/stillroom/internal/source/file"
	"github.com/stillroom/stillroom/internal/source/web"
	"github.com/stillroom/stillroom/internal/transform"
	"github.com/stillroom/stillroom/internal/vips"
)

func newEngine(c *Config) (*vips.Engine, error) {
	return vips.New(vips.Config{
		PNGUnlimited: c.Formats.PNGUnlimited, SVGUnlimited: c.Formats.SVGUnlimited, TIFFUnlimited: c.Formats.TIFFUnlimited,
	})
}

// workers is one per CPU where nothing else is said: libvips works with one thread per image here, so
// more would only share the CPUs and hold more pixels at once.
func workers(c *Config) int {
	if c.Server.Workers > 0 {
		return c.Server.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// sources returns the sources by scheme behind their own tier.
func (b *builder) sources(k *keeping, version string) (*cached.Source, error) {
	remote, err := web.New(web.Config{
		Timeout:        b.c.Sources.DownloadTimeout,
		IdleTimeout:    b.c.Sources.ClientKeepAliveTimeout,
		MaxSize:        int64(b.c.Limits.SourceBytes),
		MaxRedirects:   b.c.Sources.MaxRedirects,
		ConnectRetries: 2,
		UserAgent:      strings.ReplaceAll(b.c.Sources.UserAgent, "%current_version", version),
		AllowLoopback:  b.c.Sources.AllowLoopback,
		AllowLinkLocal: b.c.Sources.AllowLinkLocal,
		AllowPrivate:   b.c.Sources.AllowPrivate,
		IgnoreTLS:      b.c.Sources.IgnoreTLS,
	})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, remote)
	schemes := map[string]source.Source{"http": remote, "https": remote}
	if b.c.Sources.LocalRoot != "" {
		local, err := file.New(b.c.Sources.LocalRoot)
		if err != nil {
			return nil, fmt.Errorf("STILLROOM_LOCAL_FILESYSTEM_ROOT: %w", err)
		}
		b.closers = append(b.closers, local)
		schemes["local"] = local
	}
	if err := b.objects(schemes); err != nil {
		return nil, err
	}
	origin := b.metrics.Source(source.NewMux(schemes, switches()))
	return cached.New(origin, b.metrics.Store(k.copies, "source"), cached.Config{
		Policy: policy(b.c), MaxSize: int64(b.c.Limits.SourceBytes), Negatives: k.missing, Purged: k.purged,
	}), nil
}

// door is what a request passes before anything is fetched: the grammars and the admission.
type door struct {
	mounts    []serve.Mount
	keyring   *sign.Keyring
	admission *provider.Admission
}

func newDoor(c *Config) (door, error) {
	grammar, err := newGrammar(c)
	if err != nil {
		return door{}, err
	}
	keyring, err := newKeyring(c)
	if err != nil {
		return door{}, err
	}
	admission, err := provider.NewAdmission(provider.AdmissionConfig{Checker: keyring, AllowedSources: c.Sources.Allowed})
	if err != nil {
		return door{}, err
	}
	grammars := map[string]provider.Provider{grammar.Name(): grammar}
	d := door{keyring: keyring, admission: admission}
	for _, m := range c.Server.Providers {
		grammar, ok := grammars[m.Name]
		if !ok {
			return door{}, fmt.Errorf("STILLROOM_PROVIDERS: there is no grammar %q", m.Name)
		}
		d.mounts = append(d.mounts, serve.Mount{Prefix: strings.TrimSuffix(m.Prefix, "/") + "/", Provider: grammar})
	}
	return d, nil
}

func newKeyring(c *Config) (*sign.Keyring, error) {
	return sign.New(sign.Config{
		Keys: hexes(c.Access.Keys), Salts: hexes(c.Access.Salts),
		Size: c.Access.SignatureSize, Trusted: c.Access.TrustedSignatures,
	})
}

func hexes(list config.HexList) []string {
	texts := make([]string, len(list))
	for i, b := range list {
		texts[i] = hex.EncodeToString(b)
	}
	return texts
}

func newGrammar(c *Config) (*imgproxy.Provider, error) {
	presets := make([]string, len(c.URL.Presets))
	for i, p := range c.URL.Presets {
		presets[i] = p.Name + "=" + p.Options
	}
	return imgproxy.New(imgproxy.Config{
		ArgumentsSeparator:     c.URL.ArgumentsSeparator,
		BaseURL:                c.URL.BaseURL,
		URLReplacements:        c.URL.Replacements.Texts(),
		Base64IncludesFilename: c.URL.Base64IncludesFilename,
		EncryptionKey:          hex.EncodeToString(c.Access.SourceURLEncryptionKey),
		Presets:                presets,
		OnlyPresets:            c.URL.OnlyPresets,
		AllowedOptions:         c.Access.AllowedProcessingOptions,
		AllowSecurityOptions:   c.Access.AllowSecurityOptions,
		Defaults: imgproxy.Defaults{
			Output:       output(c),
			AutoRotate:   c.Formats.AutoRotate,
			MaxFrames:    c.Limits.Frames,
			MaxDimension: c.Limits.ResultDimension,
		},
	})
}

// output is what a URL that says nothing gets.
func output(c *Config) transform.Output {
	return transform.Output{
		Preferred:      c.Formats.Preferred,
		Skip:           c.Formats.Skip,
		RasterizeSVG:   c.Formats.AlwaysRasterizeSVG,
		FormatQuality:  c.Encoders.FormatQuality,
		DefaultQuality: c.Encoders.Quality,
		StripMetadata:  c.Formats.StripMetadata,
		KeepCopyright:  c.Formats.KeepCopyright,
		StripProfile:   c.Formats.StripColorProfile,
		Encoder: transform.Encoder{
			JPEGProgressive: c.Encoders.JPEGProgressive,
			PNGInterlaced:   c.Encoders.PNGInterlaced,
			PNGQuantize:     c.Encoders.PNGQuantize,
			PNGColors:       c.Encoders.PNGColors,
			WebPEffort:      c.Encoders.WebPEffort,
			WebPPreset:      c.Encoders.WebPPreset,
			AVIFSpeed:       c.Encoders.AVIFSpeed,
		},
	}
}

func newDeliverer(c *Config) *deliver.Deliverer {
	return &deliver.Deliverer{Config: deliver.Config{
		NoETag:            !c.Delivery.ETag,
		NoLastModified:    !c.Delivery.LastModified,
		LastModifiedFloor: c.Delivery.LastModifiedBuster,
		PassCacheControl:  c.Freshness.CacheControlPassthrough,
		Canonical:         c.Delivery.CanonicalHeader,
		CDNCacheControl:   c.Delivery.CDNCacheControl,
		TagFields:         tagFields(c.Delivery),
		Debug:             c.Delivery.DebugHeaders,
		Origin:            c.Delivery.AllowOrigin,
	}}
}

func tagFields(c config.Delivery) []string {
	if !c.Tags {
		return nil
	}
	fields := []string{deliver.SurrogateKey}
	if c.TagsFormat == "cloudflare" || c.TagsFormat == "all" {
		fields = append(fields, deliver.CacheTag)
	}
	if c.TagsFormat == "cloudfront" || c.TagsFormat == "all" {
		fields = append(fields, deliver.AmazonCacheTag)
	}
	return fields
}

func newPlanner(c *Config) *plan.Planner {
	auto, enforce := format.Set(0), format.Set(0)
	for _, n := range []struct {
		f             format.Format
		auto, enforce bool
	}{
		{format.WebP, c.Formats.AutoWebP, c.Formats.EnforceWebP},
		{format.AVIF, c.Formats.AutoAVIF, c.Formats.EnforceAVIF},
		{format.JXL, c.Formats.AutoJXL, c.Formats.EnforceJXL},
	} {
		if n.auto {
			auto = auto.With(n.f)
		}
		if n.enforce {
			enforce = enforce.With(n.f)
		}
	}
	return plan.New(plan.Config{
		Auto: auto, Enforce: enforce, ClientHints: c.Formats.ClientHints, SourceTag: c.Delivery.Tags,
		KeyHeaders: c.Cache.KeyHeaders, KeyCookies: c.Cache.KeyCookies,
		Limits: transform.Limits{
			SourcePixels: int64(c.Limits.SourcePixels), FramePixels: int64(c.Limits.FramePixels),
		},
		SourceBytes: int64(c.Limits.SourceBytes),
	})
}
