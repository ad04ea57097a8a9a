package pdf_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
)

const (
	nb     = "\u00a0" // before a currency sign
	narrow = "\u202f" // between thousands
	payURL = "https://acquit.example/p/k7f3q9x2m5d8w1z4c6v0b8n2"
)

func eur(s string) string { return strings.ReplaceAll(s, " ", narrow) + nb + "€" }

// invoice is a French invoice with everything on it.
func invoice() app.Sheet {
	return app.Sheet{
		Lang: "fr", Title: "Facture", Number: "FA-2026-0042", CreatedAt: "2026-11-23T14:05:06Z", Subject: "Facture de menuiserie",
		Company: app.SheetParty{Name: "Atelier du Pré", Lines: []string{
			"12 rue des Tanneurs", "69005 Lyon", "04 78 00 00 00 · bonjour@atelier.example", "SIREN 732 829 320 · RCS Lyon", "TVA FR44 732829320",
		}},
		Customer: app.SheetParty{Name: "Librairie Müller & Žižek", Lines: []string{
			"Mme Claire Müller", "27 quai Saint-Vincent", "69001 Lyon", "SIREN 552 100 554", "TVA FR96 552100554",
		}},
		DeliverTo: []string{"Librairie Müller, dépôt nord", "3 rue de l’Œuvre, 69004 Lyon"},
		Facts: []app.SheetField{
			{Label: "Date d’émission", Value: "23 novembre 2026"}, {Label: "Échéance", Value: "23 décembre 2026"},
			{Label: "Date de livraison", Value: "20 novembre 2026"}, {Label: "Commande", Value: "BC-778"},
			{Label: "Nature de l’opération", Value: "Biens et services"},
		},
		Lines: []app.SheetLine{
			{Description: "Bibliothèque en chêne massif\nSix modules 90 × 220 cm, huile naturelle, tablettes réglables. Bois certifié, scierie du Haut-Beaujolais.", Quantity: "6 u", UnitPrice: eur("1 150,00"), Discount: "5 %", VAT: "20 %", Amount: eur("6 555,00")},
			{Description: "Pose et ajustage sur place", Quantity: "14,5 h", UnitPrice: eur("58,00"), VAT: "10 %", Amount: eur("841,00")},
			{Description: "Livraison", Quantity: "1", UnitPrice: eur("111,11"), VAT: "20 %", Amount: eur("111,11")},
			{Description: "Guide « Entretenir son bois » (offert)", Quantity: "1", UnitPrice: eur("18,00"), Discount: "100 %", VAT: "5,5 %", Amount: eur("0,00")},
		},
		VAT: []app.SheetVAT{
			{Rate: "20 %", Base: eur("6 666,11"), Amount: eur("1 333,22")}, {Rate: "10 %", Base: eur("841,00"), Amount: eur("84,10")},
			{Rate: "0 %", Base: eur("0,00"), Amount: eur("0,00"), Note: "Exonération de TVA, article 262 ter I du CGI"},
		},
		Totals: []app.SheetTotal{
			{Label: "Total HT", Value: eur("7 507,11")}, {Label: "TVA", Value: eur("1 417,32")}, {Label: "Total TTC", Value: eur("8 924,43"), Strong: true},
			{Label: "Acompte versé, facture FA-2026-0031 du 4 octobre 2026", Value: "−" + eur("2 500,00")}, {Label: "Solde à payer", Value: eur("6 424,43"), Strong: true},
		},
		Pay:  &app.SheetPay{URL: payURL, Button: "Payer " + eur("6 424,43"), Help: "ou flashez ce code"},
		Bank: []app.SheetField{{Label: "IBAN", Value: "FR76 3000 4000 0100 0001 2345 678"}, {Label: "BIC", Value: "BNPAFRPPXXX"}, {Label: "Référence", Value: "FA-2026-0042"}},
		Note: "Merci de votre confiance. La garantie de dix ans court à compter de la pose.",
		Mentions: []string{
			"Pas d’escompte pour paiement anticipé. En cas de retard, pénalités au taux de la BCE majoré de 10 points, et indemnité forfaitaire pour frais de recouvrement de 40 € (art. L441-10 et D441-5 du code de commerce).",
			"TVA acquittée sur les encaissements pour les prestations de services.",
		},
		Footer: "Atelier du Pré, SARL au capital de " + eur("10 000") + " – 12 rue des Tanneurs, 69005 Lyon – SIREN 732 829 320 RCS Lyon – TVA FR44 732829320",
	}
}

// quote is an English quote, not issued yet, that asks for deposits.
func quote() app.Sheet {
	s := invoice()
	s.Lang, s.Title, s.Number, s.Draft, s.DeliverTo = "en", "Quote", "", true, nil
	s.Facts = []app.SheetField{{Label: "Date", Value: "23 November 2026"}, {Label: "Valid until", Value: "23 December 2026"}}
	for i, amount := range []string{"€6,555.00", "€841.00", "€111.11", "€0.00"} {
		s.Lines[i].Amount, s.Lines[i].Discount, s.Lines[i].UnitPrice = amount, "", "€1,092.50"
	}
	s.Totals = []app.SheetTotal{{Label: "Total excl. VAT", Value: "€7,507.11"}, {Label: "VAT", Value: "€1,417.32"}, {Label: "Total incl. VAT", Value: "€8,924.43", Strong: true}}
	s.VAT = s.VAT[:2]
	s.Deposits = []app.SheetField{
		{Label: "On order, by 30 November 2026 (pay online)", Value: "€2,500.00"}, {Label: "On delivery", Value: "€2,500.00"}, {Label: "Balance on completion", Value: "€3,924.43"},
	}
	s.Pay = &app.SheetPay{URL: payURL, Button: "Pay the deposit of €2,500.00", Help: "or scan this code"}
	s.Mentions = []string{"Quote free of charge. Signed copy or payment of the deposit confirms the order."}
	return s
}

// mark is a logo: a disc on nothing.
func mark(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	r := min(w, h) / 2
	for y := range h {
		for x := range w {
			if dx, dy := x-r, y-r; dx*dx+dy*dy < r*r {
				img.SetNRGBA(x, y, color.NRGBA{11, 107, 87, 255})
			} else if x > 2*r+r/4 && y > h/3 && y < 2*h/3 {
				img.SetNRGBA(x, y, color.NRGBA{23, 32, 29, 200})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// long is an invoice of n lines.
func long(n int) app.Sheet {
	s := invoice()
	s.Lines = nil
	for i := range n {
		s.Lines = append(s.Lines, app.SheetLine{
			Description: fmt.Sprintf("Article %04d", i+1), Quantity: "1", UnitPrice: eur("10,00"), VAT: "20 %", Amount: eur("10,00"),
		})
	}
	return s
}
