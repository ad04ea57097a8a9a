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
with 3 and names the first bad entry when the chain is broken. It also opens every payload that gateways sent and is
kept, compares it with its hash, and looks for those that are missing; a bad one ends with 3 too. docs/chain.md says how to check it without this program.`
}

// brokenChain is the exit code for a chain, or evidence, that does not verify, told apart from "could not look".
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
		} else {
			fmt.Fprintf(s.out, "%s: %d entries, sound. Head %d:%s\n", ref.Name, r.Entries, r.Recorded.Seq, r.Recorded.Hash)
		}
		e, err := h.app.VerifyEvidence(s.ctx, operator(ref.ID))
		if err != nil {
			return err
		}
		if e.Bad > 0 {
			broken = true
			fmt.Fprintf(s.out, "%s: BROKEN evidence: %d of %d payloads, the first %s of %s (%s)\n", ref.Name, e.Bad, e.Bad+e.Sound, e.First.Hash, e.First.Subject, e.First.What)
			continue
		}
		fmt.Fprintf(s.out, "%s: %d payloads of gateways, sound; %d erased after their retention\n", ref.Name, e.Sound, e.Erased)
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
