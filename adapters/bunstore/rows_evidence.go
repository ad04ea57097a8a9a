package bunstore

import (
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/uptrace/bun"
)

type evidenceRow struct {
	bun.BaseModel `bun:"table:evidence"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Pieces    string
	LetGo     int
	Version   int64
}

// pieceDoc is one distinct payload of a subject, as JSON.
type pieceDoc struct {
	Hash           string       `json:"hash"`
	Size           int          `json:"size"`
	Source         inbox.Source `json:"source"`
	Gateway        string       `json:"gateway"`
	GatewayVersion string       `json:"gateway_version"`
	FirstSeen      int64        `json:"first_seen"`
	ErasedAt       int64        `json:"erased_at,omitempty"`
	Months         int          `json:"months,omitempty"`
}

func toEvidence(company string, v inbox.Evidence) evidenceRow {
	pieces := make([]pieceDoc, len(v.Pieces))
	for i, p := range v.Pieces {
		pieces[i] = pieceDoc{p.Hash, p.Size, p.Source, p.Gateway, p.GatewayVersion, micros(p.FirstSeen), micros(p.ErasedAt), p.Months}
	}
	return evidenceRow{CompanyID: company, ID: v.ID, Pieces: jsonText(pieces), LetGo: v.LetGo, Version: v.Version}
}

func fromEvidence(r evidenceRow) (inbox.Evidence, error) {
	var d decoder
	v := inbox.Evidence{ID: r.ID, LetGo: r.LetGo, Version: r.Version}
	var pieces []pieceDoc
	d.json(r.Pieces, &pieces)
	for _, p := range pieces {
		v.Pieces = append(v.Pieces, inbox.Piece{Hash: p.Hash, Size: p.Size, Source: p.Source, Gateway: p.Gateway, GatewayVersion: p.GatewayVersion,
			FirstSeen: instant(p.FirstSeen), ErasedAt: instant(p.ErasedAt), Months: p.Months})
	}
	return v, d.done("evidence", r.ID)
}

type payloadRow struct {
	bun.BaseModel `bun:"table:evidence_payloads"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	SubjectID string
	Hash      string
	Sealed    []byte
	FirstSeen int64
	ErasedAt  int64
}

// payloadsAtOnce bounds the payloads of one statement: at their largest they are 8 MB of text.
const payloadsAtOnce = 16

func toPayload(company string, v inbox.Payload) payloadRow {
	return payloadRow{CompanyID: company, ID: v.ID, SubjectID: v.Subject, Hash: v.Hash, Sealed: blob(v.Sealed), FirstSeen: micros(v.FirstSeen),
		ErasedAt: micros(v.ErasedAt)}
}

func fromPayload(r payloadRow) (inbox.Payload, error) {
	return inbox.Payload{ID: r.ID, Subject: r.SubjectID, Hash: r.Hash, Sealed: bytesOrNil(r.Sealed), FirstSeen: instant(r.FirstSeen),
		ErasedAt: instant(r.ErasedAt)}, nil
}
