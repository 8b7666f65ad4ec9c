package boot

import (
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) {
	c := contract{memory: 3, life: 4, control: 5, crash: -1, slot: 17}
	ours := "MP_CHILD=1:3:4:5:-:17"
	for _, e := range []struct{ env, want []string }{
		{[]string{}, []string{ours}},
		{[]string{"A=1", "MP_CHILD=1:9:9:9:9:9", "MP_CHILDREN=2", "MP_CHILD="}, []string{"A=1", "MP_CHILDREN=2", ours}},
		{[]string{"A=1", "B=2", "A=3"}, []string{"B=2", "A=3", ours}},
		{[]string{"A=1", "noise"}, []string{"A=1", "noise", ours}},
	} {
		before := slices.Clone(e.env)
		if got := environment(e.env, c); !slices.Equal(got, e.want) {
			t.Errorf("%q becomes %q, want %q", e.env, got, e.want)
		}
		if !slices.Equal(before, e.env) {
			t.Errorf("the caller's %q became %q", before, e.env)
		}
	}
	t.Setenv(variable, "")
	t.Setenv("MP_BOOT_TEST", "x")
	got := environment(nil, c)
	if got[len(got)-1] != ours || slices.Contains(got, "MP_CHILD=") || !slices.Contains(got, "MP_BOOT_TEST=x") {
		t.Errorf("the own environment becomes %q", got)
	}
}

func FuzzContract(f *testing.F) {
	f.Add("1:3:4:5:6:7")
	f.Add("1:3:4:5:-:1023")
	f.Add("1:0:4:5:-:1024")
	f.Add("2::::")
	f.Fuzz(func(t *testing.T, value string) {
		c, err := parseContract(value)
		if err != nil {
			return
		}
		again, err := parseContract(c.String())
		if err != nil || again != c {
			t.Fatalf("%q is %+v, which is written %q and read as %+v, %v", value, c, c, again, err)
		}
		if c.memory < 3 || c.life < 3 || c.control < 3 || c.crash < 3 && c.crash != -1 || c.slot >= Slots {
			t.Fatalf("%q got through as %+v", value, c)
		}
	})
}
