package civil_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
)

func TestParse(t *testing.T) {
	for _, s := range []string{"2026-01-01", "2024-02-29", "1900-12-31", "2199-12-31"} {
		d, err := civil.Parse(s)
		if err != nil || d.String() != s {
			t.Errorf("%q: %v, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "26-01-01", "2026/01/01", "2026-1-1", "1899-12-31", "2200-01-01", "+026-01-01", "2026-01-0a", "２026-01-1"} {
		if d, err := civil.Parse(s); !fault.Has(err, fault.BadDate) || !d.IsZero() {
			t.Errorf("%q passes for %v, %v", s, d, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2026-12-31", "2024-02-30", "-000-00-00", "9999-99-99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := civil.Parse(s)
		if err == nil && d.String() != s {
			t.Fatalf("%q is read as %s", s, d)
		}
		if err != nil && !fault.Has(err, fault.BadDate) {
			t.Fatalf("%q: %v", s, err)
		}
	})
}

// TestEveryDay walks four centuries and compares with package time.
func TestEveryDay(t *testing.T) {
	end := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	before := civil.Date{}
	for at := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(end); at = at.AddDate(0, 0, 1) {
		d := civil.On(at)
		if d.String() != at.Format(time.DateOnly) || string(d.AppendCompact(nil)) != at.Format("20060102") || !d.Time().Equal(at) {
			t.Fatalf("%s: %s, %s", at, d, d.AppendCompact(nil))
		}
		if civil.FromNumber(d.Number()) != d || !before.Before(d) || d.Before(before) || !d.After(before) || d.Before(d) {
			t.Fatalf("%s: number %d, after %s", d, d.Number(), before)
		}
		if next := civil.On(at.AddDate(0, 0, 1)); d.AddDays(1) != next || next.AddDays(-1) != d {
			t.Fatalf("%s and the day after", d)
		}
		if m := d.MonthEnd(); m.Month() != d.Month() || m.AddDays(1).Day() != 1 {
			t.Fatalf("%s: the month ends on %s", d, m)
		}
		before = d
	}
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-01-31", 1, "2026-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2026-01-31", 3, "2026-04-30"}, {"2026-12-15", 1, "2027-01-15"},
		{"2026-03-31", -1, "2026-02-28"}, {"2026-01-10", -1, "2025-12-10"}, {"2026-06-30", 12, "2027-06-30"}, {"2026-05-05", 0, "2026-05-05"},
	} {
		if got := civil.MustParse(c.from).AddMonths(c.months); got.String() != c.want {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.months, got, c.want)
		}
	}
}

func TestOfNormalises(t *testing.T) {
	if got := civil.Of(2026, time.February, 30); got.String() != "2026-03-02" {
		t.Errorf("30 February 2026: %s", got)
	}
}

func TestDayDependsOnTheZone(t *testing.T) {
	late := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)
	paris := time.FixedZone("Paris", 3600)
	if civil.On(late).String() != "2026-12-31" || civil.On(late.In(paris)).String() != "2027-01-01" {
		t.Errorf("%s in UTC, %s in Paris", civil.On(late), civil.On(late.In(paris)))
	}
}

func TestText(t *testing.T) {
	type dated struct{ D civil.Date }
	for s, want := range map[string]string{`{"D":"2026-02-03"}`: "2026-02-03", `{"D":""}`: ""} {
		var v dated
		if err := json.Unmarshal([]byte(s), &v); err != nil || v.D.String() != want {
			t.Errorf("%s: %v, %v", s, v, err)
		}
		if back, err := json.Marshal(v); err != nil || string(back) != s {
			t.Errorf("%s is written %s, %v", s, back, err)
		}
	}
	v := dated{civil.MustParse("2026-01-01")}
	if err := json.Unmarshal([]byte(`{"D":"2026-02-30"}`), &v); !fault.Has(err, fault.BadDate) || v.D.String() != "2026-01-01" {
		t.Errorf("a bad date: %v, %v", v, err)
	}
	if s := fmt.Sprint(civil.Date{}); s != "" {
		t.Errorf("no date is written %q", s)
	}
	defer func() {
		if recover() == nil {
			t.Error("MustParse takes nonsense")
		}
	}()
	civil.MustParse("soon")
}

func TestAppendCompactAllocatesNothing(t *testing.T) {
	d, buf := civil.MustParse("2026-02-03"), make([]byte, 0, 16)
	if n := testing.AllocsPerRun(100, func() { buf = d.AppendCompact(buf[:0]) }); n != 0 || string(buf) != "20260203" {
		t.Errorf("%v allocations, %q", n, buf)
	}
	if s := string(civil.Date{}.AppendCompact(nil)); s != "00000000" {
		t.Errorf("no date is %q", s)
	}
}
