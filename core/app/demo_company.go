package app

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strconv"

	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// Who the demonstration is about. Nobody in it exists: identifiers are invented with right check digits, telephone numbers
// are of the ranges that ARCEP keeps for fiction, mail addresses end in .example, which no mail ever reaches (RFC 2606),
// and the IBAN is the example of the IBAN registry.

const demoSIREN = "990417255"

// demoCompany is a lighting workshop: it sells goods and services at several VAT rates, to businesses and to consumers.
func demoCompany(id string) party.Company {
	return party.Company{
		ID: id, Name: "Atelier Lumen SARL", LegalForm: "SARL", Capital: money.Of(10_000_00, money.EUR),
		SIREN: demoSIREN, SIRET: withLuhn(demoSIREN + "0001"), RegisterAt: "RCS Lyon", VATNumber: frenchVAT(demoSIREN),
		Address: party.Address{Street: "14 rue des Verriers", PostalCode: "69007", City: "Lyon", Country: "FR"},
		Email:   "bonjour@atelier-lumen.example", Phone: "04 65 71 20 14", Website: "https://atelier-lumen.example", Logo: demoLogo(),
		Currency: money.EUR, Locale: "fr", VATRegime: party.VATOnReceipts, DepositScheme: party.DepositGross,
		// The rate of the European Central Bank in force, 2.15, and ten points (art. L441-10 C. com.).
		TermsDays: 30, LateRate: decimal.RequireFromString("12.15"),
		IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP", QuoteValidity: 30,
		MailIntro: "Merci de votre confiance.", Footer: "Luminaires sur mesure, études d'éclairage et pose à Lyon depuis 2009.",
		Tolerance: 5, TestBooks: true, Ready: true, Version: 1,
	}
}

func demoMethod(company, code string) string { return ids.Derive(ids.Method, company, code) }

// demoLogo draws a lamp: a warm disc on a dark ground, fading towards its edge.
func demoLogo() []byte {
	const size, centre, radius = 160, 80, 52
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := x-centre, y-centre
			c := color.NRGBA{0x1d, 0x2b, 0x3a, 0xff}
			switch square := dx*dx + dy*dy; {
			case square <= radius*radius:
				fade := uint8(90 * square / (radius * radius))
				c = color.NRGBA{0xff, 0xd6 - fade/2, 0x6b - fade, 0xff}
			case y > centre+radius && x >= centre-12 && x < centre+12 && y < size-8 && y%6 > 1:
				c = color.NRGBA{0xc9, 0xd3, 0xdc, 0xff}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a picture of a fixed size, into memory
	}
	return b.Bytes()
}

// withLuhn appends the digit that makes the Luhn sum right.
func withLuhn(digits string) string {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}

// frenchVAT is the VAT number of a SIREN: FR, a key, the SIREN.
func frenchVAT(siren string) string {
	n, err := strconv.Atoi(siren)
	if err != nil {
		panic(err) // only digits come here
	}
	key := (12 + 3*(n%97)) % 97
	return "FR" + string([]byte{byte('0' + key/10), byte('0' + key%10)}) + siren
}

// digits draws n decimal digits.
func digits(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	return string(b)
}
