package resourceapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/tenant"
)

func TestResources_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		app.Clock.Advance(time.Second) // the oldest comes first
		created := o.Want(201, "POST", "/api/resources", `{"name":"Orders","indicator":"https://api.example","tenantId":"admin","unknown":1}`)
		id := created.String("id")
		if len(id) != 21 || created.String("tenantId") != "default" || !strings.Contains(created.Text, `"accessTokenTtl":3600`) ||
			!strings.Contains(created.Text, `"scopes":[]`) || !strings.Contains(created.Text, `"isDefault":false`) {
			t.Errorf("created %s", created.Text)
		}
		if got := o.Want(200, "GET", "/api/resources/"+id, ""); strings.Contains(got.Text, "scopes") || got.String("name") != "Orders" {
			t.Errorf("read %s", got.Text)
		}
		changed := o.Want(200, "PATCH", "/api/resources/"+id, `{"name":"Sales","accessTokenTtl":60,"indicator":"https://other.example"}`)
		if changed.String("name") != "Sales" || changed.String("indicator") != "https://api.example" || !strings.Contains(changed.Text, `"accessTokenTtl":60`) {
			t.Errorf("changed %s", changed.Text)
		}
		all := o.Want(200, "GET", "/api/resources?includeScopes=yes", "")
		if !strings.Contains(all.Text, `"management-api-all"`) || all.Header.Get("Total-Number") != "" || all.Header.Get("Link") != "" {
			t.Errorf("everything: %v %s", all.Header, all.Text)
		}
		page := o.Want(200, "GET", "/api/resources?page=2&page_size=1&x=y", "")
		if page.Header.Get("Total-Number") != "2" || strings.Contains(page.Text, "management-api") {
			t.Errorf("second page: %v %s", page.Header, page.Text)
		}
		want := fmt.Sprintf(`<%[1]s/api/resources?page=1&page_size=1&x=y>; rel="first", <%[1]s/api/resources?page=2&page_size=1&x=y>; rel="last", <%[1]s/api/resources?page=1&page_size=1&x=y>; rel="prev"`, app.URL)
		if got := page.Header.Get("Link"); got != want {
			t.Errorf("Link %s\nwant %s", got, want)
		}
		o.Want(204, "DELETE", "/api/resources/"+id, "")
		o.Want(404, "GET", "/api/resources/"+id, "", "entity.not_exists_with_id")
		if names := app.EventNames(t, tenant.Default); len(names) != 0 {
			t.Errorf("resources have no events, got %v", names)
		}
	})
}

func TestResources_OneIsTheDefault(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := o.Want(201, "POST", "/api/resources", `{"name":"A","indicator":"https://a.example"}`).String("id")
		for _, target := range []string{id, "management-api", id} {
			if a := o.Want(200, "PATCH", "/api/resources/"+target+"/is-default", `{"isDefault":true}`); !strings.Contains(a.Text, `"isDefault":true`) {
				t.Errorf("%s: %s", target, a.Text)
			}
			if n := app.Count(t, tenant.Default, "resources", "is_default"); n != 1 {
				t.Errorf("%d defaults", n)
			}
		}
		o.Want(200, "PATCH", "/api/resources/"+id+"/is-default", `{"isDefault":false}`)
		if n := app.Count(t, tenant.Default, "resources", "is_default"); n != 0 {
			t.Errorf("%d defaults", n)
		}
		app.Refused(t,
			`PATCH /api/resources/none/is-default {"isDefault":true} -> 404 entity.not_exists`,
			`PATCH /api/resources/none/is-default {"isDefault":false} -> 404 entity.not_exists_with_id`,
			"PATCH /api/resources/"+id+`/is-default {} -> 400 guard.invalid_input`,
		)
	})
}

func TestScopes_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		scopes := "/api/resources/" + o.Want(201, "POST", "/api/resources", `{"name":"A","indicator":"https://a.example"}`).String("id") + "/scopes"
		read := o.Want(201, "POST", scopes, `{"name":"read:it","description":""}`)
		if !strings.Contains(read.Text, `"description":null`) {
			t.Errorf("an empty text is null: %s", read.Text)
		}
		o.Want(201, "POST", scopes, `{"name":"write:it","description":"Writes"}`)
		if a := o.Want(200, "GET", scopes+"?search=%25WRIT%25", ""); a.Header.Get("Total-Number") != "1" || !strings.Contains(a.Text, "write:it") {
			t.Errorf("searched %v %s", a.Header, a.Text)
		}
		if a := o.Want(200, "GET", "/api/resources/none/scopes", ""); a.Text != "[]" || a.Header.Get("Total-Number") != "0" {
			t.Errorf("scopes of nothing: %s", a.Text)
		}
		id := read.String("id")
		if a := o.Want(200, "PATCH", scopes+"/"+id, `{"name":"see:it","description":"Sees"}`); a.String("name") != "see:it" || a.String("description") != "Sees" {
			t.Errorf("changed %s", a.Text)
		}
		if a := o.Want(200, "PATCH", scopes+"/"+id, `{"description":null}`); !strings.Contains(a.Text, `"description":null`) {
			t.Errorf("cleared %s", a.Text)
		}
		o.Want(204, "DELETE", scopes+"/"+id, "")
		got := strings.Join(app.EventNames(t, tenant.Default), " ")
		if want := "Scope.Created Scope.Created Scope.Data.Updated Scope.Data.Updated Scope.Deleted"; got != want {
			t.Errorf("events %s\nwant %s", got, want)
		}
		first := app.Events(t, tenant.Default)[0]
		if origin := first.Origin.V; origin.Method != "POST" || origin.Route != "/api/resources/{resourceId}/scopes" || origin.Status != 201 || origin.Params["resourceId"] == "" {
			t.Errorf("origin %+v", origin)
		}
	})
}

func TestResources_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		id := o.Want(201, "POST", "/api/resources", `{"name":"A","indicator":"https://a.example"}`).String("id")
		other := o.Want(201, "POST", "/api/resources", `{"name":"B","indicator":"https://b.example"}`).String("id")
		scope := o.Want(201, "POST", "/api/resources/"+id+"/scopes", `{"name":"x"}`).String("id")
		foreign := app.OperatorAt(t, app.AdminURL, "x").Want(201, "POST", "/api/resources", `{"name":"F","indicator":"https://f.example"}`).String("id")
		app.Refused(t,
			`POST /api/resources {"name":"C","indicator":"https://a.example"} -> 422 resource.resource_identifier_in_use`,
			`POST /api/resources {"name":"","indicator":"https://c.example"} -> 400 guard.invalid_input`,
			`POST /api/resources {"name":"C"} -> 400 guard.invalid_input`,
			`POST /api/resources {"name":"C","indicator":"urn:logto:organization:crew"} -> 400 guard.invalid_input`,
			`POST /api/resources {"name":"C","indicator":"https://c.example","accessTokenTtl":0} -> 400 guard.invalid_input`,
			"PATCH /api/resources/"+id+` {} -> 422 entity.invalid_input`,
			"PATCH /api/resources/"+id+` {"name":null} -> 400 guard.invalid_input`,
			"PATCH /api/resources/"+foreign+` {"name":"mine"} -> 404 entity.not_exists_with_id`,
			"DELETE /api/resources/"+foreign+` -> 404 entity.not_exists_with_id`,
			`PATCH /api/resources/management-api {} -> 400 resource.cannot_modify_management_api`,
			`PATCH /api/resources/management-api {"name":"mine"} -> 400 resource.cannot_modify_management_api`,
			`DELETE /api/resources/management-api -> 400 resource.cannot_delete_management_api`,
			`POST /api/resources/management-api/scopes {"name":"more"} -> 400 resource.cannot_modify_management_api`,
			`PATCH /api/resources/management-api/scopes/management-api-all {} -> 400 resource.cannot_modify_management_api`,
			`PATCH /api/resources/management-api/scopes/management-api-all {"name":"more"} -> 400 resource.cannot_modify_management_api`,
			`DELETE /api/resources/management-api/scopes/management-api-all -> 400 resource.cannot_modify_management_api`,
			"POST /api/resources/"+id+`/scopes {"name":"x"} -> 422 scope.name_exists`,
			`POST /api/resources/none/scopes {"name":"a b"} -> 400 scope.name_with_space`,
			`POST /api/resources/none/scopes {"name":"ab"} -> 404 entity.not_exists_with_id`,
			"PATCH /api/resources/"+other+"/scopes/"+scope+` {"name":"y"} -> 404 entity.not_exists_with_id`,
			"DELETE /api/resources/"+other+"/scopes/"+scope+` -> 404 entity.not_exists_with_id`,
			`GET /api/resources?page=0 -> 400 guard.invalid_pagination`,
			`GET /api/resources?page_size=101 -> 400 guard.invalid_pagination`,
			`GET /api/resources?page=1e3 -> 400 guard.invalid_pagination`,
			"GET /api/resources/"+id+`/scopes?search.nothing=x -> 400 request.invalid_input`,
		)
	})
}

// Of parallel creations of one indicator one wins; nobody gets a 500.
func TestResources_ParallelCreation(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		var created, refused sync.Map
		var group sync.WaitGroup
		for i := range 12 {
			group.Go(func() {
				switch a := o.Do("POST", "/api/resources", `{"name":"A","indicator":"https://a.example"}`); {
				case a.StatusCode == http.StatusCreated:
					created.Store(i, a.Text)
				case a.StatusCode == 422 && a.Code() == "resource.resource_identifier_in_use":
					refused.Store(i, a.Text)
				default:
					t.Errorf("%d %s", a.StatusCode, a.Text)
				}
			})
		}
		group.Wait()
		n := 0
		created.Range(func(any, any) bool { n++; return true })
		if n != 1 || app.Count(t, tenant.Default, "resources", "indicator = 'https://a.example'") != 1 {
			t.Errorf("%d were created", n)
		}
	})
}
