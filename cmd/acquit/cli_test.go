package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
)

// TestHelp asks every command what it is for, in the real program's own words.
func TestHelp(t *testing.T) {
	for _, command := range []string{"", "serve", "demo", "migrate", "export", "verify", "user", "user add", "user password", "user list", "plugin", "plugin list", "plugin trust", "plugin check", "plugin forget", "key", "key rotate"} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append(strings.Fields(command), "--help"), &out, &errs)
		if code != 0 || errs.Len() > 0 || !strings.Contains(out.String(), "Usage: acquit") || strings.Count(out.String(), "\n") < 5 {
			t.Errorf("%q --help: %d\n%s%s", command, code, out.String(), errs.String())
		}
	}
}

// TestWrongUsage is answered by 2 and by where to read more, before anything is opened or made.
func TestWrongUsage(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, args := range []string{"sevre", "serve --port 80", "export", "export pdf", "user add claire@example.com", "user add claire@example.com --name Claire --role king", "plugin trust", "plugin check", "plugin check nowhere", "verify --log-level loud"} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append(strings.Fields(args), "--data", data), &out, &errs)
		if code != 2 || !strings.Contains(errs.String(), "--help") {
			t.Errorf("%s: %d\n%s%s", args, code, out.String(), errs.String())
		}
	}
	if _, err := os.Stat(data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("wrong usage made the data directory (%v)", err)
	}
}

// real runs the real program with something on its standard input, and returns its exit code and what it printed.
func (i *installation) real(stdin string, args ...string) (code int, said string) {
	i.t.Helper()
	c := exec.Command(filepath.Join(i.bin, "acquit"), append(args, i.flags()...)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		i.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// TestCommands runs the real program's commands on one installation, as an operator does.
func TestCommands(t *testing.T) {
	onEach(t, func(i *installation) {
		expect := func(want int, says, stdin string, args ...string) string {
			t.Helper()
			code, said := i.real(stdin, args...)
			if code != want || !strings.Contains(said, says) {
				t.Errorf("acquit %s: %d, want %d and %q\n%s", strings.Join(args, " "), code, want, says, said)
			}
			return said
		}
		expect(0, "dev", "", "--version")
		expect(0, "up to date", "", "migrate")
		expect(0, "up to date", "", "migrate")

		expect(0, "may log in", "another fine password\n", "user", "add", "paul@example.com", "--name", "Paul", "--role", "auditor")
		expect(1, "", "short\n", "user", "add", "zoe@example.com", "--name", "Zoé")
		expect(1, "", "another fine password\n", "user", "add", "not an address", "--name", "Zoé")
		expect(0, "is changed", "yet another password\n", "user", "password", "paul@example.com")
		expect(1, "", "yet another password\n", "user", "password", "nobody@example.com")
		if said := expect(0, "paul@example.com", "", "user", "list"); !strings.Contains(said, "auditor") || strings.Contains(said, "zoe") {
			t.Errorf("user list says\n%s", said)
		}
		h := i.house()
		if _, err := h.app.Login(i.ctx, "paul@example.com", "yet another password"); err != nil {
			t.Errorf("the password that was set does not open: %v", err)
		}
		i.must(h.Close())

		expect(0, " trusted", "", "plugin", "list")
		expect(0, "not trusted any more", "", "plugin", "forget", "sandbox")
		expect(0, "not trusted", "", "plugin", "list")
		expect(1, "it is not trusted", "", "plugin", "trust", "sandbox", "--checksum", strings.Repeat("0", 64))
		expect(1, "acquit-gateway-nothing", "", "plugin", "trust", "nothing")
		if said := expect(0, "is trusted as it is now", "", "plugin", "trust", "sandbox"); !strings.Contains(said, "breaks 0") {
			t.Errorf("plugin trust shows no verdict:\n%s", said)
		}

		program := filepath.Join(i.bin, "acquit-gateway-sandbox")
		expect(0, "No rule is broken", "", "plugin", "check", program)
		expect(0, `"failed": 0`, "", "plugin", "check", "--json", program)
		expect(1, "start", "", "plugin", "check", filepath.Join(i.bin, "acquit"))

		i.issueSome(3)
		expect(0, "A new key", "", "key", "rotate")
		i.issueSome(1) // what the old key sealed still opens
		expect(0, "4 entries, sound", "", "verify")
		expect(1, "which company", "", "verify", "--company", "nobody")

		fec := expect(0, "JournalCode\tJournalLib\tEcritureNum", "", "export", "fec", "-o", "-")
		if lines := strings.Count(strings.TrimRight(fec, "\r\n"), "\r\n"); lines != 4*3 {
			t.Errorf("the FEC has %d lines after its header", lines)
		}
		file := filepath.Join(i.data, "journal.csv")
		expect(0, "SHA-256", "", "export", "csv-fr", "-o", file)
		if b, err := os.ReadFile(file); err != nil || !bytes.Contains(b, []byte("411000")) {
			t.Errorf("the CSV holds %q (%v)", b, err)
		}
		expect(1, "", "", "export", "fec", "--year", "1789", "-o", "-")

		head := i.head()
		expect(0, "sound", "", "verify", "--head", head)
		expect(1, "", "", "verify", "--head", "one:two")
		expect(3, "BROKEN", "", "verify", "--head", strings.Split(head, ":")[0]+":"+strings.Repeat("0", 64))
		i.tamper("UPDATE journal_lines SET debit = debit + 1 WHERE debit > 0 AND seq = 2")
		expect(3, "BROKEN at entry 2", "", "verify")
	})
}

// issueSome issues invoices of 120.00 EUR.
func (i *installation) issueSome(n int) {
	i.t.Helper()
	h := i.house()
	defer func() { i.must(h.Close()) }()
	c, err := h.app.CreateCustomer(i.ctx, i.who, testCustomer("Boulangerie Aux Trois Épis", "compta@troisepis.example"))
	i.must(err)
	for range n {
		v, err := h.app.CreateInvoice(i.ctx, i.who, app.InvoiceInput{CustomerID: c.ID, MethodID: i.online, Lines: mixedLines()[1:2]})
		i.must(err)
		_, err = h.app.IssueInvoice(i.ctx, i.who, v.ID)
		i.must(err)
	}
}

// head is the end of the chain as exports print it.
func (i *installation) head() string {
	i.t.Helper()
	h, err := i.store.Head(i.ctx, i.company)
	i.must(err)
	return fmt.Sprintf("%d:%s", h.Seq, h.Hash)
}

// tamper changes the database as somebody can who owns it: the triggers that forbid it are taken away first.
func (i *installation) tamper(statement string) {
	i.t.Helper()
	db := i.sql()
	if _, err := db.ExecContext(i.ctx, statement); err == nil {
		i.t.Error("a posted entry was changed as long as the triggers stood")
	}
	list, drop := "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'", "DROP TRIGGER %[1]s"
	if i.database != "" {
		list, drop = "SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal", "DROP TRIGGER %[1]s ON %[2]s"
	}
	for _, s := range append(i.formatted(db, list, drop), statement) {
		_, err := db.ExecContext(i.ctx, s)
		i.must(err)
	}
}

// formatted puts each row of a list of triggers and their tables into a statement.
func (i *installation) formatted(db *sql.DB, list, statement string) (all []string) {
	i.t.Helper()
	rows, err := db.QueryContext(i.ctx, list)
	i.must(err)
	defer func() { i.must(rows.Close()) }()
	for rows.Next() {
		var trigger, table string
		i.must(rows.Scan(&trigger, &table))
		all = append(all, fmt.Sprintf(statement, trigger, table))
	}
	i.must(rows.Err())
	return all
}
