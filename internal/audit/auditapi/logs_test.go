package auditapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// entries stores n entries of a key, as an import leaves them: their ids say
// nothing of the time.
func entries(t *testing.T, app *apptest.App, n int, key string, listed bool) {
	t.Helper()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf(`WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d)
			INSERT INTO audit_logs (tenant_id, id, created_at, key, is_success, is_listed, payload)
			SELECT $1, $2 || n, CAST($6 AS BIGINT) + n, $3, TRUE, $4, $5 FROM numbers`, n), "zz-"+key[:3]+key[len(key)-1:]+"-", key, listed, `{"key":"`+key+`","result":"Success"}`, app.Clock.Now().UnixMilli())
		return err
	})
}

type entry struct {
	TenantID, ID, Key string
	CreatedAt         int64
	Payload           map[string]any
}

func TestLogs(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		u, c := app.CreateUser(t, "robin"), app.CreateApp(t, application.Application{})
		app.Browser(t).SignIn(c, "robin", apptest.Password)
		app.Clock.Advance(time.Minute)
		later := app.Clock.Now().UnixMilli()
		app.Browser(t).SignIn(c, "robin", apptest.Password)
		// The list waits for what was answered before.
		list := func(query string) (all []entry, total string) {
			t.Helper()
			a := o.Want(200, "GET", "/api/logs?page_size=100&"+query, "")
			a.JSON(t, &all)
			return all, a.Header.Get("Total-Number")
		}
		all, total := list("")
		if len(all) == 0 || fmt.Sprint(len(all)) != total || all[0].CreatedAt != later || all[0].TenantID != "default" || all[0].Payload["key"] != all[0].Key {
			t.Fatalf("%s entries: %+v", total, all)
		}
		const submit = "Interaction.SignIn.Submit"
		for query, want := range map[string]string{
			"logKey=" + submit: "2", "logKey=Interaction": "0",
			"logKey=" + submit + "&userId=" + u.ID:                    "2",
			"logKey=" + submit + "&userId=nobody":                     "0",
			"logKey=" + submit + "&applicationId=" + c.ID:             "2",
			fmt.Sprint("logKey=", submit, "&start_time=", later):      "1",
			fmt.Sprint("logKey=", submit, "&end_time=", later-1):      "1",
			fmt.Sprint("start_time=", later+1, "&end_time=", later+1): "0",
			"logKey=" + submit + "&start_time=0&end_time=1e300":       "2",
			"logKey=" + submit + "&end_time=0&enableCap=true":         "0",
			fmt.Sprintf("logKey=%s&end_time=%d.5", submit, later-1):   "1",
			"start_time=1.5&end_time=1.5":                             "0",
		} {
			if _, got := list(query); got != want {
				t.Errorf("%s: %s, want %s", query, got, want)
			}
		}
		if one := o.Want(200, "GET", "/api/logs/"+all[0].ID, ""); one.String("id") != all[0].ID {
			t.Errorf("one: %s", one.Text)
		}
		entries(t, app, 1, "TriggerHook.User.Created", false)
		if got, _ := list("logKey=TriggerHook.User.Created"); len(got) != 0 {
			t.Errorf("lists %+v", got)
		}
		o.Want(200, "GET", "/api/logs/zz-Trid-1", "")
		if a := app.OperatorAt(t, app.AdminURL, "x").Do("GET", "/api/logs/"+all[0].ID, ""); a.StatusCode != http.StatusNotFound {
			t.Errorf("another tenant reads %s", a.Text)
		}
		app.Refused(t,
			`GET /api/logs/none -> 404 entity.not_exists_with_id`,
			`GET /api/logs?start_time=2&end_time=1 -> 400 log.invalid_time_window`,
			`GET /api/logs?start_time=1.8&end_time=1.2 -> 400 log.invalid_time_window`,
			`GET /api/logs?start_time=NaN -> 400 guard.invalid_input`,
			`GET /api/logs?end_time=Infinity -> 400 guard.invalid_input`,
			`GET /api/logs?end_time=yesterday -> 400 guard.invalid_input`,
			`GET /api/logs?page_size=101 -> 400 guard.invalid_pagination`,
		)
	})
}

func TestLogs_CountIsCapped(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		entries(t, app, 10_000, "Unknown", true)
		a := o.Want(200, "GET", "/api/logs?enableCap=1&page=2", "")
		if a.Header.Get("Total-Number") != "10000" || a.Header.Get("Total-Number-Is-Capped") != "" || !strings.Contains(a.Header.Get("Link"), `rel="last"`) {
			t.Errorf("at the cap: %v", a.Header)
		}
		entries(t, app, 2, "Unk.More", true)
		a = o.Want(200, "GET", "/api/logs?enableCap=1&page=2&logKey=", "")
		if link := a.Header.Get("Link"); a.Header.Get("Total-Number") != "10001" || a.Header.Get("Total-Number-Is-Capped") != "true" ||
			strings.Contains(link, "last") || strings.Contains(link, "next") || !strings.Contains(link, `rel="prev"`) {
			t.Errorf("beyond it: %v", a.Header)
		}
		if a := o.Want(200, "GET", "/api/logs", ""); a.Header.Get("Total-Number") != "10002" {
			t.Errorf("not capped: %v", a.Header)
		}
	})
}
