package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/acquit-app/acquit/plugins/conformance"
)

type pluginCheckCmd struct {
	Program string `arg:"" type:"existingfile" help:"The gateway's program, a file named acquit-gateway-NAME. It is run."`
	JSON    bool   `help:"Print the verdict as JSON."`
}

// Help explains what is not on the one line.
func (pluginCheckCmd) Help() string {
	return `The program is started as Acquit starts it, with an empty folder for its state, and asked everything that needs no account:
what it is, its form, its texts, and what it does without settings. No key is given to it. The cases that need payers and a provider are run by
its author, with package gatewaytest. The exit code is 1 when a case fails.`
}

var errCheckFailed = errors.New("the gateway does not keep the rules")

func (c *pluginCheckCmd) Run(s *session) error {
	r, err := examine(s.ctx, c.Program)
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else if err = r.Write(s.out); err == nil && r.Failed == 0 {
		_, err = fmt.Fprintf(s.out, "\nNo rule is broken. %d cases need an account, payers and a provider: its author runs them with package gatewaytest.\n", r.NotApplicable)
	}
	if err == nil && r.Failed > 0 {
		err = errCheckFailed
	}
	return err
}

// examine runs a gateway's program and the cases that need no account, with a folder that is thrown away.
func examine(ctx context.Context, program string) (r conformance.Report, err error) {
	file, err := filepath.Abs(program)
	if err != nil {
		return r, err
	}
	state, err := os.MkdirTemp("", "acquit-check-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(state)) }()
	p, err := conformance.Launch(file, state)
	if err != nil {
		return r, err
	}
	defer p.Close()
	return conformance.Examine(ctx, conformance.Harness{Driver: p})
}

// verdict is what is said of a program that was just trusted.
func verdict(ctx context.Context, program string) string {
	r, err := examine(ctx, program)
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), "\n")
		return "It does not answer as a gateway: " + reason
	}
	return fmt.Sprintf("Version %s. Of the rules that need no account it keeps %d and breaks %d; \"acquit plugin check\" shows them.", r.Version, r.Passed, r.Failed)
}
