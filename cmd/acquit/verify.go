package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
)

type verifyCmd struct {
	Company string `help:"Company, by id or name. Default: all." placeholder:"NAME"`
	Head    string `help:"A head kept outside, as exports print it: NUMBER:HASH. The chain must pass through it." placeholder:"N:HASH"`
}

// Help explains what is not on the one line.
func (verifyCmd) Help() string {
	return `Each posted entry carries a SHA-256 over its content and the entry before it. This command recomputes all of them,
checks that every entry balances and that no number is missing, and compares the end with the head on record. It exits
with 3 and names the first bad entry when the chain is broken. docs/chain.md says how to check it without this program.`
}

// brokenChain is the exit code for a chain that does not verify, told apart from "could not look".
const brokenChain exitCode = 3

func (c *verifyCmd) Run(s *session) (err error) {
	outside, err := parseHead(c.Head)
	if err != nil {
		return err
	}
	h, err := s.build("http://localhost", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	all, err := h.app.Views.Companies(s.ctx)
	if err != nil {
		return err
	}
	if c.Company != "" || outside != nil {
		one, err := h.company(s.ctx, c.Company)
		if err != nil {
			return err
		}
		all = append(all[:0], one)
	}
	broken := false
	for _, ref := range all {
		r, err := h.app.Verify(s.ctx, operator(ref.ID), outside)
		if err != nil {
			return err
		}
		if b := r.Break; b != nil {
			broken = true
			fmt.Fprintf(s.out, "%s: BROKEN at entry %d (number %s/%d): %s\n", ref.Name, b.Seq, b.Year, b.Number, b.What)
			continue
		}
		fmt.Fprintf(s.out, "%s: %d entries, sound. Head %d:%s\n", ref.Name, r.Entries, r.Recorded.Seq, r.Recorded.Hash)
	}
	if broken {
		return brokenChain
	}
	return nil
}

func parseHead(text string) (*ledger.Head, error) {
	if text == "" {
		return nil, nil
	}
	bad := fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(text)).On("head")
	n, digest, ok := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(n, 10, 64)
	raw, herr := hex.DecodeString(digest)
	if !ok || err != nil || herr != nil || len(raw) != len(ledger.Hash{}) {
		return nil, bad
	}
	h := ledger.Head{Seq: seq}
	copy(h.Hash[:], raw)
	return &h, nil
}
