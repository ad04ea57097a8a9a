DROP TABLE exports;
DROP TABLE line_matches;
DROP TABLE journal_lines;
DROP TABLE journal_entries;
