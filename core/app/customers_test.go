package app_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

func TestCreateCustomer(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c, err := w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "Dupont", Credit: money.Of(5, money.EUR), Version: 7})
	apptest.OK(t, err)
	if c.Code != "C0001" || c.Kind != party.Business || c.Language != "fr" || c.Address.Country != "FR" || !c.Active || !c.Credit.Equal(money.Zero(money.EUR)) || c.Version != 1 || c.Email != "" {
		t.Errorf("%+v", c)
	}
	if got, err := w.App.Customer(ctx, w.Owner, c.ID); err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	// A code that was typed in is passed over when its number comes.
	_, err = w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "Durand", Code: "c0003", Kind: party.Consumer, Language: "en"})
	apptest.OK(t, err)
	for _, want := range []string{"C0002", "C0004"} {
		if c, err := w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "X"}); err != nil || c.Code != want {
			t.Errorf("%s, %v; want %s", c.Code, err, want)
		}
	}
	_, err = w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "Y", Code: "C0003"})
	apptest.Refused(t, err, fault.AlreadyExists, "code")
	_, err = w.CreateCustomer(ctx, w.Owner, party.Customer{Code: "a b", Email: "x"})
	for _, field := range []string{"name", "code", "email"} {
		if !strings.Contains(err.Error(), " on "+field) {
			t.Errorf("%s is not refused: %v", field, err)
		}
	}
	_, err = w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "Z", MethodID: "pm_none"})
	apptest.Refused(t, err, fault.UnknownThing, "method_id")
	_, err = w.CreateCustomer(ctx, w.Actor(access.Auditor), party.Customer{Name: "Z"})
	apptest.Refused(t, err, fault.NotAllowed)

	// The same code in another company is another customer.
	other, err := w.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: "Deux"}}, w.User)
	apptest.OK(t, err)
	there := w.Owner
	there.Company = other.ID
	d, err := w.CreateCustomer(ctx, there, party.Customer{Name: "Dupont"})
	if err != nil || d.Code != "C0001" || d.ID == c.ID {
		t.Errorf("%+v, %v", d, err)
	}
	_, err = w.App.Customer(ctx, there, c.ID)
	apptest.Refused(t, err, fault.UnknownThing)
}

// TestCustomersAtOnce: however many come at once, codes have no gap and a typed one is given once.
func TestCustomersAtOnce(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes, taken := map[string]int{}, 0
	for i := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			in := party.Customer{Name: fmt.Sprint("N", i)}
			if i%4 == 0 {
				in.Code = "TYPED"
			}
			c, err := w.CreateCustomer(ctx, w.Owner, in)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				codes[c.Code]++
			case fault.Has(err, fault.AlreadyExists) && in.Code != "":
				taken++
			default:
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if len(codes) != 49 || codes["TYPED"] != 1 || taken != 15 {
		t.Errorf("%d codes, %d refused", len(codes), taken)
	}
	for n := 1; n <= 48; n++ {
		if codes[fmt.Sprintf("C%04d", n)] != 1 {
			t.Errorf("C%04d was given %d times", n, codes[fmt.Sprintf("C%04d", n)])
		}
	}
}

func TestCreateCustomerOnce(t *testing.T) {
	w := apptest.New(t)
	ctx := books.WithKey(context.Background(), "k1", "f1")
	c, err := w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "Dupont"})
	apptest.OK(t, err)
	_, err = w.CreateCustomer(ctx, w.Owner, party.Customer{Name: "Dupont"})
	if made, again := app.Replayed(err); !again || made != c.ID {
		t.Errorf("sent again: %v", err)
	}
	_, err = w.CreateCustomer(books.WithKey(context.Background(), "k1", "f2"), w.Owner, party.Customer{Name: "Durand"})
	apptest.Refused(t, err, fault.KeyReused)
}

func TestUpdateCustomer(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	c := w.NewCustomer(t, "")
	c.Name, c.Email, c.Active = "Dupont & Fils", "Jean@Exemple.fr", false
	c.Credit = money.Of(1, money.EUR)
	got, err := w.UpdateCustomer(ctx, w.Owner, c)
	apptest.OK(t, err)
	if got.Name != "Dupont & Fils" || got.Email != "Jean@exemple.fr" || got.Active || got.Version != 2 || !got.Credit.IsZero() || got.CreatedAt != c.CreatedAt {
		t.Errorf("%+v", got)
	}
	_, err = w.UpdateCustomer(ctx, w.Owner, c)
	apptest.Refused(t, err, fault.Stale)
	if !strings.Contains(err.Error(), "Odile Owner") {
		t.Errorf("who changed it is not told: %v", err)
	}
	c.Version, c.Code = 0, "OTHER"
	_, err = w.UpdateCustomer(ctx, w.Owner, c)
	apptest.Refused(t, err, fault.InUse, "code")
	c.ID = "cus_none"
	_, err = w.UpdateCustomer(ctx, w.Owner, c)
	apptest.Refused(t, err, fault.UnknownThing)
	events, err := w.Store.History(ctx, w.Company.ID, got.ID)
	if err != nil || len(events) != 2 || events[0].Action != "customer_created" || events[1].Action != "customer_changed" || events[1].Actor != "Odile Owner" {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestReadingCustomers(t *testing.T) {
	ctx, w := context.Background(), apptest.New(t)
	w.NewCustomer(t, "a@exemple.fr")
	c := w.NewCustomer(t, "b@exemple.fr")
	page, err := w.App.Customers(ctx, w.Actor(access.Auditor), app.CustomerQuery{Search: "b@"})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != c.ID {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = w.App.Customers(ctx, access.Actor{}, app.CustomerQuery{})
	apptest.Refused(t, err, fault.NotAllowed)
}
