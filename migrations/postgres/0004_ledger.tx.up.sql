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

-- date repeats the entry's, so that the account sheets and the trial balance are read from the lines alone.
CREATE TABLE journal_lines (
	company_id       text COLLATE "C" NOT NULL,
	seq              bigint NOT NULL,
	n                integer NOT NULL,
	date             integer NOT NULL,
	account          text COLLATE "C" NOT NULL,
	aux              text COLLATE "C" NOT NULL,
	label            text NOT NULL,
	debit            bigint NOT NULL,
	credit           bigint NOT NULL,
	foreign_minor    bigint NOT NULL,
	foreign_currency text NOT NULL,
	document         text COLLATE "C" NOT NULL,
	PRIMARY KEY (company_id, seq, n),
	CONSTRAINT journal_lines_one_side CHECK (debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0))
);
CREATE INDEX journal_lines_account ON journal_lines (company_id, account, date, seq, n);
CREATE INDEX journal_lines_aux ON journal_lines (company_id, aux, date, seq, n) WHERE aux <> '';
CREATE INDEX journal_lines_document ON journal_lines (company_id, document) WHERE document <> '';

-- Entries and their lines come in one statement (a WITH that inserts both), and are checked when it ends: once for the
-- statement, not once for each row. Lines must be numbered from 0 without a gap, so by the primary key nothing can be
-- added to an entry later. Sequential scans and hash joins are switched off because a plan made while the books were
-- small stays with the session that made it.
CREATE FUNCTION check_entries() RETURNS trigger LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE bad record;
BEGIN
	-- A scalar subquery stays a look-up for each entry; NOT EXISTS would become a join that reads the company's lines.
	SELECT e.company_id, e.seq INTO bad FROM fresh e
	WHERE (SELECT count(*) FROM journal_lines l WHERE l.company_id = e.company_id AND l.seq = e.seq AND l.n = 0) = 0 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'acquit: entry % has no lines', bad.seq USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_too_short';
	END IF;
	SELECT e.seq, e.date INTO bad FROM fresh e JOIN pens p ON p.company_id = e.company_id WHERE e.date <= p.closed_until LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'acquit: entry % is dated % in a closed period', bad.seq, bad.date
			USING ERRCODE = 'check_violation', CONSTRAINT = 'period_closed';
	END IF;
	RETURN NULL;
END $$;

CREATE FUNCTION check_lines() RETURNS trigger LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE bad record;
BEGIN
	SELECT g.seq, g.lines, g.low, g.high, g.debit, g.credit, e.seq AS entry INTO bad
	FROM (
		SELECT company_id, seq, count(*) AS lines, min(n) AS low, max(n) AS high, sum(debit) AS debit, sum(credit) AS credit,
			min(date) AS first, max(date) AS last
		FROM fresh GROUP BY company_id, seq
	) g LEFT JOIN journal_entries e ON e.company_id = g.company_id AND e.seq = g.seq AND e.date = g.first AND e.date = g.last
	WHERE g.lines < 2 OR g.debit <> g.credit OR g.low <> 0 OR g.high <> g.lines - 1 OR e.seq IS NULL
	LIMIT 1;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	IF bad.low <> 0 OR bad.high <> bad.lines - 1 OR bad.entry IS NULL THEN
		RAISE EXCEPTION 'acquit: lines of entry % do not come with it', bad.seq USING ERRCODE = 'restrict_violation';
	END IF;
	IF bad.lines < 2 THEN
		RAISE EXCEPTION 'acquit: entry % has fewer than two lines', bad.seq
			USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_too_short';
	END IF;
	RAISE EXCEPTION 'acquit: entry % does not balance: % <> %', bad.seq, bad.debit, bad.credit
		USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_unbalanced';
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
