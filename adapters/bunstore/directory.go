package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
	"github.com/uptrace/bun"
)

type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID           string `bun:"id,pk"`
	Email        string
	EmailKey     string
	Name         string
	PasswordHash string
	Language     string
	Active       bool
	CreatedAt    int64
	Version      int64
}

func toUser(v access.User) userRow {
	return userRow{ID: v.ID, Email: string(v.Email), EmailKey: emailKey(v.Email), Name: v.Name, PasswordHash: v.PasswordHash,
		Language: v.Language, Active: v.Active, CreatedAt: micros(v.CreatedAt), Version: v.Version}
}

func fromUser(r userRow) access.User {
	return access.User{ID: r.ID, Email: party.Email(r.Email), Name: r.Name, PasswordHash: r.PasswordHash, Language: r.Language,
		Active: r.Active, CreatedAt: instant(r.CreatedAt), Version: r.Version}
}

// emailKey makes addresses that differ in case the same user: nobody remembers how an address was written.
func emailKey(e party.Email) string { return strings.ToLower(string(e)) }

type memberRow struct {
	bun.BaseModel `bun:"table:members"`

	CompanyID string `bun:"company_id,pk"`
	UserID    string `bun:"user_id,pk"`
	Role      access.Role
}

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Name      string
	Hash      string
	Role      access.Role
	CreatedBy string
	CreatedAt int64
	LastUsed  int64
	Revoked   bool
}

func toToken(v access.Token) tokenRow {
	return tokenRow{CompanyID: v.Company, ID: v.ID, Name: v.Name, Hash: v.Hash, Role: v.Role, CreatedBy: v.CreatedBy,
		CreatedAt: micros(v.CreatedAt), LastUsed: micros(v.LastUsed), Revoked: v.Revoked}
}

func fromToken(r tokenRow) access.Token {
	return access.Token{ID: r.ID, Company: r.CompanyID, Name: r.Name, Hash: r.Hash, Role: r.Role, CreatedBy: r.CreatedBy,
		CreatedAt: instant(r.CreatedAt), LastUsed: instant(r.LastUsed), Revoked: r.Revoked}
}

// User implements app.Directory.
func (s *Store) User(ctx context.Context, id string) (access.User, error) {
	return s.user(ctx, "id = ?", id)
}

// UserByEmail implements app.Directory.
func (s *Store) UserByEmail(ctx context.Context, email party.Email) (access.User, error) {
	return s.user(ctx, "email_key = ?", emailKey(email))
}

func (s *Store) user(ctx context.Context, where, value string) (access.User, error) {
	var r userRow
	err := s.read.NewSelect().Model(&r).Where(where, value).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknown("user", value)
	}
	return fromUser(r), s.refusal(ctx, err, nil)
}

// Users implements app.Directory.
func (s *Store) Users(ctx context.Context, company string) ([]app.UserRole, error) {
	var rows []struct {
		userRow `bun:",extend"`
		Role    access.Role
	}
	err := s.read.NewSelect().TableExpr("users AS u").ColumnExpr("u.*, m.role").
		Join("JOIN members AS m ON m.user_id = u.id").Where("m.company_id = ?", company).OrderExpr("u.name, u.id").Scan(ctx, &rows)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	out := make([]app.UserRole, len(rows))
	for i, r := range rows {
		out[i] = app.UserRole{User: fromUser(r.userRow), Role: r.Role}
	}
	return out, nil
}

// CountUsers implements app.Directory.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM users").Scan(&n)
	return n, err
}

// SaveUser implements app.Directory.
func (s *Store) SaveUser(ctx context.Context, u access.User) error {
	r := toUser(u)
	r.Version++
	var res sql.Result
	var err error
	if u.Version == 0 {
		res, err = s.write.NewInsert().Model(&r).On("CONFLICT (id) DO NOTHING").Exec(ctx)
	} else {
		res, err = s.write.NewUpdate().Model(&r).WherePK().Where("version = ?", u.Version).Exec(ctx)
	}
	if broken, _, _ := classify(err); broken.table == "users" {
		return fault.New(fault.Conflict, fault.AlreadyExists, "what", "user", "id", fault.Clip(string(u.Email))).On("email")
	}
	var changed int64
	if err == nil {
		changed, err = res.RowsAffected()
	}
	if err == nil && changed == 0 {
		err = fault.New(fault.Conflict, fault.Stale, "who", "", "when", "")
	}
	return s.refusal(ctx, err, nil)
}

// SetMember implements app.Directory. Two owners who take the role from each other at once are put in order by the pen.
func (s *Store) SetMember(ctx context.Context, m access.Member) error {
	return s.refusal(ctx, s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if s.isPG() {
			if _, err := tx.ExecContext(ctx, "SELECT FROM pens WHERE company_id = ? FOR NO KEY UPDATE", m.Company); err != nil {
				return err
			}
		}
		for _, x := range []struct{ table, what, id string }{{"companies", "company", m.Company}, {"users", "user", m.UserID}} {
			if found, err := tx.NewSelect().Table(x.table).Where("id = ?", x.id).Exists(ctx); err != nil || !found {
				return errors.Join(err, unknown(x.what, x.id))
			}
		}
		var others int64
		var was access.Role
		err := tx.NewSelect().Model((*memberRow)(nil)).Column("role").Where("company_id = ?", m.Company).Where("user_id = ?", m.UserID).Scan(ctx, &was)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if others, err = tx.NewSelect().Model((*memberRow)(nil)).Where("company_id = ?", m.Company).Where("role = ?", access.Owner).
			Where("user_id <> ?", m.UserID).Count(ctx); err != nil {
			return err
		}
		if was == access.Owner && m.Role != access.Owner && others == 0 {
			return fault.New(fault.Refused, fault.LastOwner)
		}
		r := memberRow{CompanyID: m.Company, UserID: m.UserID, Role: m.Role}
		if m.Role == "" {
			_, err = tx.NewDelete().Model(&r).WherePK().Exec(ctx)
		} else {
			_, err = tx.NewInsert().Model(&r).On("CONFLICT (company_id, user_id) DO UPDATE").Exec(ctx)
		}
		return err
	}), nil)
}

// Member implements app.Directory.
func (s *Store) Member(ctx context.Context, company, user string) (access.Member, error) {
	var r memberRow
	err := s.read.NewSelect().Model(&r).Where("company_id = ?", company).Where("user_id = ?", user).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknown("user", user)
	}
	return access.Member{UserID: r.UserID, Company: r.CompanyID, Role: r.Role}, s.refusal(ctx, err, nil)
}

// CompaniesOf implements app.Directory.
func (s *Store) CompaniesOf(ctx context.Context, user string) ([]app.CompanyRef, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT c.id, c.name, c.test_books, m.role FROM members AS m JOIN companies AS c ON c.id = m.company_id
		WHERE m.user_id = ? ORDER BY c.name, c.id`, user)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	var out []app.CompanyRef
	err = scanAll(rows, func() error {
		var r app.CompanyRef
		err := rows.Scan(&r.ID, &r.Name, &r.Test, &r.Role)
		out = append(out, r)
		return err
	})
	return out, err
}

// SaveToken implements app.Directory.
func (s *Store) SaveToken(ctx context.Context, t access.Token) error {
	r := toToken(t)
	_, err := s.write.NewInsert().Model(&r).On("CONFLICT (company_id, id) DO UPDATE").Exec(ctx)
	if broken, _, _ := classify(err); broken.table == "tokens" {
		return fault.New(fault.Conflict, fault.AlreadyExists, "what", "token", "id", fault.Clip(t.ID))
	}
	return s.refusal(ctx, err, nil)
}

// Tokens implements app.Directory.
func (s *Store) Tokens(ctx context.Context, company string) ([]access.Token, error) {
	var rows []tokenRow
	if err := s.read.NewSelect().Model(&rows).Where("company_id = ?", company).Order("id").Scan(ctx); err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	out := make([]access.Token, len(rows))
	for i, r := range rows {
		out[i] = fromToken(r)
	}
	return out, nil
}

// TokenByHash implements app.Directory.
func (s *Store) TokenByHash(ctx context.Context, hash string) (access.Token, error) {
	var r tokenRow
	err := s.read.NewSelect().Model(&r).Where("hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknown("token", "")
	}
	return fromToken(r), s.refusal(ctx, err, nil)
}

// touchEvery is how fine the record of a token's last use is; every request asks for it.
const touchEvery = time.Minute

// TouchToken implements app.Directory.
func (s *Store) TouchToken(ctx context.Context, id string, at time.Time) error {
	var last int64
	err := s.read.QueryRowContext(ctx, "SELECT last_used FROM tokens WHERE id = ?", id).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknown("token", id)
	}
	if err != nil || micros(at)-last < touchEvery.Microseconds() {
		return s.refusal(ctx, err, nil)
	}
	_, err = s.write.ExecContext(ctx, "UPDATE tokens SET last_used = ? WHERE id = ? AND last_used < ?", micros(at), id, micros(at))
	return s.refusal(ctx, err, nil)
}
