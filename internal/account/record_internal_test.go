package account

import (
	"errors"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/web"
)

// Who is deleted while they prove something has no access any more.
func TestAddRecord_OfNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := addRecord(t.Context(), tx, 1, "gone", kindPassword, true, recordContent{})
			return err
		})
		if !errors.Is(err, web.ErrUnauthorized) {
			t.Error(err)
		}
		if n, err := db.One[int](t.Context(), d, `SELECT count(*) FROM verification_records WHERE tenant_id = $1`); err != nil || n != 0 {
			t.Errorf("%d records, %v", n, err)
		}
	})
}
