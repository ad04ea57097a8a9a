package settings_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

func TestTheFormThatAGatewayDeclares(t *testing.T) {
	s := newScene(t)
	s.distrusted()
	c := s.as(access.Accountant)
	c.get("/settings/gateways").Want(http.StatusOK, "Play", "Approuvé", "rembourser", "Strange Pay", "Non approuvé", "acquit plugin trust", "Aucune plateforme n'est connectée").Lacks("/settings/gateways/new/strange")
	c.get("/settings/gateways/new/strange").Want(http.StatusServiceUnavailable, "Strange Pay")
	c.get("/settings/gateways/new/play").Want(http.StatusOK, `name="settings.key"`, `type="password"`, `name="settings.region"`, `name="settings.strict"`, `name="settings.site"`)
	good := []string{"settings.key", "test_acme_1", "settings.brand", "Atelier", "settings.region", "eu", "settings.site", "https://exemple.fr", "settings.pin", "1234"}
	for _, bad := range []struct{ field, value, says string }{{"settings.key", "", "obligatoire"}, {"settings.key", "secret!", "code"}, {"settings.region", "mars", "choix"}, {"settings.site", "exemple", "adresse web"}, {"settings.key", "live_acme_1\x00", "caractères"}} {
		c.send("/settings/gateways/new/play", "/settings/gateways/new/play", changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says).Lacks("test_acme_1", "secret!", "1234\"")
	}
	if n := len(s.Settings(t).Connections); n != 0 {
		t.Fatalf("%d connections", n)
	}
	s.Gateways.Provider("acme").Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "down", "down")
	})
	c.send("/settings/gateways/new/play", "/settings/gateways/new/play", good...).Want(http.StatusServiceUnavailable, "ne répond pas", `value="Atelier"`)
	s.Gateways.Provider("acme").Change(func(p *apptest.Provider) { p.Fail = nil })

	made := c.send("/settings/gateways/new/play", "/settings/gateways/new/play", good...).Want(http.StatusSeeOther)
	c.Get(made.Header.Get("Location")).Want(http.StatusOK, "Account acme (acme)", "Connecté", "Inactive", "Test", "Tout est en ordre").Lacks("test_acme_1")
	c.send("/settings/gateways/new/play", "/settings/gateways/new/play", changed(good, "settings.key", "test_acme_2")...).Want(http.StatusUnprocessableEntity, "Existe déjà")
	for _, conn := range s.Settings(t).Connections {
		if conn.Public["brand"] != "Atelier" || conn.Public["strict"] != "" || conn.Public["key"] != "" {
			t.Errorf("public settings: %v", conn.Public)
		}
	}
}

// TestABoxThatIsTickedByDefaultCanBeUnticked: a browser sends nothing for a box that is not ticked.
func TestABoxThatIsTickedByDefaultCanBeUnticked(t *testing.T) {
	s := newScene(t)
	known, err := s.KnownGateways(ctx, s.Owner)
	apptest.OK(t, err)
	ticked := known[0]
	ticked.Info.Settings = slices.Clone(ticked.Info.Settings)
	i := slices.IndexFunc(ticked.Info.Settings, func(x gateway.Setting) bool { return x.Name == "strict" })
	ticked.Info.Settings[i].Default = "true"
	s.Gateways.Know(ticked)
	c := s.as(access.Accountant)
	c.get("/settings/gateways/new/play").Want(http.StatusOK, "checked")
	c.send("/settings/gateways/new/play", "/settings/gateways/new/play", "settings.key", "test_acme_1", "settings.region", "eu").Want(http.StatusSeeOther)
	for _, conn := range s.Settings(t).Connections {
		if conn.Public["strict"] != "" {
			t.Errorf("strict is %q", conn.Public["strict"])
		}
	}
}

func TestKeysAreChangedAndKept(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	c := s.as(access.Accountant)
	page := "/settings/gateways/" + conn.ID + "/settings"
	c.get(page).Want(http.StatusOK, "Déjà enregistré", "même compte").Lacks("test_acme_1")
	send := func(change ...string) []string {
		return changed([]string{"version", "1", "settings.key", "", "settings.brand", "Neuf", "settings.region", "us", "settings.strict", "on"}, change...)
	}
	c.send(page, page, send("settings.key", "test_other_1")...).Want(http.StatusUnprocessableEntity, "autre compte")
	c.send(page, page, send("settings.key", "live_acme_1")...).Want(http.StatusUnprocessableEntity, "mode")
	c.send(page, page, send("version", "7")...).Want(http.StatusUnprocessableEntity, "entre-temps")
	if now := s.Settings(t).Connections[conn.ID]; now.Version != conn.Version {
		t.Fatal("a mistake changed the connection")
	}
	c.send(page, page, send()...).Goes(s.base + "/settings/gateways/" + conn.ID)
	now := s.Settings(t).Connections[conn.ID]
	if now.Public["brand"] != "Neuf" || now.Public["region"] != "us" || now.Public["strict"] != "true" || now.Journal != conn.Journal {
		t.Errorf("%+v", now)
	}
	if _, err := s.TestConnection(ctx, s.Owner, conn.ID); err != nil {
		t.Errorf("the key that was kept: %v", err)
	}
}

func TestWhereAConnectionPosts(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	c := s.as(access.Accountant)
	page := "/settings/gateways/" + conn.ID
	good := []string{"version", "1", "label", "Play", "journal", conn.Journal, "gateway_account", conn.GatewayAccount, "commission_account", conn.CommissionAccount, "bank_journal", "BQ", "bank_account", "512100",
		"dispute_fee_account", "", "fee_vat", "domestic", "fee_vat_rate", "20"}
	for _, bad := range []struct{ field, value, says string }{{"label", "", "obligatoire"}, {"journal", "ZZ", "n'existe pas"}, {"gateway_account", "999999", "n'existe pas"}, {"gateway_account", "411000", "collectif"}, {"bank_account", conn.GatewayAccount, "utilisé"}, {"fee_vat", "none", "choix"}, {"fee_vat", "", "obligatoire"}, {"fee_vat_rate", "200", "taux"}, {"version", "8", "entre-temps"}} {
		c.send(page, page, changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says)
	}
	if now := s.Settings(t).Connections[conn.ID]; now.Version != conn.Version {
		t.Fatal("a mistake changed the connection")
	}
	c.send(page, page, good...).Goes(s.base + page)
	if now := s.Settings(t).Connections[conn.ID]; now.FeeVAT != inbox.FeeDomestic || now.FeeVATRate.String() != "20" || now.DisputeFeeAccount != "" {
		t.Errorf("%+v", now)
	}
}

func TestSwitchingOnSaysWhatIsMissing(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	c := s.as(access.Accountant)
	page := "/settings/gateways/" + conn.ID
	c.send(page, page, "version", "1", "label", "Play", "journal", conn.Journal, "gateway_account", conn.GatewayAccount, "commission_account", "", "bank_journal", "", "bank_account", "512100", "fee_vat", "exempt").Goes(s.base + page)
	c.get(page).Want(http.StatusOK, "Renseignez : compte de commissions, journal de banque.", "À régler avant l'activation")
	c.send(page, page+"/on").Want(http.StatusUnprocessableEntity, "ne peut pas encore être activée", "compte de commissions")
	if s.Settings(t).Connections[conn.ID].On {
		t.Fatal("it is on")
	}
	c.send(page, page, "version", "2", "label", "Play", "journal", conn.Journal, "gateway_account", conn.GatewayAccount, "commission_account", conn.CommissionAccount, "bank_journal", "BQ", "bank_account", "512100", "fee_vat", "exempt").Goes(s.base + page)
	c.send(page, page+"/on").Goes(s.base + page)
	c.get(page).Want(http.StatusOK, "est proposée à vos clients", "Désactiver")
	// While it is on, what it needs cannot be taken away.
	c.send(page, page, "version", "4", "label", "Play", "journal", "", "gateway_account", conn.GatewayAccount, "commission_account", conn.CommissionAccount, "bank_journal", "BQ", "bank_account", "512100", "fee_vat", "exempt").Want(http.StatusUnprocessableEntity, "journal")
	c.send(page, page+"/off").Goes(s.base + page)
	if s.Settings(t).Connections[conn.ID].On {
		t.Error("it is still on")
	}
}

func TestAConnectionThatNoLongerWorks(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	c := s.as(access.Accountant)
	page := "/settings/gateways/" + conn.ID
	c.send(page, page+"/test").Goes(s.base + page)
	c.get(page).Want(http.StatusOK, "la connexion fonctionne")
	s.Gateways.Provider("acme").Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrConfig, gateway.NotDone, "key_revoked", "This key was revoked")
	})
	c.send(page, page+"/test").Want(http.StatusUnprocessableEntity, "This key was revoked")
	c.get(page).Want(http.StatusOK, "À reconnecter", "This key was revoked", "Elle les refuse")
	c.get("/settings/gateways").Want(http.StatusOK, "À reconnecter")
}

func TestDisconnecting(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	c := s.as(access.Accountant)
	page := "/settings/gateways/" + conn.ID
	c.get(page+"/disconnect").Want(http.StatusOK, "Ses clés sont effacées")
	c.send(page+"/disconnect", page+"/disconnect").Goes(s.base + "/settings/gateways")
	c.get("/settings/gateways").Want(http.StatusOK, "est déconnectée", "Aucune plateforme n'est connectée")
	c.get(page).Want(http.StatusNotFound)
	if now := s.Settings(t).Connections[conn.ID]; now.Status != inbox.Disconnected || len(now.Sealed) != 0 {
		t.Errorf("%+v", now)
	}
}
