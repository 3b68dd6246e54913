package db

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Link is a table that ties rows of one kind to rows of another, such as roles
// to scopes. One side is the owner, whose set of members is managed.
type Link struct {
	Table string
	// Owner are the columns that name the owner, Member is that of a member.
	Owner  []string
	Member string
	// Stamped says that the table remembers when a tie was made.
	Stamped bool
}

// linkBatch is how many members one statement ties.
const linkBatch = 100

// Add ties members to the owner and returns those that were not tied before.
// Members that are named twice are tied once, and all of them in order, so that
// two of these cannot wait for each other. IsReference tells that owner or
// member does not exist.
func (l Link) Add(ctx context.Context, tx *Tx, now int64, members []string, owner ...string) (added []string, err error) {
	for batch := range slices.Chunk(Distinct(members), linkBatch) {
		tied, err := All[string](ctx, tx, l.insertion(len(batch)), l.insertArgs(now, batch, owner)...)
		if err != nil {
			return nil, err
		}
		added = append(added, tied...)
	}
	return added, nil
}

func (l Link) insertion(n int) string {
	columns := slices.Concat([]string{"tenant_id"}, l.Owner, []string{l.Member})
	shared := len(l.Owner)
	if l.Stamped {
		columns = append(columns, "created_at")
		shared++
	}
	var values strings.Builder
	for i := range n {
		if i > 0 {
			values.WriteString(", ")
		}
		values.WriteString("($1, " + Placeholders(2, len(l.Owner)) + ", $" + strconv.Itoa(2+shared+i))
		if l.Stamped {
			values.WriteString(", $" + strconv.Itoa(1+shared))
		}
		values.WriteString(")")
	}
	key := strings.Join(slices.Concat([]string{"tenant_id"}, l.Owner, []string{l.Member}), ", ")
	return "INSERT INTO " + l.Table + " (" + strings.Join(columns, ", ") + ") VALUES " + values.String() +
		" ON CONFLICT (" + key + ") DO NOTHING RETURNING " + l.Member
}

func (l Link) insertArgs(now int64, members, owner []string) []any {
	args := Args(owner)
	if l.Stamped {
		args = append(args, now)
	}
	return append(args, Args(members)...)
}

// Remove unties a member and reports whether it was tied.
func (l Link) Remove(ctx context.Context, tx *Tx, member string, owner ...string) (removed bool, err error) {
	n, err := l.remove(ctx, tx, []string{member}, owner)
	return n > 0, err
}

func (l Link) remove(ctx context.Context, tx *Tx, members, owner []string) (int64, error) {
	return tx.Exec(ctx, "DELETE FROM "+l.Table+" WHERE tenant_id = $1 AND "+l.ownerIs(2)+
		" AND "+l.Member+" IN ("+Placeholders(2+len(l.Owner), len(members))+")", append(Args(owner), Args(members)...)...)
}

// Replace makes members the owner's whole set and returns what changed; the
// ties of those that stay are not touched.
func (l Link) Replace(ctx context.Context, tx *Tx, now int64, members []string, owner ...string) (added, removed []string, err error) {
	removed, err = l.Members(ctx, tx, owner...)
	if err != nil {
		return nil, nil, err
	}
	stay := make(map[string]bool, len(members))
	for _, member := range members {
		stay[member] = true
	}
	removed = slices.DeleteFunc(removed, func(held string) bool { return stay[held] })
	for batch := range slices.Chunk(removed, linkBatch) {
		if _, err := l.remove(ctx, tx, batch, owner); err != nil {
			return nil, nil, err
		}
	}
	added, err = l.Add(ctx, tx, now, members, owner...)
	return added, removed, err
}

// Members returns the ids of the owner's members, in order.
func (l Link) Members(ctx context.Context, q Q, owner ...string) ([]string, error) {
	return All[string](ctx, q, "SELECT "+l.Member+" FROM "+l.Table+" WHERE tenant_id = $1 AND "+l.ownerIs(2)+
		" ORDER BY "+l.Member, Args(owner)...)
}

func (l Link) ownerIs(first int) string {
	conditions := make([]string, len(l.Owner))
	for i, column := range l.Owner {
		conditions[i] = column + " = $" + strconv.Itoa(first+i)
	}
	return strings.Join(conditions, " AND ")
}

// Distinct returns values sorted and without repetitions.
func Distinct(values []string) []string {
	sorted := append([]string{}, values...)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
