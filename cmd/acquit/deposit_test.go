package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// askDeposit asks the API for a deposit that may be paid online, or by transfer.
func (i *installation) askDeposit(a apiClient, quote, method string) error {
	return a.call(http.MethodPost, "/quotes/"+quote+"/deposits", "", map[string]any{"percent": "10", "method_id": method}, nil)
}

// TestOneOnlineDeposit asks for a second online deposit of a quote in the API and in the database itself; the screen is in
// TestE2EDeposit. Then two programs on one database are asked for one each, at the same moment.
func TestOneOnlineDeposit(t *testing.T) {
	onEach(t, func(i *installation) {
		token := i.token()
		i.serve()
		first := apiClient{i.base, token}
		second := apiClient{i.another(), token}
		quote := i.quote(first)

		i.must(i.askDeposit(first, quote, i.online))
		err := i.askDeposit(first, quote, i.online)
		var no *refusal
		if !errors.As(err, &no) || no.Code != "second_online_deposit" || no.Status != http.StatusUnprocessableEntity || !strings.HasPrefix(no.kind, "application/problem+json") {
			t.Errorf("the second online deposit was answered by %v (%+v)", err, no)
		}
		i.must(i.askDeposit(first, quote, i.transfer))

		db := i.sql()
		for what, statement := range map[string]string{
			"insert": `INSERT INTO deposits (company_id, id, quote_id, position, label, percent, amount, due_date, method_id, online, state, received, invoice_id, applied_to)
				SELECT company_id, 'dep_by_hand', quote_id, position + 10, label, percent, amount, due_date, method_id, online, state, received, invoice_id, applied_to FROM deposits WHERE online`,
			"update": `UPDATE deposits SET online = (SELECT d.online FROM deposits d WHERE d.online) WHERE NOT online`,
		} {
			if _, err := db.ExecContext(i.ctx, statement); err == nil || !strings.Contains(strings.ToLower(err.Error()), "unique") {
				t.Errorf("%s: the database answered %v", what, err)
			}
		}

		for range 10 {
			quote := i.quote(first)
			won := 0
			for n, r := range together(4, func(n int) (struct{}, error) {
				return struct{}{}, i.askDeposit([]apiClient{first, second}[n%2], quote, i.online)
			}) {
				switch no := (*refusal)(nil); {
				case r.err == nil:
					won++
				case !errors.As(r.err, &no) || no.Code != "second_online_deposit":
					t.Errorf("clerk %d: %v", n, r.err)
				}
			}
			if won != 1 {
				t.Fatalf("%d of four simultaneous online deposits were accepted", won)
			}
		}
	})
}

// quote makes a quote through the API.
func (i *installation) quote(a apiClient) string {
	i.t.Helper()
	var customer, quote struct {
		ID string `json:"id"`
	}
	i.must(a.call(http.MethodPost, "/customers", "", map[string]any{"name": "Boulangerie Aux Trois Épis", "kind": "business", "email": "compta@troisepis.example",
		"address": map[string]any{"street": "1 rue du Port", "postal_code": "69001", "city": "Lyon", "country": "FR"}}, &customer))
	i.must(a.call(http.MethodPost, "/quotes", "", map[string]any{"customer_id": customer.ID,
		"lines": []map[string]any{{"description": "Comptoir", "quantity": "1", "unit_price": "1000", "vat_code": "S20B"}}}, &quote))
	return quote.ID
}

// another runs the real program on the same database, without workers, and returns its address.
func (i *installation) another() string {
	i.t.Helper()
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--no-workers"}, i.flags()...)
	said := newAnnouncement()
	var complaints lockedBuffer
	c := exec.Command(filepath.Join(i.bin, "acquit"), args...)
	c.Stdout, c.Stderr = said, &complaints
	i.must(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	i.t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
	})
	select {
	case address := <-said.address:
		return address
	case err := <-ended:
		ended <- err
		i.t.Fatalf("the second program ended: %v\n%s", err, complaints.String())
	}
	return ""
}

// sql opens the database without the program, as somebody with its password could.
func (i *installation) sql() *sql.DB {
	i.t.Helper()
	driver, source := "pgx", i.database
	if source == "" {
		driver, source = "sqlite", fmt.Sprintf("file:%s?_pragma=busy_timeout(10000)", filepath.Join(i.data, "acquit.db"))
	}
	db, err := sql.Open(driver, source)
	i.must(err)
	i.t.Cleanup(func() { _ = db.Close() })
	return db
}
