package paypalfake

import (
	"hash/fnv"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// report writes a line into the account's statement.
func (f *Fake) report(account string, l *line, v version) {
	a := f.s.Accounts[account]
	v.Shown = v.At.Add(f.late(a))
	l.Versions = []version{v}
	a.Lines = append(a.Lines, l)
}

// amend changes a line. It stays where it was.
func (f *Fake) amend(account string, l *line, v version) {
	v.At = later(v.At, l.last().At)
	v.Shown = f.now().Add(f.late(f.s.Accounts[account]))
	l.Versions = append(l.Versions, v)
}

// late is how late the next line is reported: anything up to the most, by no visible rule.
func (f *Fake) late(a *account) time.Duration {
	if a.Options.Late <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(f.s.Seq, 10) + a.ID + strconv.Itoa(len(a.Lines))))
	return time.Duration(h.Sum64() % uint64(a.Options.Late)).Truncate(time.Second)
}

func (f *Fake) lineOf(account, id string) *line {
	for _, l := range f.s.Accounts[account].Lines {
		if l.ID == id {
			return l
		}
	}
	return nil
}

// shown is a line as reports have it by now.
func (l *line) shown(now time.Time) *version {
	var v *version
	for i := range l.Versions {
		if !l.Versions[i].Shown.After(now) {
			v = &l.Versions[i]
		}
	}
	return v
}

func (f *Fake) search(c caller) answer {
	q := c.r.URL.Query()
	start, err1 := time.Parse(time.RFC3339, q.Get("start_date"))
	end, err2 := time.Parse(time.RFC3339, q.Get("end_date"))
	if err1 != nil || err2 != nil || end.Before(start) || end.Sub(start) > 31*24*time.Hour {
		return refuse(http.StatusBadRequest, "INVALID_DATE_RANGE")
	}
	now := f.now()
	if start.Before(now.AddDate(-3, 0, -1)) {
		return refuse(http.StatusBadRequest, "INVALID_START_DATE")
	}
	size, page := 100, 1
	if s := q.Get("page_size"); s != "" {
		size, _ = strconv.Atoi(s)
	}
	if s := q.Get("page"); s != "" {
		page, _ = strconv.Atoi(s)
	}
	if size < 1 || size > 500 || page < 1 {
		return refuse(http.StatusBadRequest, "INVALID_PAGE")
	}
	opt := c.account.Options
	if opt.SearchSpan > 0 && end.Sub(start) > opt.SearchSpan {
		end = start.Add(opt.SearchSpan)
	}
	type shown struct {
		l *line
		v *version
	}
	var found []shown
	for _, l := range c.account.Lines {
		v := l.shown(now)
		if v == nil || l.Initiated.Before(start) || l.Initiated.After(end) || q.Get("balance_affecting_records_only") != "N" && !v.Affects {
			continue
		}
		if id := q.Get("transaction_id"); id != "" && id != l.ID {
			continue
		}
		found = append(found, shown{l, v})
	}
	most := opt.SearchMost
	if most == 0 {
		most = 10_000
	}
	if len(found) > most {
		a := refuse(http.StatusBadRequest, "RESULTSET_TOO_LARGE")
		if opt.TooLargeSays200 {
			a.status, a.wrong = http.StatusOK, true
		}
		return a
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].l.Initiated.After(found[j].l.Initiated) }) // newest first
	zone := time.FixedZone("", opt.Zone*60)
	out := map[string]any{
		"account_number": c.account.ID, "start_date": zoned(start, zone), "end_date": zoned(end, zone),
		"last_refreshed_datetime": zoned(now.Add(-opt.Late/2), zone), "page": page,
		"total_items": len(found), "total_pages": (len(found) + size - 1) / size,
		"links": []any{link(f.base+c.r.URL.RequestURI(), "self", "GET")},
	}
	var rows []any
	for i := (page - 1) * size; i < min(page*size, len(found)); i++ {
		rows = append(rows, f.row(c.account, found[i].l, found[i].v, zone, q.Get("fields")))
	}
	if rows != nil {
		out["transaction_details"] = rows
	}
	return ok(http.StatusOK, out)
}

func zoned(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02T15:04:05-07:00")
}

func (f *Fake) row(a *account, l *line, v *version, zone *time.Location, fields string) map[string]any {
	info := map[string]any{
		"paypal_account_id": a.ID, "transaction_id": l.ID, "transaction_event_code": l.Code,
		"transaction_initiation_date": zoned(l.Initiated, zone), "transaction_updated_date": zoned(v.At, zone),
		"transaction_amount": v.Amount.json(), "transaction_status": v.Status, "protection_eligibility": "01",
	}
	if l.Ref != "" {
		info["paypal_reference_id"], info["paypal_reference_id_type"] = l.Ref, "TXN"
	}
	if v.Fee != nil {
		info["fee_amount"] = v.Fee.json()
	}
	for name, s := range map[string]string{"transaction_subject": l.Subject, "invoice_id": l.Invoice, "custom_field": l.Custom} {
		if s = plain(s); s != "" {
			info[name] = s
		}
	}
	out := map[string]any{"transaction_info": info}
	if strings.Contains(fields, "payer_info") || fields == "all" {
		payer := map[string]any{"address_status": "N", "payer_status": "Y"}
		if l.Payer != "" {
			payer["email_address"] = l.Email
			payer["payer_name"] = map[string]any{"given_name": "Élodie", "surname": "Martin", "alternate_full_name": l.Payer}
			payer["country_code"] = "FR"
		}
		out["payer_info"] = payer
	}
	return out
}

// plain is a text in the few characters that reports have.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(`_'-., ":;!?`, r):
			return r
		case r == 'é', r == 'è', r == 'ê':
			return 'e'
		}
		return '-'
	}, s)
}

// sums are what the account holds by now, and how much of it is held back.
func (a *account) sums() (total, held map[money.Currency]int64) {
	total, held = map[money.Currency]int64{a.Options.Primary: 0}, map[money.Currency]int64{}
	for _, l := range a.Lines {
		v := l.last()
		if !v.Affects {
			continue
		}
		if l.Held {
			held[v.Amount.Currency] -= v.Amount.Minor
			continue
		}
		total[v.Amount.Currency] += v.Amount.Minor
		if v.Fee != nil {
			total[v.Fee.Currency] += v.Fee.Minor
		}
		if k := v.Hidden; k != nil {
			total[k.Currency] += k.Minor
		}
	}
	return total, held
}

func (f *Fake) balances(c caller) answer {
	total, held := c.account.sums()
	var curs []string
	for cur := range total {
		curs = append(curs, string(cur))
	}
	sort.Strings(curs)
	list := []any{}
	for _, s := range curs {
		cur := money.Currency(s)
		t, h := cash{total[cur], cur}, cash{held[cur], cur}
		list = append(list, map[string]any{
			"currency": s, "primary": cur == c.account.Options.Primary, "total_balance": t.json(),
			"available_balance": cash{t.Minor - h.Minor, cur}.json(), "withheld_balance": h.json(),
		})
	}
	return ok(http.StatusOK, map[string]any{"balances": list, "account_id": c.account.ID, "as_of_time": stamp(f.now()), "last_refresh_time": stamp(f.now())})
}

// Balance is what an account holds in a currency, what is held back included.
func (f *Fake) Balance(merchant string, cur money.Currency) money.Money {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.s.Accounts[merchant]
	if a == nil {
		return money.Zero(cur)
	}
	total, _ := a.sums()
	return money.Of(total[cur], cur)
}
