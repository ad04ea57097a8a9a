package api

import (
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/danielgtaylor/huma/v2"
)

func (s *service) evidence() {
	const tag = "Evidence"
	add(s, endpoint{method: get, path: "/evidence/{subject}", id: "listEvidence", tag: tag, needs: access.Read,
		summary: "What a gateway sent about a movement, or a webhook delivery: hashes, sizes and dates",
		text:    "Payloads are erased after the company's `evidence_months`; their hashes stay. See docs/evidence.md."}, s.listEvidence)
	add(s, endpoint{method: get, path: "/evidence/{subject}/{hash}", id: "openEvidence", tag: tag, needs: access.Inspect, produces: []string{"application/octet-stream"},
		summary: "One payload, to the byte", text: "Its hash is proven before it is sent, and the history of the subject notes who looked."}, s.openEvidence)
}

// subjectID is what evidence is about: an arrival or a webhook delivery.
type subjectID string

func (i subjectID) check() error {
	if ids.Valid(ids.Delivery, string(i)) {
		return nil
	}
	return arrivalID(i).check()
}

// Schema is for the document.
func (subjectID) Schema(huma.Registry) *huma.Schema {
	return idSchema("(" + ids.Arrival + "|" + ids.Delivery + ")")
}

// piece is one payload of a subject.
type piece struct {
	Hash           string    `json:"hash" doc:"SHA-256 of the raw bytes, hexadecimal."`
	Size           int       `json:"size" doc:"In bytes."`
	Source         string    `json:"source" enum:"webhook,return,poll,refresh" doc:"The way in that brought it first."`
	Gateway        string    `json:"gateway" doc:"The gateway program that read it."`
	GatewayVersion string    `json:"gateway_version,omitzero"`
	FirstSeen      time.Time `json:"first_seen"`
	ErasedAt       time.Time `json:"erased_at,omitzero" doc:"When its bytes were erased."`
	Months         int       `json:"months,omitzero" doc:"The retention in force when they were."`
}

// evidenceList is what was kept of a subject.
type evidenceList struct {
	Subject subjectID `json:"subject"`
	Items   []piece   `json:"items" doc:"Distinct payloads, oldest first."`
	LetGo   int       `json:"let_go" doc:"How many more there were that no entry rests on."`
}

func evidenceOf(e inbox.Evidence) evidenceList {
	return evidenceList{subjectID(e.ID), each(e.Pieces, func(p inbox.Piece) piece {
		return piece{p.Hash, p.Size, string(p.Source), p.Gateway, p.GatewayVersion, p.FirstSeen, p.ErasedAt, p.Months}
	}), e.LetGo}
}

func (s *service) listEvidence(c *call, in *struct {
	Subject subjectID `path:"subject" doc:"An arrival's id, or a delivery's as its sightings give it."`
}) (evidenceList, error) {
	e, err := s.app.Evidence(c.ctx, c.who, string(in.Subject))
	if err == nil && len(e.Pieces) == 0 {
		err = s.known(c, e.ID)
	}
	return evidenceOf(e), err
}

// known refuses a subject that does not exist; an arrival of which nothing was kept does. Code: unknown_thing.
func (s *service) known(c *call, subject string) error {
	if ids.Valid(ids.Delivery, subject) {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "evidence", "id", subject)
	}
	v, err := s.views(c)
	if err == nil {
		_, err = v.Arrival(c.ctx, c.who.Company, subject)
	}
	return err
}

func (s *service) openEvidence(c *call, in *struct {
	Subject subjectID `path:"subject"`
	Hash    string    `path:"hash" maxLength:"64" doc:"As listed."`
}) (file, error) {
	x, err := s.app.OpenEvidence(c.ctx, c.who, string(in.Subject), in.Hash)
	return file{name: x.Subject + "-" + in.Hash + ".bin", media: "application/octet-stream", data: x.Raw}, err
}
