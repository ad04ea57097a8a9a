package api

import (
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

func (s *service) customers() {
	const tag = "Customers"
	add(s, endpoint{method: get, path: "/customers", id: "listCustomers", tag: tag, needs: access.Read,
		summary: "Customers with what each owes"}, s.listCustomers)
	add(s, endpoint{method: post, path: "/customers", id: "createCustomer", tag: tag, needs: access.Sell, status: 201,
		summary: "Add a customer", text: "Without a code the next one is taken (C0001, C0002…). Without an e-mail online payment cannot be offered."}, s.createCustomer)
	add(s, endpoint{method: get, path: "/customers/{customer}", id: "getCustomer", tag: tag, needs: access.Read, summary: "One customer"}, s.getCustomer)
	add(s, endpoint{method: patch, path: "/customers/{customer}", id: "changeCustomer", tag: tag, needs: access.Sell, versioned: true,
		summary: "Change a customer", text: "The code is the auxiliary account of posted entries and stays."}, s.changeCustomer)
	add(s, endpoint{method: get, path: "/customers/{customer}/statement", id: "getStatement", tag: tag, needs: access.Read,
		summary: "A customer's account over a period"}, s.getStatement)
	add(s, endpoint{method: post, path: "/customers/{customer}/credit/impute", id: "imputeCredit", tag: tag, needs: access.Keep,
		summary: "Settle a document out of what the customer has paid too much"}, s.imputeCredit)
	add(s, endpoint{method: post, path: "/customers/{customer}/credit/refund", id: "refundCredit", tag: tag, needs: access.Keep, status: 201,
		summary: "Record that the customer was paid back what was paid too much"}, s.refundCredit)
}

// CustomerFields is what may be said of a customer.
type CustomerFields struct {
	Code      string   `json:"code,omitzero" maxLength:"17" example:"C0001" doc:"Also the auxiliary account behind 411. Never changes."`
	Name      string   `json:"name" maxLength:"120"`
	Kind      string   `json:"kind,omitzero" enum:"business,consumer" default:"business"`
	Email     string   `json:"email,omitzero" format:"email" maxLength:"254" doc:"Needed to offer online payment."`
	Phone     string   `json:"phone,omitzero" maxLength:"40"`
	SIREN     string   `json:"siren,omitzero"`
	VATNumber string   `json:"vat_number,omitzero"`
	Address   address  `json:"address,omitzero"`
	DeliverTo address  `json:"deliver_to,omitzero" doc:"When goods go elsewhere."`
	Language  string   `json:"language,omitzero" enum:"fr,en" doc:"Of documents and mails; the company's when absent."`
	MethodID  methodID `json:"method_id,omitzero" doc:"Preferred payment method."`
	Note      string   `json:"note,omitzero" maxLength:"2000"`
	Active    *bool    `json:"active,omitempty" default:"true"`
}

// customer is a customer as it is.
type customer struct {
	ID customerID `json:"id"`
	CustomerFields
	Credit    amount    `json:"credit" doc:"What was paid too much and neither given back nor used (account 4197)."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by"`
	Version   int64     `json:"version"`
}

// customerRow is a customer in a list.
type customerRow struct {
	ID      customerID `json:"id"`
	Code    string     `json:"code"`
	Name    string     `json:"name"`
	Kind    string     `json:"kind" enum:"business,consumer"`
	Email   string     `json:"email,omitzero"`
	City    string     `json:"city,omitzero"`
	Active  bool       `json:"active"`
	Due     amount     `json:"due" doc:"What is due on issued invoices."`
	Credit  amount     `json:"credit"`
	Version int64      `json:"version"`
}

func customerFields(c party.Customer) CustomerFields {
	return CustomerFields{Code: c.Code, Name: c.Name, Kind: string(c.Kind), Email: string(c.Email), Phone: c.Phone, SIREN: c.SIREN,
		VATNumber: c.VATNumber, Address: addressOf(c.Address), DeliverTo: addressOf(c.DeliverTo), Language: c.Language,
		MethodID: methodID(c.MethodID), Note: c.Note, Active: &c.Active}
}

func customerOf(c party.Customer, cur money.Currency) customer {
	return customer{ID: customerID(c.ID), CustomerFields: customerFields(c), Credit: amountOf(c.Credit.Minor(), cur), CreatedAt: c.CreatedAt,
		UpdatedAt: c.UpdatedAt, UpdatedBy: c.UpdatedBy, Version: c.Version}
}

func (f CustomerFields) core(r *reading) party.Customer {
	return party.Customer{Code: f.Code, Name: f.Name, Kind: party.CustomerKind(f.Kind), Email: party.Email(f.Email), Phone: f.Phone, SIREN: f.SIREN,
		VATNumber: f.VATNumber, Address: f.Address.core(), DeliverTo: f.DeliverTo.core(), Language: f.Language,
		MethodID: idIn(r, f.MethodID, "method_id"), Note: f.Note, Active: unlessFalse(f.Active)}
}

func (s *service) listCustomers(c *call, in *struct {
	Search string `query:"search" maxLength:"100" doc:"In code, name and e-mail."`
	Active string `query:"active" enum:"true,false"`
	Sort   string `query:"sort" enum:"name,-name,code,-code" default:"name"`
	Paging
}) (page[customerRow], error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return page[customerRow]{}, err
	}
	q := app.CustomerQuery{Search: in.Search, Active: yesNo(in.Active)}
	q.Sort, q.Desc = order(in.Sort)
	if q.Paging, err = in.paging(); err != nil {
		return page[customerRow]{}, err
	}
	p, err := s.app.Customers(c.ctx, c.who, q)
	return list(c, p, err, func(r app.CustomerRow) customerRow {
		return customerRow{ID: customerID(r.ID), Code: r.Code, Name: r.Name, Kind: string(r.Kind), Email: string(r.Email), City: r.Address.City,
			Active: r.Active, Due: amountOf(r.Due, cur), Credit: amountOf(r.Credit.Minor(), cur), Version: r.Version}
	})
}

// yesNo is a filter that may be left out.
func yesNo(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

func (s *service) createCustomer(c *call, in *struct{ Body CustomerFields }) (customer, error) {
	var r reading
	p := in.Body.core(&r)
	if err := r.Err(); err != nil {
		return customer{}, err
	}
	p, err := s.app.CreateCustomer(c.ctx, c.who, p)
	if id, again := c.replayed(err); again {
		p, err = s.app.Customer(c.ctx, c.who, id)
	}
	if err == nil {
		c.created("/customers/" + p.ID)
	}
	return s.showCustomer(c, p, err)
}

type customerPath struct {
	Customer customerID `path:"customer"`
}

func (s *service) getCustomer(c *call, in *customerPath) (customer, error) {
	p, err := s.app.Customer(c.ctx, c.who, string(in.Customer))
	return s.showCustomer(c, p, err)
}

func (s *service) showCustomer(c *call, p party.Customer, err error) (customer, error) {
	if err != nil {
		return customer{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	c.versioned(p.Version)
	return customerOf(p, cur), err
}

func (s *service) changeCustomer(c *call, in *struct {
	Customer customerID `path:"customer"`
	Body     changes[CustomerFields]
}) (customer, error) {
	now, err := s.app.Customer(c.ctx, c.who, string(in.Customer))
	if err != nil {
		return customer{}, err
	}
	f := customerFields(now)
	if err := in.Body.over(&f); err != nil {
		return customer{}, err
	}
	var r reading
	p := f.core(&r)
	if err := r.Err(); err != nil {
		return customer{}, err
	}
	p.ID, p.Version = now.ID, c.onto(now.Version)
	p, err = s.app.UpdateCustomer(c.ctx, c.who, p)
	if id, again := c.replayed(err); again {
		p, err = s.app.Customer(c.ctx, c.who, id)
	}
	return s.showCustomer(c, p, err)
}

// statement is a customer's account.
type statement struct {
	Customer customerID    `json:"customer_id"`
	Before   amount        `json:"before" doc:"Balance in front of the period; positive: the customer owes."`
	Lines    []accountLine `json:"lines"`
	After    amount        `json:"after"`
}

func (s *service) getStatement(c *call, in *struct {
	Customer customerID `path:"customer"`
	From     civil.Date `query:"from" format:"date"`
	To       civil.Date `query:"to" format:"date"`
}) (statement, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return statement{}, err
	}
	st, err := s.app.Statement(c.ctx, c.who, string(in.Customer), in.From, in.To)
	if err != nil {
		return statement{}, err
	}
	return statement{Customer: in.Customer, Before: amountOf(st.Before, cur), After: amountOf(st.After, cur),
		Lines: each(st.Lines, func(l app.AccountLine) accountLine { return accountLineOf(l, cur) })}, nil
}

func (s *service) imputeCredit(c *call, in *struct {
	Customer customerID `path:"customer"`
	Body     AllocationFields
}) (customer, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return customer{}, err
	}
	var r reading
	al := in.Body.core(&r, cur)
	if err := r.Err(); err != nil {
		return customer{}, err
	}
	if err := c.done(s.app.ImputeCredit(c.ctx, c.who, string(in.Customer), al)); err != nil {
		return customer{}, err
	}
	return s.getCustomer(c, &customerPath{in.Customer})
}

func (s *service) refundCredit(c *call, in *struct {
	Customer customerID `path:"customer"`
	Body     struct {
		Date      date     `json:"date,omitzero" doc:"Today when absent."`
		Amount    amount   `json:"amount"`
		MethodID  methodID `json:"method_id"`
		Reference string   `json:"reference,omitzero" maxLength:"80"`
	}
}) (receipt, error) {
	var r reading
	b := in.Body
	ri := app.ReceiptInput{CustomerID: string(in.Customer), Date: r.date(b.Date, "date"), Amount: r.money(&b.Amount, "amount"),
		MethodID: idIn(&r, b.MethodID, "method_id"), Reference: b.Reference}
	if err := r.Err(); err != nil {
		return receipt{}, err
	}
	rec, err := s.app.RefundCredit(c.ctx, c.who, ri)
	return s.showReceipt(c, rec, err)
}
