package posting

import "github.com/acquit-app/acquit/core/ledger"

// Postings of money in another currency (E11). What enters or leaves a balance in another currency is posted at the rate of
// its day, so the customer's account, which stays at the value of the invoice, leaves a difference: 656 or 756. What
// leaves such a balance for another account of ours leaves it at what it stands there for, on average; what arrives is
// worth something else, and the difference is realised: 666 or 766. Rounding leaves cents on a balance that was emptied;
// Revalue takes them off.

// TradeDifference is the part of a receipt that makes up for the difference between what a movement is worth and what it
// settles, both signed as the movement: a loss when it is worth less. It is nothing when they are the same.
func TradeDifference(worth, settled int64) []Part {
	return difference(worth-settled, TradeExchangeLoss, TradeExchangeGain)
}

func difference(amount int64, loss, gain string) []Part {
	switch {
	case amount < 0:
		return []Part{{Account: loss, Amount: amount}}
	case amount > 0:
		return []Part{{Account: gain, Amount: amount}}
	}
	return nil
}

// Realise posts money that leaves a balance in another currency for an account of ours, or comes back from it: a payout to
// the bank, one side of a conversion. m.Amount, signed, is what it stood in the books for; other is the account it went
// to, and got what it is worth there, signed as m.Amount is seen from there: positive when the other account receives.
func Realise(m Movement, other string, got int64) ledger.Draft {
	var s sheet
	s.add(other, "", "", got)
	for _, p := range difference(got+m.Amount, FinancialExchangeLoss, FinancialExchangeGain) {
		s.add(p.Account, "", "", -p.Amount)
	}
	s.addForeign(m.Account, "", "", m.Amount, m.Foreign)
	return m.draft(s)
}

// Revalue brings a balance in another currency to what it is worth: m.Amount is the difference, positive when it is worth
// more than the books say. A balance that was emptied is worth nothing (art. 420-5, 420-7 PCG: straight to the result).
func Revalue(m Movement) ledger.Draft {
	var s sheet
	s.add(m.Account, "", "", m.Amount)
	for _, p := range difference(m.Amount, FinancialExchangeLoss, FinancialExchangeGain) {
		s.add(p.Account, "", "", -p.Amount)
	}
	return m.draft(s)
}

// ReverseCharge posts the VAT that a company owes on a foreign gateway's commissions and deducts at once (E13): two VATs of
// equal amount. m.Amount is the VAT, m.Piece the gateway's invoice.
func ReverseCharge(m Movement) ledger.Draft {
	var s sheet
	s.add(ReverseChargeDeductible, "", "", m.Amount)
	s.add(ReverseChargeDue, "", "", -m.Amount)
	return m.draft(s)
}
