// Package api is the JSON API of Acquit, below /api/v1, with its OpenAPI 3.1 document at /api/openapi.json.
//
// It does what the screens do, through the same use cases: an endpoint reads a request, asks one use case, and writes what
// came back. Rules live in the core, which refuses with a fault; problem.go is the one place where a fault becomes an HTTP
// answer (RFC 9457). A program acts in one company with the role of its token.
//
// # Writing an endpoint
//
// An endpoint is a description, a type for what comes in, a type for what goes out, and a handler:
//
//	add(s, endpoint{method: post, path: "/invoices/{id}/issue", id: "issueInvoice", tag: "Invoices", needs: access.Sell,
//		summary: "Issue a draft: number, freeze and post it"}, s.issueInvoice)
//
//	func (s *service) issueInvoice(c *call, in *invoicePath) (invoice, error) {
//		v, err := s.app.IssueInvoice(c.ctx, c.who, string(in.ID))
//		return s.showInvoice(c, string(in.ID), v, err)
//	}
//
// The fields of the type that comes in are parameters, by their tags path and query, and Body. Huma reads both types and
// writes the document from them, so what the document says is what the types say. It does not run the requests: its errors
// are English sentences without a code, it quotes bodies (which may hold secrets) in them, and it decodes each body twice
// (about 20 µs for an entry of three lines, where this package takes about 10). Parameters and bodies are read by params.go and body.go,
// which refuse with faults.
//
// A write takes an Idempotency-Key (once.go); what has a version takes If-Match; a list is paged (list.go). Amounts are
// decimal strings with their currency and dates are ISO 8601 (values.go).
package api
