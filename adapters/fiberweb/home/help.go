package home

// places says what is found where.
var places = []struct{ path, key, help string }{
	{"/inbox", "nav.inbox", "help.place.inbox"},
	{"/receipts", "nav.receipts", "help.place.receipts"},
	{"/outbox", "nav.outbox", "help.place.outbox"},
	{"/journal", "nav.books", "help.place.books"},
	{"/exports", "nav.exports", "help.place.exports"},
	{"/verify", "nav.verify", "help.place.verify"},
	{"/settings/gateways", "nav.settings.gateways", "help.place.gateways"},
	{"/settings/methods", "nav.settings.methods", "help.place.methods"},
}

// keys says what the keyboard does beside what browsers do anyway.
var keys = []struct{ key, help string }{
	{"help.key.search", "help.key.search_help"},
	{"help.key.ok", "help.key.ok_help"},
	{"help.key.space", "help.key.space_help"},
	{"help.key.escape", "help.key.escape_help"},
	{"help.key.tab", "help.key.tab_help"},
}
