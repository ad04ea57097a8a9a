package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Let a person into a company."`
	Password userPasswordCmd `cmd:"" help:"Set a person's password."`
	List     userListCmd     `cmd:"" help:"List a company's people and their roles."`
}

type userAddCmd struct {
	Email    string `arg:"" help:"E-mail address, which is the log-in."`
	Name     string `help:"Name, as histories show it." required:""`
	Role     string `help:"owner, accountant, sales or auditor." enum:"owner,accountant,sales,auditor" default:"accountant"`
	Company  string `help:"Company, by id or name. Not needed when there is only one." placeholder:"NAME"`
	Language string `help:"Language of the screens." enum:"fr,en" default:"fr"`
}

// Help explains what is not on the one line.
func (userAddCmd) Help() string {
	return "The password is read from standard input, one line, so that it stands in no history and no process list."
}

func (c *userAddCmd) Run(s *session) error {
	return withHouse(s, func(h *house) error {
		ref, err := h.company(s.ctx, c.Company)
		if err != nil {
			return err
		}
		password, err := readPassword(s, os.Stdin)
		if err != nil {
			return err
		}
		u, err := h.app.AddUser(s.ctx, operator(ref.ID), app.NewUser{Email: c.Email, Name: c.Name, Password: password, Language: c.Language, Role: access.Role(c.Role)})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s may log in to %s as %s.\n", u.User.Email, ref.Name, u.Role)
		return nil
	})
}

type userPasswordCmd struct {
	Email string `arg:"" help:"E-mail address of the person."`
}

func (c *userPasswordCmd) Run(s *session) error {
	return withHouse(s, func(h *house) error {
		password, err := readPassword(s, os.Stdin)
		if err != nil {
			return err
		}
		if err := h.app.SetPassword(s.ctx, c.Email, password); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The password of %s is changed.\n", c.Email)
		return nil
	})
}

type userListCmd struct {
	Company string `help:"Company, by id or name. Not needed when there is only one." placeholder:"NAME"`
}

func (c *userListCmd) Run(s *session) error {
	return withHouse(s, func(h *house) error {
		ref, err := h.company(s.ctx, c.Company)
		if err != nil {
			return err
		}
		list, err := h.app.Users(s.ctx, operator(ref.ID))
		if err != nil {
			return err
		}
		for _, u := range list {
			fmt.Fprintf(s.out, "%-12s %-40s %s\n", u.Role, u.User.Email, u.User.Name)
		}
		return nil
	})
}

func withHouse(s *session, do func(*house) error) (err error) {
	h, err := s.build("http://localhost", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return do(h)
}

func readPassword(s *session, in io.Reader) (string, error) {
	fmt.Fprintln(s.out, "Password, then Enter:")
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
