package app

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	_ "image/jpeg" // logos may be JPEG...
	"image/png"    // ... or PNG
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// NewCompany is what a company is founded with. Only the name is needed: the rest has the defaults of a French company
// that owes VAT on receipts. Year is its first fiscal year; none asks for the calendar year of today.
type NewCompany struct {
	Company party.Company
	Year    ledger.FiscalYear
}

// CreateCompany founds a company with the default chart of accounts, journals, VAT codes and payment methods, and makes
// owner its owner. Everything may be changed later but the currency. Codes: those of party.Company.Validate and, under
// "year", of AddYear; unknown_thing (the owner).
func (a *App) CreateCompany(ctx context.Context, in NewCompany, owner access.User) (party.Company, error) {
	none := party.Company{}
	if _, err := a.User(ctx, owner.ID); err != nil {
		return none, err
	}
	c := in.Company.Clone()
	c.Logo, c.Mail.Sealed = nil, nil
	if !ids.Valid(ids.Company, c.ID) {
		c.ID = ids.New(ids.Company)
	}
	a.withDefaults(&c)
	c.CreatedAt, c.Version, c.Ready = a.Now().UTC().Truncate(time.Microsecond), 1, false
	year := in.Year
	if year.Start.IsZero() {
		year.Start = a.Today().AddDays(1 - a.Today().Day()).AddMonths(1 - int(a.Today().Month()))
	}
	if year.End.IsZero() {
		year.End = year.Start.AddMonths(12).AddDays(-1)
	}
	year.Closed = false
	var f fault.Collect
	_ = f.Add(c.Validate())
	_ = f.Add(goodYear(&year), "year")
	if err := f.Err(); err != nil {
		return none, err
	}
	if err := a.Books.Create(ctx, c, defaultSettings(c, year)...); err != nil {
		return none, err
	}
	return c, a.Directory.SetMember(ctx, access.Member{UserID: owner.ID, Company: c.ID, Role: access.Owner})
}

func (a *App) withDefaults(c *party.Company) {
	fill := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	fill((*string)(&c.Currency), string(money.EUR))
	fill(&c.Locale, "fr")
	fill(&c.Address.Country, "FR")
	fill((*string)(&c.VATRegime), string(party.VATOnReceipts))
	fill((*string)(&c.DepositScheme), string(party.DepositGross))
	if c.TermsDays == 0 {
		c.TermsDays = 30 // the term that applies when nothing was agreed (L441-10 C. com.)
	}
	if c.QuoteValidity == 0 {
		c.QuoteValidity = 30
	}
	if c.Tolerance == 0 {
		c.Tolerance = 5
	}
	if c.Capital.Currency() == "" {
		c.Capital = money.Zero(c.Currency)
	}
}

// Setup is the company's settings. They are shared: read them, never change them. Secrets in them are sealed.
func (a *App) Setup(ctx context.Context, who access.Actor) (*books.Setup, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	return a.Books.Setup(ctx, who.Company)
}

// UpdateCompany changes the company; Version is the one that was read (0: whichever). What has a use case of its own stays
// as it is: logo, mail server, period lock, set-up; so does the currency. A company that comes under the small-business
// exemption, or leaves it, has its default VAT codes switched over. Codes: those of party.Company.Validate, stale, in_use on
// "test_books" once something was posted.
func (a *App) UpdateCompany(ctx context.Context, who access.Actor, c party.Company) (party.Company, error) {
	if err := who.May(access.Configure); err != nil {
		return party.Company{}, err
	}
	head, err := a.Views.Head(ctx, who.Company)
	if err != nil {
		return party.Company{}, err
	}
	err = a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		now := tx.Setup().Company
		if err := stale(c.Version, now.Version, "", tx.Now()); err != nil {
			return err
		}
		next := c
		next.ID, next.Currency, next.Logo, next.Mail, next.ClosedUntil, next.Ready, next.CreatedAt = now.ID, now.Currency, now.Logo, now.Mail, now.ClosedUntil, now.Ready, now.CreatedAt
		if next.Capital.Currency() == "" {
			next.Capital = money.Zero(now.Currency)
		}
		if err := next.Validate(); err != nil {
			return err
		}
		if next.TestBooks != now.TestBooks && head.Seq > 0 {
			return fault.New(fault.Refused, fault.InUse, "what", "company", "id", now.Name).On("test_books")
		}
		if (next.VATRegime == party.VATExempt) != (now.VATRegime == party.VATExempt) {
			switchVATCodes(tx, next.VATRegime)
		}
		next.Version = now.Version + 1
		tx.Set(next)
		tx.Log(who.Name, "company_changed", now.ID, next.Name)
		c = next
		return nil
	})
	return c, a.sayWho(ctx, who.Company, who.Company, err)
}

// switchVATCodes makes the default codes of a regime active and the others not; codes that the company added stay.
func switchVATCodes(tx *books.Tx, r party.VATRegime) {
	for _, d := range DefaultVATCodes(r) {
		if now, ok := tx.Setup().VATCodes[d.Code]; ok && now.Active != d.Active {
			now.Active = d.Active
			tx.Set(now)
		}
	}
}

const (
	// maxLogo and maxLogoSide bound a logo: it is embedded in every PDF and decoded in memory to be checked. 2,000 pixels
	// print 17 cm wide at 300 dots per inch; decoded they take 16 MB.
	maxLogo     = 1 << 20
	maxLogoSide = 2000
)

// SetLogo replaces the logo by a PNG or JPEG image; nothing takes it away. A PNG is written anew, as the plain kind that
// every printer of PDF understands. Code: bad_image.
func (a *App) SetLogo(ctx context.Context, who access.Actor, data []byte) error {
	if err := who.May(access.Configure); err != nil {
		return err
	}
	logo, err := cleanLogo(data)
	if err != nil {
		return err
	}
	return a.onCompany(ctx, who, "logo_changed", func(_ *books.Tx, c *party.Company) error {
		c.Logo = logo
		return nil
	})
}

func cleanLogo(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	bad := fault.New(fault.Invalid, fault.BadImage, "max", strconv.Itoa(maxLogo>>20)).On("logo")
	if len(data) > maxLogo {
		return nil, bad
	}
	head, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || kind != "png" && kind != "jpeg" || head.Width < 1 || head.Height < 1 || head.Width > maxLogoSide || head.Height > maxLogoSide {
		return nil, bad
	}
	drawn, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, bad
	}
	if kind == "jpeg" {
		return bytes.Clone(data), nil
	}
	flat := image.NewNRGBA(image.Rect(0, 0, head.Width, head.Height))
	draw.Draw(flat, flat.Bounds(), drawn, drawn.Bounds().Min, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, flat); err != nil {
		return nil, err
	}
	if out.Len() > maxLogo {
		return nil, bad
	}
	return out.Bytes(), nil
}

// onCompany changes the company's own record without asking for the version that was read: fn touches what nothing else does.
func (a *App) onCompany(ctx context.Context, who access.Actor, action string, fn func(*books.Tx, *party.Company) error) error {
	return a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		c := tx.Setup().Company.Clone()
		if err := fn(tx, &c); err != nil {
			return err
		}
		tx.Set(c)
		tx.Log(who.Name, action, c.ID, "")
		return nil
	})
}

// Step is one step of the set-up wizard. Missing names what is not done yet, as fields or words of the catalogues.
type Step struct {
	Code    string
	Done    bool
	Missing []string
}

// Codes of the steps, in their order. None is compulsory: the wizard can be left and taken up again.
const (
	StepCompany = "company"
	StepUsers   = "users"
	StepMethods = "methods"
	StepGateway = "gateway"
	StepMail    = "mail"
	StepPayment = "test_payment"
)

// Steps says how far the company is set up.
func (a *App) Steps(ctx context.Context, who access.Actor) ([]Step, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return nil, err
	}
	users, err := a.Directory.Users(ctx, who.Company)
	if err != nil {
		return nil, err
	}
	paid, err := a.Views.Arrivals(ctx, who.Company, ArrivalQuery{Kinds: []string{string(gateway.KindPayment)}, Paging: Paging{Limit: 1}})
	if err != nil {
		return nil, err
	}
	var out []Step
	add := func(code string, missing ...string) {
		out = append(out, Step{Code: code, Done: len(missing) == 0, Missing: missing})
	}
	unless := func(ok bool, missing string) []string {
		if ok {
			return nil
		}
		return []string{missing}
	}
	add(StepCompany, setup.Company.Missing()...)
	add(StepUsers, unless(len(users) > 0, "user")...)
	add(StepMethods, unless(anyMethod(setup, func(m billing.PaymentMethod) bool { return m.Active && m.Online }), "online_method")...)
	add(StepGateway, gatewayMissing(setup)...)
	add(StepMail, unless(mailSet(setup.Company), "mail")...)
	add(StepPayment, unless(len(paid.Items) > 0, "payment")...)
	return out, nil
}

func anyMethod(s *books.Setup, is func(billing.PaymentMethod) bool) bool {
	for _, m := range s.Methods {
		if is(m) {
			return true
		}
	}
	return false
}

func mailSet(c party.Company) bool {
	return c.Mail.Kind != "" && (c.Mail.From != "" || c.Email != "")
}

// gatewayMissing is what keeps the connection that is nearest to being on from it.
func gatewayMissing(s *books.Setup) []string {
	best := []string{"connection"}
	found := false
	for _, c := range s.Connections {
		if c.Status == inbox.Disconnected {
			continue
		}
		if c.On {
			return nil
		}
		if missing := append(c.MissingSettings(), "switched_on"); !found || len(missing) < len(best) {
			best, found = missing, true
		}
	}
	return best
}

// FinishSetup says that the wizard was finished, or left for good.
func (a *App) FinishSetup(ctx context.Context, who access.Actor) error {
	return a.onCompany(ctx, who, "setup_finished", func(_ *books.Tx, c *party.Company) error {
		c.Ready = true
		return nil
	})
}
