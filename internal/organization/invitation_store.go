package organization

import (
	"context"
	"errors"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/user"
)

const invitationColumns = `id, inviter_id, invitee, accepted_user_id, organization_id, status, created_at, updated_at, expires_at`

var invitationRoles = db.Link{Table: "organization_invitation_roles", Owner: []string{"invitation_id"}, Member: "organization_role_id"}

// InvitationByID returns an invitation with its roles, or errs.ErrNotFound.
func InvitationByID(ctx context.Context, q db.Q, id string) (*Invitation, error) {
	i, err := db.One[Invitation](ctx, q, `SELECT `+invitationColumns+` FROM organization_invitations
		WHERE tenant_id = $1 AND id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	list := []Invitation{i}
	return &list[0], invitationAttachRoles(ctx, q, list)
}

// InvitationFilter narrows a list of invitations; what is empty does not.
type InvitationFilter struct {
	OrganizationID string
	InviterID      string
	Invitee        string // email address in any case
}

// Invitations returns invitations with their roles, the newest first.
func Invitations(ctx context.Context, q db.Q, f InvitationFilter) ([]Invitation, error) {
	l := db.Listing{
		Columns: invitationColumns, From: "organization_invitations", Where: "tenant_id = $1",
		Order: "created_at DESC, id DESC",
	}
	for _, is := range [][2]string{
		{"organization_id", f.OrganizationID}, {"inviter_id", f.InviterID}, {"invitee_key", user.EmailKey(f.Invitee)},
	} {
		if is[1] != "" {
			l.AndIn(is[0], []string{is[1]})
		}
	}
	list, err := db.Rows[Invitation](ctx, q, l, db.Range{})
	if err != nil {
		return nil, err
	}
	return list, invitationAttachRoles(ctx, q, list)
}

// invitationBatch is of how many invitations one statement reads the roles.
const invitationBatch = 200

func invitationAttachRoles(ctx context.Context, q db.Q, list []Invitation) error {
	type row struct {
		InvitationID string `db:"invitation_id"`
		ID           string `db:"id"`
		Name         string `db:"name"`
	}
	for batch := range slices.Chunk(list, invitationBatch) {
		at := map[string]*Invitation{}
		ids := make([]string, len(batch))
		for i := range batch {
			batch[i].Roles = []InvitationRole{}
			at[batch[i].ID], ids[i] = &batch[i], batch[i].ID
		}
		l := db.Listing{
			Columns: "i.invitation_id, r.id, r.name",
			From:    "organization_invitation_roles i JOIN organization_roles r ON r.tenant_id = i.tenant_id AND r.id = i.organization_role_id",
			Where:   "i.tenant_id = $1", Order: "r.name, r.id",
		}
		l.AndIn("i.invitation_id", ids)
		rows, err := db.Rows[row](ctx, q, l, db.Range{})
		if err != nil {
			return err
		}
		for _, r := range rows {
			to := at[r.InvitationID]
			to.Roles = append(to.Roles, InvitationRole{r.ID, r.Name})
		}
	}
	return nil
}

// DeleteInvitation removes an invitation whatever became of it, or returns
// errs.ErrNotFound.
func DeleteInvitation(ctx context.Context, tx *db.Tx, id string) error {
	n, err := tx.Exec(ctx, `DELETE FROM organization_invitations WHERE tenant_id = $1 AND id = $2`, id)
	if err == nil && n == 0 {
		return errs.ErrNotFound
	}
	return err
}

// invitationOfMember reports whether a member of the organization has the email
// address.
func invitationOfMember(ctx context.Context, q db.Q, organizationID, invitee string) (bool, error) {
	n, err := db.One[int64](ctx, q, `SELECT count(*) FROM organization_users o
		JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.user_id
		WHERE o.tenant_id = $1 AND o.organization_id = $2 AND u.email_key = $3`, organizationID, user.EmailKey(invitee))
	return n > 0, err
}

// invitationsExpire writes down that open invitations of the invitee are
// overdue, which frees their place.
func invitationsExpire(ctx context.Context, tx *db.Tx, now int64, organizationID, invitee string) error {
	_, err := tx.Exec(ctx, `UPDATE organization_invitations SET status = 'Expired', updated_at = $4
		WHERE tenant_id = $1 AND organization_id = $2 AND invitee_key = $3 AND status = 'Pending' AND expires_at <= $4`,
		organizationID, user.EmailKey(invitee), now)
	return err
}

func invitationInsert(ctx context.Context, tx *db.Tx, i *Invitation, roleIDs []string) error {
	_, err := tx.Exec(ctx, `INSERT INTO organization_invitations (tenant_id, id, organization_id, inviter_id, invitee, invitee_key,
			status, created_at, updated_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)`,
		i.ID, i.OrganizationID, i.InviterID, i.Invitee, user.EmailKey(i.Invitee), i.Stored, i.CreatedAt, i.ExpiresAt)
	if db.IsUnique(err, "organization_invitations", "invitee") {
		return errs.ErrNotUnique
	}
	if err == nil {
		_, err = invitationRoles.Add(ctx, tx, i.CreatedAt, roleIDs, i.ID)
	}
	if db.IsReference(err) {
		return errs.ErrReferenceInOrganization
	}
	return err
}

// invitationEnd gives an invitation its final status if it is still open, and
// reports whether it was: of answers that come at once, one counts.
func invitationEnd(ctx context.Context, tx *db.Tx, now int64, id string, status InvitationStatus, userID *string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE organization_invitations SET status = $3, accepted_user_id = $4, updated_at = $5
		WHERE tenant_id = $1 AND id = $2 AND status = 'Pending' AND expires_at > $5`, id, status, userID, now)
	return n == 1, err
}
