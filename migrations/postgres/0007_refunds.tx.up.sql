-- Refunds that we ask gateways for. Of one receipt at most one may be open, that is of unknown outcome: a second would be
-- money given back twice.
CREATE TABLE refunds (
	company_id     text COLLATE "C" NOT NULL,
	id             text COLLATE "C" NOT NULL,
	receipt_id     text COLLATE "C" NOT NULL,
	customer_id    text NOT NULL,
	connection_id  text NOT NULL,
	payment_id     text NOT NULL,
	amount         bigint NOT NULL,
	currency       text NOT NULL,
	cover          text NOT NULL,
	reason         text NOT NULL,
	state          text COLLATE "C" NOT NULL,
	arrival_id     text NOT NULL,
	credit_note_id text NOT NULL,
	credit_note_no text NOT NULL,
	entry_seq      bigint NOT NULL,
	problem        text NOT NULL,
	code           text NOT NULL,
	detail         text NOT NULL,
	tries          integer NOT NULL,
	next_try       bigint NOT NULL,
	created_at     bigint NOT NULL,
	created_by     text NOT NULL,
	updated_at     bigint NOT NULL,
	version        bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX refunds_receipt ON refunds (company_id, receipt_id, created_at);
CREATE UNIQUE INDEX refunds_one_open ON refunds (company_id, receipt_id) WHERE state = 'requested';
CREATE INDEX refunds_due ON refunds (next_try) WHERE state = 'requested';

ALTER TABLE receipts ADD COLUMN refunding bigint NOT NULL DEFAULT 0;
ALTER TABLE receipts ADD COLUMN refund_id text NOT NULL DEFAULT '';
ALTER TABLE invoices ADD COLUMN net_credited text NOT NULL DEFAULT '';
ALTER TABLE arrivals ADD COLUMN refund_id text NOT NULL DEFAULT '';
CREATE INDEX arrivals_related ON arrivals (company_id, related_id) WHERE related_id <> '';
