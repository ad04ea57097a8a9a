package main

import (
	"fmt"

	"github.com/acquit-app/acquit/adapters/pluginhost"
)

type pluginCmd struct {
	List   pluginListCmd   `cmd:"" help:"List the gateway programs found and whether they are trusted."`
	Trust  pluginTrustCmd  `cmd:"" help:"Pin a gateway program by its SHA-256, so that it may run."`
	Check  pluginCheckCmd  `cmd:"" help:"Run a gateway program and say which of the rules that need no account it keeps."`
	Forget pluginForgetCmd `cmd:"" help:"Take a gateway's pin away: it will not be started again."`
}

type pluginListCmd struct{}

func (pluginListCmd) Run(s *session) error {
	found, err := s.findPlugins()
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Fprintln(s.out, "No gateway program found. They are files named acquit-gateway-NAME, beside acquit or in the directory given with --gateway-dir.")
	}
	for _, f := range found {
		state := "not trusted"
		switch {
		case f.Trusted():
			state = "trusted"
		case f.Pinned != "":
			state = "CHANGED since it was trusted"
		}
		fmt.Fprintf(s.out, "%-12s %s\n  %s\n  SHA-256 %s\n", f.Name, state, f.Path, f.Checksum)
	}
	return nil
}

type pluginTrustCmd struct {
	Name     string `arg:"" help:"The gateway's name: the NAME of acquit-gateway-NAME."`
	Checksum string `help:"The SHA-256 that the file must have, as its author published it." placeholder:"HEX"`
}

// Help explains what is not on the one line.
func (pluginTrustCmd) Help() string {
	return `A gateway sees the keys of your account at its provider. Compare the checksum with the one its author publishes before you
trust it: --checksum does it for you. The pin is a line of plugins.lock in the data directory.`
}

func (c *pluginTrustCmd) Run(s *session) error {
	found, err := s.findPlugins()
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Name != c.Name {
			continue
		}
		if c.Checksum != "" && c.Checksum != f.Checksum {
			return fmt.Errorf("%s has SHA-256 %s, not the one given: it is not trusted", f.Path, f.Checksum)
		}
		if err := pluginhost.OpenLock(s.g.lockFile()).Trust(f); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s is trusted as it is now.\n  %s\n  SHA-256 %s\n  %s\n", f.Name, f.Path, f.Checksum, verdict(s.ctx, f.Path))
		return nil
	}
	return fmt.Errorf("no program acquit-gateway-%s was found", c.Name)
}

type pluginForgetCmd struct {
	Name string `arg:"" help:"The gateway's name."`
}

func (c *pluginForgetCmd) Run(s *session) error {
	if err := pluginhost.OpenLock(s.g.lockFile()).Forget(c.Name); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s is not trusted any more.\n", c.Name)
	return nil
}

func (s *session) findPlugins() ([]pluginhost.Found, error) {
	conf, err := s.hostConfig(false)
	if err != nil {
		return nil, err
	}
	return pluginhost.Find(conf.Dirs, pluginhost.OpenLock(conf.Lock))
}
