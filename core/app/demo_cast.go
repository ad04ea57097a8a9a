package app

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// Where a customer of the demonstration is: it decides how sales are taxed.
const (
	zoneFrance  = "FR"
	zoneBritain = "GB"
)

var (
	demoTrades = []string{"Boulangerie", "Pharmacie", "Hôtel", "Restaurant", "Librairie", "Cabinet", "Studio", "Galerie", "Menuiserie",
		"Clinique", "Brasserie", "Agence", "Garage", "Fromagerie", "Institut", "École"}
	demoSurnames = []string{"Delmas", "Roussel", "Kervella", "Bonnefoy", "Chastain", "Lacombe", "Marchetti", "Nguyen", "Perrault", "Sabatier",
		"Vasseur", "Weber", "Zeller", "Arnaud", "Besson", "Carpentier", "Dubreuil", "Escoffier", "Fabre", "Guérin", "Haddad", "Imbert",
		"Joubert", "Laurent", "Moreau", "Noël", "Ollivier", "Prigent", "Quéré", "Rivière", "Simonet", "Tessier"}
	demoForms     = []string{"SARL", "SAS", "SA", "EURL"}
	demoFirstName = []string{"Camille", "Louise", "Hugo", "Inès", "Jules", "Léa", "Nathan", "Sarah", "Thomas", "Yasmine", "Adèle", "Bruno"}
	demoStreets   = []string{"rue de la République", "avenue Jean-Jaurès", "place du Marché", "rue des Tilleuls", "boulevard Voltaire",
		"chemin des Vignes", "quai de la Pêcherie", "rue Victor-Hugo", "impasse du Moulin", "rue Pasteur"}
	demoTowns = []struct{ code, city string }{{"69002", "Lyon"}, {"69100", "Villeurbanne"}, {"38000", "Grenoble"}, {"42000", "Saint-Étienne"},
		{"71000", "Mâcon"}, {"75011", "Paris"}, {"13006", "Marseille"}, {"31000", "Toulouse"}, {"44000", "Nantes"}, {"67000", "Strasbourg"},
		{"33000", "Bordeaux"}, {"74000", "Annecy"}, {"26000", "Valence"}, {"01000", "Bourg-en-Bresse"}}
	demoEnglish = []string{"Northgate", "Alder & Finch", "Harbour", "Bright Lane", "Oakfield", "Kestrel", "Silverdale", "Thornbury"}
	demoAbroad  = []struct {
		country, code, city, street, form string
		digits                            int
	}{
		{"IE", "D02", "Dublin", "Fenian Street", "Ltd", 8}, {"DE", "10115", "Berlin", "Torstraße", "GmbH", 9}, {"BE", "1000", "Bruxelles", "rue Neuve", "SRL", 10},
		{zoneBritain, "EC1V", "London", "Goswell Road", "Ltd", 0}, {zoneBritain, "M4", "Manchester", "Thomas Street", "Ltd", 0},
	}
	unaccent = strings.NewReplacer("é", "e", "è", "e", "ë", "e", "É", "e", "ô", "o", "â", "a", "ç", "c", " ", "-", "&", "et", "'", "")
)

// demoCast invents customers: two in three French businesses, a fifth consumers, the rest businesses abroad who read
// English. A few have no mail address, and can be offered no online payment.
func demoCast(r *rand.Rand, company string, n int) []party.Customer {
	out := make([]party.Customer, n)
	for i := range out {
		c := party.Customer{Kind: party.Business, Language: "fr", MethodID: demoMethod(company, "CB"), Phone: "01 99 00 " + digits(r, 2) + " " + digits(r, 2)}
		surname := demoSurnames[r.IntN(len(demoSurnames))]
		var box string
		switch kind := r.IntN(100); {
		case i%12 == 5 || kind < 6: // some of every kind however small the cast is
			at := demoAbroad[(i/12+kind)%len(demoAbroad)]
			c.Name = demoEnglish[r.IntN(len(demoEnglish))] + " " + surname + " " + at.form
			c.Language, c.Phone = "en", ""
			c.Address = party.Address{Street: fmt.Sprintf("%d %s", 1+r.IntN(120), at.street), PostalCode: at.code, City: at.city, Country: at.country}
			if at.digits > 0 {
				c.VATNumber = at.country + digits(r, at.digits)
			}
			box = "accounts"
		case i%12 == 2 || kind < 24:
			first := demoFirstName[r.IntN(len(demoFirstName))]
			c.Kind, c.Name, box = party.Consumer, first+" "+surname, first
			c.Address = demoAddress(r)
		default:
			c.Name = demoTrades[r.IntN(len(demoTrades))] + " " + surname + " " + demoForms[r.IntN(len(demoForms))]
			c.SIREN = withLuhn("99" + digits(r, 6))
			c.VATNumber = frenchVAT(c.SIREN)
			c.Address = demoAddress(r)
			box = "compta"
		}
		if r.IntN(100) < 94 {
			domain := strings.ToLower(unaccent.Replace(surname))
			c.Email = party.Email(fmt.Sprintf("%s@%s%d.example", strings.ToLower(unaccent.Replace(box)), domain, i+1))
		} else {
			c.MethodID = demoMethod(company, "CHQ")
		}
		out[i] = c
	}
	return out
}

func demoAddress(r *rand.Rand) party.Address {
	t := demoTowns[r.IntN(len(demoTowns))]
	return party.Address{Street: fmt.Sprintf("%d %s", 1+r.IntN(140), demoStreets[r.IntN(len(demoStreets))]), PostalCode: t.code, City: t.city, Country: zoneFrance}
}

// demoProduct is one thing on offer. Price is in cents, excluding VAT. Rate is the VAT code in France without its last
// letter.
type demoProduct struct {
	fr, en string
	unit   string
	price  int64
	rate   string
	nature billing.Nature
}

var demoProducts = []demoProduct{
	{"Ampoule LED filament E27, 2700 K", "LED filament bulb E27, 2700 K", "", 9_50, "S20", billing.Goods},
	{"La lumière chez soi, livre illustré", "Light at home, illustrated book", "", 28_00, "S055", billing.Goods},
	{"Applique murale laiton brossé", "Wall light, brushed brass", "", 84_00, "S20", billing.Goods},
	{"Lampe de bureau orientable", "Adjustable desk lamp", "", 129_00, "S20", billing.Goods},
	{"Suspension verre soufflé Ø 40 cm", "Blown-glass pendant Ø 40 cm", "", 245_00, "S20", billing.Goods},
	{"Lampadaire arc, socle marbre", "Arc floor lamp, marble base", "", 590_00, "S20", billing.Goods},
	{"Lustre sur mesure, douze branches", "Made-to-measure chandelier, twelve arms", "", 1_850_00, "S20", billing.Goods},
	{"Réglage et entretien sur site", "On-site adjustment and maintenance", "h", 62_00, "S20", billing.Services},
	{"Étude d'éclairage", "Lighting study", "h", 85_00, "S20", billing.Services},
	{"Direction de chantier", "Site supervision", "j", 560_00, "S20", billing.Services},
	{"Pose et raccordement, logement de plus de deux ans", "Fitting and wiring, dwelling over two years old", "h", 58_00, "S10", billing.Services},
	{"Rénovation énergétique de l'éclairage", "Energy refurbishment of lighting", "h", 64_00, "S055", billing.Services},
}

// demoSizes are the sizes of sales, excluding VAT: the amounts in cents that 0 %, 5 %, 10 %... of sales stay below. They
// are those of a log-normal distribution around 420.00, as sales of workshops are: many small ones, few large ones.
var demoSizes = []int64{30_00, 88_00, 124_00, 157_00, 189_00, 221_00, 255_00, 291_00, 330_00, 373_00, 420_00, 473_00, 534_00, 606_00,
	691_00, 797_00, 934_00, 1_124_00, 1_419_00, 2_004_00, 6_900_00}

// drawn takes a number from a distribution given by its quantiles at equal steps.
func drawn(r *rand.Rand, quantiles []int64) int64 {
	const fine = 1000
	step, within := r.IntN(len(quantiles)-1), r.Int64N(fine)
	return quantiles[step] + (quantiles[step+1]-quantiles[step])*within/fine
}

// demoLines composes the lines of a sale to a customer.
func demoLines(r *rand.Rand, c party.Customer) []billing.DocLine {
	target := drawn(r, demoSizes)
	n := 1 + r.IntN(2) + r.IntN(3)
	lines := make([]billing.DocLine, 0, n)
	for left := n; left > 0; left-- {
		part := target / int64(left)
		p, code := demoChoice(r, c, part)
		quantity := min(max(1, (part+p.price/2)/p.price), 200)
		target -= quantity * p.price
		l := billing.DocLine{Description: p.fr, Unit: p.unit, Quantity: decimal.NewFromInt(quantity), UnitPrice: decimal.New(p.price, -2), VATCode: code}
		if c.Language == "en" {
			l.Description = p.en
		}
		if quantity >= 5 && r.IntN(3) == 0 {
			l.Discount = decimal.NewFromInt(5)
		}
		lines = append(lines, l)
		if target < 10_00 {
			break
		}
	}
	return lines
}

// demoChoice picks something that the customer may buy and that costs no more than a part of the sale, if anything does.
func demoChoice(r *rand.Rand, c party.Customer, part int64) (demoProduct, string) {
	best, code := demoProducts[0], taxed(demoProducts[0], c)
	seen := 0
	for _, p := range demoProducts {
		vat := taxed(p, c)
		if vat == "" || p.price > part {
			continue
		}
		if seen++; r.IntN(seen) == 0 {
			best, code = p, vat
		}
	}
	return best, code
}

// taxed is the VAT code under which a product is sold to a customer; none: it is not.
func taxed(p demoProduct, c party.Customer) string {
	goods := p.nature == billing.Goods
	switch {
	case c.Address.Country == zoneFrance && p.rate == "S10" && c.Kind != party.Consumer:
		return "" // the reduced rate is for dwellings
	case c.Address.Country == zoneFrance && goods:
		return p.rate + "B"
	case c.Address.Country == zoneFrance:
		return p.rate + "S"
	case c.Address.Country == zoneBritain && goods:
		return "EXPO"
	case c.Address.Country == zoneBritain:
		return ""
	case goods:
		return "INTRA"
	}
	return "SERVUE"
}
