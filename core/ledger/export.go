package ledger

import "time"

// Export remembers one export that left the books, so that it can be made again to the byte: the same head, the
// same instant and the same names give the same file. Number is continuous per company.
type Export struct {
	ID     string
	Number int64
	Format string // "fec", "csv"
	Year   string
	File   string // its name
	At     time.Time
	By     string
	Head   Head
	Lines  int64
	SHA256 string // of the file, hexadecimal
	Names  []byte // of journals, accounts and customers as the file has them, packed: they may change, the file may not
}
