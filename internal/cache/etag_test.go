package cache

import "testing"

func TestListed(t *testing.T) {
	const tag = `"abc"`
	for _, c := range []struct {
		field string
		want  bool
	}{
		{`"abc"`, true},
		{`W/"abc"`, true},
		{`"x", "abc"`, true},
		{`"x" , W/"abc" , "y"`, true},
		{`"x","abc"`, true},
		{`*`, true},
		{` * `, true},
		{`"a,b", "abc"`, true},
		{``, false},
		{`"ab"`, false},
		{`"abcd"`, false},
		{`abc`, false},
		{`w/"abc"`, false},
		{`"abc`, false},
		{`"x" abc`, false},
		{`*, "x"`, false},
		{`W/`, false},
	} {
		if got := Listed(c.field, tag); got != c.want {
			t.Errorf("Listed(%q) = %v, want %v", c.field, got, c.want)
		}
	}
}

func FuzzListed(f *testing.F) {
	f.Add(`"a", W/"b"`)
	f.Add(`*`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, field string) {
		Listed(field, `"abc"`)
		if !Listed(`"zz", "abc"`, `"abc"`) {
			t.Fatal("a listed tag is not found")
		}
	})
}

func TestETagDependsOnAllThree(t *testing.T) {
	base := ETag("v1", Key{1}, "1")
	if base[0] != '"' || base[len(base)-1] != '"' || len(base) != 45 {
		t.Errorf("%s is not a quoted tag of 43 characters", base)
	}
	for name, other := range map[string]string{
		"version": ETag("v2", Key{1}, "1"),
		"key":     ETag("v1", Key{2}, "1"),
		"engine":  ETag("v1", Key{1}, "2"),
	} {
		if other == base {
			t.Errorf("another %s gives the same tag", name)
		}
	}
	if ETag("v1", Key{1}, "1") != base {
		t.Error("the same ingredients give another tag")
	}
}
