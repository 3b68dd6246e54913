package organization

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/user"
)

// Errors of invitations. The message of errInvitation and errInvitationPast says
// why.
var (
	errInvitationPast = errs.New(400, "request.invalid_input")
	errInvitation     = errs.New(422, "request.invalid_input")
	// ErrNoMailer: an invitation cannot be mailed, because no connector sends mail.
	ErrNoMailer = errs.New(501, "connector.not_found")
	// ErrNobodyAccepts: an invitation is accepted by a user, and none was named.
	ErrNobodyAccepts = invitationRefused(errInvitation, "The user who accepts must be named.")
)

func invitationRefused(e *errs.Error, reason string) *errs.Error {
	return e.WithArgs(map[string]any{"reason": reason}).Describe("%s", reason)
}

// InvitationStatus is how far an invitation has come. All but Pending are final.
type InvitationStatus string

// The states of an invitation.
const (
	InvitationPending  InvitationStatus = "Pending"
	InvitationAccepted InvitationStatus = "Accepted"
	InvitationExpired  InvitationStatus = "Expired"
	InvitationRevoked  InvitationStatus = "Revoked"
)

// Invitation asks the owner of an email address to join an organization. Times
// are epoch milliseconds.
type Invitation struct {
	ID             string           `db:"id"`
	InviterID      *string          `db:"inviter_id"` // a user
	Invitee        string           `db:"invitee"`    // email address
	AcceptedUserID *string          `db:"accepted_user_id"`
	OrganizationID string           `db:"organization_id"`
	Stored         InvitationStatus `db:"status"` // see StatusAt
	CreatedAt      int64            `db:"created_at"`
	UpdatedAt      int64            `db:"updated_at"`
	ExpiresAt      int64            `db:"expires_at"`
	// Roles are what the invitee gets, by name.
	Roles []InvitationRole
}

// InvitationRole is an organization role that an invitation brings.
type InvitationRole struct {
	ID   string `json:"id"`
	Name string `json:"name" example:"member"`
}

// StatusAt returns the status: a pending invitation whose time is over has
// expired, whether or not that was written down.
func (i *Invitation) StatusAt(now int64) InvitationStatus {
	if i.Stored == InvitationPending && i.ExpiresAt <= now {
		return InvitationExpired
	}
	return i.Stored
}

// PublishedInvitation is an invitation as the API shows it.
type PublishedInvitation struct {
	TenantID       string           `json:"tenantId" check:"max=21"`
	ID             string           `json:"id" check:"max=21"`
	InviterID      *string          `json:"inviterId" check:"nullable,max=21"`
	Invitee        string           `json:"invitee" check:"max=256" example:"robin@example.com"`
	AcceptedUserID *string          `json:"acceptedUserId" check:"nullable,max=21"`
	OrganizationID string           `json:"organizationId" check:"max=21"`
	Status         InvitationStatus `json:"status" check:"enum=Pending|Accepted|Expired|Revoked"`
	CreatedAt      int64            `json:"createdAt"`
	UpdatedAt      int64            `json:"updatedAt"`
	ExpiresAt      int64            `json:"expiresAt"`
	Roles          []InvitationRole `json:"organizationRoles"`
}

// Published returns what the API shows of the invitation at the time now.
func (i *Invitation) Published(tenantID string, now int64) PublishedInvitation {
	return PublishedInvitation{
		TenantID: tenantID, ID: i.ID, InviterID: i.InviterID, Invitee: i.Invitee, AcceptedUserID: i.AcceptedUserID,
		OrganizationID: i.OrganizationID, Status: i.StatusAt(now),
		CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt, ExpiresAt: i.ExpiresAt, Roles: i.Roles,
	}
}

// NewInvitation is what an operator decides about an invitation.
type NewInvitation struct {
	InviterID      *string
	Invitee        string // email address
	OrganizationID string
	ExpiresAt      int64 // epoch milliseconds, after now
	RoleIDs        []string
}

// Invite stores an invitation. An earlier one of the same invitee that was not
// answered in time is marked as expired; a live one, and an invitee who is a
// member, are refused. The types of the roles are checked when it is accepted.
func Invite(ctx context.Context, tx *db.Tx, now int64, n NewInvitation) (*Invitation, error) {
	if n.ExpiresAt <= now {
		return nil, invitationRefused(errInvitationPast, "The time of expiry must lie in the future.")
	}
	member, err := invitationOfMember(ctx, tx, n.OrganizationID, n.Invitee)
	if err != nil {
		return nil, err
	}
	if member {
		return nil, invitationRefused(errInvitation, "The invitee is a member of the organization.")
	}
	if err := invitationsExpire(ctx, tx, now, n.OrganizationID, n.Invitee); err != nil {
		return nil, err
	}
	i := &Invitation{
		ID: ids.Long(), InviterID: n.InviterID, Invitee: n.Invitee, OrganizationID: n.OrganizationID,
		Stored: InvitationPending, CreatedAt: now, UpdatedAt: now, ExpiresAt: n.ExpiresAt,
	}
	if err := invitationInsert(ctx, tx, i, n.RoleIDs); err != nil {
		return nil, err
	}
	return InvitationByID(ctx, tx, i.ID)
}

// Revoke ends an invitation that is still open.
func Revoke(ctx context.Context, tx *db.Tx, now int64, id string) (*Invitation, error) {
	i, err := InvitationByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return i, i.end(ctx, tx, now, InvitationRevoked, nil)
}

// Accept makes the user a member of the organization, with the roles of the
// invitation. The user must have the email address that was invited.
func Accept(ctx context.Context, tx *db.Tx, now int64, id, userID string) (*Invitation, error) {
	i, err := InvitationByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	u, err := user.ByID(ctx, tx, userID)
	if err != nil {
		return nil, err
	}
	if i.StatusAt(now) == InvitationPending && !i.isFor(u) {
		return nil, invitationRefused(errInvitation, "The invitation is for another email address.")
	}
	if err := i.end(ctx, tx, now, InvitationAccepted, &userID); err != nil {
		return nil, err
	}
	joined, err := i.join(ctx, tx, now, userID)
	if err != nil {
		return nil, err
	}
	return i, joined.Record(ctx, tx, now)
}

// join makes the user a member with the roles of the invitation.
func (i *Invitation) join(ctx context.Context, tx *db.Tx, now int64, userID string) (Change, error) {
	joined, err := Users.Add(ctx, tx, now, i.OrganizationID, []string{userID})
	if err != nil {
		return Change{}, err
	}
	ids := make([]string, len(i.Roles))
	for n, r := range i.Roles {
		ids[n] = r.ID
	}
	return joined, Users.GiveRoles(ctx, tx, i.OrganizationID, userID, ids)
}

func (i *Invitation) isFor(u *user.User) bool {
	return u.PrimaryEmail != nil && user.EmailKey(*u.PrimaryEmail) == user.EmailKey(i.Invitee)
}

// end writes the final status, once.
func (i *Invitation) end(ctx context.Context, tx *db.Tx, now int64, status InvitationStatus, userID *string) error {
	ended, err := invitationEnd(ctx, tx, now, i.ID, status, userID)
	if err != nil {
		return err
	}
	if !ended {
		return invitationRefused(errInvitation, "The invitation was answered before, or its time is over.")
	}
	i.Stored, i.AcceptedUserID, i.UpdatedAt = status, userID, now
	return nil
}
