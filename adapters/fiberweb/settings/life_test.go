package settings_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// troubled connects an account that was imported from, whose key lacks permissions, with a movement set aside.
func (s *scene) troubled() inbox.Connection {
	s.t.Helper()
	c, err := s.Connect(ctx, s.Owner, apptest.PlayGateway, map[string]string{"key": "test_busy_1"})
	apptest.OK(s.t, err)
	play := s.Gateways.Provider("busy")
	bad := apptest.WithFee(gateway.Payment{ID: "pay_odd", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(1200)}, 10)
	bad.Net = apptest.EUR(1)
	play.Put(bad)
	apptest.OK(s.t, s.Webhook(ctx, s.Company.ID, c.ID, play.Announce("evt_1", nil, nil)))
	_, err = s.ImportHistory(ctx, s.Owner, c.ID, civil.Of(2026, 1, 1))
	apptest.OK(s.t, err)
	_, err = s.Refresh(ctx, s.Owner, c.ID)
	apptest.OK(s.t, err)
	play.Change(func(p *apptest.Provider) { p.Missing = []string{"refunds:write", "payouts:read"} })
	_, err = s.TestConnection(ctx, s.Owner, c.ID)
	apptest.OK(s.t, err)
	return c
}

func TestThePageOfAConnectionTellsItsLife(t *testing.T) {
	s := newScene(t)
	conn := s.troubled()
	c := s.as(access.Accountant)
	c.get("/settings/gateways/"+conn.ID).Want(http.StatusOK, "À reconnecter", "Account busy (busy)", "refunds:write", "payouts:read", "ajoutez ces permissions", // what is lacking
		"Webhook", "Installé", conn.WebhookURL, "Dernier webhook reçu", "Réinstaller le webhook", "pay_odd", "Mouvements mis de côté",
		"arrêté jusqu'à la reconnexion", "Terminé", "Import de l'historique demandé", "Connectée").Lacks("⟦")
}

func TestInstallingTheWebhook(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	c := s.as(access.Accountant)
	page := "/settings/gateways/" + conn.ID
	s.Clock.Advance(time.Hour)
	c.send(page, page+"/webhook").Goes(s.base + page)
	c.get(page).Want(http.StatusOK, "le webhook est installé. Les secrets précédents restent acceptés")
	if now := s.Settings(t).Connections[conn.ID]; !now.WebhookAt.Equal(s.Clock.Now()) {
		t.Errorf("%+v", now)
	}
	s.BaseURL = "http://other.test"
	c.get(page).Want(http.StatusOK, "À réinstaller", "Il est installé pour une autre adresse")
	live, err := s.Connect(ctx, s.Owner, apptest.PlayGateway, map[string]string{"key": "live_acme_1"})
	apptest.OK(t, err)
	s.BaseURL = "http://localhost:8080"
	page = "/settings/gateways/" + live.ID
	c.send(page, page+"/webhook").Want(http.StatusUnprocessableEntity, "ne peut pas joindre http://localhost:8080")
}

func TestAskingForHistory(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	fresh := "/settings/gateways/new/play"
	c.send(fresh, fresh, "settings.key", "test_acme_1", "settings.region", "eu", "import_since", "2031-01-01").Want(http.StatusUnprocessableEntity, "import_since")
	if n := len(s.Settings(t).Connections); n != 0 {
		t.Fatalf("%d connections", n)
	}
	c.send(fresh, fresh, "settings.key", "test_acme_1", "settings.region", "eu", "import_since", "2026-01-01").Want(http.StatusSeeOther)
	for _, conn := range s.Settings(t).Connections {
		page := "/settings/gateways/" + conn.ID
		c.get(page).Want(http.StatusOK, "Import", "En cours", `hx-get="`+s.base+page+`"`, `http-equiv="refresh"`)
		s.WorkOnce(ctx)
		c.get(page).Want(http.StatusOK, "Terminé").Lacks(`http-equiv="refresh"`)
		c.send(page, page+"/history", "since", "").Want(http.StatusUnprocessableEntity)
		c.send(page, page+"/history", "since", "2025-01-01").Goes(s.base + page)
	}
}
