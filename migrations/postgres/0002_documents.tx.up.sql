-- name_key is the name as it is sorted and searched: lower case, without accents, made by the program so that every
-- engine agrees on the order.
CREATE TABLE customers (
	company_id          text COLLATE "C" NOT NULL,
	id                  text COLLATE "C" NOT NULL,
	code                text COLLATE "C" NOT NULL,
	name                text NOT NULL,
	name_key            text COLLATE "C" NOT NULL,
	kind                text NOT NULL,
	email               text NOT NULL,
	phone               text NOT NULL,
	siren               text NOT NULL,
	vat_number          text NOT NULL,
	street              text NOT NULL,
	extra               text NOT NULL,
	postal_code         text NOT NULL,
	city                text NOT NULL,
	country             text NOT NULL,
	deliver_street      text NOT NULL,
	deliver_extra       text NOT NULL,
	deliver_postal_code text NOT NULL,
	deliver_city        text NOT NULL,
	deliver_country     text NOT NULL,
	language            text NOT NULL,
	method_id           text NOT NULL,
	note                text NOT NULL,
	active              boolean NOT NULL,
	credit_minor        bigint NOT NULL,
	credit_currency     text NOT NULL,
	created_at          bigint NOT NULL,
	updated_at          bigint NOT NULL,
	updated_by          text NOT NULL,
	version             bigint NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT customers_code UNIQUE (company_id, code)
);
CREATE INDEX customers_name ON customers (company_id, name_key, id);

-- The words a customer is searched by, so that the beginning of any of them finds the customer on every engine.
CREATE TABLE customer_words (
	company_id  text COLLATE "C" NOT NULL,
	word        text COLLATE "C" NOT NULL,
	customer_id text COLLATE "C" NOT NULL,
	PRIMARY KEY (company_id, word, customer_id)
);
CREATE INDEX customer_words_customer ON customer_words (company_id, customer_id);

CREATE TABLE quotes (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	number        text COLLATE "C" NOT NULL,
	number_key    text COLLATE "C" NOT NULL,
	state         text COLLATE "C" NOT NULL,
	customer_id   text COLLATE "C" NOT NULL,
	date          integer NOT NULL,
	valid_until   integer NOT NULL,
	currency      text NOT NULL,
	language      text NOT NULL,
	reference     text NOT NULL,
	reference_key text COLLATE "C" NOT NULL,
	note          text NOT NULL,
	lines         text NOT NULL,
	net           bigint NOT NULL,
	vat           bigint NOT NULL,
	gross         bigint NOT NULL,
	vat_rows      text NOT NULL,
	invoice_id    text NOT NULL,
	sent_at       bigint NOT NULL,
	created_at    bigint NOT NULL,
	updated_at    bigint NOT NULL,
	updated_by    text NOT NULL,
	version       bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE INDEX quotes_date ON quotes (company_id, date, id);
CREATE INDEX quotes_by_number ON quotes (company_id, number_key, id);
CREATE INDEX quotes_amount ON quotes (company_id, gross, id);
CREATE INDEX quotes_customer ON quotes (company_id, customer_id, date);
CREATE UNIQUE INDEX quotes_number ON quotes (company_id, number) WHERE number <> '';
CREATE INDEX quotes_reference ON quotes (company_id, reference_key) WHERE reference_key <> '';

CREATE TABLE deposits (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	quote_id   text COLLATE "C" NOT NULL,
	position   integer NOT NULL,
	label      text NOT NULL,
	percent    text NOT NULL,
	amount     bigint NOT NULL,
	due_date   integer NOT NULL,
	method_id  text NOT NULL,
	online     boolean NOT NULL,
	state      text COLLATE "C" NOT NULL,
	received   bigint NOT NULL,
	invoice_id text NOT NULL,
	applied_to text NOT NULL,
	PRIMARY KEY (company_id, id),
	FOREIGN KEY (company_id, quote_id) REFERENCES quotes
);
CREATE INDEX deposits_quote ON deposits (company_id, quote_id, position);
-- The deposit rule: at any time at most one deposit of a quote may be paid online.
CREATE UNIQUE INDEX deposits_one_online ON deposits (company_id, quote_id)
	WHERE online AND state NOT IN ('cancelled', 'refunded');

-- status says kind, life and settlement in one small number (see the program's list of them), so that each list of
-- invoices, however it is filtered by these three, is a merge of a few runs of one index in the order asked for. The
-- dates at the end of these indexes let a filter on them be decided in the index; what stands behind those of
-- invoices_by_date lets a month be sorted by anything without touching the invoices. number_key is the number with its
-- last digits widened, so that 100000 follows 99999.
CREATE TABLE invoices (
	company_id    text COLLATE "C" NOT NULL,
	id            text COLLATE "C" NOT NULL,
	kind          text NOT NULL,
	life          text NOT NULL,
	number        text COLLATE "C" NOT NULL,
	number_key    text COLLATE "C" NOT NULL,
	customer_id   text COLLATE "C" NOT NULL,
	customer      text NOT NULL,
	customer_name text NOT NULL,
	customer_key  text COLLATE "C" NOT NULL,
	date          integer NOT NULL,
	supply_date   integer NOT NULL,
	due_date      integer NOT NULL,
	currency      text NOT NULL,
	language      text NOT NULL,
	reference     text NOT NULL,
	reference_key text COLLATE "C" NOT NULL,
	note          text NOT NULL,
	method_id     text NOT NULL,
	quote_id      text COLLATE "C" NOT NULL,
	credit_of     text COLLATE "C" NOT NULL,
	credit_of_no  text NOT NULL,
	lines         text NOT NULL,
	net           bigint NOT NULL,
	vat           bigint NOT NULL,
	gross         bigint NOT NULL,
	vat_rows      text NOT NULL,
	deductions    text NOT NULL,
	on_debits     boolean NOT NULL,
	paid          bigint NOT NULL,
	credited      bigint NOT NULL,
	dispute       bigint NOT NULL,
	vat_moved     text NOT NULL,
	vat_credited  text NOT NULL,
	entry_seq     bigint NOT NULL,
	issued_at     bigint NOT NULL,
	sent_at       bigint NOT NULL,
	paid_at       bigint NOT NULL,
	created_at    bigint NOT NULL,
	updated_at    bigint NOT NULL,
	updated_by    text NOT NULL,
	version       bigint NOT NULL,
	status        smallint NOT NULL,
	settlement    text NOT NULL,
	balance       bigint NOT NULL,
	PRIMARY KEY (company_id, id)
);
CREATE UNIQUE INDEX invoices_number ON invoices (company_id, number) WHERE number <> '';
CREATE INDEX invoices_by_date ON invoices (company_id, status, date, id, due_date) INCLUDE (number_key, gross, balance, customer_key);
CREATE INDEX invoices_by_number ON invoices (company_id, status, number_key, id, date, due_date);
CREATE INDEX invoices_by_due_date ON invoices (company_id, status, due_date, id, date);
CREATE INDEX invoices_by_amount ON invoices (company_id, status, gross, id, date, due_date);
CREATE INDEX invoices_by_balance ON invoices (company_id, status, balance, id, date, due_date);
CREATE INDEX invoices_by_customer ON invoices (company_id, status, customer_key, id, date, due_date);
CREATE INDEX invoices_customer ON invoices (company_id, customer_id, date);
CREATE INDEX invoices_due ON invoices (company_id, customer_id) INCLUDE (balance, due_date) WHERE balance > 0;
CREATE INDEX invoices_quote ON invoices (company_id, quote_id) WHERE quote_id <> '';
CREATE INDEX invoices_credit_of ON invoices (company_id, credit_of) WHERE credit_of <> '';
CREATE INDEX invoices_reference ON invoices (company_id, reference_key) WHERE reference_key <> '';

-- An issued invoice is frozen (art. 1031-3 PCG): what was printed never changes, and it is never deleted.
CREATE FUNCTION refuse_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'acquit: invoice % is issued', OLD.number
		USING ERRCODE = 'restrict_violation', CONSTRAINT = 'invoice_issued';
END $$;

CREATE TRIGGER invoices_frozen BEFORE UPDATE ON invoices FOR EACH ROW WHEN (OLD.life = 'issued' AND (
	OLD.company_id, OLD.id, OLD.kind, OLD.life, OLD.number, OLD.customer_id, OLD.customer, OLD.date, OLD.supply_date, OLD.due_date,
	OLD.currency, OLD.language, OLD.reference, OLD.note, OLD.quote_id, OLD.credit_of, OLD.credit_of_no, OLD.lines, OLD.net, OLD.vat,
	OLD.gross, OLD.vat_rows, OLD.deductions, OLD.on_debits, OLD.entry_seq, OLD.issued_at, OLD.created_at)
	IS DISTINCT FROM (
	NEW.company_id, NEW.id, NEW.kind, NEW.life, NEW.number, NEW.customer_id, NEW.customer, NEW.date, NEW.supply_date, NEW.due_date,
	NEW.currency, NEW.language, NEW.reference, NEW.note, NEW.quote_id, NEW.credit_of, NEW.credit_of_no, NEW.lines, NEW.net, NEW.vat,
	NEW.gross, NEW.vat_rows, NEW.deductions, NEW.on_debits, NEW.entry_seq, NEW.issued_at, NEW.created_at))
	EXECUTE FUNCTION refuse_invoice_change();
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices FOR EACH ROW WHEN (OLD.life = 'issued')
	EXECUTE FUNCTION refuse_invoice_change();
CREATE TRIGGER invoices_not_emptied BEFORE TRUNCATE ON invoices
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
