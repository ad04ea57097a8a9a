// Package access says who may do what.
package access

import (
	"time"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

// Role is what a user is to a company.
type Role string

const (
	Owner      Role = "owner"      // everything, users and settings included
	Accountant Role = "accountant" // everything but users
	Sales      Role = "sales"      // customers, quotes, invoices, sending
	Auditor    Role = "auditor"    // reads and exports everything, changes nothing
	Service    Role = "service"    // the program itself: polling, automatic integration, mail
)

// Action is what a use case asks leave for.
type Action string

const (
	Read        Action = "read"
	Sell        Action = "sell"      // customers, quotes, invoices, sending
	Keep        Action = "keep"      // integrate, receipts, entries, reversals, closing
	Configure   Action = "configure" // settings, gateways
	ManageUsers Action = "manage_users"
	ExportBooks Action = "export"
	Observe     Action = "observe" // store what a gateway reported
	Inspect     Action = "inspect" // open what a gateway sent, payers' data included
)

var allowed = map[Role]map[Action]bool{
	Owner:      {Read: true, Sell: true, Keep: true, Configure: true, ManageUsers: true, ExportBooks: true, Observe: true, Inspect: true},
	Accountant: {Read: true, Sell: true, Keep: true, Configure: true, ExportBooks: true, Observe: true, Inspect: true},
	Sales:      {Read: true, Sell: true},
	Auditor:    {Read: true, ExportBooks: true, Inspect: true},
	Service:    {Read: true, Keep: true, Observe: true},
}

// Roles that a person can be given.
func Roles() []Role { return []Role{Owner, Accountant, Sales, Auditor} }

// Can says whether the role may do a thing.
func (r Role) Can(a Action) bool { return allowed[r][a] }

// Actor is who acts on which company. The zero Actor may do nothing.
type Actor struct {
	ID      string // user, token or service name; written into entries and history
	Name    string
	Company string
	Role    Role
}

// May refuses what the actor's role does not allow. Code: not_allowed.
func (a Actor) May(what Action) error {
	if a.Company == "" || !a.Role.Can(what) {
		return fault.New(fault.Forbidden, fault.NotAllowed, "action", string(what))
	}
	return nil
}

// System is the service actor for a company.
func System(company string) Actor {
	return Actor{ID: "service", Name: "Acquit", Company: company, Role: Service}
}

// User is a person who logs in.
type User struct {
	ID           string
	Email        party.Email
	Name         string
	PasswordHash string
	// Stamp changes with the password, so that sessions opened with an older one end. It is derived, not kept, and tells
	// nothing of the password.
	Stamp     string
	Language  string
	Active    bool
	CreatedAt time.Time
	Version   int64
}

// Member is a user's role in a company.
type Member struct {
	UserID  string
	Company string
	Role    Role
}

// Token lets a program use the JSON API of one company. Only the SHA-256 of the secret is kept.
type Token struct {
	ID        string
	Company   string
	Name      string
	Hash      string
	Role      Role
	CreatedBy string
	CreatedAt time.Time
	LastUsed  time.Time
	Revoked   bool
}
