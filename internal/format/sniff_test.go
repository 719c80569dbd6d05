package format

import (
	"bytes"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	ftyp := func(brands ...string) string {
		body := "ftyp" + brands[0] + "\x00\x00\x00\x00" + strings.Join(brands[1:], "")
		return string([]byte{0, 0, 0, byte(len(body) + 4)}) + body + "\x00\x00\x00\x08mdat"
	}
	tests := []struct {
		name, head string
		want       Format
	}{
		{"nothing", "", Unknown},
		{"text", "hello, world", Unknown},
		{"a web page", "<!DOCTYPE html><html></html>", Unknown},
		{"other XML", `<?xml version="1.0"?><rss/>`, Unknown},
		{"a zip archive", "PK\x03\x04", Unknown},
		{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", JPEG},
		{"half of a jpeg's magic", "\xff\xd8", Unknown},
		{"png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", PNG},
		{"png after a text transfer", "\x89PNG\n\x1a\n", Unknown},
		{"gif 87", "GIF87a", GIF},
		{"gif 89", "GIF89a", GIF},
		{"webp", "RIFF\x00\x00\x00\x00WEBPVP8 ", WebP},
		{"sound in the same container", "RIFF\x00\x00\x00\x00WAVEfmt ", Unknown},
		{"tiff, little end", "II*\x00", TIFF},
		{"tiff, big end", "MM\x00*", TIFF},
		{"big tiff", "II+\x00\x08\x00\x00\x00", TIFF},
		{"avif", ftyp("avif", "mif1", "miaf"), AVIF},
		{"avif by a compatible brand", ftyp("mif1", "miaf", "avif"), AVIF},
		{"avif sequence", ftyp("avis", "msf1"), AVIF},
		{"heic", ftyp("heic", "mif1", "heic"), HEIC},
		{"heif that does not name its codec", ftyp("mif1", "miaf"), HEIC},
		{"video in the same container", ftyp("isom", "iso2", "mp41"), Unknown},
		{"brand behind the box", ftyp("isom", "mp41") + "avif", Unknown},
		{"jpeg xl", "\xff\x0a\xff\x07", JXL},
		{"jpeg xl in boxes", "\x00\x00\x00\x0cJXL \r\n\x87\n", JXL},
		{"bmp", "BM" + strings.Repeat("\x00", 12) + "\x28\x00\x00\x00", BMP},
		{"text that begins with BM", "BMW builds cars in Munich", Unknown},
		{"ico", "\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00", ICO},
		{"ico without pictures", "\x00\x00\x01\x00\x00\x00\x10\x10\x00\x00", Unknown},
		{"svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`, SVG},
		{"svg with nothing in it", `<svg>`, SVG},
		{"svg with a prefix", `<s:svg xmlns:s="http://www.w3.org/2000/svg">`, SVG},
		{"svg behind a byte order mark", "\xef\xbb\xbf<svg>", SVG},
		{"svg behind a declaration", "<?xml version=\"1.0\"?>\r\n<svg>", SVG},
		{"svg behind comments", "<!-- <html> -->\n<!-- made by hand -->\n<svg>", SVG},
		{"svg behind a long comment", "<!--" + strings.Repeat("x", 100_000) + "--><svg>", SVG},
		{"svg behind a document type", `<!DOCTYPE svg PUBLIC "a" "b"><svg>`, SVG},
		{"svg behind an internal subset", `<!doctype svg [ <!ENTITY a "b>"> ] ><svg>`, SVG},
		{"html with an svg inside", `<html><svg></svg></html>`, Unknown},
		{"an element whose name begins with svg", `<svgs>`, Unknown},
		{"svg in a comment only", `<!-- <svg> -->`, Unknown},
		{"comment without an end", `<!-- <svg>`, Unknown},
		{"document type without an end", `<!DOCTYPE svg [ <!ENTITY`, Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Sniff([]byte(tt.head)); got != tt.want {
				t.Errorf("want %v, got %v", tt.want, got)
			}
		})
	}
}

// Whatever is cut off an image, Sniff says its format or Unknown, never another one.
func TestSniffPrefixes(t *testing.T) {
	for _, whole := range []string{
		"\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "RIFF\x00\x00\x00\x00WEBP", "II*\x00", "\xff\x0a",
		"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1miaf", `<?xml version="1.0"?><!DOCTYPE svg []><svg >`,
	} {
		want := Sniff([]byte(whole))
		if want == Unknown {
			t.Fatalf("%q is not recognised", whole)
		}
		for n := range len(whole) {
			if got := Sniff([]byte(whole[:n])); got != Unknown && got != want {
				t.Errorf("%q: want %v or unknown, got %v", whole[:n], want, got)
			}
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte(`<!DOCTYPE svg [ ]><svg>`))
	f.Add([]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1miaf"))
	f.Fuzz(func(t *testing.T, head []byte) {
		kept := bytes.Clone(head)
		if got := Sniff(head); got >= count {
			t.Errorf("no such format: %d", got)
		}
		if !bytes.Equal(head, kept) {
			t.Error("the bytes were changed")
		}
	})
}
