package sentinelapi_test

import (
	"fmt"
	"strings"
	"testing"

	"signet/internal/apptest"
)

func TestUnlock(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		const path = "/api/sentinel-activities/delete"
		o.Want(204, "POST", path, `{"targetType":"User","targets":["robin","nobody@example.com"]}`)
		o.Want(204, "POST", path, `{"targetType":"App","targets":["x"]}`)
		many := strings.Repeat(`"x",`, 100)
		app.Refused(t,
			"POST "+path+` {} -> 400 guard.invalid_input`,
			"POST "+path+` {"targetType":"Robot","targets":["x"]} -> 400 guard.invalid_input`,
			"POST "+path+` {"targetType":"User","targets":[""]} -> 400 guard.invalid_input`,
			fmt.Sprintf(`POST %s {"targetType":"User","targets":[%s"x"]} -> 400 guard.invalid_input`, path, many),
		)
	})
}
