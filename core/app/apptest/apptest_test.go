package apptest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
)

var ctx = context.Background()

// TestNothingOutsideIsTouchedInsideAWrite proves that the doubles notice what they are there to notice.
func TestNothingOutsideIsTouchedInsideAWrite(t *testing.T) {
	w := apptest.New(t)
	conn := w.NewConnection(t)
	g, err := w.Gateways.Open(ctx, apptest.PlayGateway, gateway.Connection{Settings: map[string]string{"key": "test_" + conn.AccountID + "_1"}})
	apptest.OK(t, err)
	for what, touch := range map[string]func(context.Context){
		"gateway":  func(ctx context.Context) { _, _ = g.Check(ctx) },
		"gateways": func(ctx context.Context) { _, _ = w.Gateways.Known(ctx) },
		"mail":     func(ctx context.Context) { _ = w.Mailer.Send(ctx, app.MailSettings{}, app.Message{}) },
		"paper":    func(ctx context.Context) { _, _ = w.Paper.Draw(ctx, app.Sheet{}) },
		"views":    func(ctx context.Context) { _, _ = w.Views.Head(ctx, w.Company.ID) },
	} {
		touch(ctx) // outside of a Write all are free
		err := w.Books.Write(ctx, w.Company.ID, func(ctx context.Context, _ *books.Tx) error {
			touch(ctx)
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "inside a Write") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWorldCanBeUsed walks through what a World is for.
func TestWorldCanBeUsed(t *testing.T) {
	w := apptest.New(t)
	if len(w.Company.Missing()) != 0 {
		t.Errorf("the company cannot issue documents: %v", w.Company.Missing())
	}
	c := w.NewCustomer(t, "jean@exemple.fr")
	if c.Code != "C0001" || c.Email != "jean@exemple.fr" {
		t.Errorf("%+v", c)
	}
	conn := w.NewConnection(t)
	if !conn.On || len(w.Settings(t).Connections) != 1 {
		t.Errorf("%+v", conn)
	}
	p := w.Provider(conn)
	p.Put(apptest.WithFee(gateway.Payment{ID: "m1", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(1000)}, 30))
	r, err := w.Refresh(ctx, w.Owner, conn.ID)
	if err != nil || r.Movements != 1 || !r.CaughtUp {
		t.Errorf("%+v, %v", r, err)
	}
	page, err := w.Store.Arrivals(ctx, w.Company.ID, app.ArrivalQuery{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Fee != apptest.EUR(30) {
		t.Errorf("%+v, %v", page.Items, err)
	}
	if w.Today() != civil.MustParse("2026-06-16") {
		t.Errorf("today is %s", w.Today())
	}
}

func TestPaging(t *testing.T) {
	w := apptest.New(t)
	for range 5 {
		w.NewCustomer(t, "")
	}
	var got []string
	q := app.CustomerQuery{Sort: "code", Paging: app.Paging{Limit: 2}}
	for {
		page, err := w.Store.Customers(ctx, w.Company.ID, q)
		apptest.OK(t, err)
		for _, c := range page.Items {
			got = append(got, c.Code)
		}
		if page.Next == "" {
			back, err := w.Store.Customers(ctx, w.Company.ID, app.CustomerQuery{Sort: "code", Paging: app.Paging{Limit: 2, Cursor: page.Prev, Back: true}})
			if err != nil || len(back.Items) != 2 || back.Items[0].Code != "C0003" {
				t.Errorf("back: %+v, %v", back, err)
			}
			break
		}
		q.Cursor = page.Next
	}
	if strings.Join(got, " ") != "C0001 C0002 C0003 C0004 C0005" {
		t.Errorf("%v", got)
	}
	q.Cursor = "nonsense"
	_, err := w.Store.Customers(ctx, w.Company.ID, q)
	apptest.Refused(t, err, "bad_cursor")
}
