package main

import (
	"fmt"

	"github.com/acquit-app/acquit/adapters/seal"
)

type keyCmd struct {
	Rotate keyRotateCmd `cmd:"" help:"Add a new key that seals from now on; the old ones keep opening."`
}

type keyRotateCmd struct{}

func (keyRotateCmd) Run(s *session) error {
	if err := seal.Rotate(s.g.keyFile()); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "A new key seals from the next start on. Back the key file up again.")
	return nil
}
