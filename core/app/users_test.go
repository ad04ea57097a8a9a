package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/fault"
)

func newcomer(email string, r access.Role) app.NewUser {
	return app.NewUser{Email: email, Name: "Anne Autre", Password: "une phrase de passe", Language: "en", Role: r}
}

func TestFirstUser(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t) // whose owner is the first user
	_, err := w.FirstUser(ctx, newcomer("second@acquit.test", ""))
	apptest.Refused(t, err, fault.NotAllowed)
	if some, err := w.HasUsers(ctx); err != nil || !some {
		t.Errorf("%v, %v", some, err)
	}
}

// TestOneFirstUser: of many who come at once to an empty installation, one is let in.
func TestOneFirstUser(t *testing.T) {
	ctx := context.Background()
	a := app.New(app.Deps{Directory: apptest.NewDirectory(), Passwords: apptest.Passwords{}})
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, err := a.FirstUser(ctx, newcomer(strings.Repeat("a", i+1)+"@acquit.test", ""))
			errs <- err
		}()
	}
	wg.Wait()
	in := 0
	for range 20 {
		if err := <-errs; err == nil {
			in++
		} else if !fault.Has(err, fault.NotAllowed) {
			t.Error(err)
		}
	}
	if in != 1 {
		t.Errorf("%d first users", in)
	}
}

func TestUserRules(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	good := newcomer("anne.autrement@acquit.test", access.Sales)
	for field, c := range map[string]struct {
		spoil func(*app.NewUser)
		code  fault.Code
	}{
		"email": {func(u *app.NewUser) { u.Email = "anne" }, fault.BadEmail}, "name": {func(u *app.NewUser) { u.Name = " " }, fault.Required},
		"language": {func(u *app.NewUser) { u.Language = "de" }, fault.BadChoice}, "role": {func(u *app.NewUser) { u.Role = "king" }, fault.BadChoice},
	} {
		u := good
		c.spoil(&u)
		_, err := w.AddUser(ctx, w.Owner, u)
		apptest.Refused(t, err, c.code, field)
	}
	for password, code := range map[string]fault.Code{"": fault.Required, "neuf char": fault.BadPassword, "Anne.Autrement@acquit.test": fault.BadPassword, "ANNE.AUTREMENT": fault.BadPassword,
		strings.Repeat("x", 201): fault.TooLong, "ééééééééé": fault.BadPassword} {
		u := good
		u.Password = password
		_, err := w.AddUser(ctx, w.Owner, u)
		apptest.Refused(t, err, code, "password")
	}
	_, err := w.AddUser(ctx, w.Owner, app.NewUser{Role: access.Service})
	apptest.Refused(t, err, fault.BadChoice, "role") // no person is the program itself
	_, err = w.AddUser(ctx, w.Actor(access.Accountant), good)
	apptest.Refused(t, err, fault.NotAllowed)
}

func TestLogin(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	for _, email := range []string{"owner@acquit.test", " OWNER@ACQUIT.TEST "} {
		u, err := w.Login(ctx, email, apptest.Password)
		if err != nil || u.ID != w.User.ID || u.PasswordHash != "" || u.Stamp == "" {
			t.Errorf("%q: %+v, %v", email, u, err)
		}
	}
	for name, c := range map[string][2]string{"wrong password": {"owner@acquit.test", "wrong"}, "nobody": {"nobody@acquit.test", apptest.Password}, "no address": {"owner", apptest.Password},
		"nothing": {"", ""}, "a novel": {"owner@acquit.test", strings.Repeat("x", 1<<20)}} {
		if _, err := w.Login(ctx, c[0], c[1]); !fault.Has(err, fault.BadLogin) || len(fault.All(err)[0].Params) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	locked, err := w.Directory.User(ctx, w.User.ID)
	apptest.OK(t, err)
	locked.Active = false
	apptest.OK(t, w.Directory.SaveUser(ctx, locked))
	_, err = w.Login(ctx, "owner@acquit.test", apptest.Password)
	apptest.Refused(t, err, fault.BadLogin)
	_, err = w.App.User(ctx, w.User.ID)
	apptest.Refused(t, err, fault.LoginNeeded)
	_, err = w.App.User(ctx, "usr_none")
	apptest.Refused(t, err, fault.LoginNeeded)
	apptest.OK(t, w.SetPassword(ctx, "owner@acquit.test", "the operator's own"))
	_, err = w.Login(ctx, "owner@acquit.test", "the operator's own")
	apptest.OK(t, err)
}

// hashes counts what is hashed and checked.
type hashes struct {
	apptest.Passwords
	n int
}

func (h *hashes) Hash(p string) (string, error) { h.n++; return h.Passwords.Hash(p) }
func (h *hashes) Check(p, x string) bool        { h.n++; return h.Passwords.Check(p, x) }

// TestLoginTellsNothingByItsTime: one hash is computed whoever asks.
func TestLoginTellsNothingByItsTime(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	h := &hashes{}
	w.Passwords = h
	for _, email := range []string{"owner@acquit.test", "nobody@acquit.test", "nonsense"} {
		h.n = 0
		_, err := w.Login(ctx, email, "wrong password")
		if h.n != 1 || !fault.Has(err, fault.BadLogin) {
			t.Errorf("%s: %d hashes, %v", email, h.n, err)
		}
	}
}

func TestMembers(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	anne, err := w.AddUser(ctx, w.Owner, newcomer("anne@acquit.test", access.Sales))
	apptest.OK(t, err)
	if anne.User.PasswordHash != "" || anne.Role != access.Sales {
		t.Errorf("%+v", anne)
	}
	_, err = w.AddUser(ctx, w.Owner, newcomer("ANNE@acquit.test", access.Sales))
	apptest.Refused(t, err, fault.AlreadyExists, "email")
	list, err := w.Users(ctx, w.Owner)
	if err != nil || len(list) != 2 || list[0].User.PasswordHash != "" {
		t.Errorf("%+v, %v", list, err)
	}
	who, err := w.As(ctx, anne.User, w.Company.ID)
	if err != nil || who.Role != access.Sales || who.Name != "Anne Autre" {
		t.Errorf("%+v, %v", who, err)
	}
	_, err = w.As(ctx, anne.User, "co_none")
	apptest.Refused(t, err, fault.NotAllowed)

	apptest.Refused(t, w.SetRole(ctx, w.Owner, w.User.ID, access.Sales), fault.LastOwner)
	apptest.Refused(t, w.RemoveUser(ctx, w.Owner, w.User.ID), fault.LastOwner)
	apptest.Refused(t, w.SetRole(ctx, w.Owner, "usr_none", access.Sales), fault.UnknownThing)
	apptest.Refused(t, w.SetRole(ctx, w.Owner, anne.User.ID, "king"), fault.BadChoice)
	apptest.OK(t, w.SetRole(ctx, w.Owner, anne.User.ID, access.Owner))
	apptest.OK(t, w.RemoveUser(ctx, w.Owner, w.User.ID))
	_, err = w.As(ctx, w.User, w.Company.ID)
	apptest.Refused(t, err, fault.NotAllowed)
	now, err := w.As(ctx, anne.User, w.Company.ID)
	apptest.OK(t, err)
	apptest.Refused(t, w.RemoveUser(ctx, now, anne.User.ID), fault.LastOwner)

	// Somebody with an account is let into another company with it: the password given there opens nothing.
	again, err := w.AddUser(ctx, now, app.NewUser{Email: "owner@acquit.test", Name: "Impostor", Password: "impostor's password", Role: access.Auditor})
	if err != nil || again.User.ID != w.User.ID || again.User.Name != "Odile Owner" {
		t.Errorf("%+v, %v", again, err)
	}
	_, err = w.Login(ctx, "owner@acquit.test", "impostor's password")
	apptest.Refused(t, err, fault.BadLogin)
}

func TestPasswords(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	apptest.Refused(t, w.ChangePassword(ctx, w.User.ID, "wrong", "a new long password"), fault.BadLogin, "old")
	apptest.Refused(t, w.ChangePassword(ctx, w.User.ID, apptest.Password, "short"), fault.BadPassword, "password")
	before, err := w.App.User(ctx, w.User.ID)
	apptest.OK(t, err)
	apptest.OK(t, w.ChangePassword(ctx, w.User.ID, apptest.Password, "a new long password"))
	if after, err := w.App.User(ctx, w.User.ID); err != nil || after.Stamp == before.Stamp {
		t.Errorf("a new password ends other sessions by another stamp: %+v, %v", after, err)
	}
	_, err = w.Login(ctx, "owner@acquit.test", "a new long password")
	apptest.OK(t, err)
	_, err = w.Login(ctx, "owner@acquit.test", apptest.Password)
	apptest.Refused(t, err, fault.BadLogin)

	anne, err := w.AddUser(ctx, w.Owner, newcomer("anne@acquit.test", access.Sales))
	apptest.OK(t, err)
	apptest.OK(t, w.ResetPassword(ctx, w.Owner, anne.User.ID, "forgotten no more"))
	_, err = w.Login(ctx, "anne@acquit.test", "forgotten no more")
	apptest.OK(t, err)
	apptest.Refused(t, w.ResetPassword(ctx, w.Actor(access.Accountant), anne.User.ID, "forgotten no more"), fault.NotAllowed)
	apptest.Refused(t, w.ResetPassword(ctx, w.Owner, "usr_none", "forgotten no more"), fault.UnknownThing)

	// An owner may not open the books of another company by way of a common user.
	other := w.NewCompany(t)
	apptest.OK(t, w.Directory.SetMember(ctx, access.Member{UserID: anne.User.ID, Company: other.Company, Role: access.Owner}))
	apptest.OK(t, w.Directory.SetMember(ctx, access.Member{UserID: w.User.ID, Company: other.Company, Role: access.Sales}))
	apptest.Refused(t, w.ResetPassword(ctx, w.Owner, anne.User.ID, "a way into their books"), fault.NotAllowed)

	u, err := w.UpdateUser(ctx, anne.User.ID, " Anne Nouvelle ", "fr")
	if err != nil || u.Name != "Anne Nouvelle" || u.Language != "fr" {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = w.UpdateUser(ctx, anne.User.ID, "", "fr")
	apptest.Refused(t, err, fault.Required, "name")
}

func TestTokens(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	secret, token, err := w.CreateToken(ctx, w.Owner, "Caisse", access.Accountant)
	apptest.OK(t, err)
	if !strings.HasPrefix(secret, "acq_") || len(secret) != 47 || strings.Contains(token.Hash, secret[4:]) || len(token.Hash) != 64 {
		t.Errorf("secret %q, token %+v", secret, token)
	}
	who, err := w.Authenticate(ctx, secret)
	if err != nil || who != (access.Actor{ID: token.ID, Name: "Caisse", Company: w.Company.ID, Role: access.Accountant}) {
		t.Errorf("%+v, %v", who, err)
	}
	list, err := w.Tokens(ctx, w.Owner)
	if err != nil || len(list) != 1 || list[0].Hash != "" || !list[0].LastUsed.Equal(w.Clock.Now()) {
		t.Errorf("%+v, %v", list, err)
	}
	for _, bad := range []string{"", "acq_", secret[:46], secret + "A", "xxx_" + secret[4:], "acq_" + strings.Repeat("A", 43), strings.ToUpper(secret)} {
		_, err := w.Authenticate(ctx, bad)
		apptest.Refused(t, err, fault.LoginNeeded)
	}
	_, _, err = w.CreateToken(ctx, w.Owner, "", "king")
	apptest.Refused(t, err, fault.Required, "name")
	apptest.Refused(t, err, fault.BadChoice, "role")
	_, _, err = w.CreateToken(ctx, w.Actor(access.Accountant), "x", access.Owner)
	apptest.Refused(t, err, fault.NotAllowed)

	other := w.NewCompany(t)
	apptest.Refused(t, w.RevokeToken(ctx, other, token.ID), fault.UnknownThing)
	_, err = w.Authenticate(ctx, secret) // it is remembered...
	apptest.OK(t, err)
	apptest.OK(t, w.RevokeToken(ctx, w.Owner, token.ID))
	_, err = w.Authenticate(ctx, secret) // ... and forgotten at once
	apptest.Refused(t, err, fault.LoginNeeded)
}

// TestTokensAreRememberedShortly: the store is not asked on each request, and is asked again soon enough to learn of a
// revocation by another process.
func TestTokensAreRememberedShortly(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	secret, token, err := w.CreateToken(ctx, w.Owner, "Caisse", access.Accountant)
	apptest.OK(t, err)
	for range 100 {
		_, err := w.Authenticate(ctx, secret)
		apptest.OK(t, err)
	}
	if w.Directory.Asked != 1 {
		t.Errorf("the store was asked %d times", w.Directory.Asked)
	}
	token.Revoked = true
	apptest.OK(t, w.Directory.SaveToken(ctx, token)) // by another process
	w.Clock.Advance(2 * time.Second)
	_, err = w.Authenticate(ctx, secret)
	apptest.Refused(t, err, fault.LoginNeeded)
}
