package vips

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/transform"
)

const packet = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
  xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Graz" xmpRights:Marked="True">
  <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Jars</rdf:li></rdf:Alt></dc:title>
  <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ada &amp; Co</rdf:li></rdf:Alt></dc:rights>
  <photoshop:History>long</photoshop:History>
 </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`

const keptPacket = xmpHead + `<xmpRights:Marked>True</xmpRights:Marked>` +
	`<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) Ada &amp; Co</rdf:li></rdf:Alt></dc:rights>` + xmpTail

func TestOwnerXMP(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"rights among other things", packet, keptPacket},
		{"only other things", strings.NewReplacer("dc:rights", "dc:subject", "xmpRights:", "photoshop:").Replace(packet), ""},
		{"cut off", packet[:len(packet)/2], ""},
		{"no XML", "\x00\x01<", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, string(ownerXMP([]byte(tt.in)))); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// record makes one IPTC field.
func record(rec, field byte, text string) string {
	return string([]byte{0x1c, rec, field, byte(len(text) >> 8), byte(len(text))}) + text
}

func TestOwnerIPTC(t *testing.T) {
	owner := record(1, 90, "\x1b%G") + record(2, 80, "Ada") + record(2, 116, "(c) Ada")
	all := record(1, 90, "\x1b%G") + record(2, 5, "Jars") + record(2, 80, "Ada") + record(2, 25, "glass") + record(2, 116, "(c) Ada")
	wrap := func(id, name, data string) string {
		padded := data
		if len(data)%2 == 1 {
			padded += "\x00"
		}
		return "8BIM" + id + name + string([]byte{0, 0, byte(len(data) >> 8), byte(len(data))}) + padded
	}
	want := photoshop + wrap("\x04\x04", "\x00\x00", owner)
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain", all, want},
		{"in Photoshop's wrapping", photoshop + wrap("\x04\x04", "\x00\x00", all), want},
		{"behind other resources", photoshop + wrap("\x03\xed", "\x00\x00", "odd") + wrap("\x04\x04", "\x00\x00", all), want},
		{"behind a resource with a name", photoshop + wrap("\x03\xed", "\x02ab\x00", "even") + wrap("\x04\x04", "\x00\x00", all), want},
		{"without an owner", record(2, 5, "Jars"), ""},
		{"the result again", want, want},
		{"cut off in a field", record(2, 80, "Ada") + record(2, 116, "(c) Ada")[:6], photoshop + wrap("\x04\x04", "\x00\x00", record(2, 80, "Ada"))},
		{"a resource longer than the block", photoshop + "8BIM\x04\x04\x00\x00\xff\xff\xff\xffxx", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(ownerIPTC([]byte(tt.in))); got != tt.want {
				t.Errorf("want %q, got %q", tt.want, got)
			}
		})
	}
}

func FuzzOwner(f *testing.F) {
	f.Add([]byte(packet))
	f.Add([]byte(photoshop + "8BIM\x04\x04\x00\x00\x00\x00\x00\x08" + record(2, 80, "Ada")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if once := ownerIPTC(b); once != nil && !bytes.Equal(once, ownerIPTC(once)) {
			t.Errorf("iptc: taken again, %q becomes %q", once, ownerIPTC(once))
		}
		if once := ownerXMP(b); once != nil && !bytes.Equal(once, ownerXMP(once)) {
			t.Errorf("xmp: taken again, %q becomes %q", once, ownerXMP(once))
		}
	})
}

func TestMetadata(t *testing.T) {
	const copyright, city = "(c) Ada Lovelace", "photoshop:City"
	source := withEXIF(asJPEG(flat()), 1, copyright)
	source = withSegment(source, 0xe1, append([]byte("http://ns.adobe.com/xap/1.0/\x00"), packet...))
	source = withSegment(source, 0xed, []byte(photoshop+"8BIM\x04\x04\x00\x00\x00\x00\x00\x15"+record(2, 5, "Jars")+record(2, 116, "By Ada")+"\x00"))
	tests := []struct {
		name               string
		strip, copyright   bool
		hasOwner, hasOther bool
	}{
		{"all stripped", true, false, false, false},
		{"copyright kept", true, true, true, false},
		{"all kept", false, false, true, true},
	}
	for _, tt := range tests {
		for _, out := range []format.Format{format.JPEG, format.PNG, format.WebP, format.AVIF} {
			t.Run(tt.name+" in "+out.String(), func(t *testing.T) {
				c := canonical(t, transform.Pipeline{Output: transform.Output{
					Format: out, StripProfile: true, StripMetadata: tt.strip, KeepCopyright: tt.copyright, Encoder: transform.Encoder{AVIFSpeed: 9},
				}})
				// As libvips reads it: PNG keeps some of it compressed.
				got := fields(t, process(t, source, c))
				owner := strings.Contains(got["exif-data"], copyright) && strings.Contains(got[xmpField], "(c) Ada &amp; Co")
				if owner != tt.hasOwner {
					t.Errorf("want owner %v, got %q", tt.hasOwner, got)
				}
				if other := strings.Contains(got[xmpField], city); other != tt.hasOther {
					t.Errorf("want other metadata %v, got %q", tt.hasOther, got)
				}
				if out == format.JPEG && strings.Contains(got[iptcField], "By Ada") != tt.hasOwner {
					t.Errorf("want IPTC %v, got %q", tt.hasOwner, got[iptcField])
				}
			})
		}
	}
}

// fields returns the metadata of a result.
func fields(t *testing.T, im transform.Image) map[string]string {
	t.Helper()
	j := engine.begin(t.Context(), im.Body.Bytes(), im.Format)
	defer j.end()
	p, err := j.load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if im.Format == format.AVIF { // libvips 8.14 writes XMP here that it does not read back
		return map[string]string{"exif-data": string(im.Body.Bytes()), xmpField: string(im.Body.Bytes())}
	}
	return map[string]string{
		"exif-data": string(p.blob("exif-data")),
		xmpField:    string(p.blob(xmpField)),
		iptcField:   string(p.blob(iptcField)),
	}
}
