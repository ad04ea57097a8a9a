package gateway

// Able is a gateway that has every optional ability, if only to answer that it is unsupported.
type Able interface {
	Gateway
	Refunder
	Expirer
	BalanceReader
	WebhookInstaller
	PayoutReader
}

// Only narrows g to what can says, so that a type assertion to an optional interface succeeds exactly for the abilities
// that are there. Go gives a value its methods when it is compiled: each of the 32 sets of abilities is a type of its own,
// written out below. Whoever stands in front of a gateway (a wire, a guard) needs it to be no more and no less than that
// gateway.
func Only(g Able, can func(Capability) bool) Gateway {
	set := 0
	for i, c := range optional {
		if can(c) {
			set |= 1 << i
		}
	}
	type (
		base = Gateway
		refu = Refunder
		expi = Expirer
		bala = BalanceReader
		hook = WebhookInstaller
		item = PayoutReader
	)
	switch set {
	case 0:
		return struct {
			base
		}{g}
	case 1:
		return struct {
			base
			refu
		}{g, g}
	case 2:
		return struct {
			base
			expi
		}{g, g}
	case 3:
		return struct {
			base
			refu
			expi
		}{g, g, g}
	case 4:
		return struct {
			base
			bala
		}{g, g}
	case 5:
		return struct {
			base
			refu
			bala
		}{g, g, g}
	case 6:
		return struct {
			base
			expi
			bala
		}{g, g, g}
	case 7:
		return struct {
			base
			refu
			expi
			bala
		}{g, g, g, g}
	case 8:
		return struct {
			base
			hook
		}{g, g}
	case 9:
		return struct {
			base
			refu
			hook
		}{g, g, g}
	case 10:
		return struct {
			base
			expi
			hook
		}{g, g, g}
	case 11:
		return struct {
			base
			refu
			expi
			hook
		}{g, g, g, g}
	case 12:
		return struct {
			base
			bala
			hook
		}{g, g, g}
	case 13:
		return struct {
			base
			refu
			bala
			hook
		}{g, g, g, g}
	case 14:
		return struct {
			base
			expi
			bala
			hook
		}{g, g, g, g}
	case 15:
		return struct {
			base
			refu
			expi
			bala
			hook
		}{g, g, g, g, g}
	case 16:
		return struct {
			base
			item
		}{g, g}
	case 17:
		return struct {
			base
			refu
			item
		}{g, g, g}
	case 18:
		return struct {
			base
			expi
			item
		}{g, g, g}
	case 19:
		return struct {
			base
			refu
			expi
			item
		}{g, g, g, g}
	case 20:
		return struct {
			base
			bala
			item
		}{g, g, g}
	case 21:
		return struct {
			base
			refu
			bala
			item
		}{g, g, g, g}
	case 22:
		return struct {
			base
			expi
			bala
			item
		}{g, g, g, g}
	case 23:
		return struct {
			base
			refu
			expi
			bala
			item
		}{g, g, g, g, g}
	case 24:
		return struct {
			base
			hook
			item
		}{g, g, g}
	case 25:
		return struct {
			base
			refu
			hook
			item
		}{g, g, g, g}
	case 26:
		return struct {
			base
			expi
			hook
			item
		}{g, g, g, g}
	case 27:
		return struct {
			base
			refu
			expi
			hook
			item
		}{g, g, g, g, g}
	case 28:
		return struct {
			base
			bala
			hook
			item
		}{g, g, g, g}
	case 29:
		return struct {
			base
			refu
			bala
			hook
			item
		}{g, g, g, g, g}
	case 30:
		return struct {
			base
			expi
			bala
			hook
			item
		}{g, g, g, g, g}
	case 31:
		return struct {
			base
			refu
			expi
			bala
			hook
			item
		}{g, g, g, g, g, g}
	}
	panic("gateway: more abilities than sets")
}

// optional lists the abilities in the order of their bits in a set.
var optional = [...]Capability{
	CanRefund, CanExpire, CanBalance, CanInstallWebhook, CanPayoutItems,
}
