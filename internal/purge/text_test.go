package purge

import (
	"testing"
	"time"
)

func TestRuleText(t *testing.T) {
	at := time.Date(2026, 1, 2, 15, 4, 5, 123456789, time.UTC)
	for _, test := range []struct {
		rule Rule
		text string
	}{
		{Rule{ID: "A", Selector: Tag, Value: "spring", At: at, Soft: true}, `01767366245123456789 {"id":"A","selector":"tag","value":"spring","soft":true}`},
		{Rule{ID: "B", Selector: All, At: at}, `01767366245123456789 {"id":"B","selector":"all"}`},
		{Rule{ID: "C", Selector: Prefix, Value: "a\xff", At: at}, `01767366245123456789 {"id":"C","selector":"prefix","bytes":"Yf8="}`},
	} {
		if got := FormatRule(test.rule); got != test.text {
			t.Errorf("got  %s\nwant %s", got, test.text)
		}
		if got, err := ParseRule(test.text); err != nil || got != test.rule {
			t.Errorf("%s: %+v, %v", test.text, got, err)
		}
	}
}

func TestWrongRuleText(t *testing.T) {
	for _, text := range []string{
		"", "BIMRZGJVOAD45WIYGBKPXMC4YL", "01767366245123456789", "01767366245123456789 ", "01767366245123456789 {}",
		"01767366245123456789x{\"id\":\"A\"}", "-1767366245123456789 {\"id\":\"A\"}", "99999999999999999999 {\"id\":\"A\"}",
		"01767366245123456789 {\"id\":5}", "01767366245123456789 {\"id\":\"A\",\"bytes\":\"?\"}",
	} {
		if r, err := ParseRule(text); err == nil {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

// What is read is written as what is read as the same: a rule offered by two nodes stands in the log once.
func FuzzRuleText(f *testing.F) {
	f.Add(`01767366245123456789 {"id":"A","selector":"tag","value":"spring","soft":true}`)
	f.Add(`01767366245123456789 {"id":"C","selector":"prefix","bytes":"Yf8="}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		once := FormatRule(r)
		again, err := ParseRule(once)
		if err != nil || again != r {
			t.Fatalf("%q: %+v became %+v (%v)", text, r, again, err)
		}
	})
}
