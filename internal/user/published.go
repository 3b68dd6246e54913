package user

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
)

// Published is a user as the API, events and scripts see it: the published user
// object, without secrets and second factors. Times are epoch milliseconds.
type Published struct {
	ID           string         `json:"id" check:"max=12" example:"k3v9x2m8q1z7"`
	Username     *string        `json:"username" check:"max=128,nullable" example:"ada"`
	PrimaryEmail *string        `json:"primaryEmail" check:"max=128,nullable" example:"ada@example.com"`
	PrimaryPhone *string        `json:"primaryPhone" check:"max=128,nullable" example:"441632960961"`
	Name         *string        `json:"name" check:"max=128,nullable" example:"Ada King"`
	Avatar       *string        `json:"avatar" check:"max=2048,nullable" example:"https://example.com/ada.png"`
	CustomData   map[string]any `json:"customData"`
	// Identities are social identities by target.
	Identities    map[string]Identity `json:"identities"`
	LastSignInAt  *int64              `json:"lastSignInAt" check:"nullable"`
	CreatedAt     int64               `json:"createdAt"`
	UpdatedAt     int64               `json:"updatedAt"`
	Profile       Profile             `json:"profile"`
	ApplicationID *string             `json:"applicationId" check:"max=21,nullable"`
	CIMDClientID  *string             `json:"cimdClientId" check:"max=2048,nullable"`
	IsSuspended   bool                `json:"isSuspended"`
}

// Published returns what the API and events tell of the user.
func (u *User) Published(ctx context.Context, q db.Q) (Published, error) {
	identities, err := Identities(ctx, q, u.ID)
	return u.published(identities), err
}

// PublishAll is Published for a list.
func PublishAll(ctx context.Context, q db.Q, users []User) ([]Published, error) {
	ids := make([]string, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	identities, err := identitiesOf(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	out := make([]Published, len(users))
	for i := range users {
		out[i] = users[i].published(orEmpty(identities[users[i].ID]))
	}
	return out, nil
}

func (u *User) published(identities map[string]Identity) Published {
	return Published{
		ID: u.ID, Username: u.Username, PrimaryEmail: u.PrimaryEmail, PrimaryPhone: u.PrimaryPhone,
		Name: u.Name, Avatar: u.Avatar, CustomData: u.CustomData, Identities: identities,
		LastSignInAt: u.LastSignInAt, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, Profile: u.Profile,
		ApplicationID: u.ApplicationID, CIMDClientID: u.CIMDClientID, IsSuspended: u.IsSuspended,
	}
}

// Announce records an event whose data is the user as it is now.
func Announce(ctx context.Context, tx *db.Tx, now int64, name string, u *User) error {
	data, err := u.Published(ctx, tx)
	if err != nil {
		return err
	}
	return event.Record(ctx, tx, now, name, data)
}
