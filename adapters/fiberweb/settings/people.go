package settings

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

const usersPath = "/settings/users"

func (h *Screens) users(c *fiberweb.Ctx) error {
	all, err := h.Users(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	return c.Show(usersPage(all, c.User().ID))
}

func userTable(ctx context.Context, all []app.UserRole, me string) ui.Table[app.UserRole] {
	return ui.Table[app.UserRole]{
		ID: "users", Caption: ui.T(ctx, "nav.settings.users"), Rows: all,
		Href: func(u app.UserRole) string { return ui.To(ctx, usersPath, u.User.ID) },
		Columns: []ui.Column[app.UserRole]{
			{Label: ui.T(ctx, "set.user.name"), Main: true, Cell: func(u app.UserRole) templ.Component {
				if u.User.ID == me {
					return ui.Text(u.User.Name + " " + ui.T(ctx, "set.user.me"))
				}
				return ui.Text(u.User.Name)
			}},
			{Label: ui.T(ctx, "set.user.email"), Cell: func(u app.UserRole) templ.Component { return ui.Text(string(u.User.Email)) }},
			{Label: ui.T(ctx, "companies.role"), Cell: func(u app.UserRole) templ.Component { return ui.Key("role." + string(u.Role)) }},
			{Label: ui.T(ctx, "set.state"), Cell: func(u app.UserRole) templ.Component { return activeState(u.User.Active) }},
		},
	}
}

func roleOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, r := range access.Roles() {
		out = append(out, ui.Option{Value: string(r), Label: ui.T(ctx, "role."+string(r)), Help: ui.T(ctx, "set.role."+string(r))})
	}
	return out
}

func (h *Screens) newUser(c *fiberweb.Ctx) error {
	return c.Show(newUserPage(c.NewForm().Set("language", string(c.Loc().Lang())).Set("role", string(access.Accountant))))
}

func (h *Screens) addUser(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := app.NewUser{Email: f.Required("email", maxField), Name: f.Text("name", maxField), Password: f.Secret("password"), Language: f.Text("language", maxField),
		Role: access.Role(f.Text("role", maxField))}
	var u app.UserRole
	if f.OK() {
		u, err = h.AddUser(c.Context(), c.Actor(), in)
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, newUserPage(f))
	}
	return c.Done(usersPath, "set.user.added", "name", u.User.Name)
}

// member is the user that the address names. Code: unknown_thing.
func (h *Screens) member(c *fiberweb.Ctx) (app.UserRole, error) {
	all, err := h.Users(c.Context(), c.Actor())
	if err != nil {
		return app.UserRole{}, err
	}
	for _, u := range all {
		if u.User.ID == c.Params("id") {
			return u, nil
		}
	}
	return app.UserRole{}, missing("user", c.Params("id"))
}

func (h *Screens) editUser(c *fiberweb.Ctx) error {
	u, err := h.member(c)
	if err != nil {
		return err
	}
	return c.Show(userPage(u, c.NewForm().Set("role", string(u.Role)), c.NewForm()))
}

func (h *Screens) saveRole(c *fiberweb.Ctx) error {
	u, err := h.member(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	role := access.Role(f.Required("role", maxField))
	if f.OK() {
		f.Fail(h.SetRole(c.Context(), c.Actor(), u.User.ID, role))
	}
	if !f.OK() {
		return c.Invalid(f, userPage(u, f, c.NewForm()))
	}
	return c.Done(usersPath, "set.user.role_saved", "name", u.User.Name)
}

func (h *Screens) resetPassword(c *fiberweb.Ctx) error {
	u, err := h.member(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	if f.OK() {
		f.Fail(h.ResetPassword(c.Context(), c.Actor(), u.User.ID, f.Secret("password")))
	}
	if !f.OK() {
		return c.Invalid(f, userPage(u, c.NewForm().Set("role", string(u.Role)), f))
	}
	return c.Done(usersPath, "set.user.password_saved", "name", u.User.Name)
}

func (h *Screens) askRemove(c *fiberweb.Ctx) error {
	u, err := h.member(c)
	if err != nil {
		return err
	}
	return c.Show(removeUserPage(u, nil))
}

func (h *Screens) removeUser(c *fiberweb.Ctx) error {
	u, err := h.member(c)
	if err != nil {
		return err
	}
	if err := h.RemoveUser(c.Context(), c.Actor(), u.User.ID); err != nil {
		f := c.NewForm()
		f.Fail(err)
		return c.Invalid(f, removeUserPage(u, f))
	}
	if u.User.ID == c.User().ID {
		return c.SeeOther("/companies")
	}
	return c.Done(usersPath, "set.user.removed", "name", u.User.Name)
}

func userCrumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "nav.settings.users"), Href: ui.To(ctx, usersPath)}}
}

// ---- API tokens ----

const tokensPath = "/settings/tokens"

func (h *Screens) tokens(c *fiberweb.Ctx) error {
	all, err := h.Tokens(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	return c.Show(tokensPage(all))
}

func tokenTable(ctx context.Context, all []access.Token) ui.Table[access.Token] {
	return ui.Table[access.Token]{
		ID: "tokens", Caption: ui.T(ctx, "nav.settings.tokens"), Rows: all,
		Columns: []ui.Column[access.Token]{
			{Label: ui.T(ctx, "set.token.name"), Main: true, Cell: func(t access.Token) templ.Component { return ui.Text(t.Name) }},
			{Label: ui.T(ctx, "companies.role"), Cell: func(t access.Token) templ.Component { return ui.Key("role." + string(t.Role)) }},
			{Label: ui.T(ctx, "set.token.created"), Cell: tokenCreated},
			{Label: ui.T(ctx, "set.token.used"), Cell: tokenUsed},
			{Label: ui.T(ctx, "set.state"), Cell: func(t access.Token) templ.Component {
				if t.Revoked {
					return ui.Badge(ui.Neutral, "ban", ui.T(ctx, "set.token.revoked_state"))
				}
				return ui.Status("on")
			}},
			{Label: ui.T(ctx, "table.actions"), Cell: func(t access.Token) templ.Component {
				if t.Revoked {
					return ui.Text("")
				}
				return ui.LinkButton(ui.To(ctx, tokensPath, t.ID)+"/revoke", "quiet-button", "ban", ui.T(ctx, "set.token.revoke"))
			}},
		},
		Empty: ui.Empty("key", ui.T(ctx, "set.tokens.none"), ui.T(ctx, "set.tokens.none.help")),
	}
}

func (h *Screens) newToken(c *fiberweb.Ctx) error {
	return c.Show(newTokenPage(c.NewForm().Set("role", string(access.Sales))))
}

// addToken answers with the secret itself rather than with a redirect: it is shown this once and kept nowhere.
func (h *Screens) addToken(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	name, role := f.Text("name", maxField), access.Role(f.Text("role", maxField))
	var secret string
	var t access.Token
	if f.OK() {
		secret, t, err = h.CreateToken(c.Context(), c.Actor(), name, role)
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, newTokenPage(f))
	}
	return c.Show(tokenPage(t, secret))
}

// token is the one that the address names. Code: unknown_thing.
func (h *Screens) token(c *fiberweb.Ctx) (access.Token, error) {
	all, err := h.Tokens(c.Context(), c.Actor())
	if err != nil {
		return access.Token{}, err
	}
	for _, t := range all {
		if t.ID == c.Params("id") {
			return t, nil
		}
	}
	return access.Token{}, missing("token", c.Params("id"))
}

func (h *Screens) askRevoke(c *fiberweb.Ctx) error {
	t, err := h.token(c)
	if err != nil {
		return err
	}
	return c.Show(revokePage(t))
}

func (h *Screens) revoke(c *fiberweb.Ctx) error {
	t, err := h.token(c)
	if err != nil {
		return err
	}
	if err := h.RevokeToken(c.Context(), c.Actor(), t.ID); err != nil {
		return err
	}
	return c.Done(tokensPath, "set.token.revoked", "name", t.Name)
}

func tokenCrumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "nav.settings.tokens"), Href: ui.To(ctx, tokensPath)}}
}

// languages are those a user may choose.
func languages(ctx context.Context) []ui.Option { return options(ctx, "lang.", false, "fr", "en") }
