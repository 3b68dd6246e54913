package db

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// countShards is over how many rows one count is spread, so that writers who
// count the same thing rarely wait for each other.
const countShards = 16

// Count adds delta to how many rows of a kind there are, in the transaction that
// creates or deletes them. ref narrows the kind ("" if nothing does), id is the
// id of the row and chooses the shard. Who deletes counts the same id back.
func Count(ctx context.Context, tx *Tx, kind, ref, id string, delta int) error {
	return CountMany(ctx, tx, kind, ref, []string{id}, delta)
}

// CountMany is Count for many rows at once; delta is for each of them.
func CountMany(ctx context.Context, tx *Tx, kind, ref string, ids []string, delta int) error {
	shards := map[int]int{}
	for _, id := range ids {
		shards[countShard(id)] += delta
	}
	// In order, so that two of these cannot wait for each other.
	for _, shard := range slices.Sorted(maps.Keys(shards)) {
		if err := addToShard(ctx, tx, kind, ref, shard, shards[shard]); err != nil {
			return err
		}
	}
	return nil
}

func addToShard(ctx context.Context, q Q, kind, ref string, shard, delta int) error {
	_, err := q.Exec(ctx, `INSERT INTO entity_counts (tenant_id, kind, ref_id, shard, n) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (tenant_id, kind, ref_id, shard) DO UPDATE SET n = entity_counts.n + excluded.n`, kind, ref, shard, delta)
	return err
}

func countShard(id string) int {
	if id == "" {
		return 0
	}
	return int(id[len(id)-1]) % countShards
}

// Uncount forgets every count of a kind and ref: what ref names is deleted.
func Uncount(ctx context.Context, tx *Tx, kind, ref string) error {
	_, err := tx.Exec(ctx, `DELETE FROM entity_counts WHERE tenant_id = $1 AND kind = $2 AND ref_id = $3`, kind, ref)
	return err
}

// Total returns how many rows of a kind there are.
func Total(ctx context.Context, q Q, kind, ref string) (int, error) {
	n, err := One[int](ctx, q, `SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM entity_counts
		WHERE tenant_id = $1 AND kind = $2 AND ref_id = $3`, kind, ref)
	return max(n, 0), err
}

// Recount compares the counts of a kind with the rows themselves and repairs
// them. rows is a SELECT that yields the column ref for each row of the tenant.
// It returns how many counts were wrong, which says that somewhere a change did
// not count itself. It needs no lock: a row and its count become visible
// together, so one statement sees both before or both after any change.
func Recount(ctx context.Context, tx *Tx, kind, rows string) (wrong int, err error) {
	type drift struct {
		Ref string `db:"ref"`
		N   int    `db:"n"`
	}
	drifts, err := All[drift](ctx, tx, fmt.Sprintf(`SELECT ref, CAST(sum(n) AS BIGINT) AS n
		FROM (SELECT ref, 1 AS n FROM (%s) AS present
			UNION ALL SELECT ref_id, -n FROM entity_counts WHERE tenant_id = $1 AND kind = $2) AS sides
		GROUP BY ref HAVING sum(n) <> 0 ORDER BY ref`, rows), kind)
	if err != nil {
		return 0, err
	}
	for _, d := range drifts {
		if err := addToShard(ctx, tx, kind, d.Ref, 0, d.N); err != nil {
			return 0, err
		}
	}
	return len(drifts), nil
}
