DROP TABLE exports, line_matches, journal_lines, journal_entries;
DROP FUNCTION check_lines();
DROP FUNCTION check_entries();
