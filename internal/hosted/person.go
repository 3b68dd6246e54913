package hosted

import "signet/internal/user"

// PersonOf says how the pages name a user.
func PersonOf(u *user.User) Person {
	var p Person
	for _, name := range []*string{u.Name, u.Username, u.PrimaryEmail, u.PrimaryPhone} {
		switch {
		case name == nil || *name == "":
		case p.Name == "":
			p.Name = *name
		case p.Detail == "":
			p.Detail = *name
		}
	}
	if u.Avatar != nil {
		p.Avatar = webURL(*u.Avatar)
	}
	if p.Name == "" {
		p.Name = u.ID
	}
	return p
}
