package ui

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/core/fault"
)

// FormProps is a form sent by POST.
type FormProps struct {
	Action string
	// Form holds values and faults; nil is an empty form.
	Form *form.Form
	ID   string
	// Upload is for forms with a file.
	Upload bool
	// Class lays the fields out: "" is one column, "grid" flows short fields beside each other.
	Class string
}

// Field is one labelled input. Its value and faults come from the form it stands in.
type Field struct {
	Name, Label string
	Help        string // how to fill it in, where to find it
	Required    bool
	Width       Width
	Unit        string // shown behind the input: "€", "%", "jours"
	Options     []Option
	Rows        int    // of a textarea
	Accept      string // of a file: ".png,.jpg"
	Complete    string // the autocomplete token
	List        string // id of a Suggestions list
	// Bare hides the label from sight where a table's header says the same.
	Bare     bool
	Disabled bool
	Focus    bool
	// Kept says that a secret is stored already and need not be typed again.
	Kept bool
}

// Width is how much room a field's content needs.
type Width string

// The widths: a line of text, a date or amount, a code of a few characters, all the room there is.
const (
	Long  Width = ""
	Short Width = "short"
	Tiny  Width = "tiny"
	Whole Width = "span"
)

// Option is one choice of a select or of radio buttons.
type Option struct {
	Value, Label string
	Help         string // of a radio button
}

// formScope collects, while the fields of a form are drawn, what its error summary needs to know of them.
type formScope struct {
	form     *form.Form
	labels   map[string]string
	required bool
}

type scopeKey struct{}

func scopeOf(ctx context.Context) *formScope {
	if s, ok := ctx.Value(scopeKey{}).(*formScope); ok {
		return s
	}
	return &formScope{labels: map[string]string{}}
}

func (s *formScope) value(name string) string {
	if s.form == nil {
		return ""
	}
	return s.form.Value(name)
}

func (s *formScope) faults(name string) fault.List {
	if s.form == nil {
		return nil
	}
	return s.form.FaultsOn(name)
}

// Form is a form sent by POST: its CSRF field, a summary of what is to be corrected with links to the fields, then its
// children. The fields are drawn first, since the summary calls them by their labels.
func Form(p FormProps) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w writer) error {
		children := templ.GetChildren(ctx)
		scope := &formScope{form: p.Form, labels: map[string]string{}}
		ctx = context.WithValue(templ.ClearChildren(ctx), scopeKey{}, scope)
		var fields bytes.Buffer
		if err := children.Render(ctx, &fields); err != nil {
			return err
		}
		return formBox(p, scope, templ.Raw(fields.String())).Render(ctx, w)
	})
}

// summaryLine is one line of the error summary. ID is empty when no field of the page is to blame.
type summaryLine struct{ id, text string }

func (s *formScope) summary(ctx context.Context) []summaryLine {
	if s.form == nil {
		return nil
	}
	var out []summaryLine
	for _, e := range s.form.Faults() {
		line := summaryLine{text: L(ctx).Fault(e)}
		if label, ok := s.labels[e.Field]; ok {
			line.id = fieldID(e.Field)
			if row, ok := form.RowOf(e.Field); ok {
				label = T(ctx, "form.row", "n", strconv.Itoa(row+1)) + label
			}
			line.text = label + T(ctx, "form.colon") + line.text
		}
		out = append(out, line)
	}
	return out
}

func fieldID(name string) string { return "f-" + strings.NewReplacer(".", "-", " ", "-").Replace(name) }

// enter registers a field with its form.
func (f Field) enter(ctx context.Context) *formScope {
	s := scopeOf(ctx)
	s.labels[f.Name] = f.Label
	s.required = s.required || f.Required
	return s
}

// describedBy names the elements that explain a field.
func (f Field) describedBy(s *formScope) string {
	var ids []string
	if f.Help != "" || f.Kept {
		ids = append(ids, fieldID(f.Name)+"-help")
	}
	if len(s.faults(f.Name)) > 0 {
		ids = append(ids, fieldID(f.Name)+"-error")
	}
	return strings.Join(ids, " ")
}

// attributes are those all inputs share.
func (f Field) attributes(ctx context.Context) templ.Attributes {
	s := scopeOf(ctx)
	a := templ.Attributes{"id": fieldID(f.Name), "name": f.Name}
	if d := f.describedBy(s); d != "" {
		a["aria-describedby"] = d
	}
	if len(s.faults(f.Name)) > 0 {
		a["aria-invalid"] = "true"
	}
	for name, on := range map[string]bool{"required": f.Required, "disabled": f.Disabled, "autofocus": f.Focus} {
		if on {
			a[name] = true
		}
	}
	for name, v := range map[string]string{"autocomplete": f.Complete, "list": f.List} {
		if v != "" {
			a[name] = v
		}
	}
	return a
}
