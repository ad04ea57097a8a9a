package api

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

func (s *service) users() {
	const tag = "Users and tokens"
	add(s, endpoint{method: get, path: "/users", id: "listUsers", tag: tag, needs: access.ManageUsers, summary: "The members of the company"}, s.listUsers)
	add(s, endpoint{method: post, path: "/users", id: "addUser", tag: tag, needs: access.ManageUsers, status: 201,
		summary: "Let a person in", text: "Somebody who has an account already keeps name and password."}, s.addUser)
	add(s, endpoint{method: patch, path: "/users/{user}", id: "changeUser", tag: tag, needs: access.ManageUsers,
		summary: "Change a member's role", text: "The last owner stays one (`last_owner`)."}, s.changeUser)
	add(s, endpoint{method: remove, path: "/users/{user}", id: "removeUser", tag: tag, needs: access.ManageUsers, summary: "Take a member's role away"}, s.removeUser)
	add(s, endpoint{method: put, path: "/users/{user}/password", id: "resetPassword", tag: tag, needs: access.ManageUsers, unkeyed: true,
		summary: "Give a member a new password", text: "Refused for somebody who also works in a company that is not the caller's (`not_allowed`)."}, s.resetPassword)
	add(s, endpoint{method: get, path: "/tokens", id: "listTokens", tag: tag, needs: access.ManageUsers, summary: "The company's tokens"}, s.listTokens)
	add(s, endpoint{method: post, path: "/tokens", id: "createToken", tag: tag, needs: access.ManageUsers, status: 201,
		summary: "Make a token for a program", text: "The secret is answered this once, and not to a repeated idempotency key."}, s.createToken)
	add(s, endpoint{method: remove, path: "/tokens/{token}", id: "revokeToken", tag: tag, needs: access.ManageUsers, summary: "Make a token useless"}, s.revokeToken)
}

// user is a member of the company.
type user struct {
	ID        userID    `json:"id"`
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	Language  string    `json:"language" enum:"fr,en"`
	Active    bool      `json:"active"`
	Role      string    `json:"role" enum:"owner,accountant,sales,auditor"`
	CreatedAt time.Time `json:"created_at"`
}

func userOf(u app.UserRole) user {
	return user{userID(u.User.ID), string(u.User.Email), u.User.Name, u.User.Language, u.User.Active, string(u.Role), u.User.CreatedAt}
}

func (s *service) listUsers(c *call, _ *nothing) (all[user], error) {
	l, err := s.app.Users(c.ctx, c.who)
	return whole(l, err, userOf)
}

func (s *service) findUser(c *call, id string) (user, error) {
	l, err := s.app.Users(c.ctx, c.who)
	for _, u := range l {
		if u.User.ID == id {
			return userOf(u), nil
		}
	}
	if err == nil {
		err = unknown("user", id)
	}
	return user{}, err
}

func (s *service) addUser(c *call, in *struct {
	Body struct {
		Email    string `json:"email" format:"email"`
		Name     string `json:"name" maxLength:"80"`
		Password string `json:"password" minLength:"10" maxLength:"200" writeOnly:"true"`
		Language string `json:"language,omitzero" enum:"fr,en" default:"fr"`
		Role     string `json:"role" enum:"owner,accountant,sales,auditor"`
	}
}) (user, error) {
	b := in.Body
	if b.Language == "" {
		b.Language = "fr"
	}
	id, err := s.once(c, func(ctx context.Context) (string, error) {
		u, err := s.app.AddUser(ctx, c.who, app.NewUser{Email: b.Email, Name: b.Name, Password: b.Password, Language: b.Language, Role: access.Role(b.Role)})
		return u.User.ID, err
	})
	if made, again := c.replayed(err); again {
		id, err = made, nil
	}
	if err != nil {
		return user{}, err
	}
	c.created("/users/" + id)
	return s.findUser(c, id)
}

type userPath struct {
	User userID `path:"user"`
}

func (s *service) changeUser(c *call, in *struct {
	User userID `path:"user"`
	Body struct {
		Role string `json:"role" enum:"owner,accountant,sales,auditor"`
	}
}) (user, error) {
	id := string(in.User)
	_, err := s.once(c, func(ctx context.Context) (string, error) {
		return id, s.app.SetRole(ctx, c.who, id, access.Role(in.Body.Role))
	})
	if err := c.done(err); err != nil {
		return user{}, err
	}
	return s.findUser(c, id)
}

func (s *service) removeUser(c *call, in *userPath) (nothing, error) {
	id := string(in.User)
	_, err := s.once(c, func(ctx context.Context) (string, error) { return id, s.app.RemoveUser(ctx, c.who, id) })
	return nothing{}, c.done(err)
}

func (s *service) resetPassword(c *call, in *struct {
	User userID `path:"user"`
	Body struct {
		Password string `json:"password" minLength:"10" maxLength:"200" writeOnly:"true"`
	}
}) (nothing, error) {
	return nothing{}, s.app.ResetPassword(c.ctx, c.who, string(in.User), in.Body.Password)
}

// token lets a program use this API.
type token struct {
	ID        tokenID   `json:"id"`
	Name      string    `json:"name"`
	Role      string    `json:"role" enum:"owner,accountant,sales,auditor"`
	Secret    string    `json:"secret,omitzero" doc:"acq_…; only when it is made."`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used,omitzero"`
	Revoked   bool      `json:"revoked"`
}

func tokenOf(t access.Token) token {
	return token{ID: tokenID(t.ID), Name: t.Name, Role: string(t.Role), CreatedBy: t.CreatedBy, CreatedAt: t.CreatedAt, LastUsed: t.LastUsed, Revoked: t.Revoked}
}

func (s *service) listTokens(c *call, _ *nothing) (all[token], error) {
	l, err := s.app.Tokens(c.ctx, c.who)
	return whole(l, err, tokenOf)
}

func (s *service) createToken(c *call, in *struct {
	Body struct {
		Name string `json:"name" maxLength:"80"`
		Role string `json:"role" enum:"owner,accountant,sales,auditor"`
	}
}) (token, error) {
	var made token
	_, err := s.once(c, func(ctx context.Context) (string, error) {
		secret, t, err := s.app.CreateToken(ctx, c.who, in.Body.Name, access.Role(in.Body.Role))
		made = tokenOf(t)
		made.Secret = secret
		return t.ID, err
	})
	if id, again := c.replayed(err); again {
		l, err := s.app.Tokens(c.ctx, c.who)
		for _, t := range l {
			if t.ID == id {
				return tokenOf(t), nil
			}
		}
		return token{}, err
	}
	if err != nil {
		return token{}, err
	}
	return made, nil
}

func (s *service) revokeToken(c *call, in *struct {
	Token tokenID `path:"token"`
}) (nothing, error) {
	id := string(in.Token)
	_, err := s.once(c, func(ctx context.Context) (string, error) { return id, s.app.RevokeToken(ctx, c.who, id) })
	return nothing{}, c.done(err)
}
