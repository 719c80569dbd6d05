package deliver

import (
	"mime"
	"net/url"
	"path"
	"strings"

	"github.com/stillroom/stillroom/internal/cache"
	"github.com/stillroom/stillroom/internal/format"
	"github.com/stillroom/stillroom/internal/plan"
)

// disposition names the answer as imgproxy does: the URL's filename, else the source's without its
// extension, else "image"; then the extension of what was made (reference, section 2.2). A name beyond ASCII is
// also sent as filename* (RFC 6266, section 4.3), which imgproxy leaves out.
func disposition(p plan.Plan, e *cache.Entry) string {
	stem, ext := p.Delivery.Filename, e.Format.Ext()
	name := p.Source.Name()
	if ext == "" {
		ext = strings.TrimPrefix(path.Ext(name), ".")
	}
	if ext == "" && e.Format == format.Unknown {
		if all, _ := mime.ExtensionsByType(e.Type()); len(all) > 0 {
			ext = all[0][1:]
		}
	}
	if stem == "" {
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			name = name[:i]
		}
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		stem = name
	}
	if stem == "" {
		stem = "image"
	}

	kind := "inline"
	if p.Delivery.Attachment {
		kind = "attachment"
	}
	full := stem
	if ext != "" {
		full += "." + ext
	}
	quoted, ascii := quote(full)
	value := kind + `; filename="` + quoted + `"`
	if !ascii {
		value += "; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(full), "+", "%20")
	}
	return value
}

// quote makes a name safe between quotes; whether it was ASCII is told too. A quote becomes %22, as imgproxy and
// browsers' forms have it, and what no header field may hold becomes "_".
func quote(name string) (quoted string, ascii bool) {
	ascii = true
	clean := true
	for i := range len(name) {
		c := name[i]
		ascii = ascii && c < 0x80
		clean = clean && c >= ' ' && c < 0x7f && c != '"' && c != '\\'
	}
	if clean {
		return name, true
	}
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '"':
			b.WriteString("%22")
		case r < ' ' || r >= 0x7f || r == '\\':
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), ascii
}
