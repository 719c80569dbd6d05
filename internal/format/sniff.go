package format

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Sniff tells the format by the first bytes of an image; Unknown when they are none it knows. The whole
// image may be given. 4 KiB decide every format but SVG, whose root element may stand behind comments
// of any length.
func Sniff(head []byte) Format {
	switch {
	case has(head, "\xff\xd8\xff"):
		return JPEG
	case has(head, "\x89PNG\r\n\x1a\n"):
		return PNG
	case has(head, "GIF87a"), has(head, "GIF89a"):
		return GIF
	case has(head, "RIFF") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return WebP
	case has(head, "II*\x00"), has(head, "MM\x00*"), has(head, "II+\x00"), has(head, "MM\x00+"):
		return TIFF
	case has(head, "\xff\x0a"), has(head, "\x00\x00\x00\x0cJXL \r\n\x87\n"):
		return JXL
	case isBMP(head):
		return BMP
	case isICO(head):
		return ICO
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffHEIF(head)
	case isSVG(head):
		return SVG
	}
	return Unknown
}

func has(head []byte, magic string) bool {
	return len(head) >= len(magic) && string(head[:len(magic)]) == magic
}

// isBMP looks at the size of the second header too: two letters alone are too easily met by accident.
func isBMP(head []byte) bool {
	if !has(head, "BM") || len(head) < 18 {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// isICO wants at least one entry whose reserved byte is zero.
func isICO(head []byte) bool {
	return has(head, "\x00\x00\x01\x00") && len(head) >= 10 &&
		binary.LittleEndian.Uint16(head[4:]) > 0 && head[9] == 0
}

// sniffHEIF reads the brands of an ISO base media file: the major one, then the compatible ones. The
// structural brands (mif1, msf1, miaf) say nothing about the codec, so they decide only alone.
func sniffHEIF(head []byte) Format {
	size := min(int64(binary.BigEndian.Uint32(head)), int64(len(head)))
	f := Unknown
	for at := int64(8); at+4 <= size; at += 4 {
		if at == 12 { // the minor version
			continue
		}
		switch string(head[at : at+4]) {
		case "avif", "avis":
			return AVIF
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
			return HEIC
		case "mif1", "msf1", "miaf":
			f = HEIC
		}
	}
	return f
}

// isSVG looks for the root element behind a byte order mark, the XML declaration, processing
// instructions, comments and a document type.
func isSVG(head []byte) bool {
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		var ok bool
		switch {
		case has(rest, "<?"):
			_, rest, ok = bytes.Cut(rest, []byte("?>"))
		case has(rest, "<!--"):
			_, rest, ok = bytes.Cut(rest, []byte("-->"))
		case len(rest) >= 9 && strings.EqualFold(string(rest[:9]), "<!doctype"):
			rest, ok = skipDoctype(rest)
		case has(rest, "<"):
			return rootName(rest) == "svg"
		}
		if !ok {
			return false
		}
	}
}

// skipDoctype returns what follows a document type, its internal subset included.
func skipDoctype(b []byte) ([]byte, bool) {
	end := bytes.IndexAny(b, "[>")
	if end >= 0 && b[end] == '[' {
		subset := bytes.IndexByte(b[end:], ']')
		if subset < 0 {
			return nil, false
		}
		end += subset
		gt := bytes.IndexByte(b[end:], '>')
		if gt < 0 {
			return nil, false
		}
		end += gt
	}
	if end < 0 {
		return nil, false
	}
	return b[end+1:], true
}

// rootName returns the local name of the element that b begins with.
func rootName(b []byte) string {
	end := bytes.IndexAny(b, " \t\r\n/>")
	if end < 0 {
		return ""
	}
	name := string(b[1:end])
	return name[strings.IndexByte(name, ':')+1:]
}
