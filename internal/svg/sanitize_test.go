package svg

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each testdata/*.svg has its sanitized form beside it as *.clean.
func TestSanitizeFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.svg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			doc, want := read(t, file), read(t, strings.TrimSuffix(file, ".svg")+".clean")
			got, err := Sanitize(doc)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestSanitize(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"nothing to do", `<svg><path d="M0 0"/></svg>`, `<svg><path d="M0 0"/></svg>`},
		{"script", `<svg>a<script>alert(1)</script>b</svg>`, `<svg>ab</svg>`},
		{"script with a prefix", `<s:svg xmlns:s="x"><s:script/></s:svg>`, `<s:svg xmlns:s="x"/>`},
		{"script in capitals", `<svg><SCRIPT>x</SCRIPT></svg>`, `<svg/>`},
		{"what a script holds goes too", `<svg><script><g><rect/></g></script><g/></svg>`, `<svg><g/></svg>`},
		{"handler", `<svg onload="x" ONCLICK="y" id="z"/>`, `<svg id="z"/>`},
		{"frame", `<svg><foreignObject><iframe src="x"/><p>y</p></foreignObject></svg>`, `<svg><foreignObject><p>y</p></foreignObject></svg>`},
		{"form", `<svg><form action="x"><input/></form></svg>`, `<svg/>`},
		{"link to a page", `<svg><a href="https://x/"/></svg>`, `<svg><a href="https://x/"/></svg>`},
		{"relative link", `<svg><a xlink:href="b/c:d"/></svg>`, `<svg><a xlink:href="b/c:d"/></svg>`},
		{"link to a script", `<svg><a xlink:href="javascript:x"/></svg>`, `<svg><a/></svg>`},
		{"link to a script, disguised", "<svg><a href=\" java\nScript&#58;x\"/></svg>", `<svg><a/></svg>`},
		{"link to data", `<svg><a href="data:text/html,x"/></svg>`, `<svg><a/></svg>`},
		{"picture from data", `<svg><image href="data:image/gif;base64,R0"/></svg>`, `<svg><image href="data:image/gif;base64,R0"/></svg>`},
		{"use from the document", `<svg><use href="#a"/></svg>`, `<svg><use href="#a"/></svg>`},
		{"use from elsewhere", `<svg><use href="https://x/y.svg#a"/><use href="y.svg#a"/></svg>`, `<svg><use/><use/></svg>`},
		{"animated link", `<svg><a><animate attributeName="xlink:href" to="javascript:x"/></a></svg>`, `<svg><a/></svg>`},
		{"animated colour", `<svg><animate attributeName="fill" to="red"/></svg>`, `<svg><animate attributeName="fill" to="red"/></svg>`},
		{"xml:base", `<svg xml:base="javascript:"/>`, `<svg/>`},
		{"comment", `<svg><!-- <script/> --><g/></svg>`, `<svg><g/></svg>`},
		{"style sheet instruction", `<?xml version="1.0"?><?xml-stylesheet href="x"?><svg/>`, `<svg/>`},
		{"CDATA", `<svg><style><![CDATA[a>b{}]]></style></svg>`, `<svg><style>a&gt;b{}</style></svg>`},
		{"escapes", `<svg a="&quot;&lt;&amp;'&#10;">&lt;&amp;"</svg>`, `<svg a="&quot;&lt;&amp;'&#xA;">&lt;&amp;"</svg>`},
		{"document type", `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"><svg/>`, `<svg/>`},
		{"entity of text", `<!DOCTYPE svg [<!ENTITY ns "http://x">]><svg xmlns="&ns;"/>`, `<svg xmlns="http://x"/>`},
		{"byte order mark", "\xef\xbb\xbf<svg/>", `<svg/>`},
		{"Latin-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><svg>\xe9</svg>", `<svg>é</svg>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Sanitize([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestSanitizeRefuses(t *testing.T) {
	bomb := `<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><svg>&b;</svg>`
	long := `<!DOCTYPE svg [<!ENTITY a "` + strings.Repeat("a", maxEntityLength) + `">]><svg>` + strings.Repeat("&a;", 10_000) + `</svg>`
	tests := []struct{ name, in, want string }{
		{"nothing", ``, "want an svg element"},
		{"another root", `<html/>`, "want one svg element as the root, got <html>"},
		{"two roots", `<svg/><svg/>`, "want one svg element as the root"},
		{"cut off", `<svg><g>`, "<g> is not closed"},
		{"wrong order", `<svg><g></svg></g>`, "unexpected </svg>"},
		{"text outside", `<svg/>x`, "text outside"},
		{"no XML", `<svg a=1/>`, "syntax error"},
		{"unknown entity", `<svg>&nbsp;</svg>`, "entity"},
		{"external entity", `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>`, "entity"},
		{"entity of entities", bomb, "entity"},
		{"entity many times", long, "too long"},
		{"too deep", strings.Repeat("<svg>", maxDepth+1), "nested deeper than 256"},
		{"two colons", `<svg><a:b:script/></svg>`, "expected element name"},
		{"a colon in front", `<svg><:script/></svg>`, "malformed name"},
		{"encoding", `<?xml version="1.0" encoding="UTF-7"?><svg/>`, `encoding: want UTF-8 or ISO-8859-1, got "UTF-7"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Sanitize([]byte(tt.in))
			if err == nil {
				t.Fatalf("want an error, got %q", got)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q in the error, got %q", tt.want, err)
			}
		})
	}
}

func FuzzSanitize(f *testing.F) {
	f.Add([]byte(`<svg onload="x"><a href="javascript:x">y</a><script/></svg>`))
	f.Add([]byte(`<!DOCTYPE svg [<!ENTITY a "b">]><svg a="&a;"><![CDATA[<]]></svg>`))
	f.Add([]byte(`<s:svg xmlns:s="x"><s:use xlink:href="#a"/></s:svg>`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		once, err := Sanitize(doc)
		if err != nil {
			return
		}
		twice, err := Sanitize(once)
		if err != nil {
			t.Fatalf("the result %q does not parse: %v", once, err)
		}
		if !bytes.Equal(once, twice) {
			t.Fatalf("sanitized once %q, twice %q", once, twice)
		}
		if bytes.Contains(bytes.ToLower(once), []byte("<script")) {
			t.Fatalf("a script is left in %q", once)
		}
	})
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
