package bunstore_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

func expect(t *testing.T, err error, code fault.Code) {
	t.Helper()
	bookstest.Expect(t, err, code)
}

func same1[T any](t *testing.T, want, got T) {
	t.Helper()
	if d := bookstest.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestUsers(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		f := &bookstest.Filler{}
		var u access.User
		f.Fill(&u)
		u.Email, u.Version, u.Stamp = "Jean.Dupont@exemple.fr", 0, "" // the stamp is derived, not kept
		if n, err := d.CountUsers(ctx); n != 0 || err != nil {
			t.Errorf("%d users, %v", n, err)
		}
		_, err := d.User(ctx, u.ID)
		expect(t, err, fault.UnknownThing)
		must(t, d.SaveUser(ctx, u))
		u.Version = 1
		got, err := d.User(ctx, u.ID)
		must(t, err)
		same1(t, u, got)
		for _, e := range []string{"Jean.Dupont@exemple.fr", "jean.dupont@exemple.fr", "JEAN.DUPONT@EXEMPLE.FR"} {
			got, err = d.UserByEmail(ctx, party.Email(e))
			must(t, err)
			same1(t, u, got)
		}
		_, err = d.UserByEmail(ctx, "dupont@exemple.fr")
		expect(t, err, fault.UnknownThing)

		changed := u
		changed.Name, changed.Active = "Jean", false
		must(t, d.SaveUser(ctx, changed))
		expect(t, d.SaveUser(ctx, changed), fault.Stale) // a second time with the version of the first
		changed.Version = 0
		expect(t, d.SaveUser(ctx, changed), fault.Stale)
		other := access.User{ID: "usr_2", Email: "jean.dupont@EXEMPLE.fr"}
		expect(t, d.SaveUser(ctx, other), fault.AlreadyExists)
		other.Email = "other@exemple.fr"
		must(t, d.SaveUser(ctx, other))
		other.Version, other.Email = 1, "jean.dupont@exemple.fr"
		expect(t, d.SaveUser(ctx, other), fault.AlreadyExists)
		expect(t, d.SaveUser(ctx, access.User{ID: "usr_3", Version: 4}), fault.Stale)
		if n, err := d.CountUsers(ctx); n != 2 || err != nil {
			t.Errorf("%d users, %v", n, err)
		}
	})
}

func TestMembers(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		bookstest.Found(t, d, "co_other")
		for i := range 3 {
			must(t, d.SaveUser(ctx, access.User{ID: fmt.Sprintf("usr_%d", i), Name: string(rune('C' - i)), Email: party.Email(fmt.Sprintf("%d@exemple.fr", i))}))
		}
		set := func(user, company string, r access.Role) error {
			return d.SetMember(ctx, access.Member{UserID: user, Company: company, Role: r})
		}
		expect(t, set("usr_9", company, access.Owner), fault.UnknownThing)
		expect(t, set("usr_0", "co_none", access.Owner), fault.UnknownThing)
		_, err := d.Member(ctx, company, "usr_0")
		expect(t, err, fault.UnknownThing)
		must(t, set("usr_0", company, access.Owner))
		must(t, set("usr_1", company, access.Auditor))
		must(t, set("usr_0", "co_other", access.Sales))
		m, err := d.Member(ctx, company, "usr_1")
		must(t, err)
		same1(t, access.Member{UserID: "usr_1", Company: company, Role: access.Auditor}, m)
		_, err = d.Member(ctx, "co_other", "usr_1")
		expect(t, err, fault.UnknownThing)
		list, err := d.Users(ctx, company)
		must(t, err)
		if len(list) != 2 || list[0].User.ID != "usr_1" || list[0].Role != access.Auditor || list[1].User.ID != "usr_0" || list[1].Role != access.Owner || list[1].User.Email != "0@exemple.fr" {
			t.Errorf("members %+v", list)
		}
		refs, err := d.CompaniesOf(ctx, "usr_0")
		must(t, err)
		same1(t, []app.CompanyRef{{ID: "co_other", Name: "Société co_other", Role: access.Sales}, {ID: company, Name: "Société co_test", Role: access.Owner}}, refs)

		for _, r := range []access.Role{access.Accountant, ""} {
			expect(t, set("usr_0", company, r), fault.LastOwner)
		}
		must(t, set("usr_0", company, access.Owner)) // as before
		must(t, set("usr_1", company, access.Owner))
		must(t, set("usr_0", company, ""))
		expect(t, set("usr_1", company, ""), fault.LastOwner)
		must(t, set("usr_2", "co_other", "")) // was nobody, is nobody
	})
}

// Two owners who take the role from each other at the same moment: one of them stays.
func TestOwnersAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		bookstest.Found(t, d)
		for i := range 2 {
			must(t, d.SaveUser(ctx, access.User{ID: fmt.Sprintf("usr_%d", i), Email: party.Email(fmt.Sprintf("%d@exemple.fr", i))}))
		}
		for range 10 {
			for i := range 2 {
				must(t, d.SetMember(ctx, access.Member{UserID: fmt.Sprintf("usr_%d", i), Company: company, Role: access.Owner}))
			}
			var wg sync.WaitGroup
			var errs [2]error
			for i := range 2 {
				wg.Go(func() {
					errs[i] = d.SetMember(ctx, access.Member{UserID: fmt.Sprintf("usr_%d", i), Company: company, Role: access.Sales})
				})
			}
			wg.Wait()
			if fault.Has(errs[0], fault.LastOwner) == fault.Has(errs[1], fault.LastOwner) {
				t.Fatalf("answers %v", errs)
			}
		}
	})
}

func TestTokens(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		bookstest.Found(t, d, "co_other")
		f := &bookstest.Filler{}
		var token access.Token
		f.Fill(&token)
		token.Company, token.LastUsed = company, time.Time{}
		_, err := d.TokenByHash(ctx, token.Hash)
		expect(t, err, fault.UnknownThing)
		must(t, d.SaveToken(ctx, token))
		got, err := d.TokenByHash(ctx, token.Hash)
		must(t, err)
		same1(t, token, got)
		list, err := d.Tokens(ctx, company)
		must(t, err)
		same1(t, []access.Token{token}, list)
		if list, err = d.Tokens(ctx, "co_other"); err != nil || len(list) != 0 {
			t.Errorf("tokens of another company: %v, %v", list, err)
		}
		expect(t, d.SaveToken(ctx, access.Token{ID: "tok_2", Company: "co_other", Hash: token.Hash}), fault.AlreadyExists)

		at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		used := func(want time.Time) {
			t.Helper()
			got, err := d.TokenByHash(ctx, token.Hash)
			must(t, err)
			if !got.LastUsed.Equal(want) {
				t.Errorf("last used %v, want %v", got.LastUsed, want)
			}
		}
		must(t, d.TouchToken(ctx, token.ID, at))
		used(at)
		must(t, d.TouchToken(ctx, token.ID, at.Add(59*time.Second)))
		used(at)
		must(t, d.TouchToken(ctx, token.ID, at.Add(time.Minute)))
		used(at.Add(time.Minute))
		expect(t, d.TouchToken(ctx, "tok_none", at), fault.UnknownThing)
		token.Revoked = false
		must(t, d.SaveToken(ctx, token))
		got, err = d.TokenByHash(ctx, token.Hash)
		must(t, err)
		same1(t, token, got)
	})
}

func TestSessions(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		s := d.Sessions(func() time.Time { return now })
		check := func(key string, want []byte) {
			t.Helper()
			got, err := s.Get(key)
			if err != nil || !bytes.Equal(got, want) || (got == nil) != (want == nil) {
				t.Errorf("%s: %q, %v, want %q", key, got, err, want)
			}
		}
		check("a", nil)
		value := []byte{0, 1, 0xff, '\'', 0}
		must(t, s.Set("a", value, time.Hour))
		must(t, s.Set("b'\\\x00", []byte("for ever"), 0))
		must(t, s.Set("", value, 0))
		must(t, s.Set("empty", nil, 0))
		check("a", value)
		check("b'\\\x00", []byte("for ever"))
		check("", nil)
		check("empty", nil)
		must(t, s.Set("a", []byte("changed"), time.Hour))
		check("a", []byte("changed"))
		// The key itself is nowhere in the database: it opens the session.
		var key string
		must(t, d.raw(t).QueryRow("SELECT key FROM sessions WHERE expires_at <> 0").Scan(&key))
		if key == "a" || strings.Contains(key, "changed") || len(key) != 64 {
			t.Errorf("stored under %q", key)
		}
		now = now.Add(time.Hour)
		check("a", nil)
		must(t, s.Set("c", []byte("x"), time.Minute)) // sweeps by the way
		var left int
		must(t, d.raw(t).QueryRow("SELECT count(*) FROM sessions").Scan(&left))
		if left != 2 {
			t.Errorf("%d sessions are left, want 2", left)
		}
		must(t, s.Delete("c"))
		must(t, s.Delete("c"))
		check("c", nil)
		must(t, s.Reset())
		check("b'\\\x00", nil)
		must(t, s.Close())
		must(t, d.Sessions(nil).Set("real clock", value, time.Hour))
	})
}
