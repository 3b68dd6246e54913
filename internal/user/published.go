package user

// Published is a user as events and scripts see it: the published user object,
// without secrets and second factors. Times are epoch milliseconds.
type Published struct {
	ID           string         `json:"id"`
	Username     *string        `json:"username"`
	PrimaryEmail *string        `json:"primaryEmail"`
	PrimaryPhone *string        `json:"primaryPhone"`
	Name         *string        `json:"name"`
	Avatar       *string        `json:"avatar"`
	CustomData   map[string]any `json:"customData"`
	// Identities are social identities by target.
	Identities    map[string]any `json:"identities"`
	LastSignInAt  *int64         `json:"lastSignInAt"`
	CreatedAt     int64          `json:"createdAt"`
	UpdatedAt     int64          `json:"updatedAt"`
	Profile       Profile        `json:"profile"`
	ApplicationID *string        `json:"applicationId"`
	CIMDClientID  *string        `json:"cimdClientId"`
	IsSuspended   bool           `json:"isSuspended"`
}

// Published returns what events tell of the user.
func (u *User) Published() Published {
	return Published{
		ID: u.ID, Username: u.Username, PrimaryEmail: u.PrimaryEmail, PrimaryPhone: u.PrimaryPhone,
		Name: u.Name, Avatar: u.Avatar, CustomData: u.CustomData, Identities: map[string]any{},
		LastSignInAt: u.LastSignInAt, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, Profile: u.Profile,
		ApplicationID: u.ApplicationID, CIMDClientID: u.CIMDClientID, IsSuspended: u.IsSuspended,
	}
}
