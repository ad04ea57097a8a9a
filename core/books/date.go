package books

import "github.com/acquit-app/acquit/core/civil"

// Date is civil.Date, named here because numbering speaks of it on every line.
type Date = civil.Date
