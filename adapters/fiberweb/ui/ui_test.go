package ui

import (
	"bytes"
	"context"
	"encoding/xml"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/static"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"pgregory.net/rapid"
)

var fr = i18n.For(i18n.French)

func at(address string) context.Context {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return WithFrame(context.Background(), &Frame{Loc: fr, Path: u.Path, Query: u.Query(), Company: &Company{ID: "co_1", Name: "Une"}})
}

func html(ctx context.Context, t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func contains(t *testing.T, page string, parts ...string) {
	t.Helper()
	page = strings.ReplaceAll(page, "\u00a0", " ")
	for _, p := range parts {
		if !strings.Contains(page, p) {
			t.Errorf("%q is not in %s", p, page)
		}
	}
}

func TestAddresses(t *testing.T) {
	ctx := at("/c/co_1/invoices?q=a+b&sort=-date&after=x&empty=")
	for got, want := range map[string]string{
		To(ctx, "/invoices", "a/b", "é"):                            "/c/co_1/invoices/a%2Fb/%C3%A9",
		To(context.Background(), "/invoices"):                       "/invoices",
		Here(ctx, "after", "", "empty", ""):                         "/c/co_1/invoices?q=a+b&sort=-date",
		Here(ctx, "q", "", "sort", "", "after", "", "empty", ""):    "/c/co_1/invoices",
		Here(ctx, "after", "y&z", "q", "", "empty", "", "sort", ""): "/c/co_1/invoices?after=y%26z",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if Here(ctx, "after", "y"); FrameOf(ctx).Query.Get("after") != "x" {
		t.Error("making an address changes the page's own")
	}
}

type row struct {
	id    string
	total money.Money
}

func table() Table[row] {
	return Table[row]{
		ID: "t", Caption: "Pièces", SelectName: "ids", SelectForm: "bulk",
		Rows:   []row{{"A<1>", money.Of(123456, money.EUR)}, {"A2", money.Of(-1, money.EUR)}},
		Select: func(r row) (string, string) { return r.id, "pièce " + r.id },
		Ticked: func(r row) bool { return r.id == "A2" },
		Href:   func(r row) string { return "/x/" + url.PathEscape(r.id) },
		Columns: []Column[row]{
			{Label: "Numéro", Sort: "number", Main: true, Cell: func(r row) templ.Component { return Text(r.id) }},
			{Label: "Date", Sort: "date", Cell: func(row) templ.Component { return Day(civil.Of(2026, 1, 2)) }},
			{Label: "Total", Align: End, Cell: func(r row) templ.Component { return Amount(r.total) }, Foot: Amount(money.Of(123455, money.EUR))},
		},
		Pager: &Pager{Previous: "p", Next: "n"},
	}
}

func TestTable(t *testing.T) {
	page := html(at("/l?sort=-date&after=c&q=z"), t, DataTable(table()))
	contains(t, page,
		`A&lt;1&gt;`, `href="/x/A%3C1%3E"`, `aria-label="Sélectionner pièce A2" checked`, `form="bulk"`, `1`+"\u202f"+`234,56 €`, `−0,01 €`,
		`aria-sort="descending"`, `href="/l?q=z&amp;sort=date"`, `href="/l?q=z&amp;sort=number"`, `title="Date : trier par ordre croissant"`,
		`rel="prev" href="/l?before=p&amp;q=z&amp;sort=-date"`, `rel="next" href="/l?after=n&amp;q=z&amp;sort=-date"`, `data-label="Total"`,
		`<time datetime="2026-01-02">02/01/2026</time>`, `<tfoot`)
	if up := html(at("/l?sort=date"), t, DataTable(table())); !strings.Contains(up, `href="/l?sort=-date"`) || !strings.Contains(up, `aria-sort="ascending"`) {
		t.Error("a second click does not turn the order round")
	}
	empty := table()
	empty.Rows = nil
	contains(t, html(at("/l"), t, DataTable(empty)), "Aucun résultat")
	empty.Empty = Text("Rien encore")
	contains(t, html(at("/l"), t, DataTable(empty)), "Rien encore")
}

func TestFormNamesWhatIsWrong(t *testing.T) {
	f := form.New(fr).Set("name", `"><script>`)
	f.Add(fault.List{
		fault.New(fault.Invalid, fault.Required).On("name"),
		fault.New(fault.Invalid, fault.BadAmount, "found", "x").On("lines.2.price"),
		fault.New(fault.Refused, fault.NoLines),
		fault.New(fault.Invalid, fault.BadCountry, "found", "XX").On("not_on_the_page"),
	})
	fields := templ.Join(
		TextField(Field{Name: "name", Label: "Nom", Help: "Tel quel", Required: true}),
		MoneyField(Field{Name: "lines.2.price", Label: "Prix", Bare: true}),
	)
	ctx := templ.WithChildren(WithFrame(context.Background(), &Frame{Loc: fr, CSRF: func() string { return "tok" }}), fields)
	page := html(ctx, t, Form(FormProps{Action: "/send", Form: f}))
	contains(t, page, `4 points sont à corriger`, `<a href="#f-name">Nom : Ce champ`, `<a href="#f-lines-2-price">Ligne 3, Prix : `, `<li>La pièce n&#39;a pas de ligne`,
		`<li>« XX » n&#39;est pas un code pays`, `value="&#34;&gt;&lt;script&gt;"`, `aria-describedby="f-name-help f-name-error"`, `name="_csrf" value="tok"`, `obligatoire`)
	if strings.Index(page, "4 points") > strings.Index(page, `id="f-name"`) {
		t.Error("the summary stands behind the fields")
	}
}

func TestSelectKeepsWhatWasChosen(t *testing.T) {
	options := []Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}
	show := func(f *form.Form, required bool) string {
		ctx := templ.WithChildren(context.Background(), SelectField(Field{Name: "k", Label: "K", Options: options, Required: required}))
		return html(ctx, t, Form(FormProps{Form: f}))
	}
	contains(t, show(form.New(fr).Set("k", "b"), true), `<option value="b" selected>B`)
	if strings.Contains(show(form.New(fr).Set("k", "b"), true), `<option value="">`) {
		t.Error("a required choice can be taken back")
	}
	contains(t, show(form.New(fr), true), `<option value="">Choisir`)
	contains(t, show(form.New(fr).Set("k", "b"), false), `<option value="">Choisir`)
}

func TestSecretsAreNeverSentBack(t *testing.T) {
	f := form.New(fr).Set("key", "sk_live_1").Set("password", "hunter2")
	fields := templ.Join(SecretField(Field{Name: "key", Label: "Clé", Kept: true}), PasswordField(Field{Name: "password", Label: "Mot de passe"}))
	page := html(templ.WithChildren(context.Background(), fields), t, Form(FormProps{Form: f}))
	if strings.Contains(page, "sk_live_1") || strings.Contains(page, "hunter2") {
		t.Error("a secret is in the page")
	}
	contains(t, page, "laissez vide pour le garder")
}

func TestEntryAddsUp(t *testing.T) {
	e := Entry{Journal: "VE", Lines: []EntryLine{
		{Account: "411000", Debit: money.Of(12000, money.EUR)},
		{Account: "706000", Credit: money.Of(10000, money.EUR)},
		{Account: "445711", Credit: money.Of(2000, money.EUR), Match: "AA"},
	}}
	debit, credit := e.totals()
	if debit != money.Of(12000, money.EUR) || credit != debit {
		t.Errorf("%v, %v", debit, credit)
	}
	contains(t, html(at("/"), t, EntryTable(e)), "120,00 €", "Let.", "AA")
	e.Lines[2].Match = ""
	if strings.Contains(html(at("/"), t, EntryTable(e)), "Let.") {
		t.Error("a column of matchings without any")
	}
}

func TestChartFitsItsFrame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := Chart{Title: "x", Currency: money.EUR}
		n := rapid.IntRange(0, 40).Draw(rt, "periods")
		for i := range n {
			c.Labels = append(c.Labels, strconv.Itoa(i))
		}
		value := rapid.Int64Range(-money.Max, money.Max)
		for range rapid.IntRange(0, 4).Draw(rt, "series") {
			c.Series = append(c.Series, Series{Name: "s", Values: rapid.SliceOfN(value, 0, 45).Draw(rt, "values")})
		}
		d := c.draw(fr)
		if len(d.ticks) < 2 || len(d.ticks) > chartTicks+3 {
			rt.Fatalf("%d ticks", len(d.ticks))
		}
		inside := func(what, s string, least, most float64) {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(v) || v < least-0.1 || v > most+0.1 {
				rt.Fatalf("%s is at %s, outside %v to %v", what, s, least, most)
			}
		}
		for _, k := range d.ticks {
			inside("tick", k.y, chartTop, chartHeight-chartBottom)
		}
		for _, series := range d.bars {
			for _, m := range series {
				inside("bar", m.x, chartLeft, chartWidth-chartRight)
				inside("bar", m.y, chartTop, chartHeight-chartBottom)
				inside("height", m.h, 0, plotHeight)
			}
		}
		for _, series := range d.points {
			for _, m := range series {
				inside("point", m.y, chartTop, chartHeight-chartBottom)
			}
		}
	})
}

func TestChartIsDrawnToScale(t *testing.T) {
	c := Chart{Title: "Encaissements", Kind: Bars, Currency: money.EUR, Labels: []string{"a", "b", "c"}, Series: []Series{{Name: "s", Values: []int64{100000, 50000, -50000}}}}
	d := c.draw(fr)
	h := func(i int) float64 { v, _ := strconv.ParseFloat(d.bars[0][i].h, 64); return v }
	if math.Abs(h(0)-2*h(1)) > 0.2 || math.Abs(h(1)-h(2)) > 0.2 || d.bars[0][2].y != d.zero {
		t.Errorf("heights %v %v %v, the negative bar begins at %s, zero is at %s", h(0), h(1), h(2), d.bars[0][2].y, d.zero)
	}
	page := html(at("/"), t, ChartFigure(c))
	contains(t, page, `<title>s, a: 1`+"\u202f"+`000,00 €</title>`, `role="img"`, `<th scope="row">b</th>`, `−500,00 €`)
	if strings.Contains(page, "style=") {
		t.Error("the security policy forbids style attributes")
	}
	for v, want := range map[int64]string{0: "0", 50000: "500", 1000000: "10 k", 150000000: "1,5 M", -2000000: "−20 k"} {
		if got := strings.ReplaceAll(c.short(fr, v), "\u00a0", " "); got != want {
			t.Errorf("%d is %q on the axis, want %q", v, got, want)
		}
	}
}

// Icons are named by strings: one that is not in the sprite would be an empty square.
func TestEveryIconIsThere(t *testing.T) {
	f, _, ok := static.Get("x/icons.svg")
	if !ok {
		t.Fatal("no sprite")
	}
	var sprite struct {
		Symbols []struct {
			ID string `xml:"id,attr"`
		} `xml:"symbol"`
	}
	if err := xml.Unmarshal(f.Data, &sprite); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, s := range sprite.Symbols {
		has[s.ID] = true
	}
	for name, s := range statuses {
		if !has[s.icon] {
			t.Errorf("status %s: no icon %s", name, s.icon)
		}
		if !fr.Has("status." + name) {
			t.Errorf("status %s has no words", name)
		}
	}
	for _, g := range Nav() {
		if g.Icon != "" && !has[g.Icon] {
			t.Errorf("menu: no icon %s", g.Icon)
		}
		for _, it := range g.Items {
			if !has[it.Icon] || !fr.Has("nav."+it.Key) {
				t.Errorf("menu: %s lacks its icon %s or its words", it.Key, it.Icon)
			}
		}
	}
	named := regexp.MustCompile(`(?:\bIcon\(|Icon: |\bBadge\([a-zA-Z.]+, |Button\((?:ui\.To\([^)\n]*\)|[^)\n])*?, |\bEmpty\()"([a-z][a-z0-9-]+)"`)
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || filepath.Ext(path) != ".templ" && filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			found++
			if !has[m[1]] && !strings.HasSuffix(m[1], "-button") && m[1] != "danger" {
				t.Errorf("%s: no icon %q", path, m[1])
			}
		}
		return nil
	})
	if err != nil || found < 10 {
		t.Errorf("%d icons found, %v", found, err)
	}
}

func TestStatesAreNeverShownByColourAlone(t *testing.T) {
	for name := range statuses {
		page := html(at("/"), t, Status(name))
		contains(t, page, "<svg", fr.T("status."+name))
	}
	for _, tone := range []Tone{Neutral, Good, Notice, Caution, Bad} {
		contains(t, html(at("/"), t, Notification(tone, "texte")), "<svg", fr.T("flash."+string(tone)), "texte")
	}
	contains(t, html(at("/"), t, Status("unheard-of")), "<svg", "⟦status.unheard-of⟧")
}

func TestMomentsCarryTheirMachineForm(t *testing.T) {
	contains(t, html(at("/"), t, Moment(time.Date(2026, 7, 1, 22, 30, 0, 0, time.UTC))), `<time datetime="2026-07-01T22:30:00Z">02/07/2026 00:30</time>`)
}

func BenchmarkListPage(b *testing.B) {
	big := table()
	for range 48 {
		big.Rows = append(big.Rows, big.Rows[0])
	}
	ctx := templ.WithChildren(at("/l?sort=-date"), DataTable(big))
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := Layout(Page{Title: "Pièces", Active: "invoices"}).Render(ctx, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}
