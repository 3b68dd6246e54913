package transfer

import (
	"context"
	"errors"
	"maps"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/role"
	"signet/internal/user"
)

// outcome is what became of the candidates of a batch.
type outcome struct {
	created  []*candidate
	skipped  int
	refusals []Refusal
	// roles are the users to whom each role is given, by the role's id.
	roles map[string][]string
}

// commits is how often a batch is tried: somebody may take a name between the
// look at it and the insertion, on a database where others write meanwhile.
const commits = 5

// commit decides about every candidate and stores those that become users, in
// one transaction.
func (im *importer) commit(ctx context.Context, b *batch) (done *outcome, err error) {
	if im.DryRun {
		return im.decide(ctx, im.DB, b, im.taken)
	}
	for range commits {
		err = im.DB.Tx(ctx, func(tx *db.Tx) error {
			if done, err = im.decide(ctx, tx, b, index{}); err != nil || len(done.created) == 0 {
				return err
			}
			if err := im.insert(ctx, tx, done); err != nil {
				return err
			}
			// The file knows of the batch before the database does. If the two end
			// in between, the first user of the batch tells whether it is stored.
			return im.state.save(im.reached, &next{im.after(b, done), done.created[0].row.User.ID})
		})
		if !isTaken(err) {
			break
		}
	}
	return done, err
}

func isTaken(err error) bool {
	return errors.Is(err, user.ErrUsernameTaken) || errors.Is(err, user.ErrEmailTaken) ||
		errors.Is(err, user.ErrPhoneTaken) || db.IsUnique(err, "users", "id")
}

// insert stores the users with their roles.
func (im *importer) insert(ctx context.Context, tx *db.Tx, done *outcome) error {
	rows := make([]user.Row, len(done.created))
	for i, c := range done.created {
		rows[i] = c.row
	}
	if err := user.CreateMany(ctx, tx, rows); err != nil {
		return err
	}
	now := im.Clock.Millis()
	for _, id := range slices.Sorted(maps.Keys(done.roles)) {
		if err := role.AssignMany(ctx, tx, now, id, done.roles[id]); err != nil {
			return err
		}
	}
	if !im.Events {
		return nil
	}
	for _, r := range rows {
		if err := user.Announce(ctx, tx, now, "User.Created", r.User); err != nil {
			return err
		}
	}
	return nil
}

// decide says what becomes of each candidate. taken are names that earlier
// candidates have; those of this batch are added.
func (im *importer) decide(ctx context.Context, q db.Q, b *batch, taken index) (*outcome, error) {
	names := make([]user.Names, len(b.candidates))
	for i, c := range b.candidates {
		names[i] = c.row.Names
	}
	holders, err := user.Holders(ctx, q, names)
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		taken.add(h)
	}
	known, err := knownRoles(ctx, q, im.DefaultRoles)
	if err != nil {
		return nil, err
	}
	done := &outcome{roles: map[string][]string{}}
	for i, c := range b.candidates {
		isSame, err := taken.holds(names[i], c.givesID)
		if isSame && im.SkipExisting {
			done.skipped++
			continue
		}
		var roles []string
		if err == nil {
			roles, err = known.of(c)
		}
		if err != nil {
			done.refusals = append(done.refusals, Refusal{c.line, err})
			continue
		}
		taken.add(names[i])
		done.created = append(done.created, c)
		for _, id := range roles {
			done.roles[id] = append(done.roles[id], c.row.User.ID)
		}
	}
	return done, nil
}

// roles are those of the tenant.
type roles struct {
	byName   map[string]*role.Role
	defaults []string
}

func knownRoles(ctx context.Context, q db.Q, named []string) (*roles, error) {
	all, err := role.All(ctx, q)
	if err != nil {
		return nil, err
	}
	known := &roles{byName: make(map[string]*role.Role, len(all))}
	for i, r := range all {
		known.byName[r.Name] = &all[i]
	}
	known.defaults, err = role.Defaults(ctx, q, named)
	return known, err
}

// of returns the ids of the roles of a candidate.
func (r *roles) of(c *candidate) ([]string, *errs.Error) {
	if c.isPlain {
		return r.defaults, nil
	}
	ids := make([]string, 0, len(c.roles))
	for _, name := range c.roles {
		found := r.byName[name]
		switch {
		case found == nil:
			return nil, errs.ErrReference.Describe("there is no role %q", name)
		case found.Type != role.User:
			return nil, errs.ErrConstraint.Describe("the role %q is for machines", name)
		}
		ids = append(ids, found.ID)
	}
	return ids, nil
}
