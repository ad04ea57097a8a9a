package sandbox

import (
	"strings"

	"github.com/acquit-app/acquit/core/money"
)

// speaker gives pages their words, in French or English.
type speaker struct{ Lang string }

// T is a word or sentence by its key.
func (s speaker) T(key string) string {
	w, ok := words[key]
	if !ok {
		return key
	}
	if s.Lang == "en" {
		return w[1]
	}
	return w[0]
}

// Other is the language to switch to.
func (s speaker) Other() string {
	if s.Lang == "en" {
		return "fr"
	}
	return "en"
}

// words holds French and English.
var words = map[string][2]string{
	"sandbox":        {"Bac à sable", "Sandbox"},
	"play_money":     {"Paiement d'essai : aucun argent réel", "Play payment: no real money"},
	"language":       {"English", "Français"},
	"you_pay":        {"Vous payez", "You are paying"},
	"for":            {"Pour", "For"},
	"document":       {"Document", "Document"},
	"payer":          {"Payeur", "Payer"},
	"amount":         {"Montant", "Amount"},
	"pay":            {"Payer", "Pay"},
	"choose":         {"Choisissez ce qui arrive", "Choose what happens"},
	"with_3ds":       {"Payer avec 3-D Secure", "Pay with 3-D Secure"},
	"authorize":      {"Autoriser : le marchand encaisse ensuite", "Authorise: the merchant captures afterwards"},
	"pending":        {"Prélèvement : en attente, réglé plus tard", "Direct debit: pending, settled later"},
	"declined":       {"Carte refusée (le payeur peut réessayer)", "Card declined (the payer may retry)"},
	"failed":         {"Refus définitif", "Refused for good"},
	"cancel":         {"Annuler et revenir", "Cancel and go back"},
	"options":        {"Réglages de l'essai", "Settings of the try"},
	"fee":            {"Commission", "Fee"},
	"fee_now":        {"connue tout de suite", "known at once"},
	"fee_later":      {"connue plus tard (depuis la console)", "known later (from the console)"},
	"fee_never":      {"aucune", "none"},
	"fee_unknown":    {"pas encore connue", "not known yet"},
	"fee_none":       {"aucune", "none"},
	"webhook":        {"Notification du marchand", "Webhook to the merchant"},
	"hook":           {"notification", "webhook"},
	"hook_once":      {"une fois", "once"},
	"hook_twice":     {"deux fois", "twice"},
	"hook_reordered": {"dans le désordre", "out of order"},
	"hook_never":     {"jamais", "never"},
	"other_amount":   {"Payer un autre montant", "Pay another amount"},
	"as_asked":       {"vide : le montant demandé", "empty: the amount asked"},
	"currency":       {"Devise", "Currency"},
	"stay":           {"Le navigateur ne revient jamais chez le marchand", "The browser never returns to the merchant"},
	"console":        {"Console du bac à sable", "Sandbox console"},
	"to_console":     {"Ouvrir la console du bac à sable", "Open the sandbox console"},
	"retry_note":     {"La carte a été refusée. Vous pouvez réessayer.", "The card was declined. You may try again."},
	"challenge":      {"3-D Secure : votre banque demande une confirmation", "3-D Secure: your bank asks for a confirmation"},
	"challenge_note": {"Tant que vous ne répondez pas, le paiement reste en attente.", "Until you answer, the payment waits."},
	"pass":           {"Je confirme le paiement", "I confirm the payment"},
	"refuse":         {"Je refuse", "I refuse"},
	"state_paid":     {"Le paiement est fait.", "The payment is made."},
	"state_processing": {
		"Le paiement est en attente : la banque n'a pas encore répondu.",
		"The payment is pending: the bank has not answered yet.",
	},
	"state_authorized": {
		"Le paiement est autorisé ; le marchand doit encore l'encaisser.",
		"The payment is authorised; the merchant still has to capture it.",
	},
	"state_failed":    {"Le paiement a été refusé.", "The payment was refused."},
	"state_expired":   {"Cette page de paiement est fermée.", "This pay page is closed."},
	"state_cancelled": {"Le paiement a été annulé.", "The payment was cancelled."},
	"back":            {"Revenir chez le marchand", "Back to the merchant"},
	"back_page":       {"Revenir", "Back"},
	"problem":         {"Cela n'est pas possible", "That is not possible"},
	"accounts":        {"Comptes", "Accounts"},
	"no_account":      {"Aucun compte pour l'instant : connectez la passerelle dans Acquit.", "No account yet: connect the gateway in Acquit."},
	"balance":         {"Solde détenu", "Balance held"},
	"payout":          {"Virer le solde", "Pay the balance out"},
	"movements":       {"Mouvements", "Movements"},
	"no_movement":     {"Aucun mouvement.", "No movement."},
	"sessions":        {"Pages de paiement", "Pay pages"},
	"no_session":      {"Aucune page de paiement.", "No pay page."},
	"events":          {"Notifications", "Webhooks"},
	"no_event":        {"Aucune notification.", "No webhook."},
	"when":            {"Date", "Date"},
	"kind":            {"Type", "Kind"},
	"state":           {"État", "State"},
	"net":             {"Net", "Net"},
	"reference":       {"Référence", "Reference"},
	"actions":         {"Actions", "Actions"},
	"settle_ok":       {"Régler", "Settle"},
	"settle_failed":   {"Rejeter", "Fail"},
	"reveal_fee":      {"Annoncer la commission", "Tell the fee"},
	"refund":          {"Rembourser", "Refund"},
	"all_left":        {"tout", "all"},
	"fee_back":        {"rendre la commission", "give the fee back"},
	"fail_refund":     {"Le remboursement échoue", "The refund fails"},
	"reverse_payment": {"Rejet tardif", "Late reversal"},
	"open_dispute":    {"Ouvrir un litige", "Open a dispute"},
	"fee_with":        {"frais inclus", "fee with it"},
	"fee_apart":       {"frais à part", "fee apart"},
	"won":             {"Gagner le litige", "Win the dispute"},
	"lost":            {"Perdre le litige", "Lose the dispute"},
	"reverse_payout":  {"La banque refuse le virement", "The bank refuses the payout"},
	"other_movements": {"Autres mouvements", "Other movements"},
	"book":            {"Enregistrer", "Book"},
	"description":     {"Libellé", "Description"},
	"receive":         {"Recevoir un paiement sans page de paiement", "Receive a payment without a pay page"},
	"faults":          {"Pannes", "Failures"},
	"fault_note":      {"Les prochains appels de ce compte échouent ainsi :", "The next calls of this account fail like this:"},
	"call":            {"Appel", "Call"},
	"any":             {"tous", "any"},
	"outcome":         {"Résultat", "Outcome"},
	"done_first":      {"l'action a lieu, la réponse se perd", "the work is done, the answer is lost"},
	"times":           {"Fois", "Times"},
	"order":           {"Provoquer", "Order"},
	"resend":          {"Renvoyer", "Send again"},
	"resend_twice":    {"Renvoyer deux fois", "Send again twice"},
	"deliveries":      {"Livraisons", "Deliveries"},

	"delivery_delivered": {"livrée(s)", "delivered"},
	"delivery_waiting":   {"en cours", "under way"},
	"delivery_given_up":  {"abandonnée(s)", "given up"},

	"endpoint":     {"Adresse des notifications", "Webhook address"},
	"endpoint_off": {"aucune : arrêtées, ou hors de cette machine", "none: switched off, or not on this machine"},
	"reload":       {"Actualiser", "Reload"},

	"payment":          {"paiement", "payment"},
	"payment_reversal": {"rejet de paiement", "payment reversal"},
	"refund_kind":      {"remboursement", "refund"},
	"refund_reversal":  {"remboursement échoué", "refund reversal"},
	"dispute":          {"litige", "dispute"},
	"dispute_reversal": {"litige gagné", "dispute reversal"},
	"fee_kind":         {"frais", "fee"},
	"fee_refund":       {"frais rendus", "fee refund"},
	"payout_kind":      {"virement", "payout"},
	"payout_reversal":  {"virement refusé", "payout reversal"},
	"adjustment":       {"correction", "adjustment"},
	"other":            {"inconnu", "other"},
	"succeeded":        {"réussi", "succeeded"},
	"open":             {"ouverte", "open"},
	"paid":             {"payée", "paid"},
	"processing":       {"en attente", "processing"},
	"authorized":       {"autorisée", "authorised"},
	"expired":          {"fermée", "closed"},
	"cancelled":        {"annulée", "cancelled"},
	"payer_retry":      {"refusée, à réessayer", "declined, may retry"},
	"state_pending":    {"en attente", "pending"},
	"refused":          {"échoué", "failed"},
}

// KindOf is a movement's kind in words.
func (s speaker) KindOf(m Movement) string {
	switch k := string(m.Kind); k {
	case "refund", "fee", "payout":
		return s.T(k + "_kind")
	default:
		return s.T(k)
	}
}

// StateOf is a movement's state in words.
func (s speaker) StateOf(m Movement) string {
	switch m.State {
	case "pending":
		return s.T("state_pending")
	case "failed":
		return s.T("refused")
	}
	return s.T(string(m.State))
}

var symbols = map[money.Currency]string{"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}

// format writes an amount as people of a language do: "1 234,50 €", "€1,234.50".
func format(m money.Money, lang string) string {
	plain := m.Abs().Plain()
	whole, rest, _ := strings.Cut(plain, ".")
	group, point := "\u202f", ","
	if lang == "en" {
		group, point = ",", "."
	}
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	if rest != "" {
		b.WriteString(point + rest)
	}
	sign := ""
	if m.Sign() < 0 {
		sign = "−"
	}
	symbol := symbols[m.Currency()]
	switch {
	case lang == "en" && symbol != "":
		return sign + symbol + b.String()
	case symbol == "":
		symbol = string(m.Currency())
	}
	return sign + b.String() + "\u00a0" + symbol
}
