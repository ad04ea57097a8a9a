package app

import (
	"context"
	"fmt"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// customerID is the identifier of the customer with a code. Deriving it makes the code unique by construction, and a
// customer sent twice the same one; so a code never changes and is never given to another.
func customerID(company, code string) string { return ids.Derive(ids.Customer, company, code) }

// CreateCustomer adds a customer. An empty Code is filled with the next one (C0001, C0002...); ID, Credit, times and
// Version are set here; kind, language and country default to a business in the company's own. Without an e-mail the
// customer is complete, but cannot be offered online payment. Codes: those of party.Customer.Validate, already_exists on
// "code", unknown_thing on "method_id".
func (a *App) CreateCustomer(ctx context.Context, who access.Actor, c party.Customer) (party.Customer, error) {
	if err := who.May(access.Sell); err != nil {
		return party.Customer{}, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return party.Customer{}, err
	}
	if c.Kind == "" {
		c.Kind = party.Business
	}
	if c.Language == "" {
		c.Language = setup.Company.Locale
	}
	if c.Address.Country == "" {
		c.Address.Country = setup.Company.Address.Country
	}
	minted := c.Code == ""
	if minted {
		c.Code = "C0000"
	}
	if err := c.Validate(); err != nil {
		return party.Customer{}, err
	}
	var need []books.Ref
	if !minted {
		c.ID = customerID(who.Company, c.Code)
		need = append(need, books.Ref{Kind: books.Customers, ID: c.ID})
	}
	err = a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		return a.addCustomer(ctx, tx, who, &c, minted)
	}, need...)
	if err != nil {
		return party.Customer{}, err
	}
	return c, nil
}

// addCustomer puts a validated customer into the books. minted: its code is the next free one.
func (a *App) addCustomer(ctx context.Context, tx *books.Tx, who access.Actor, c *party.Customer, minted bool) (err error) {
	if err := a.methodExists(tx.Setup(), c.MethodID); err != nil {
		return err
	}
	if minted {
		if c.Code, c.ID, err = freeCode(ctx, tx); err != nil {
			return err
		}
	} else if _, taken, err := tx.Customers.Find(ctx, c.ID); err != nil {
		return err
	} else if taken {
		return fault.New(fault.Conflict, fault.AlreadyExists, "what", "customer", "id", c.Code).On("code")
	}
	c.Active, c.Credit = true, money.Zero(tx.Setup().Company.Currency)
	c.CreatedAt, c.UpdatedAt, c.UpdatedBy, c.Version = tx.Now(), tx.Now(), who.Name, 1
	tx.Customers.Put(*c)
	tx.Log(who.Name, "customer_created", c.ID, c.Code)
	tx.Made(c.ID)
	return nil
}

// freeCode takes the next customer code that nobody typed in before.
func freeCode(ctx context.Context, tx *books.Tx) (code, id string, err error) {
	for {
		n, err := tx.Count(ctx, "customer")
		if err != nil {
			return "", "", err
		}
		code = fmt.Sprintf("C%04d", n)
		id = customerID(tx.Company(), code)
		if _, taken, err := tx.Customers.Find(ctx, id); err != nil || !taken {
			return code, id, err
		}
	}
}

// UpdateCustomer changes a customer; Version is the one that was read (0: whichever). The code is the auxiliary account of
// posted entries and stays. Codes: those of party.Customer.Validate, unknown_thing, stale, in_use on "code".
func (a *App) UpdateCustomer(ctx context.Context, who access.Actor, c party.Customer) (party.Customer, error) {
	if err := who.May(access.Sell); err != nil {
		return party.Customer{}, err
	}
	if err := c.Validate(); err != nil {
		return party.Customer{}, err
	}
	err := a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		now, err := tx.Customers.Get(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := stale(c.Version, now.Version, now.UpdatedBy, now.UpdatedAt); err != nil {
			return err
		}
		if c.Code != now.Code {
			return fault.New(fault.Refused, fault.InUse, "what", "customer", "id", now.Code).On("code")
		}
		if c.MethodID != now.MethodID {
			if err := a.methodExists(tx.Setup(), c.MethodID); err != nil {
				return err
			}
		}
		next := c
		next.Credit, next.CreatedAt = now.Credit, now.CreatedAt
		next.UpdatedAt, next.UpdatedBy, next.Version = tx.Now(), who.Name, now.Version+1
		tx.Customers.Put(next)
		tx.Log(who.Name, "customer_changed", c.ID, c.Code)
		tx.Made(c.ID)
		c = next
		return nil
	}, books.Ref{Kind: books.Customers, ID: c.ID})
	if err != nil {
		return party.Customer{}, err
	}
	return c, nil
}

func (a *App) methodExists(s *books.Setup, id string) error {
	if m, ok := s.Methods[id]; id != "" && (!ok || !m.Active) {
		return onField("method_id", notFound("payment_method", id))
	}
	return nil
}

// onField points a refusal at one field of the input.
func onField(field string, err error) error {
	var f fault.Collect
	if err := f.Add(err, field); err != nil {
		return err
	}
	return f.Err()
}

// Customer returns one customer. Code: unknown_thing.
func (a *App) Customer(ctx context.Context, who access.Actor, id string) (party.Customer, error) {
	if err := who.May(access.Read); err != nil {
		return party.Customer{}, err
	}
	return a.Views.Customer(ctx, who.Company, id)
}

// Customers lists customers with what each owes. Code: bad_cursor.
func (a *App) Customers(ctx context.Context, who access.Actor, q CustomerQuery) (Page[CustomerRow], error) {
	if err := who.May(access.Read); err != nil {
		return Page[CustomerRow]{}, err
	}
	return a.Views.Customers(ctx, who.Company, q)
}

// Statement is a customer's account over a period. Code: unknown_thing.
func (a *App) Statement(ctx context.Context, who access.Actor, id string, from, to civil.Date) (Statement, error) {
	if err := who.May(access.Read); err != nil {
		return Statement{}, err
	}
	return a.Views.Statement(ctx, who.Company, id, from, to)
}
