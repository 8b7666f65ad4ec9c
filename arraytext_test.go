//go:build linux

package mp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/multiproc/mp"
)

func testText[A mp.ByteArray](t *testing.T, a A, bytes func() string) {
	t.Helper()
	if got := mp.Text(a); got != "" {
		t.Errorf("new: %q", got)
	}
	for _, c := range []struct{ text, want, all string }{
		{"hello", "hello", "hello"},
		{"hi", "hi", "hi\x00\x00\x00"},
		{"", "", "\x00\x00\x00\x00\x00"},
		{"a\x00b", "a", "a\x00b\x00\x00"},
		{"äö", "äö", "äö\x00"},
	} {
		if err := mp.SetText(a, c.text); err != nil {
			t.Error(err)
		}
		if got := mp.Text(a); got != c.want || bytes() != c.all {
			t.Errorf("set %q, got %q of %q", c.text, got, bytes())
		}
	}
	err := mp.SetText(a, "hello!")
	long, ok := errors.AsType[*mp.TextSizeError](err)
	if !ok || *long != (mp.TextSizeError{Array: "greeting", Size: 6, Most: 5}) ||
		err.Error() != `mp: a text of 6 bytes is too long for array "greeting" of 5` || mp.Text(a) != "äö" {
		t.Errorf("%v, and it says %q", err, mp.Text(a))
	}
}

func TestText(t *testing.T) {
	a, r := mp.NewArray[byte](5, mp.Name("greeting")), mp.NewRawArray[byte](5, mp.Name("greeting"))
	testText(t, a, func() string {
		b := make([]byte, 5)
		a.CopyTo(b)
		return string(b)
	})
	testText(t, r, func() string { return string(r.Slice()) })
	if got := mp.Text(mp.NewArrayOf([]byte("whole"))); got != "whole" {
		t.Errorf("without a zero: %q", got)
	}
	if err := mp.SetText(mp.NewRawArray[byte](0), "x"); err == nil || !strings.Contains(err.Error(), "too long for an array of 0") {
		t.Error(err)
	}
}

func TestTextOfTheAbandoned(t *testing.T) {
	a := mp.NewArrayOf([]byte("text"))
	_ = caught(func() { a.With(func([]byte) { panic("no") }) })
	if died, ok := caught(func() { mp.Text(a) }).(*mp.OwnerDiedError); !ok {
		t.Errorf("Text: %v", died)
	}
	if died, ok := errors.AsType[*mp.OwnerDiedError](mp.SetText(a, "x")); !ok {
		t.Errorf("SetText: %v", died)
	}
}
