package application

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/user"
)

// opened ties an application and a user to the organizations that the user
// opened to it. Only organizations of the user can be tied.
var opened = db.Link{Table: "application_user_organizations", Owner: []string{"application_id", "user_id"}, Member: "organization_id"}

// OpenOrganizations opens organizations of a user to an application; ErrNotMember
// if the user does not belong to one of them.
func OpenOrganizations(ctx context.Context, tx *db.Tx, id, userID string, organizationIDs []string) error {
	_, err := opened.Add(ctx, tx, 0, organizationIDs, id, userID)
	return notMember(err)
}

// SetOpenOrganizations makes organizations all that a user opens to an
// application; see OpenOrganizations.
func SetOpenOrganizations(ctx context.Context, tx *db.Tx, id, userID string, organizationIDs []string) error {
	// One at a time, or two would end in what both name together.
	if _, err := user.Hold(ctx, tx, userID); err != nil {
		return err
	}
	_, _, err := opened.Replace(ctx, tx, 0, organizationIDs, id, userID)
	return notMember(err)
}

// OpenedTo returns the ids of the organizations that a user opened to an
// application.
func OpenedTo(ctx context.Context, q db.Q, id, userID string) ([]string, error) {
	return db.All[string](ctx, q, `SELECT organization_id FROM application_user_organizations
		WHERE tenant_id = $1 AND application_id = $2 AND user_id = $3 ORDER BY organization_id`, id, userID)
}

func notMember(err error) error {
	if db.IsReference(err) {
		return ErrNotMember
	}
	return err
}

// CloseOrganization closes an organization of a user to an application;
// errs.ErrNotFound if it was not open.
func CloseOrganization(ctx context.Context, tx *db.Tx, id, userID, organizationID string) error {
	removed, err := opened.Remove(ctx, tx, organizationID, id, userID)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}
