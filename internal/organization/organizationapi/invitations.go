package organizationapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Invitations serves invitations to organizations.
type Invitations struct {
	Clock clock.Clock
	// Operator guards every operation.
	Operator web.Guard
}

type listInvitationsIn struct {
	OrganizationID string `query:"organizationId" check:"max=128"`
	InviterID      string `query:"inviterId" check:"max=128"`
	Invitee        string `query:"invitee" check:"max=256"`
}

func (a *Invitations) list(ctx context.Context, in *listInvitationsIn) (*[]organization.PublishedInvitation, error) {
	t := tenant.From(ctx)
	list, err := organization.Invitations(ctx, t.DB, organization.InvitationFilter{
		OrganizationID: in.OrganizationID, InviterID: in.InviterID, Invitee: in.Invitee,
	})
	if err != nil {
		return nil, err
	}
	now := a.Clock.Millis()
	out := make([]organization.PublishedInvitation, len(list))
	for i := range list {
		out[i] = list[i].Published(t.ID, now)
	}
	return &out, nil
}

// invitationMessage is what a mail about an invitation is filled with.
type invitationMessage struct {
	Code      *string `json:"code"`
	Link      *string `json:"link" example:"https://app.example.com/join"`
	Locale    *string `json:"locale" check:"max=256"`
	UILocales *string `json:"uiLocales" check:"max=256" example:"de en"`
}

// messagePayload is an invitationMessage, or false for no mail.
type messagePayload struct{ send bool }

// SchemaVariants implements web.Variants.
func (*messagePayload) SchemaVariants() []any { return []any{invitationMessage{}, false} }

// UnmarshalJSON implements json.Unmarshaler.
func (p *messagePayload) UnmarshalJSON(raw []byte) error {
	if string(raw) == "false" {
		return nil
	}
	p.send = true
	return web.Decode(raw, new(invitationMessage))
}

type createInvitationIn struct {
	InviterID      *string         `json:"inviterId" check:"nullable,max=21"`
	Invitee        string          `json:"invitee" check:"max=256,pattern=email" example:"robin@example.com"`
	OrganizationID string          `json:"organizationId" check:"min=1,max=21"`
	ExpiresAt      int64           `json:"expiresAt"` // epoch milliseconds
	RoleIDs        []string        `json:"organizationRoleIds,omitempty" check:"max=128"`
	Message        *messagePayload `json:"messagePayload"`
}

func (a *Invitations) create(ctx context.Context, in *createInvitationIn) (*organization.PublishedInvitation, error) {
	now := a.Clock.Millis()
	return a.answer(ctx, func(tx *db.Tx) (*organization.Invitation, error) {
		i, err := organization.Invite(ctx, tx, now, organization.NewInvitation{
			InviterID: in.InviterID, Invitee: in.Invitee, OrganizationID: in.OrganizationID,
			ExpiresAt: in.ExpiresAt, RoleIDs: in.RoleIDs,
		})
		// An invitation that cannot be mailed as asked is not made either.
		if err == nil && in.Message != nil && in.Message.send {
			err = organization.ErrNoMailer
		}
		return i, err
	})
}

type invitationIn struct {
	ID string `path:"id" check:"max=128"`
}

func (a *Invitations) get(ctx context.Context, in *invitationIn) (*organization.PublishedInvitation, error) {
	t := tenant.From(ctx)
	i, err := organization.InvitationByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	out := i.Published(t.ID, a.Clock.Millis())
	return &out, nil
}

func (a *Invitations) remove(ctx context.Context, in *invitationIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error { return organization.DeleteInvitation(ctx, tx, in.ID) })
}

type mailInvitationIn struct {
	invitationIn
	invitationMessage
}

func (a *Invitations) mail(ctx context.Context, in *mailInvitationIn) (*web.Nothing, error) {
	if _, err := organization.InvitationByID(ctx, tenant.From(ctx).DB, in.ID); err != nil {
		return nil, err
	}
	return nil, organization.ErrNoMailer
}

type invitationStatusIn struct {
	invitationIn

	AcceptedUserID *string `json:"acceptedUserId" check:"nullable,max=21"`
	Status         string  `json:"status" check:"enum=Accepted|Revoked"`
}

func (a *Invitations) setStatus(ctx context.Context, in *invitationStatusIn) (*organization.PublishedInvitation, error) {
	now := a.Clock.Millis()
	if in.Status == string(organization.InvitationRevoked) {
		return a.answer(ctx, func(tx *db.Tx) (*organization.Invitation, error) {
			return organization.Revoke(ctx, tx, now, in.ID)
		})
	}
	userID := web.Text(in.AcceptedUserID)
	if userID == nil {
		return nil, organization.ErrNobodyAccepts
	}
	return a.answer(ctx, func(tx *db.Tx) (*organization.Invitation, error) {
		return organization.Accept(ctx, tx, now, in.ID, *userID)
	})
}

// answer runs a change and shows the invitation that it leaves.
func (a *Invitations) answer(ctx context.Context, change func(tx *db.Tx) (*organization.Invitation, error)) (*organization.PublishedInvitation, error) {
	t := tenant.From(ctx)
	i, err := db.Do(ctx, t.DB, change)
	if err != nil {
		return nil, err
	}
	out := i.Published(t.ID, a.Clock.Millis())
	return &out, nil
}
