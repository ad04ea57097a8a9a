package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/party"
)

const (
	// minPassword and maxPassword bound passwords, in characters. Ten with no rule on their kind are better than eight with
	// rules that people defeat; the upper bound keeps a login from hashing a novel.
	minPassword = 10
	maxPassword = 200

	// tokenPrefix marks API tokens, so that people and secret scanners recognise a leaked one.
	tokenPrefix = "acq_"
	// secretBytes is the size of a token's random part: 256 bits, so that a plain SHA-256 of it keeps it safe.
	secretBytes = 32
)

// NewUser is a person to be let in. Role is ignored for the first user.
type NewUser struct {
	Email    string
	Name     string
	Password string
	Language string // "fr" or "en"
	Role     access.Role
}

// HasUsers says whether anybody can log in yet.
func (a *App) HasUsers(ctx context.Context) (bool, error) {
	n, err := a.Directory.CountUsers(ctx)
	return n > 0, err
}

// FirstUser creates the first user of the installation, who then founds a company. Codes: not_allowed once there is a user,
// and those of a user's fields: required, bad_email, bad_password, too_long, bad_choice, bad_characters.
func (a *App) FirstUser(ctx context.Context, in NewUser) (access.User, error) {
	a.founding.Lock()
	defer a.founding.Unlock()
	if some, err := a.HasUsers(ctx); err != nil {
		return access.User{}, err
	} else if some {
		return access.User{}, fault.New(fault.Forbidden, fault.NotAllowed, "action", string(access.ManageUsers))
	}
	return a.createUser(ctx, in)
}

// Login checks a password. Whatever is wrong, the answer is the same and takes the time of one hash, so that nobody learns
// who has an account; counting tries is the caller's. Code: bad_login.
func (a *App) Login(ctx context.Context, email, password string) (access.User, error) {
	bad := fault.New(fault.Unauthenticated, fault.BadLogin)
	if utf8.RuneCountInString(password) > maxPassword {
		return access.User{}, bad
	}
	u, err := a.userByEmail(ctx, email)
	if err != nil && fault.KindOf(err) == fault.Internal {
		return access.User{}, err
	}
	if err != nil || u.PasswordHash == "" {
		_, _ = a.Passwords.Hash(password) // only the time it takes matters
		return access.User{}, bad
	}
	if !a.Passwords.Check(password, u.PasswordHash) || !u.Active {
		return access.User{}, bad
	}
	return shownUser(u), nil
}

func (a *App) userByEmail(ctx context.Context, email string) (access.User, error) {
	e, err := party.ParseEmail(email)
	if err != nil {
		return access.User{}, err
	}
	return a.Directory.UserByEmail(ctx, e)
}

// User returns a user who logged in, to be asked again on each request: one that was locked out meanwhile is no longer let
// in. Code: login_needed.
func (a *App) User(ctx context.Context, id string) (access.User, error) {
	u, err := a.Directory.User(ctx, id)
	if fault.KindOf(err) == fault.NotFound || err == nil && !u.Active {
		return access.User{}, fault.New(fault.Unauthenticated, fault.LoginNeeded)
	}
	return shownUser(u), err
}

// CompaniesOf lists the companies in which a user has a role, by name.
func (a *App) CompaniesOf(ctx context.Context, user string) ([]CompanyRef, error) {
	return a.Directory.CompaniesOf(ctx, user)
}

// As makes a user act in a company. Code: not_allowed when the user has no role there; whether there is such a company is
// not told.
func (a *App) As(ctx context.Context, u access.User, company string) (access.Actor, error) {
	m, err := a.Directory.Member(ctx, company, u.ID)
	if fault.KindOf(err) == fault.NotFound || err == nil && m.Role == "" {
		return access.Actor{}, fault.New(fault.Forbidden, fault.NotAllowed, "action", string(access.Read))
	}
	return access.Actor{ID: u.ID, Name: u.Name, Company: company, Role: m.Role}, err
}

// Users lists the members of the actor's company.
func (a *App) Users(ctx context.Context, who access.Actor) ([]UserRole, error) {
	if err := who.May(access.ManageUsers); err != nil {
		return nil, err
	}
	list, err := a.Directory.Users(ctx, who.Company)
	for i := range list {
		list[i].User = shownUser(list[i].User)
	}
	return list, err
}

// AddUser lets a person into the company. Somebody who has an account already, in another company, keeps it: name and
// password given here are then not used. Codes: those of FirstUser, bad_choice on "role", already_exists on "email" for a
// member.
func (a *App) AddUser(ctx context.Context, who access.Actor, in NewUser) (UserRole, error) {
	if err := who.May(access.ManageUsers); err != nil {
		return UserRole{}, err
	}
	if err := goodRole(in.Role); err != nil {
		return UserRole{}, err
	}
	u, err := a.userByEmail(ctx, in.Email)
	switch {
	case err == nil:
		m, err := a.Directory.Member(ctx, who.Company, u.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return UserRole{}, err
		}
		if err == nil && m.Role != "" {
			return UserRole{}, fault.New(fault.Conflict, fault.AlreadyExists, "what", "user", "id", string(u.Email)).On("email")
		}
	case fault.KindOf(err) == fault.Internal:
		return UserRole{}, err
	default:
		if u, err = a.createUser(ctx, in); err != nil {
			return UserRole{}, err
		}
	}
	err = a.Directory.SetMember(ctx, access.Member{UserID: u.ID, Company: who.Company, Role: in.Role})
	return UserRole{User: shownUser(u), Role: in.Role}, err
}

// SetRole changes the role of a member. Codes: unknown_thing, bad_choice, last_owner.
func (a *App) SetRole(ctx context.Context, who access.Actor, user string, role access.Role) error {
	if err := goodRole(role); err != nil {
		return err
	}
	return a.setMember(ctx, who, user, role)
}

// RemoveUser takes a member's role away; the account stays, for other companies and for the history. Codes: unknown_thing,
// last_owner.
func (a *App) RemoveUser(ctx context.Context, who access.Actor, user string) error {
	return a.setMember(ctx, who, user, "")
}

func (a *App) setMember(ctx context.Context, who access.Actor, user string, role access.Role) error {
	if err := who.May(access.ManageUsers); err != nil {
		return err
	}
	m, err := a.Directory.Member(ctx, who.Company, user)
	if err != nil {
		return err
	}
	if m.Role == access.Owner && role != access.Owner {
		list, err := a.Directory.Users(ctx, who.Company)
		if err != nil {
			return err
		}
		owners := 0
		for _, u := range list {
			if u.Role == access.Owner && u.User.Active {
				owners++
			}
		}
		if owners < 2 {
			return fault.New(fault.Refused, fault.LastOwner)
		}
	}
	return a.Directory.SetMember(ctx, access.Member{UserID: user, Company: who.Company, Role: role})
}

// ChangePassword is for the user in person. Codes: bad_login on "old" when the old password is wrong, bad_password, too_long, required.
func (a *App) ChangePassword(ctx context.Context, user, old, password string) error {
	u, err := a.Directory.User(ctx, user)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(old) > maxPassword || !a.Passwords.Check(old, u.PasswordHash) {
		return fault.New(fault.Invalid, fault.BadLogin).On("old")
	}
	return a.savePassword(ctx, u, password)
}

// ResetPassword gives a member a new password. It is refused for somebody who also works in a company where the actor is
// not an owner: their books are not the actor's to open. Codes: not_allowed, unknown_thing, bad_password, too_long, required.
func (a *App) ResetPassword(ctx context.Context, who access.Actor, user, password string) error {
	if err := who.May(access.ManageUsers); err != nil {
		return err
	}
	if _, err := a.Directory.Member(ctx, who.Company, user); err != nil {
		return err
	}
	theirs, err := a.Directory.CompaniesOf(ctx, user)
	if err != nil {
		return err
	}
	for _, c := range theirs {
		if c.ID == who.Company {
			continue
		}
		m, err := a.Directory.Member(ctx, c.ID, who.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err != nil || m.Role != access.Owner {
			return fault.New(fault.Forbidden, fault.NotAllowed, "action", string(access.ManageUsers))
		}
	}
	u, err := a.Directory.User(ctx, user)
	if err != nil {
		return err
	}
	return a.savePassword(ctx, u, password)
}

// SetPassword is for the operator at the machine, who needs no leave: it also lets a locked account in again. Codes:
// required, bad_email, unknown_thing, bad_password, too_long.
func (a *App) SetPassword(ctx context.Context, email, password string) error {
	u, err := a.userByEmail(ctx, email)
	if err != nil {
		return err
	}
	u.Active = true
	return a.savePassword(ctx, u, password)
}

// UpdateUser changes what a user may change of the own account: name and language. Codes: required, too_long,
// bad_characters, bad_choice, stale.
func (a *App) UpdateUser(ctx context.Context, user, name, language string) (access.User, error) {
	u, err := a.Directory.User(ctx, user)
	if err != nil {
		return access.User{}, err
	}
	u.Name, u.Language = name, language
	if err := checkUser(&u); err != nil {
		return access.User{}, err
	}
	if err := a.Directory.SaveUser(ctx, u); err != nil {
		return access.User{}, err
	}
	return shownUser(u), nil
}

func (a *App) savePassword(ctx context.Context, u access.User, password string) error {
	if err := goodPassword(password, u.Email); err != nil {
		return err
	}
	hash, err := a.Passwords.Hash(password)
	if err != nil {
		return err
	}
	u.PasswordHash = hash
	return a.Directory.SaveUser(ctx, u)
}

func (a *App) createUser(ctx context.Context, in NewUser) (access.User, error) {
	var f fault.Collect
	u := access.User{ID: ids.New(ids.User), Name: in.Name, Language: in.Language, Active: true, CreatedAt: a.Now().UTC().Truncate(time.Microsecond)}
	if u.Language == "" {
		u.Language = "fr"
	}
	email, err := party.ParseEmail(in.Email)
	_ = f.Add(err, "email")
	u.Email = email
	_ = f.Add(checkUser(&u))
	_ = f.Add(goodPassword(in.Password, email))
	if err := f.Err(); err != nil {
		return access.User{}, err
	}
	if u.PasswordHash, err = a.Passwords.Hash(in.Password); err != nil {
		return access.User{}, err
	}
	if err := a.Directory.SaveUser(ctx, u); err != nil {
		if fault.Has(err, fault.AlreadyExists) {
			err = fault.New(fault.Conflict, fault.AlreadyExists, "what", "user", "id", string(email)).On("email")
		}
		return access.User{}, err
	}
	u.Version++
	return shownUser(u), nil
}

func checkUser(u *access.User) error {
	var f fault.Collect
	_ = f.Add(party.CleanText(&u.Name, 1, 80), "name")
	if u.Language != "fr" && u.Language != "en" {
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(u.Language), "allowed", "fr, en"), "language")
	}
	return f.Err()
}

func goodPassword(password string, email party.Email) error {
	local, _, _ := strings.Cut(string(email), "@")
	switch n := utf8.RuneCountInString(password); {
	case password == "":
		return fault.New(fault.Invalid, fault.Required).On("password")
	case n > maxPassword:
		return fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(maxPassword)).On("password")
	case n < minPassword || strings.EqualFold(password, string(email)) || strings.EqualFold(password, local):
		return fault.New(fault.Invalid, fault.BadPassword, "min", strconv.Itoa(minPassword)).On("password")
	}
	return nil
}

func goodRole(r access.Role) error {
	if slices.Contains(access.Roles(), r) {
		return nil
	}
	return fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(string(r)), "allowed", "owner, accountant, sales, auditor").On("role")
}

// shownUser is a user without what only the directory may know.
func shownUser(u access.User) access.User {
	sum := sha256.Sum256([]byte("stamp\x00" + u.PasswordHash))
	u.Stamp = hex.EncodeToString(sum[:8])
	u.PasswordHash = ""
	return u
}

// CreateToken makes a token for a program that uses the JSON API as one role in the company. The secret is returned this
// once; only its SHA-256 is kept. Codes: required, too_long, bad_characters, bad_choice.
func (a *App) CreateToken(ctx context.Context, who access.Actor, name string, role access.Role) (secret string, t access.Token, err error) {
	if err := who.May(access.ManageUsers); err != nil {
		return "", t, err
	}
	var f fault.Collect
	_ = f.Add(party.CleanText(&name, 1, 80), "name")
	_ = f.Add(goodRole(role))
	if err := f.Err(); err != nil {
		return "", t, err
	}
	var raw [secretBytes]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", t, err
	}
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(raw[:])
	t = access.Token{ID: ids.New(ids.Token), Company: who.Company, Name: name, Hash: secretHash(secret), Role: role,
		CreatedBy: who.Name, CreatedAt: a.Now().UTC().Truncate(time.Microsecond)}
	if err := a.Directory.SaveToken(ctx, t); err != nil {
		return "", access.Token{}, err
	}
	return secret, t, nil
}

// Tokens lists the company's tokens, without what could be used to log in.
func (a *App) Tokens(ctx context.Context, who access.Actor) ([]access.Token, error) {
	if err := who.May(access.ManageUsers); err != nil {
		return nil, err
	}
	list, err := a.Directory.Tokens(ctx, who.Company)
	for i := range list {
		list[i].Hash = ""
	}
	return list, err
}

// RevokeToken makes a token useless: at once in this program, within tokenMemoryLife in another one on the same store.
// Code: unknown_thing.
func (a *App) RevokeToken(ctx context.Context, who access.Actor, id string) error {
	if err := who.May(access.ManageUsers); err != nil {
		return err
	}
	list, err := a.Directory.Tokens(ctx, who.Company)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.ID == id {
			t.Revoked = true
			err := a.Directory.SaveToken(ctx, t)
			a.tokens.forget(t.Hash)
			return err
		}
	}
	return notFound("token", id)
}

// Authenticate says who a token acts for. Code: login_needed.
func (a *App) Authenticate(ctx context.Context, secret string) (access.Actor, error) {
	refused := fault.New(fault.Unauthenticated, fault.LoginNeeded)
	if !strings.HasPrefix(secret, tokenPrefix) || len(secret) != len(tokenPrefix)+base64.RawURLEncoding.EncodedLen(secretBytes) {
		return access.Actor{}, refused
	}
	hash, now := secretHash(secret), a.Now()
	if who, ok := a.tokens.actor(hash, now); ok {
		return who, nil
	}
	started := a.tokens.epoch()
	t, err := a.Directory.TokenByHash(ctx, hash)
	if fault.KindOf(err) == fault.NotFound || err == nil && t.Revoked {
		return access.Actor{}, refused
	}
	if err != nil {
		return access.Actor{}, err
	}
	if now.Sub(t.LastUsed) >= time.Minute {
		if err := a.Directory.TouchToken(ctx, t.ID, now.UTC().Truncate(time.Microsecond)); err != nil {
			a.Log.Warn("use of a token was not recorded", err, "token", t.ID)
		}
	}
	who := access.Actor{ID: t.ID, Name: t.Name, Company: t.Company, Role: t.Role}
	a.tokens.keep(hash, who, now, started)
	return who, nil
}

func secretHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

const (
	// tokenMemoryLife is how long a token is believed without asking the store again. A program that posts asks hundreds of
	// times in a second; two seconds make that free and a revocation from elsewhere prompt enough.
	tokenMemoryLife = 2 * time.Second
	// tokensKept bounds the memory; when it is full it begins anew.
	tokensKept = 10_000
)

// tokenMemory remembers tokens that were found good a moment ago. Its zero value is ready.
type tokenMemory struct {
	mu        sync.RWMutex
	seen      map[string]goodToken
	forgotten int64 // how often something was forgotten, so that an answer read before is not kept after
}

type goodToken struct {
	who   access.Actor
	until time.Time
}

func (m *tokenMemory) actor(hash string, now time.Time) (access.Actor, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g, ok := m.seen[hash]
	return g.who, ok && now.Before(g.until)
}

func (m *tokenMemory) epoch() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.forgotten
}

func (m *tokenMemory) keep(hash string, who access.Actor, now time.Time, epoch int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.forgotten != epoch {
		return
	}
	if m.seen == nil || len(m.seen) >= tokensKept {
		m.seen = map[string]goodToken{}
	}
	m.seen[hash] = goodToken{who, now.Add(tokenMemoryLife)}
}

func (m *tokenMemory) forget(hash string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgotten++
	delete(m.seen, hash)
}
