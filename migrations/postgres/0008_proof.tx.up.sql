-- posted: what of gross is in the books. unproven: the gateway account and the provider's balance differ by this arrival, or
-- may. The program derives it.
ALTER TABLE arrivals ADD COLUMN posted bigint NOT NULL DEFAULT 0;
ALTER TABLE arrivals ADD COLUMN unproven boolean NOT NULL DEFAULT false;
UPDATE arrivals SET posted = CASE WHEN state = 'integrated' THEN gross ELSE 0 END,
	unproven = CASE state WHEN 'void' THEN false
		WHEN 'integrated' THEN fee_state = 'unknown' OR fee_state = 'known' AND fee <> fee_posted
		ELSE gateway_state <> 'failed' END;
CREATE INDEX arrivals_unproven ON arrivals (company_id, connection_id, occurred_at, id) WHERE unproven;
CREATE INDEX arrivals_unpaid ON arrivals (company_id, connection_id, currency) WHERE payout_id = '' AND kind <> 'payout' AND gateway_state = 'succeeded';
CREATE INDEX arrivals_of_payout ON arrivals (company_id, connection_id, payout_id, occurred_at, id) WHERE payout_id <> '';
CREATE INDEX arrivals_payouts ON arrivals (company_id, connection_id, occurred_at, id) WHERE kind = 'payout';
CREATE INDEX journal_lines_foreign ON journal_lines (company_id, account, foreign_currency) WHERE foreign_currency <> '';

-- What a proof holds is frozen with it and never asked for alone.
CREATE TABLE proofs (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	connection_id text COLLATE "C" NOT NULL,
	at            bigint NOT NULL,
	state         text COLLATE "C" NOT NULL,
	doc           text NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX proofs_by_date ON proofs (company_id, connection_id, at, id);

CREATE TABLE proof_runs (
	company_id    text COLLATE "C" NOT NULL,
	connection_id text COLLATE "C" NOT NULL,
	step          text NOT NULL,
	cursor        text NOT NULL,
	seen          bytea NOT NULL,
	part          text NOT NULL,
	next_run      bigint NOT NULL,
	failures      bigint NOT NULL,
	version       bigint NOT NULL,
	PRIMARY KEY (company_id, connection_id)
);
