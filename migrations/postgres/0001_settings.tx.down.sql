DROP TABLE events, idempotency_keys, sequences, connections, payment_methods, vat_codes, fiscal_years, journals, accounts, pens, companies;
DROP FUNCTION refuse_change();
