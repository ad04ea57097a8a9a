package sales_test

import (
	"regexp"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// key is what makes a form of a page count once.
func (a answer) key(t *testing.T) string {
	t.Helper()
	m := keyField.FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("%s has no key", a.Request.URL.Path)
	}
	return m[1]
}

// A form that is sent twice, by a second click or a browser that tries again, does once what it asks for; changed and
// sent again, it asks for something else.
func TestAFormSentTwiceCountsOnce(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	me := h.as(t, access.Sales)
	for _, section := range []string{"/quotes", "/invoices"} {
		form := docForm(c.Code, "Conseil", "1", "100", "S20S", "key", me.get(section+"/new").key(t))
		first := me.post(section+"/new", form...).to(t, h, section+"/")
		if again := me.post(section+"/new", form...).to(t, h, section+"/"); again != first {
			t.Errorf("%s: sent twice, made twice", section)
		}
		form[5] = "Audit" // the line's description
		if other := me.post(section+"/new", form...).to(t, h, section+"/"); other == first {
			t.Errorf("%s: changed and sent again, it made nothing", section)
		}
	}
	form := []string{"name", "Martin", "kind", "business", "language", "fr", "address.country", "FR", "key", me.get("/customers/new").key(t)}
	first := me.post("/customers/new", form...).to(t, h, "/customers/")
	if again := me.post("/customers/new", form...).to(t, h, "/customers/"); again != first {
		t.Error("sent twice, a customer was added twice")
	}

	v := h.issued(t, c, "100")
	q := h.quoted(t, c)
	for path, ref := range map[string]string{"/invoices/" + v.ID + "/send": v.ID, "/quotes/" + q.ID + "/send": q.ID, "/invoices/" + v.ID + "/remind": v.ID} {
		before := h.mails(t, ref)
		key := me.get(path).key(t)
		me.post(path, "key", key).to(t, h, "/")
		me.post(path, "key", key).to(t, h, "/")
		if n := h.mails(t, ref) - before; n != 1 {
			t.Errorf("%s: sent twice, %d mails left", path, n)
		}
		me.post(path, "key", me.get(path).key(t)).to(t, h, "/")
		if n := h.mails(t, ref) - before; n != 2 {
			t.Errorf("%s: asked for anew, %d mails left in all", path, n)
		}
	}
}

func (h house) mails(t *testing.T, ref string) int {
	t.Helper()
	mails, err := h.Views.Mails(ctx, h.Company.ID, app.MailQuery{Ref: ref})
	if err != nil {
		t.Fatal(err)
	}
	return len(mails.Items)
}
