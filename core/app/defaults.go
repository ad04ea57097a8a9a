package app

import (
	"strings"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

// What a new French company starts with. Labels are those of the chart of accounts (ANC regulation 2014-03 as
// consolidated on 1 January 2026), but for subdivisions of ours, which art. 1131-1 allows.

// collective accounts take an auxiliary account on each line: the customer's or supplier's code.
var collective = []string{"401000", posting.Customers, posting.Doubtful, posting.Deposits, posting.CustomerCredit}

// defaultAccounts is one account a line: its code, a space, its label.
const defaultAccounts = `
101000 Capital
106100 Réserve légale
106800 Autres réserves
108000 Compte de l'exploitant
110000 Report à nouveau - solde créditeur
119000 Report à nouveau - solde débiteur
120000 Résultat de l'exercice - bénéfice
129000 Résultat de l'exercice - perte
151500 Provisions pour pertes de change
164000 Emprunts auprès des établissements de crédit
205000 Concessions et droits similaires, brevets, licences, logiciels
218300 Matériel de bureau et matériel informatique
280500 Amortissements des concessions, brevets, licences, logiciels
281830 Amortissements du matériel de bureau et informatique
370000 Stocks de marchandises
401000 Fournisseurs
408100 Fournisseurs - Factures non parvenues
409100 Fournisseurs - Avances et acomptes versés sur commandes
411000 Clients
413000 Clients - Effets à recevoir
416000 Clients douteux ou litigieux
418100 Clients - Factures à établir
419100 Clients - Avances et acomptes reçus sur commandes
419700 Clients - Autres avoirs
421000 Personnel - Rémunérations dues
431000 Sécurité sociale
444000 État - Impôts sur les bénéfices
445201 TVA due intracommunautaire 20 %
445510 TVA à décaisser
445620 TVA sur immobilisations
445660 TVA sur autres biens et services
445662 TVA déductible - autoliquidation intracommunautaire
445670 Crédit de TVA à reporter
445711 TVA collectée 20 %
445712 TVA collectée 10 %
445713 TVA collectée 5,5 %
445714 TVA collectée 2,1 %
445715 TVA collectée 8,5 %
445800 Taxes sur le chiffre d'affaires à régulariser ou en attente
445860 Taxes sur le chiffre d'affaires - factures non parvenues
445870 Taxes sur le chiffre d'affaires - factures à établir
445871 TVA sur acomptes reçus
445880 TVA collectée en attente d'encaissement
455000 Associés - Comptes courants
467000 Divers comptes débiteurs et produits à recevoir
468000 Divers comptes créditeurs et charges à payer
471000 Comptes d'attente
476000 Différences de conversion - Actif
477000 Différences de conversion - Passif
486000 Charges constatées d'avance
487000 Produits constatés d'avance
491000 Dépréciations des comptes de clients
511200 Chèques à encaisser
512100 Comptes en euros
512400 Comptes en devises
517100 Stripe
517200 PayPal EUR
517210 PayPal USD
530000 Caisse
580000 Virements internes
601000 Achats de matières premières
606400 Fournitures administratives
607000 Achats de marchandises
611000 Sous-traitance générale
613200 Locations immobilières
615000 Entretien et réparations
616000 Primes d'assurance
622600 Honoraires
623000 Publicité, publications, relations publiques
625100 Voyages et déplacements
626000 Frais postaux et frais de télécommunications
627000 Services bancaires et assimilés
627800 Autres frais et commissions sur prestations de services
627810 Commissions Stripe
627820 Commissions PayPal
627890 Frais de litige
635100 Impôts directs
641000 Rémunérations du personnel
645000 Cotisations de sécurité sociale et de prévoyance
654000 Pertes sur créances irrécouvrables
656000 Pertes de change sur créances et dettes commerciales
658000 Pénalités et autres charges
661000 Charges d'intérêts
665000 Escomptes accordés
666000 Pertes de change financières
681700 Dotations aux dépréciations des actifs circulants
695000 Impôts sur les bénéfices
701000 Ventes de produits finis
706000 Prestations de services
707000 Ventes de marchandises
708500 Ports et frais accessoires facturés
709600 Rabais, remises et ristournes accordés sur prestations de services
709700 Rabais, remises et ristournes accordés sur ventes de marchandises
756000 Gains de change sur créances et dettes commerciales
758000 Indemnités et autres produits
765000 Escomptes obtenus
766000 Gains de change financiers
781700 Reprises sur dépréciations des actifs circulants
`

// DefaultAccounts is the chart of accounts of a new company.
func DefaultAccounts() []ledger.Account {
	var out []ledger.Account
	for _, line := range strings.Split(strings.TrimSpace(defaultAccounts), "\n") {
		code, label, _ := strings.Cut(line, " ")
		acc := ledger.Account{Code: code, Label: label, Active: true}
		for _, c := range collective {
			acc.Collective = acc.Collective || c == code
		}
		out = append(out, acc)
	}
	return out
}

// DefaultJournals are the journals of a new company. Cash is there and inactive: few keep any.
func DefaultJournals() []ledger.Journal {
	return []ledger.Journal{
		{Code: posting.OpeningJournal, Label: "À-nouveaux", Type: ledger.Opening, Active: true},
		{Code: posting.SalesJournal, Label: "Ventes", Type: ledger.Sales, Active: true},
		{Code: "AC", Label: "Achats", Type: ledger.Purchases, Active: true},
		{Code: bankJournal, Label: "Banque", Type: ledger.Treasury, Active: true},
		{Code: "STR", Label: "Stripe", Type: ledger.Treasury, Active: true},
		{Code: "PPL", Label: "PayPal", Type: ledger.Treasury, Active: true},
		{Code: cashJournal, Label: "Caisse", Type: ledger.Treasury},
		{Code: posting.MiscJournal, Label: "Opérations diverses", Type: ledger.Misc, Active: true},
	}
}

const (
	bankJournal = posting.BankJournal
	bankAccount = "512100"
	cashJournal = "CA"
	cashAccount = "530000"
	chequesHeld = "511200"
	disputeFees = "627890"

	goodsRevenue    = "707000"
	servicesRevenue = "706000"
)

// DefaultVATCodes are the ways of taxing a line. A code ends in B for goods (biens) or S for services: they fall due on
// different days. A company under the small-business exemption (art. 293 B CGI) may charge no VAT, so only the codes that
// say so are active in its books, and only in its books.
func DefaultVATCodes(r party.VATRegime) []billing.VATCode {
	var out []billing.VATCode
	add := func(c billing.VATCode) {
		c.Active = (c.Mention == mentionExempt) == (r == party.VATExempt)
		out = append(out, c)
	}
	both := func(prefix, label, rate, category, account, mention string) {
		percent := decimal.RequireFromString(rate)
		add(billing.VATCode{Code: prefix + "B", Label: label + " - biens", Rate: percent, Category: category, Nature: billing.Goods,
			Revenue: goodsRevenue, Account: account, Mention: mention})
		add(billing.VATCode{Code: prefix + "S", Label: label + " - services", Rate: percent, Category: category, Nature: billing.Services,
			Revenue: servicesRevenue, Account: account, Mention: mention})
	}
	both("S20", "TVA 20 %", "20", "S", "445711", "")
	both("S10", "TVA 10 %", "10", "S", "445712", "")
	both("S055", "TVA 5,5 %", "5.5", "S", "445713", "")
	both("S021", "TVA 2,1 %", "2.1", "S", "445714", "")
	both("D085", "TVA 8,5 % (outre-mer)", "8.5", "S", "445715", "")
	both("FR293B", "Franchise en base", "0", "E", "", mentionExempt)
	add(billing.VATCode{Code: "EXPO", Label: "Exportation de biens", Category: "G", Nature: billing.Goods, Revenue: goodsRevenue, Mention: "mention.vat_export"})
	add(billing.VATCode{Code: "INTRA", Label: "Livraison intracommunautaire de biens", Category: "K", Nature: billing.Goods, Revenue: goodsRevenue, Mention: "mention.vat_intra"})
	add(billing.VATCode{Code: "SERVUE", Label: "Services à une entreprise de l'UE (autoliquidation)", Category: "AE", Nature: billing.Services, Revenue: servicesRevenue, Mention: "mention.vat_reverse_charge"})
	return out
}

// mentionExempt is the catalogue key of "TVA non applicable, art. 293 B du CGI".
const mentionExempt = "mention.vat_293b"

// DefaultMethods are the payment methods of a new company; the first two have the box "Autoriser le paiement en ligne" ticked.
func DefaultMethods(company string) []billing.PaymentMethod {
	method := func(code, label string, kind billing.MethodKind, journal, account string) billing.PaymentMethod {
		return billing.PaymentMethod{ID: ids.Derive(ids.Method, company, code), Code: code, Label: label, Kind: kind,
			Online: kind == billing.ByGateway, Journal: journal, Account: account, Active: journal != cashJournal, Version: 1}
	}
	return []billing.PaymentMethod{
		method("CB", "Carte bancaire en ligne", billing.ByGateway, "", ""),
		method("PAYPAL", "PayPal", billing.ByGateway, "", ""),
		method("VIR", "Virement", billing.ByTransfer, bankJournal, bankAccount),
		method("CHQ", "Chèque", billing.ByCheque, bankJournal, chequesHeld),
		method("PRLV", "Prélèvement SEPA", billing.ByDirectDebit, bankJournal, bankAccount),
		method("ESP", "Espèces", billing.ByCash, cashJournal, cashAccount),
		method("TPE", "Carte (TPE)", billing.ByCard, bankJournal, bankAccount),
	}
}

// defaultSettings are all the settings that a new company's books begin with.
func defaultSettings(c party.Company, years ...ledger.FiscalYear) []any {
	var out []any
	for _, y := range years {
		out = append(out, y)
	}
	for _, acc := range DefaultAccounts() {
		out = append(out, acc)
	}
	for _, j := range DefaultJournals() {
		out = append(out, j)
	}
	for _, v := range DefaultVATCodes(c.VATRegime) {
		out = append(out, v)
	}
	for _, m := range DefaultMethods(c.ID) {
		out = append(out, m)
	}
	return out
}

// gatewayPlace is where the money of a well-known gateway is kept and posted.
type gatewayPlace struct {
	journal, account, commission string
	feeVAT                       inbox.FeeVAT
}

// gatewayBooks holds the places of accounting.md §6. Stripe's fees come from Ireland without VAT and are self-assessed from
// its monthly invoice; PayPal's are exempt financial services (E13).
var gatewayBooks = map[string]gatewayPlace{
	"stripe":  {"STR", "517100", "627810", inbox.FeeReverseCharge},
	"paypal":  {"PPL", "517200", "627820", inbox.FeeExempt},
	"sandbox": {"SBX", "517900", "627880", inbox.FeeExempt},
}
