package apptest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

// Directory keeps users, roles and tokens in memory.
type Directory struct {
	mu        sync.Mutex
	users     map[string]access.User
	members   map[access.Member]access.Role // by user and company, the role left out of the key
	tokens    map[string]access.Token
	companies func() map[string]string // names by id
	// Asked counts look-ups of tokens.
	Asked int
}

// NewDirectory makes an empty one.
func NewDirectory() *Directory {
	return &Directory{users: map[string]access.User{}, members: map[access.Member]access.Role{}, tokens: map[string]access.Token{},
		companies: func() map[string]string { return nil }}
}

func unknown(what, id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", what, "id", fault.Clip(id))
}

// User implements app.Directory.
func (d *Directory) User(_ context.Context, id string) (access.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u, ok := d.users[id]
	if !ok {
		return u, unknown("user", id)
	}
	return u, nil
}

// UserByEmail implements app.Directory.
func (d *Directory) UserByEmail(_ context.Context, email party.Email) (access.User, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, u := range d.users {
		if strings.EqualFold(string(u.Email), string(email)) {
			return u, nil
		}
	}
	return access.User{}, unknown("user", string(email))
}

// Users implements app.Directory.
func (d *Directory) Users(_ context.Context, company string) ([]app.UserRole, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []app.UserRole
	for m, role := range d.members {
		if m.Company == company {
			out = append(out, app.UserRole{User: d.users[m.UserID], Role: role})
		}
	}
	slices.SortFunc(out, func(a, b app.UserRole) int { return strings.Compare(a.User.Name+a.User.ID, b.User.Name+b.User.ID) })
	return out, nil
}

// CountUsers implements app.Directory.
func (d *Directory) CountUsers(context.Context) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.users), nil
}

// SaveUser implements app.Directory.
func (d *Directory) SaveUser(_ context.Context, u access.User) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.users {
		if o.ID != u.ID && strings.EqualFold(string(o.Email), string(u.Email)) {
			return fault.New(fault.Conflict, fault.AlreadyExists, "what", "user", "id", string(u.Email))
		}
	}
	if d.users[u.ID].Version != u.Version {
		return fault.New(fault.Conflict, fault.Stale, "who", "", "when", "")
	}
	u.Version++
	d.users[u.ID] = u
	return nil
}

// SetMember implements app.Directory.
func (d *Directory) SetMember(_ context.Context, m access.Member) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.users[m.UserID]; !ok {
		return unknown("user", m.UserID)
	}
	key := access.Member{UserID: m.UserID, Company: m.Company}
	if d.members[key] == access.Owner && m.Role != access.Owner {
		owners := 0
		for k, role := range d.members {
			if k.Company == m.Company && role == access.Owner {
				owners++
			}
		}
		if owners < 2 {
			return fault.New(fault.Refused, fault.LastOwner)
		}
	}
	if m.Role == "" {
		delete(d.members, key)
	} else {
		d.members[key] = m.Role
	}
	return nil
}

// Member implements app.Directory.
func (d *Directory) Member(_ context.Context, company, user string) (access.Member, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	role, ok := d.members[access.Member{UserID: user, Company: company}]
	if !ok {
		return access.Member{}, unknown("user", user)
	}
	return access.Member{UserID: user, Company: company, Role: role}, nil
}

// CompaniesOf implements app.Directory.
func (d *Directory) CompaniesOf(_ context.Context, user string) ([]app.CompanyRef, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := d.companies()
	var out []app.CompanyRef
	for m, role := range d.members {
		if m.UserID == user {
			out = append(out, app.CompanyRef{ID: m.Company, Name: names[m.Company], Role: role})
		}
	}
	slices.SortFunc(out, func(a, b app.CompanyRef) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return out, nil
}

// SaveToken implements app.Directory.
func (d *Directory) SaveToken(_ context.Context, t access.Token) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens[t.ID] = t
	return nil
}

// Tokens implements app.Directory.
func (d *Directory) Tokens(_ context.Context, company string) ([]access.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []access.Token
	for _, t := range d.tokens {
		if t.Company == company {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b access.Token) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// TokenByHash implements app.Directory.
func (d *Directory) TokenByHash(_ context.Context, hash string) (access.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Asked++
	for _, t := range d.tokens {
		if t.Hash == hash {
			return t, nil
		}
	}
	return access.Token{}, unknown("token", "")
}

// TouchToken implements app.Directory.
func (d *Directory) TouchToken(_ context.Context, id string, at time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tokens[id]
	if !ok {
		return unknown("token", id)
	}
	t.LastUsed = at
	d.tokens[id] = t
	return nil
}
