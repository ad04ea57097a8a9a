package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

type exportCmd struct {
	Format  string `arg:"" enum:"fec,fec-8859-15,csv,csv-fr" help:"fec (the file that French tax law asks for; fec-8859-15 for programs that read no UTF-8) or csv (the journal; csv-fr for a French spreadsheet)."`
	Company string `help:"Company, by id or name. Not needed when there is only one." placeholder:"NAME"`
	Year    string `help:"Fiscal year, e.g. 2026. Default: the latest." placeholder:"YEAR"`
	Output  string `short:"o" help:"File, directory, or - for standard output. Default: a file with the name that the law wants, here." placeholder:"FILE"`
}

func (c *exportCmd) Run(s *session) (err error) {
	h, err := s.build("http://localhost", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	ref, err := h.company(s.ctx, c.Company)
	if err != nil {
		return err
	}
	who := operator(ref.ID)
	if c.Year == "" {
		if c.Year, err = h.latestYear(s, ref.ID); err != nil {
			return err
		}
	}
	req := app.ExportRequest{Format: c.Format, Year: c.Year}
	if c.Output == "-" {
		_, err = h.app.Export(s.ctx, who, req, s.out)
		return err
	}
	name, _, err := h.app.ExportName(s.ctx, who, req)
	if err != nil {
		return err
	}
	return c.toFile(c.target(name), func(w io.Writer) error {
		x, err := h.app.Export(s.ctx, who, req, w)
		if err == nil {
			fmt.Fprintf(s.out, "%s: %d lines, export no. %d\nSHA-256 %s\nchain head %d %s\n", c.target(name), x.Lines, x.Number, x.SHA256, x.Head.Seq, x.Head.Hash)
		}
		return err
	})
}

func (c *exportCmd) target(name string) string {
	if c.Output == "" {
		return name
	}
	if st, err := os.Stat(c.Output); err == nil && st.IsDir() {
		return filepath.Join(c.Output, name)
	}
	return c.Output
}

// toFile writes beside the target and renames, so that a file that is there is a whole one.
func (c *exportCmd) toFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// operator is who runs commands on the machine that keeps the books: somebody who could read the database anyway.
func operator(company string) access.Actor {
	return access.Actor{ID: "operator", Name: "Acquit (ligne de commande)", Company: company, Role: access.Owner}
}

func (h *house) latestYear(s *session, company string) (string, error) {
	setup, err := h.books.Setup(s.ctx, company)
	if err != nil {
		return "", err
	}
	ys := setup.Chart.Years
	if len(ys) == 0 {
		return "", fault.New(fault.NotFound, fault.UnknownThing, "what", "fiscal_year", "id", "")
	}
	return ys[len(ys)-1].ID, nil
}
