package paypal

import (
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Version of the connector.
const Version = "1.0.0"

// Names and values of the settings.
const (
	settingMode    = "mode"
	settingID      = "client_id"
	settingSecret  = "client_secret"
	settingWebhook = "webhook_id"
	settingBrand   = "brand_name"
	settingVerify  = "verify"
	settingURL     = "api_url"

	modeSandbox   = "sandbox"
	modeLive      = "live"
	verifyOnline  = "paypal"
	verifyLocally = "certificate"
)

func text(fr, en string) gateway.Text { return gateway.Text{"fr": fr, "en": en} }

// describe is what the connector says of itself. It announces no closing of pages: an order cannot be cancelled, and the
// host checks that the money is still due before it lets us capture.
func describe() gateway.Info {
	return gateway.Info{
		Name: "paypal", Label: "PayPal", Version: Version,
		Help: text(
			"Paiement par compte PayPal ou par carte, sur la page de PayPal. Il faut un compte PayPal professionnel et une application REST, gratuite.",
			"Payment by PayPal account or card, on PayPal's page. It needs a PayPal business account and a REST app, which is free.",
		),
		Settings: []gateway.Setting{
			{
				Name: settingMode, Type: gateway.ChoiceSetting, Required: true, Default: modeSandbox,
				Label: text("Environnement", "Environment"),
				Help: text(
					"developer.paypal.com › Apps & Credentials : l'interrupteur Sandbox / Live en haut de la page. Les identifiants de l'un ne valent pas dans l'autre.",
					"developer.paypal.com › Apps & Credentials: the Sandbox / Live switch at the top of the page. The credentials of one do not work in the other.",
				),
				Choices: []gateway.Choice{
					{Value: modeSandbox, Label: text("Sandbox (essais)", "Sandbox (play money)")},
					{Value: modeLive, Label: text("Live (argent réel)", "Live (real money)")},
				},
			},
			{
				Name: settingID, Type: gateway.TextSetting, Required: true, Pattern: `[A-Za-z0-9_-]{10,200}`,
				Label: text("Client ID", "Client ID"),
				Help: text(
					"developer.paypal.com › Apps & Credentials › votre application › Client ID. Pas d'application ? « Create App », type Merchant.",
					"developer.paypal.com › Apps & Credentials › your app › Client ID. No app yet? \"Create App\", type Merchant.",
				),
			},
			{
				Name: settingSecret, Type: gateway.SecretSetting, Required: true, Pattern: `[A-Za-z0-9_-]{10,200}`,
				Label: text("Secret", "Secret"),
				Help: text(
					"Même page, sous le Client ID : Secret key › l'œil ou « copier ». Une application peut en avoir deux, ce qui permet d'en changer sans coupure.",
					"Same page, under the client ID: Secret key › the eye, or copy. An app may have two, so that one can be replaced without an interruption.",
				),
			},
			{
				Name: settingWebhook, Type: gateway.TextSetting, Pattern: `[A-Za-z0-9]{6,50}`,
				Label: text("Webhook ID", "Webhook ID"),
				Help: text(
					"Rempli par « Installer le webhook ». À la main : votre application › Webhooks › Add Webhook, puis la colonne Webhook ID. Sans lui, les paiements sont vus à la prochaine actualisation.",
					"Filled by \"Install the webhook\". By hand: your app › Webhooks › Add Webhook, then the column Webhook ID. Without it payments are seen at the next refresh.",
				),
			},
			{
				Name: settingBrand, Type: gateway.TextSetting, Pattern: `.{1,127}`,
				Label: text("Nom affiché au payeur", "Name shown to the payer"),
				Help: text(
					"Sur la page de PayPal. Vide : le nom du compte PayPal.",
					"On PayPal's page. Empty: the PayPal account's name.",
				),
			},
			{
				Name: settingVerify, Type: gateway.ChoiceSetting, Required: true, Default: verifyOnline,
				Label: text("Vérification des webhooks", "Verification of webhooks"),
				Help: text(
					"Les deux sont sûres : de toute façon chaque objet est relu chez PayPal. Par certificat, PayPal n'est pas appelé pour chaque événement.",
					"Both are safe: each object is read again at PayPal anyway. By certificate, PayPal is not called for each event.",
				),
				Choices: []gateway.Choice{
					{Value: verifyOnline, Label: text("par PayPal", "by PayPal")},
					{Value: verifyLocally, Label: text("sur cette machine, par certificat", "on this machine, by certificate")},
				},
			},
			{
				Name: settingURL, Type: gateway.URLSetting,
				Label: text("Simulateur", "Simulator"),
				Help: text(
					"Laissez vide. Pour les essais seulement : l'adresse d'un simulateur de PayPal sur cette machine, http://127.0.0.1:port.",
					"Leave empty. For trials only: the address of a PayPal simulator on this machine, http://127.0.0.1:port.",
				),
			},
		},
		Capabilities: []gateway.Capability{gateway.CanRefund, gateway.CanBalance, gateway.CanInstallWebhook},
		Currencies:   append([]money.Currency(nil), currencies...),
		Reasons:      reasons(),
	}
}
