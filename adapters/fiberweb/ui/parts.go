package ui

import (
	"time"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
)

// Fact is a label and its value.
type Fact struct {
	Label string
	Value templ.Component
	// Wide gives a long value, such as an address, the room of two.
	Wide bool
}

// Event is one thing that happened to a document or payment.
type Event struct {
	At     time.Time
	Title  string
	Detail string
	By     string // who or what did it
	Icon   string
	Tone   Tone
}

// StepState says where a step of a sequence stands.
type StepState string

// The states of a step; their words are the catalogue's.
const (
	StepDone    StepState = "done"
	StepCurrent StepState = "current"
	StepTodo    StepState = "todo"
)

// Step is one stage of a wizard or of a document's life.
type Step struct {
	Label string
	Href  string // empty when it cannot be gone to
	State StepState
}

// Figure is a number to be seen at once.
type Figure struct {
	Label string
	Value templ.Component
	Note  string
	Href  string
	Tone  Tone
	Icon  string
}

// Confirmation asks before something is done that cannot be undone.
type Confirmation struct {
	Text   string
	Facts  []Fact // what it is about
	Action string // where the yes is sent, by POST
	Yes    string // what the button says: the act, not "OK"
	No     string // address of the way back
	Danger bool
	// Fields are extra inputs: hidden values, a reason. Form holds their values and faults, when there are any.
	Fields templ.Component
	Form   *form.Form
}

func (c Confirmation) class() string {
	if c.Danger {
		return "danger"
	}
	return ""
}
