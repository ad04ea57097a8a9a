CREATE TABLE journal_entries (
	company_id text COLLATE "C" NOT NULL,
	seq        bigint NOT NULL,
	year       text COLLATE "C" NOT NULL,
	number     bigint NOT NULL,
	journal    text COLLATE "C" NOT NULL,
	date       integer NOT NULL,
	piece      text COLLATE "C" NOT NULL,
	piece_date integer NOT NULL,
	label      text NOT NULL,
	source     text COLLATE "C" NOT NULL,
	reverses   bigint NOT NULL,
	posted_at  bigint NOT NULL,
	posted_by  text NOT NULL,
	prev       bytea NOT NULL,
	hash       bytea NOT NULL,
	PRIMARY KEY (company_id, seq),
	CONSTRAINT journal_entries_number UNIQUE (company_id, year, number),
	CONSTRAINT journal_entries_source UNIQUE (company_id, source)
);
CREATE INDEX journal_entries_journal ON journal_entries (company_id, journal, seq);
CREATE INDEX journal_entries_date ON journal_entries (company_id, date, seq);
CREATE INDEX journal_entries_reverses ON journal_entries (company_id, reverses) WHERE reverses <> 0;

-- date repeats the entry's, so that the account sheets and the trial balance are read from the lines alone. Columns of
-- fixed width come first: they are found in a row without walking over texts, which a sum of millions of rows feels.
CREATE TABLE journal_lines (
	seq              bigint NOT NULL,
	debit            bigint NOT NULL,
	credit           bigint NOT NULL,
	foreign_minor    bigint NOT NULL,
	n                integer NOT NULL,
	date             integer NOT NULL,
	company_id       text COLLATE "C" NOT NULL,
	account          text COLLATE "C" NOT NULL,
	aux              text COLLATE "C" NOT NULL,
	label            text NOT NULL,
	document         text COLLATE "C" NOT NULL,
	foreign_currency text NOT NULL,
	PRIMARY KEY (company_id, seq, n),
	CONSTRAINT journal_lines_one_side CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0))
);
CREATE INDEX journal_lines_account ON journal_lines (company_id, account, date, seq, n) INCLUDE (debit, credit);
CREATE INDEX journal_lines_aux ON journal_lines (company_id, aux, date, seq, n) WHERE aux <> '';
CREATE INDEX journal_lines_document ON journal_lines (company_id, document) WHERE document <> '';

-- Entries and their lines come in one statement (a WITH that inserts both) and are checked when it ends: once for the
-- statement, not once for each row. The entries of a statement follow each other in the chain; the lines of each are
-- numbered from 0 without a gap, so by the primary key none can be added later.
--
-- What these functions look up they ask for in the order of the primary key, with every other way to read or to sort
-- switched off: a plan made while the tables are small stays with the session that made it, and while they are small the
-- planner takes any index that begins with the company for as good as another.
CREATE FUNCTION check_entries() RETURNS trigger LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
	part record;
	complete bigint;
	closed integer;
BEGIN
	FOR part IN SELECT company_id, min(seq) AS low, max(seq) AS high, count(*) AS entries, min(date) AS earliest FROM fresh GROUP BY company_id LOOP
		IF part.high - part.low + 1 <> part.entries THEN
			RAISE EXCEPTION 'acquit: entries % to % do not follow each other', part.low, part.high USING ERRCODE = 'restrict_violation';
		END IF;
		SELECT count(*) INTO complete FROM (
			SELECT FROM journal_lines WHERE company_id = part.company_id AND seq BETWEEN part.low AND part.high AND n = 0 ORDER BY seq
		) AS l;
		IF complete <> part.entries THEN
			RAISE EXCEPTION 'acquit: an entry from % to % has no lines', part.low, part.high
				USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_too_short';
		END IF;
		SELECT closed_until INTO closed FROM pens WHERE company_id = part.company_id;
		IF part.earliest <= closed THEN
			RAISE EXCEPTION 'acquit: an entry is dated % in a closed period', part.earliest
				USING ERRCODE = 'check_violation', CONSTRAINT = 'period_closed';
		END IF;
	END LOOP;
	RETURN NULL;
END $$;

CREATE FUNCTION check_lines() RETURNS trigger LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
	bad record;
	part record;
	dates integer[];
BEGIN
	SELECT seq, count(*) AS lines, sum(debit) AS debit, sum(credit) AS credit, min(n) AS low, max(n) AS high INTO bad
	FROM fresh GROUP BY company_id, seq
	HAVING count(*) < 2 OR sum(debit) <> sum(credit) OR min(n) <> 0 OR max(n) <> count(*) - 1 OR min(date) <> max(date) LIMIT 1;
	IF FOUND THEN
		IF bad.low <> 0 OR bad.high <> bad.lines - 1 THEN
			RAISE EXCEPTION 'acquit: lines of entry % do not come with it', bad.seq USING ERRCODE = 'restrict_violation';
		ELSIF bad.lines < 2 THEN
			RAISE EXCEPTION 'acquit: entry % has fewer than two lines', bad.seq
				USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_too_short';
		ELSIF bad.debit <> bad.credit THEN
			RAISE EXCEPTION 'acquit: entry % does not balance: % <> %', bad.seq, bad.debit, bad.credit
				USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_unbalanced';
		END IF;
		RAISE EXCEPTION 'acquit: lines of entry % have several dates', bad.seq USING ERRCODE = 'restrict_violation';
	END IF;
	FOR part IN SELECT company_id, min(seq) AS low, max(seq) AS high, array_agg(date ORDER BY seq) AS dates FROM fresh WHERE n = 0 GROUP BY company_id LOOP
		SELECT array_agg(date) INTO dates FROM (
			SELECT date FROM journal_entries WHERE company_id = part.company_id AND seq BETWEEN part.low AND part.high ORDER BY seq
		) AS e;
		IF dates IS DISTINCT FROM part.dates THEN
			RAISE EXCEPTION 'acquit: lines from entry % to % have no entry of their date', part.low, part.high USING ERRCODE = 'restrict_violation';
		END IF;
	END LOOP;
	RETURN NULL;
END $$;

CREATE TRIGGER journal_entries_checked AFTER INSERT ON journal_entries REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION check_entries();
CREATE TRIGGER journal_lines_checked AFTER INSERT ON journal_lines REFERENCING NEW TABLE AS fresh
	FOR EACH STATEMENT EXECUTE FUNCTION check_lines();
CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_lines
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Matching (lettrage) lies beside the lines because it may change. What was matched once stays on record, so that an
-- export can be made again as it was.
CREATE TABLE line_matches (
	company_id   text COLLATE "C" NOT NULL,
	seq          bigint NOT NULL,
	n            integer NOT NULL,
	code         text COLLATE "C" NOT NULL,
	matched_at   bigint NOT NULL,
	dissolved_at bigint NOT NULL,
	PRIMARY KEY (company_id, seq, n, code)
);
CREATE UNIQUE INDEX line_matches_one_live ON line_matches (company_id, seq, n) WHERE dissolved_at = 0;
CREATE INDEX line_matches_code ON line_matches (company_id, code);

CREATE TABLE exports (
	company_id text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	number     bigint NOT NULL,
	format     text NOT NULL,
	year       text NOT NULL,
	file       text NOT NULL,
	at         bigint NOT NULL,
	made_by    text NOT NULL,
	head_seq   bigint NOT NULL,
	head_hash  bytea NOT NULL,
	lines      bigint NOT NULL,
	sha256     text NOT NULL,
	names      bytea NOT NULL,
	PRIMARY KEY (company_id, id),
	CONSTRAINT exports_number UNIQUE (company_id, number)
);
