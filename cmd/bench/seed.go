package main

import (
	"context"
	"fmt"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/shopspring/decimal"
)

// Accounts of the default chart that the entries here are posted to.
const (
	receivable = "411000"
	bank       = "512100"
	fees       = "627800"
	services   = "706000"
	goods      = "707000"
	vat20      = "445711"
	vat10      = "445712"
)

// salesAtOnce is how many sales fill writes in one transaction.
const salesAtOnce = 2500

// linesPerSale is how many lines a sale and its receipt have.
const linesPerSale = 8

// fill posts sales of five lines and their receipts of three, matched with each other, until there are so many lines, day
// by day from the beginning of the year.
func (l *lab) fill(lines int) error {
	setup, err := l.app.Setup(l.ctx, l.who)
	if err != nil {
		return err
	}
	start := setup.Chart.Years[0].Start
	days := max(int(l.app.Today().Month())*30-30, 1)
	sales := lines / linesPerSale
	for from := 0; from < sales; from += salesAtOnce {
		to := min(from+salesAtOnce, sales)
		err := l.app.Books.Write(l.ctx, l.who.Company, func(ctx context.Context, tx *books.Tx) error {
			documents := make([]string, 0, to-from)
			for i := from; i < to; i++ {
				documents = append(documents, fmt.Sprintf("inv_%012d", i))
			}
			if err := tx.LoadLines(ctx, documents...); err != nil {
				return err
			}
			for i := from; i < to; i++ {
				if err := l.sale(ctx, tx, i, documents[i-from], start.AddDays(i*days/sales)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return l.settle()
}

func (l *lab) sale(ctx context.Context, tx *books.Tx, i int, document string, day civil.Date) error {
	who := l.people[i%len(l.people)]
	amount := int64(1000 + i%9000)
	piece := fmt.Sprintf("FA%d-%06d", day.Year(), i+1)
	sale := ledger.Draft{Journal: "VE", Date: day, Piece: piece, Label: "Facture " + who.Name, Source: "invoice:" + document, Lines: []ledger.Line{
		{Account: receivable, Aux: who.Code, Debit: amount * 230, Document: document},
		{Account: services, Credit: amount * 100},
		{Account: goods, Credit: amount * 100},
		{Account: vat20, Credit: amount * 20},
		{Account: vat10, Credit: amount * 10},
	}}
	receipt := ledger.Draft{Journal: "BQ", Date: day, Piece: piece, Label: "Règlement " + who.Name, Source: "receipt:" + document, Lines: []ledger.Line{
		{Account: bank, Debit: amount * 225},
		{Account: fees, Debit: amount * 5, Label: "Commission"},
		{Account: receivable, Aux: who.Code, Credit: amount * 230, Document: document},
	}}
	for _, d := range []ledger.Draft{sale, receipt} {
		if _, err := tx.Post(ctx, d, l.who.ID); err != nil {
			return err
		}
	}
	_, err := tx.Match(ctx, document, receivable)
	return err
}

// invoiceLines are those of an invoice of one service at 20 %.
func invoiceLines() []billing.DocLine {
	return []billing.DocLine{{Description: "Pose et réglage", Quantity: decimal.NewFromInt(2), UnitPrice: decimal.NewFromInt(50), VATCode: "S20S"}}
}

// list puts issued invoices into the register until there are n, copies of one that was issued in earnest: of all
// customers, days, amounts and settlements. Their entries are not posted: lists do not read them.
func (l *lab) list(from, n int) error {
	v, err := l.app.CreateInvoice(l.ctx, l.who, app.InvoiceInput{CustomerID: l.people[0].ID, MethodID: l.method, Lines: invoiceLines()})
	if err != nil {
		return err
	}
	if v, err = l.app.IssueInvoice(l.ctx, l.who, v.ID); err != nil {
		return err
	}
	start := v.Date.AddDays(-700)
	for ; from < n; from += salesAtOnce {
		err := l.app.Books.Write(l.ctx, l.who.Company, func(_ context.Context, tx *books.Tx) error {
			for i := from; i < min(from+salesAtOnce, n); i++ {
				c := v.Clone()
				c.ID = ids.New(ids.Invoice)
				c.Number = fmt.Sprintf("BE%d-%07d", v.Date.Year(), i)
				c.Customer = l.people[i*7%len(l.people)]
				c.CustomerID = c.Customer.ID
				c.Date = start.AddDays(i * 700 / n)
				c.SupplyDate, c.DueDate = c.Date, c.Date.AddDays(30)
				c.Totals.Gross = int64(1000 + i*37%900_000)
				c.Totals.Net, c.Totals.VAT = c.Totals.Gross*5/6, c.Totals.Gross-c.Totals.Gross*5/6
				switch i % 10 {
				case 0: // unpaid
				case 1:
					c.Paid = c.Totals.Gross / 2
				case 2:
					c.Kind = billing.DepositBill
				default:
					c.Paid, c.PaidAt = c.Totals.Gross, tx.Now()
				}
				tx.Invoices.Put(c)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return l.settle()
}
