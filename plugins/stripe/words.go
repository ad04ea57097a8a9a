package stripe

import "github.com/acquit-app/acquit/core/gateway"

func text(fr, en string) gateway.Text { return gateway.Text{"fr": fr, "en": en} }

// The choices of the setting "methods".
const (
	methodsDashboard = "dashboard"
	methodsCard      = "card"
	methodsCardLink  = "card_link"
	methodsCardSEPA  = "card_sepa"
)

// methodTypes are Stripe's payment_method_types for each choice; none leaves them to the dashboard.
var methodTypes = map[string][]string{
	methodsDashboard: nil,
	methodsCard:      {"card"},
	methodsCardLink:  {"card", "link"},
	methodsCardSEPA:  {"card", "sepa_debit"},
}

func describe() gateway.Info {
	return gateway.Info{
		Name: "stripe", Label: "Stripe", Version: Version,
		Help: text(
			"Cartes, Link et prélèvements SEPA sur la page de paiement de Stripe. Il faut un compte Stripe et une clé d'API, de préférence restreinte.",
			"Cards, Link and SEPA debits on Stripe's payment page. It needs a Stripe account and an API key, preferably a restricted one.",
		),
		Settings: []gateway.Setting{
			{
				Name: settingKey, Type: gateway.SecretSetting, Required: true, Pattern: keyForm,
				Label: text("Clé secrète ou restreinte", "Secret or restricted key"),
				Help: text(
					"Dans le tableau de bord de Stripe : Développeurs › Clés API. Créez de préférence une clé restreinte (rk_…) avec ces droits : Checkout Sessions en écriture ; Charges et remboursements en écriture ; PaymentIntents, Balance, Disputes, Payouts et Events en lecture ; Webhook Endpoints en écriture pour installer les notifications d'ici. Le mode (test ou réel) est celui de la clé.",
					"In Stripe's dashboard: Developers › API keys. Preferably create a restricted key (rk_…) with these permissions: Checkout Sessions write; Charges and Refunds write; PaymentIntents, Balance, Disputes, Payouts and Events read; Webhook Endpoints write to install the notifications from here. The mode (test or live) is the key's.",
				),
			},
			{
				Name: settingWebhook, Type: gateway.SecretSetting, Pattern: signaturesForm,
				Label: text("Secret de signature des webhooks", "Webhook signing secret"),
				Help: text(
					"Rempli tout seul par « Installer le webhook ». Sinon : Développeurs › Webhooks, votre point de terminaison, « Secret de signature » (whsec_…). Pendant un renouvellement, mettez l'ancien et le nouveau, séparés par un espace.",
					"Filled in by \"Install the webhook\". Otherwise: Developers › Webhooks, your endpoint, \"Signing secret\" (whsec_…). While rolling it, give the old and the new one, separated by a blank.",
				),
			},
			{
				Name: settingMethods, Type: gateway.ChoiceSetting, Required: true, Default: methodsDashboard,
				Label: text("Moyens de paiement proposés", "Means of payment offered"),
				Help: text(
					"Ceux du tableau de bord se règlent dans Paramètres › Paiements › Moyens de paiement. Un prélèvement SEPA met plusieurs jours à être confirmé.",
					"Those of the dashboard are set in Settings › Payments › Payment methods. A SEPA debit takes days to be confirmed.",
				),
				Choices: []gateway.Choice{
					{Value: methodsDashboard, Label: text("ceux choisis dans le tableau de bord de Stripe", "those chosen in Stripe's dashboard")},
					{Value: methodsCard, Label: text("carte bancaire seulement", "card only")},
					{Value: methodsCardLink, Label: text("carte et Link", "card and Link")},
					{Value: methodsCardSEPA, Label: text("carte et prélèvement SEPA", "card and SEPA debit")},
				},
			},
			{
				Name: settingSuffix, Type: gateway.TextSetting, Pattern: suffixForm,
				Label: text("Libellé sur le relevé du client", "Text on the customer's statement"),
				Help: text(
					"Ajouté au libellé de votre compte (Paramètres › Entreprise › Informations publiques), 22 caractères sans accent au plus en tout. Laissez vide pour ne rien ajouter.",
					"Added to your account's descriptor (Settings › Business › Public details), at most 22 unaccented characters in all. Leave empty to add nothing.",
				),
			},
			{
				Name: settingURL, Type: gateway.URLSetting,
				Label: text("Adresse d'un simulateur", "Address of a simulator"),
				Help: text(
					"Pour les essais seulement : un simulateur de Stripe sur cette machine, avec une clé de test. Laissez vide.",
					"For trials only: a simulator of Stripe on this machine, with a test key. Leave empty.",
				),
			},
		},
		Capabilities: []gateway.Capability{
			gateway.CanRefund, gateway.CanExpire, gateway.CanBalance, gateway.CanInstallWebhook, gateway.CanPayoutItems,
		},
		Reasons: reasons(),
	}
}

// reasons explains the codes that reach payments: of declined cards (https://docs.stripe.com/declines/codes), failed and
// pending debits, refunds (https://docs.stripe.com/refunds#failed-refunds), disputes and payouts.
func reasons() []gateway.Reason {
	var all []gateway.Reason
	add := func(code, fr, en string) { all = append(all, gateway.Reason{Code: code, Text: text(fr, en)}) }

	add("processing", "Paiement en cours : la banque du client n'a pas encore confirmé le prélèvement (SEPA : environ 5 jours ouvrés). Rien à faire.",
		"Payment under way: the customer's bank has not confirmed the debit yet (SEPA: about 5 business days). Nothing to do.")
	add("requires_capture", "Autorisé mais pas encaissé : encaissez-le dans le tableau de bord de Stripe avant que l'autorisation n'expire (7 jours pour une carte).",
		"Authorised, not captured: capture it in Stripe's dashboard before the authorisation expires (7 days for a card).")
	add("requires_action", "Le client, ou pour un remboursement son bénéficiaire, doit encore faire quelque chose : Stripe le lui a demandé.",
		"The customer still has something to do, as Stripe has asked.")

	add("card_declined", "Carte refusée par la banque du client, sans dire pourquoi. Le client peut réessayer avec une autre carte ou appeler sa banque.",
		"The customer's bank declined the card without saying why. The customer may try another card or call the bank.")
	add("generic_decline", "Carte refusée par la banque du client, sans dire pourquoi. Le client peut réessayer avec une autre carte ou appeler sa banque.",
		"The customer's bank declined the card without saying why. The customer may try another card or call the bank.")
	add("do_not_honor", "Carte refusée par la banque du client, sans dire pourquoi. Le client doit appeler sa banque.",
		"The customer's bank declined the card without saying why. The customer should call the bank.")
	add("insufficient_funds", "Provision insuffisante sur le compte du client.", "The customer's account lacks the funds.")
	add("expired_card", "La carte a expiré : le client doit en utiliser une autre.", "The card has expired: the customer must use another.")
	add("incorrect_cvc", "Code de sécurité faux : le client peut le ressaisir.", "Wrong security code: the customer may enter it again.")
	add("incorrect_number", "Numéro de carte faux : le client peut le ressaisir.", "Wrong card number: the customer may enter it again.")
	add("lost_card", "Carte déclarée perdue. N'en parlez pas au client : dites-lui que la carte est refusée.", "The card was reported lost. Tell the customer only that it was declined.")
	add("stolen_card", "Carte déclarée volée. N'en parlez pas au client : dites-lui que la carte est refusée.", "The card was reported stolen. Tell the customer only that it was declined.")
	add("fraudulent", "Soupçon de fraude. N'en parlez pas au payeur. S'il s'agit d'un litige, répondez-y dans le tableau de bord de Stripe avant l'échéance.",
		"Fraud is suspected. Do not tell the payer. If it is a dispute, answer it in Stripe's dashboard before it is due.")
	add("authentication_required", "La banque demande une authentification forte (3-D Secure) que le client n'a pas terminée. Il peut réessayer.",
		"The bank asks for authentication (3-D Secure), which the customer did not finish. They may try again.")
	add("payment_intent_authentication_failure", "L'authentification forte (3-D Secure) a échoué. Le client peut réessayer.", "Authentication (3-D Secure) failed. The customer may try again.")
	add("processing_error", "Incident technique chez la banque : réessayer plus tard.", "A technical fault at the bank: try again later.")
	add("card_velocity_exceeded", "Plafond de la carte atteint : le client doit appeler sa banque ou payer autrement.", "The card's limit is reached: the customer must call the bank or pay in another way.")
	add("currency_not_supported", "La carte n'accepte pas cette monnaie.", "The card does not take this currency.")
	add("card_not_supported", "La carte n'accepte pas ce type d'achat.", "The card does not take this kind of purchase.")
	add("payment_failed", "Le paiement a échoué. Le client peut réessayer.", "The payment failed. The customer may try again.")
	add("stored_error", "Stripe a enregistré une erreur pour cette tentative et rien n'a été fait : recommencez.", "Stripe stored an error for this attempt, and nothing was done: begin anew.")

	add("refer_to_customer", "Prélèvement rejeté : le client a donné un ordre contraire à sa banque. Voyez avec lui.", "The debit was returned: the customer told the bank so. Talk to them.")
	add("debit_not_authorized", "Prélèvement rejeté : non autorisé par le client ou sa banque. Voyez avec lui.", "The debit was returned: not authorised by the customer or the bank. Talk to them.")
	add("account_closed", "Le compte bancaire du client est clos.", "The customer's bank account is closed.")
	add("bank_account_restricted", "Le compte bancaire du client n'accepte pas les prélèvements.", "The customer's bank account takes no debits.")
	add("invalid_account_number", "IBAN inconnu de la banque.", "The bank does not know the IBAN.")
	add("bank_ownership_changed", "Compte bancaire transféré à une autre banque : le client doit donner son nouvel IBAN.", "The account moved to another bank: the customer must give the new IBAN.")
	add("recipient_deceased", "Rejeté : titulaire décédé.", "Returned: the account's holder has died.")
	add("branch_does_not_exist", "Agence bancaire inconnue.", "The bank's branch is unknown.")

	add("pending", "Remboursement en route : l'argent a quitté votre solde Stripe, la banque du client ne l'a pas encore confirmé.",
		"The refund is on its way: the money has left your Stripe balance, the customer's bank has not confirmed it yet.")
	add("refund_failed", "Le remboursement n'a pas abouti : l'argent est revenu dans votre solde Stripe. Remboursez le client autrement.",
		"The refund failed: the money is back in your Stripe balance. Pay the customer back in another way.")
	add("refund_canceled", "Remboursement annulé : l'argent est resté ou revenu dans votre solde Stripe.", "The refund was cancelled: the money stayed in or came back to your Stripe balance.")
	add("lost_or_stolen_card", "Remboursement impossible : carte perdue ou volée. Remboursez le client autrement.", "The refund is not possible: the card was lost or stolen. Pay the customer back in another way.")
	add("expired_or_canceled_card", "Remboursement impossible : carte expirée ou annulée. Remboursez le client autrement.", "The refund is not possible: the card expired or was cancelled. Pay the customer back in another way.")
	add("charge_for_pending_refund_disputed", "Remboursement annulé parce que le client a contesté le paiement entre-temps.", "The refund was cancelled because the customer disputed the payment meanwhile.")
	add("insufficient_balance", "Votre solde Stripe ne suffit pas : approvisionnez-le dans le tableau de bord.", "Your Stripe balance is too low: top it up in the dashboard.")
	add("declined", "Refusé par la banque.", "Declined by the bank.")

	add("warning_needs_response", "Demande d'information de la banque, l'argent n'est pas pris. Répondez dans le tableau de bord de Stripe › Litiges avant l'échéance.",
		"The bank inquires; no money was taken. Answer in Stripe's dashboard › Disputes before it is due.")
	add("warning_under_review", "Demande d'information : votre réponse est examinée.", "Inquiry: your answer is being looked at.")
	add("warning_closed", "Demande d'information close sans suite : aucun argent n'a été pris.", "The inquiry was closed: no money was taken.")
	add("needs_response", "Litige ouvert : l'argent est retenu. Répondez, pièces à l'appui, dans le tableau de bord de Stripe › Litiges avant l'échéance, sinon il est perdu.",
		"Dispute opened: the money is held. Answer with evidence in Stripe's dashboard › Disputes before it is due, or it is lost.")
	add("under_review", "Litige : vos pièces sont examinées par la banque (jusqu'à 75 jours).", "Dispute: the bank looks at your evidence (up to 75 days).")
	add("won", "Litige gagné : l'argent revient dans votre solde Stripe.", "Dispute won: the money comes back to your Stripe balance.")
	add("lost", "Litige perdu : l'argent ne reviendra pas. Décidez de la créance : perte, avoir ou relance.", "Dispute lost: the money will not come back. Decide what becomes of the claim: loss, credit note or reminder.")
	add("prevented", "Litige évité avant d'être ouvert.", "The dispute was prevented before it was opened.")

	add("payout_failed", "Virement revenu : votre banque l'a refusé. Vérifiez votre IBAN dans le tableau de bord de Stripe › Paramètres › Comptes bancaires.",
		"The payout came back: your bank refused it. Check your IBAN in Stripe's dashboard › Settings › Bank accounts.")
	add("payout_canceled", "Virement annulé : l'argent est revenu dans votre solde Stripe.", "The payout was cancelled: the money is back in your Stripe balance.")
	add("could_not_process", "Virement revenu : votre banque ne l'a pas traité. Stripe réessaie une fois l'IBAN confirmé.", "The payout came back: your bank did not process it. Stripe tries again once the IBAN is confirmed.")
	add("account_frozen", "Virement revenu : votre compte bancaire est bloqué. Voyez avec votre banque.", "The payout came back: your bank account is frozen. Talk to your bank.")
	add("incorrect_account_holder_name", "Virement revenu : le titulaire du compte n'est pas celui attendu.", "The payout came back: the account holder's name does not match.")
	add("no_account", "Virement revenu : compte bancaire introuvable. Corrigez l'IBAN dans le tableau de bord de Stripe.", "The payout came back: no such bank account. Correct the IBAN in Stripe's dashboard.")
	return all
}
