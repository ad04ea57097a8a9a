package api_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
)

// onSQLite is a World whose books, views and users are in a SQLite file.
func onSQLite(t testing.TB) *apptest.World {
	t.Helper()
	ctx := context.Background()
	store, err := bunstore.Open(ctx, filepath.Join(t.TempDir(), "acquit.db"))
	apptest.OK(t, err)
	t.Cleanup(func() { apptest.OK(t, store.Close()) })
	w := apptest.New(t)
	deps := w.Deps
	deps.Books, deps.Views, deps.Directory = books.New(store, w.Clock.Now), store, store
	w.App = app.New(deps)
	w.User, err = w.FirstUser(ctx, app.NewUser{Email: "owner@acquit.test", Name: "Odile Owner", Password: apptest.Password, Language: "fr"})
	apptest.OK(t, err)
	c := w.Company
	c.ID = ""
	w.Company, err = w.CreateCompany(ctx, app.NewCompany{Company: c}, w.User)
	apptest.OK(t, err)
	w.Owner = access.Actor{ID: w.User.ID, Name: w.User.Name, Company: w.Company.ID, Role: access.Owner}
	return w
}
