package db

import (
	"context"

	"github.com/jackc/pgx/v5"
)

type interruptibleKey struct{}

// Interruptible marks statements that may take long, such as a search: they end
// with ctx on SQLite too (see Pool.steady), and PostgreSQL plans each for its
// own arguments instead of keeping one plan for all. It covers what a statement
// does until its first row; let a slow one sort or count.
func Interruptible(ctx context.Context) context.Context {
	return context.WithValue(ctx, interruptibleKey{}, true)
}

func interruptible(ctx context.Context) bool {
	return ctx.Value(interruptibleKey{}) != nil
}

// planned puts before the arguments what tells pgx to keep no plan, where ctx
// asks for it. Behind a pooler no plans are kept anyway.
func (p *Pool) planned(ctx context.Context, bound []any) []any {
	if p.dialect != Postgres || p.pooled || !interruptible(ctx) {
		return bound
	}
	return append([]any{pgx.QueryExecModeDescribeExec}, bound...)
}
