package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

func TestEvidence(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	conn := c.connect("acme")
	play := s.Gateways.Provider("acme")
	play.Put(apptest.WithFee(gateway.Payment{ID: "po_1", Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(700)}, 0))
	apptest.OK(t, s.Webhook(t.Context(), s.Company.ID, conn, play.Announce("evt_1", nil, []string{"po_1"})))
	s.WorkOnce(t.Context())
	c.integrateAll()
	arr := c.get("/arrivals").is(200).at("items").list()[0].at("id").text()
	got := c.get("/arrivals/" + arr).is(200)
	hash, delivery := got.at("evidence_hash").text(), got.at("sightings").list()[0].at("delivery").text()
	got.eq("entry_evidence", hash)
	if delivery != ids.Derive(ids.Delivery, conn, "evt_1") {
		t.Errorf("delivery %q", delivery)
	}
	file := c.get("/evidence/"+arr).is(200).eq("subject", arr).eq("let_go", "0").at("items").list()
	if len(file) != 1 {
		t.Fatalf("%v", file)
	}
	file[0].eq("hash", hash).eq("source", "webhook").eq("gateway", "play").eq("gateway_version", "1")

	auditor := s.client(t, access.Auditor)
	raw := auditor.get("/evidence/" + arr + "/" + hash)
	if raw.status != 200 || inbox.HashOf(raw.body) != hash || !strings.Contains(raw.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v %s", raw.status, raw.header, raw.body)
	}
	looks := 0
	for _, e := range c.get("/history/" + arr).is(200).at("items").list() {
		if e.at("action").text() == "evidence_opened" {
			looks++
			e.eq("detail", hash)
		}
	}
	if looks != 1 {
		t.Errorf("%d looks on record", looks)
	}
	hook := c.get("/evidence/" + delivery).is(200).at("items").list()[0].at("hash").text()
	if a := c.get("/evidence/" + delivery + "/" + hook); a.status != 200 || !strings.Contains(string(a.body), "evt_1") || strings.Contains(string(a.body), "signed by") {
		t.Errorf("%d %s", a.status, a.body)
	}

	auditor.get("/chain/verify").is(200).eq("sound", "true")
	auditor.get("/chain/verify?evidence=true").is(200).eq("sound", "true").eq("evidence.sound", "2").eq("evidence.bad", "0")
	whole, err := s.Store.Payload(t.Context(), s.Company.ID, inbox.PayloadID(s.Company.ID, arr, hash))
	apptest.OK(t, err)
	keep := func(p inbox.Payload) {
		apptest.OK(t, s.Books.Write(t.Context(), s.Company.ID, func(_ context.Context, tx *books.Tx) error {
			tx.Payloads.Put(p)
			return nil
		}, books.Ref{Kind: books.Payloads, ID: p.ID}))
	}
	cut := whole
	cut.Sealed = cut.Sealed[:9]
	keep(cut)
	auditor.get("/chain/verify").is(200).eq("sound", "true")
	auditor.get("/chain/verify?evidence=true").is(200).eq("sound", "false").eq("evidence.bad", "1").eq("evidence.subject", arr).
		eq("evidence.hash", hash).eq("evidence.what", "altered")
	keep(whole)

	sales := s.client(t, access.Sales)
	sales.get("/chain/verify?evidence=true").refused(403, "not_allowed")
	sales.get("/evidence/" + arr).is(200)
	sales.get("/evidence/"+arr+"/"+hash).refused(403, "not_allowed")
	c.get("/evidence/"+arr+"/"+hook).refused(404, "unknown_thing")
	c.get("/evidence/"+ids.Derive(ids.Arrival, "x")).refused(404, "unknown_thing")
	c.get("/evidence/"+ids.Derive(ids.Delivery, "x")).refused(404, "unknown_thing")
	c.get("/evidence/"+conn).refused(404, "unknown_thing")
	s.Clock.Set(apptest.Epoch.AddDate(0, 48, 2))
	if _, err := s.EraseExpired(t.Context(), s.Company.ID); err != nil {
		t.Fatal(err)
	}
	c.get("/evidence/"+arr+"/"+hash).refused(422, "evidence_erased")
	if !c.get("/evidence/" + arr).is(200).at("items").list()[0].has("erased_at") {
		t.Error("the list does not say that it was erased")
	}
}
