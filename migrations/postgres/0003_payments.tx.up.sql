-- The hash of a token is looked up before anybody knows the company: it is unique in the whole installation.
CREATE TABLE pay_links (
	company_id    text COLLATE "C" NOT NULL,
	document_id   text COLLATE "C" NOT NULL,
	document_kind text NOT NULL,
	quote_id      text NOT NULL,
	customer_id   text NOT NULL,
	hash          text COLLATE "C" NOT NULL,
	sealed        bytea NOT NULL,
	revoked       boolean NOT NULL,
	attempt_id    text NOT NULL,
	created_at    bigint NOT NULL,
	version       bigint NOT NULL,
	PRIMARY KEY (company_id, document_id),
	CONSTRAINT pay_links_hash UNIQUE (hash)
);

CREATE TABLE attempts (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	connection_id text COLLATE "C" NOT NULL,
	document_kind text NOT NULL,
	document_id   text COLLATE "C" NOT NULL,
	customer_id   text NOT NULL,
	amount        bigint NOT NULL,
	currency      text NOT NULL,
	state         text COLLATE "C" NOT NULL,
	reason        text NOT NULL,
	session_id    text NOT NULL,
	url           text NOT NULL,
	expires_at    bigint NOT NULL,
	created_at    bigint NOT NULL,
	updated_at    bigint NOT NULL,
	version       bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX attempts_document ON attempts (company_id, document_id, id);
CREATE INDEX attempts_session ON attempts (company_id, connection_id, session_id) WHERE session_id <> '';
CREATE INDEX attempts_open ON attempts (company_id, connection_id, id) WHERE state IN ('created', 'opened', 'pending');
-- One payment in progress for each document.
CREATE UNIQUE INDEX attempts_one_in_progress ON attempts (company_id, document_id) WHERE state IN ('created', 'opened', 'pending');

-- The e-mail rule: no online payment of a customer without an address. One that began before the address went is let end.
CREATE FUNCTION check_attempt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM customers c WHERE c.company_id = NEW.company_id AND c.id = NEW.customer_id AND c.email = '') THEN
		RAISE EXCEPTION 'acquit: customer % has no e-mail address', NEW.customer_id
			USING ERRCODE = 'check_violation', CONSTRAINT = 'email_missing';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER attempts_checked BEFORE INSERT ON attempts FOR EACH ROW WHEN (NEW.state = 'created') EXECUTE FUNCTION check_attempt();

-- to_do: somebody must look; postable: OK on all posts it; unmatched: waits for its document. The program derives them.
CREATE TABLE arrivals (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	connection_id text COLLATE "C" NOT NULL,
	kind          text COLLATE "C" NOT NULL,
	external_id   text COLLATE "C" NOT NULL,
	mode          text NOT NULL,
	gateway_state text NOT NULL,
	reason        text NOT NULL,
	gross         bigint NOT NULL,
	currency      text NOT NULL,
	fee_state     text NOT NULL,
	fee           bigint NOT NULL,
	fee_currency  text NOT NULL,
	fee_vat       bigint NOT NULL,
	fee_vat_currency text NOT NULL,
	session_id    text NOT NULL,
	reference     text NOT NULL,
	related_id    text NOT NULL,
	payout_id     text NOT NULL,
	method        text NOT NULL,
	payer_name    text NOT NULL,
	payer_email   text NOT NULL,
	payer_key     text COLLATE "C" NOT NULL,
	description   text NOT NULL,
	occurred_at   bigint NOT NULL,
	updated_at    bigint NOT NULL,
	state         text COLLATE "C" NOT NULL,
	flags         text NOT NULL,
	attempt_id    text NOT NULL,
	document_kind text NOT NULL,
	document_id   text COLLATE "C" NOT NULL,
	customer_id   text COLLATE "C" NOT NULL,
	by_hand       boolean NOT NULL,
	sightings     text NOT NULL,
	entry_seq     bigint NOT NULL,
	fee_entry_seq bigint NOT NULL,
	fee_posted    bigint NOT NULL,
	receipt_id    text NOT NULL,
	applied       bigint NOT NULL,
	integrated_at bigint NOT NULL,
	integrated_by text NOT NULL,
	dismissed_by  text NOT NULL,
	dismissal     text NOT NULL,
	first_seen    bigint NOT NULL,
	version       bigint NOT NULL,
	to_do         boolean NOT NULL,
	postable      boolean NOT NULL,
	unmatched     boolean NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT arrivals_once UNIQUE (company_id, connection_id, kind, external_id)
);
CREATE INDEX arrivals_by_date ON arrivals (company_id, occurred_at, id);
CREATE INDEX arrivals_to_do ON arrivals (company_id, occurred_at, id) WHERE to_do;
CREATE INDEX arrivals_postable ON arrivals (company_id, occurred_at, id) WHERE postable;
CREATE INDEX arrivals_unmatched ON arrivals (company_id, occurred_at, id) WHERE unmatched;
CREATE INDEX arrivals_fee_awaited ON arrivals (company_id, occurred_at) WHERE state = 'integrated' AND fee_state = 'unknown';
CREATE INDEX arrivals_document ON arrivals (company_id, document_id) WHERE document_id <> '';
CREATE INDEX arrivals_customer ON arrivals (company_id, customer_id, occurred_at) WHERE customer_id <> '';
CREATE INDEX arrivals_external ON arrivals (company_id, external_id);

CREATE TABLE deliveries (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	connection_id text NOT NULL,
	event_id      text NOT NULL,
	type          text NOT NULL,
	session_ids   text NOT NULL,
	payment_ids   text NOT NULL,
	state         text COLLATE "C" NOT NULL,
	tries         integer NOT NULL,
	seen          integer NOT NULL,
	next_try      bigint NOT NULL,
	received_at   bigint NOT NULL,
	version       bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX deliveries_due ON deliveries (next_try) WHERE state IN ('stored', 'orphan');
CREATE INDEX deliveries_orphans ON deliveries (company_id) WHERE state = 'orphan';

CREATE TABLE feeds (
	company_id    text COLLATE "C" NOT NULL,
	connection_id text COLLATE "C" NOT NULL,
	cursor        text NOT NULL,
	last_exchange bigint NOT NULL,
	last_error    text NOT NULL,
	next_poll     bigint NOT NULL,
	failures      integer NOT NULL,
	quarantined   text NOT NULL,
	PRIMARY KEY (company_id, connection_id)
);

CREATE TABLE receipts (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	customer_id   text COLLATE "C" NOT NULL,
	date          integer NOT NULL,
	amount        bigint NOT NULL,
	currency      text NOT NULL,
	method_id     text NOT NULL,
	arrival_id    text NOT NULL,
	connection_id text NOT NULL,
	reference     text NOT NULL,
	reference_key text COLLATE "C" NOT NULL,
	excess        bigint NOT NULL,
	entry_seq     bigint NOT NULL,
	reversed_seq  bigint NOT NULL,
	refunded      bigint NOT NULL,
	created_at    bigint NOT NULL,
	created_by    text NOT NULL,
	version       bigint NOT NULL,
	online        boolean NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX receipts_by_date ON receipts (company_id, date, id, online);
CREATE INDEX receipts_customer ON receipts (company_id, customer_id, date);
CREATE INDEX receipts_reference ON receipts (company_id, reference_key) WHERE reference_key <> '';

CREATE TABLE receipt_allocations (
	company_id    text COLLATE "C" NOT NULL,
	receipt_id    text COLLATE "C" NOT NULL,
	n             integer NOT NULL,
	document_kind text NOT NULL,
	document_id   text COLLATE "C" NOT NULL,
	number        text COLLATE "C" NOT NULL,
	amount        bigint NOT NULL,
	PRIMARY KEY (company_id, receipt_id, n)
);
CREATE INDEX receipt_allocations_document ON receipt_allocations (company_id, document_id, receipt_id);
CREATE INDEX receipt_allocations_number ON receipt_allocations (company_id, number);

CREATE TABLE mails (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	template   text NOT NULL,
	ref        text COLLATE "C" NOT NULL,
	recipient  text NOT NULL,
	to_name    text NOT NULL,
	language   text NOT NULL,
	subject    text NOT NULL,
	state      text COLLATE "C" NOT NULL,
	tries      integer NOT NULL,
	next_try   bigint NOT NULL,
	problem    text NOT NULL,
	detail     text NOT NULL,
	created_at bigint NOT NULL,
	created_by text NOT NULL,
	sent_at    bigint NOT NULL,
	version    bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX mails_by_date ON mails (company_id, created_at, id);
CREATE INDEX mails_ref ON mails (company_id, ref, created_at, id);
CREATE INDEX mails_due ON mails (next_try) WHERE state IN ('queued', 'sending');
CREATE INDEX mails_failed ON mails (company_id, created_at, id) WHERE state = 'failed';
