-- The journal only grows. Left to the defaults, which wait for a tenth or a fifth more rows, its statistics and its
-- visibility map would be behind by months of postings in large books; index-only sums need the map.
ALTER TABLE journal_lines SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE journal_entries SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);
ALTER TABLE invoices SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);
