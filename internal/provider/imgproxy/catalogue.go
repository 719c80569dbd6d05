package imgproxy

import "strings"

// option is something that a URL can say.
type option struct {
	set      func(*state, args) error
	security bool // changes limits, so it needs Config.AllowSecurityOptions
}

// catalogue returns imgproxy's options by every name they have.
func catalogue() map[string]*option {
	all := make(map[string]*option, 256)
	add := func(names string, security bool, set func(*state, args) error) {
		o := &option{set: set, security: security}
		for _, name := range strings.Fields(names) {
			all[name] = o
		}
	}
	addGeometry(add)
	addOutput(add)
	addUnsupported(add)
	return all
}

type adder func(names string, security bool, set func(*state, args) error)

func addGeometry(add adder) {
	add("resize rs", false, setResize)
	add("size s", false, setSize)
	add("resizing_type rt", false, setResizingType)
	add("width w", false, setWidth)
	add("height h", false, setHeight)
	add("min-width mw", false, setMinWidth)
	add("min-height mh", false, setMinHeight)
	add("zoom z", false, setZoom)
	add("dpr", false, setDPR)
	add("enlarge el", false, setEnlarge)
	add("extend ex", false, setExtend)
	add("extend_aspect_ratio extend_ar exar", false, setExtendRatio)
	add("gravity g", false, setGravity)
	add("crop c", false, setCrop)
	add("padding pd", false, setPadding)
	add("auto_rotate ar", false, setAutoRotate)
	add("rotate rot", false, setRotate)
	add("flip fl", false, setFlip)
	add("background bg", false, setBackground)
}

func addOutput(add adder) {
	add("quality q", false, setQuality)
	add("format_quality fq", false, setFormatQuality)
	add("format f ext", false, setFormat)
	add("strip_metadata sm", false, setStripMetadata)
	add("keep_copyright kcr", false, setKeepCopyright)
	add("strip_color_profile scp", false, setStripProfile)
	add("skip_processing skp", false, setSkip)
	add("raw", false, setRaw)
	add("cachebuster cb", false, setCacheBuster)
	add("cache_tags ct", false, setTags)
	add("expires exp", false, setExpires)
	add("filename fn", false, setFilename)
	add("return_attachment att", false, setAttachment)
	add("preset pr", false, setPreset)
	add("max_src_resolution msr", true, setMaxSourcePixels)
	add("max_src_file_size msfs", true, setMaxSourceBytes)
	add("max_animation_frames maf", true, setMaxFrames)
	add("max_animation_frame_resolution mafr", true, setMaxFramePixels)
	add("max_result_dimension mrd", true, setMaxDimension)
}

// addUnsupported adds what is refused by name: first the options of imgproxy's open-source version, then
// those of imgproxy Pro.
func addUnsupported(add adder) {
	add("trim t", false, setTrim)
	add("blur bl", false, setBlur)
	add("sharpen sh", false, setSharpen)
	add("pixelate pix", false, setPixelate)
	add("watermark wm", false, setWatermark)
	add("max_bytes mb", false, setMaxBytes)
	add("preserve_hdr ph", false, setPreserveHDR)
	add("enforce_thumbnail eth", false, setEnforceThumbnail)

	add(`resizing_algorithm ra objects_position obj_pos op crop_aspect_ratio crop_ar car crop_objects co
		background_alpha bga adjust a brightness br contrast saturation sa monochrome mc duotone dt
		unsharp_masking ush blur_areas ba progressive_blur pbl blur_detections bd draw_detections dd
		colorize col gradient gr watermark_url wmu watermark_text wmt watermark_size wms
		watermark_rotate wm_rot wmr watermark_shadow wmsh style st dpi color_profile cp icc
		autoquality aq jpeg_options jpgo png_options pngo webp_options webpo avif_options avifo
		page pg pages pgs disable_animation da video_thumbnail_second vts video_thumbnail_keyframes vtk
		video_thumbnail_tile vtt video_thumbnail_animation vta fallback_image_url fiu
		bypass_cache bc hashsum hs`, false, setForeign)
}
