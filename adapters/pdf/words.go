package pdf

// words are the few that a sheet does not bring along.
type words struct {
	description, quantity, unitPrice, discount, vat, amount string
	rate, base                                              string
	deliverTo, deposits, bank, note                         string
	page, draft                                             string
}

var vocabulary = map[string]words{
	"fr": {
		description: "Désignation", quantity: "Quantité", unitPrice: "Prix unitaire HT", discount: "Remise", vat: "TVA", amount: "Montant HT",
		rate: "Taux", base: "Base HT",
		deliverTo: "Adresse de livraison", deposits: "Acomptes", bank: "Règlement par virement", note: "Remarque",
		page: "Page", draft: "BROUILLON",
	},
	"en": {
		description: "Description", quantity: "Quantity", unitPrice: "Unit price excl. VAT", discount: "Discount", vat: "VAT", amount: "Amount excl. VAT",
		rate: "Rate", base: "Base excl. VAT",
		deliverTo: "Delivery address", deposits: "Deposits", bank: "Bank transfer", note: "Remark",
		page: "Page", draft: "DRAFT",
	},
}
