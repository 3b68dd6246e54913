package organizationapi_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

// invitations is a server with seedJIT and a person whose address is
// robin@example.com.
type invitations struct {
	*apptest.App
	*apptest.Operator
	t     *testing.T
	robin string
}

func newInvitations(t *testing.T, app *apptest.App) *invitations {
	seedJIT(t, app)
	robin := app.CreateUserIn(t, tenant.Default, "robin", func(n *user.New) { n.PrimaryEmail = "Robin@example.com" })
	return &invitations{app, app.Operator(t), t, robin.ID}
}

// body is that of an invitation to acme, open for an hour; more are further
// properties.
func (i *invitations) body(invitee, more string) string {
	return fmt.Sprintf(`{"organizationId":"acme","invitee":%q,"expiresAt":%d%s}`, invitee, i.Clock.Now().Add(time.Hour).UnixMilli(), more)
}

func (i *invitations) invite(invitee, more string) *apptest.Answer {
	i.t.Helper()
	return i.Want(201, "POST", "/api/organization-invitations", i.body(invitee, more))
}

func eachInvitations(t *testing.T, test func(t *testing.T, i *invitations)) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) { test(t, newInvitations(t, app)) })
}

func TestInvitations_AcceptedMakesAMember(t *testing.T) {
	eachInvitations(t, func(t *testing.T, i *invitations) {
		created := i.invite("robin@EXAMPLE.com", `,"inviterId":"`+i.robin+`","organizationRoleIds":["member","admin"],"messagePayload":false`)
		for _, want := range []string{`"tenantId":"default"`, `"inviterId":"` + i.robin, `"acceptedUserId":null`, `"status":"Pending"`,
			`"organizationRoles":[{"id":"admin","name":"admin"},{"id":"member","name":"member"}]`} {
			if !strings.Contains(created.Text, want) {
				t.Errorf("created %s\nwithout %s", created.Text, want)
			}
		}
		path := "/api/organization-invitations/" + created.String("id")
		if a := i.Want(200, "GET", path, ""); a.Text != created.Text {
			t.Errorf("read %s", a.Text)
		}
		i.Clock.Advance(time.Minute)
		accepted := i.Want(200, "PUT", path+"/status", `{"status":"Accepted","acceptedUserId":"`+i.robin+`"}`)
		if accepted.String("status") != "Accepted" || accepted.String("acceptedUserId") != i.robin ||
			!strings.Contains(accepted.Text, fmt.Sprintf(`"updatedAt":%d`, i.Clock.Now().UnixMilli())) {
			t.Errorf("accepted %s", accepted.Text)
		}
		if n := i.Count(t, tenant.Default, "organization_user_roles", "user_id = $2 AND organization_id = 'acme'", i.robin); n != 2 {
			t.Errorf("%d roles", n)
		}
		if n, err := db.Total(t.Context(), i.Pool.For(tenant.Default), user.CountedOrganizations, "acme"); err != nil || n != 1 {
			t.Errorf("%d members are counted, %v", n, err)
		}
		events := i.Events(t, tenant.Default)
		var data map[string]any
		if len(events) != 1 || events[0].Name != "Organization.Membership.Updated" || json.Unmarshal(events[0].Origin.V.Beside, &data) != nil {
			t.Fatalf("events %+v", events)
		}
		if want := map[string]any{"organizationId": "acme", "addedUserIds": []any{i.robin}}; !reflect.DeepEqual(data, want) {
			t.Errorf("data %v, want %v", data, want)
		}
		i.Refused(t,
			"PUT "+path+`/status {"status":"Revoked"} -> 422 request.invalid_input`,
			"PUT "+path+`/status {"status":"Accepted","acceptedUserId":"`+i.robin+`"} -> 422 request.invalid_input`,
			"POST /api/organization-invitations "+i.body("ROBIN@example.com", "")+" -> 422 request.invalid_input",
		)
		i.Want(204, "DELETE", path, "")
		if n := i.Count(t, tenant.Default, "organization_users", "user_id = $2", i.robin); n != 1 {
			t.Error("deleting the invitation ended the membership")
		}
	})
}

// Attack 45: nobody joins by an invitation that is another's, over or broken.
func TestInvitations_Refuse(t *testing.T) {
	eachInvitations(t, func(t *testing.T, i *invitations) {
		other := i.CreateUserIn(t, tenant.Default, "other", func(n *user.New) { n.PrimaryEmail = "other@example.com" }).ID
		nameless := i.CreateUser(t, "nameless").ID
		open := "/api/organization-invitations/" + i.invite("robin@example.com", "").String("id")
		machines := "/api/organization-invitations/" + i.invite("other@example.com", `,"organizationRoleIds":["member","robot"]`).String("id")
		revoked := "/api/organization-invitations/" + i.invite("third@example.com", "").String("id")
		i.Want(200, "PUT", revoked+"/status", `{"status":"Revoked","acceptedUserId":null}`)
		const all = "/api/organization-invitations"
		accept := func(path, id string) string {
			return "PUT " + path + `/status {"status":"Accepted","acceptedUserId":"` + id + `"}`
		}
		i.Refused(t,
			"POST "+all+fmt.Sprintf(` {"organizationId":"acme","invitee":"a@b.example","expiresAt":%d}`, i.Clock.Now().UnixMilli())+" -> 400 request.invalid_input",
			"POST "+all+` {"organizationId":"acme","invitee":"nobody","expiresAt":9000000000000} -> 400 guard.invalid_input`,
			"POST "+all+` {"organizationId":"acme","invitee":"a@b.example","expiresAt":"soon"} -> 400 guard.invalid_input`,
			"POST "+all+` {"organizationId":"none","invitee":"a@b.example","expiresAt":9000000000000} -> 422 entity.relation_foreign_key_not_found`,
			"POST "+all+" "+i.body("robin@example.com", "")+" -> 422 entity.unique_integrity_violation",
			"POST "+all+" "+i.body("a@b.example", `,"inviterId":"none"`)+" -> 422 entity.relation_foreign_key_not_found",
			"POST "+all+" "+i.body("a@b.example", `,"organizationRoleIds":["member","none"]`)+" -> 422 entity.relation_foreign_key_not_found",
			"POST "+all+" "+i.body("a@b.example", `,"messagePayload":true`)+" -> 400 guard.invalid_input",
			"POST "+all+" "+i.body("a@b.example", `,"messagePayload":{"link":7}`)+" -> 400 guard.invalid_input",
			"POST "+all+" "+i.body("a@b.example", `,"messagePayload":{"link":"https://app.example"}`)+" -> 501 connector.not_found",
			"POST "+open+`/message {"link":"https://app.example"} -> 501 connector.not_found`,
			"POST "+revoked+`/message {} -> 501 connector.not_found`,
			"POST "+all+`/none/message {} -> 404 entity.not_found`,
			"PUT "+all+`/none/status {"status":"Accepted"} -> 422 request.invalid_input`,
			"PUT "+all+`/none/status {"status":"Revoked"} -> 404 entity.not_found`,
			"PUT "+open+`/status {"status":"Pending"} -> 400 guard.invalid_input`,
			accept(all+"/none", i.robin)+" -> 404 entity.not_found",
			accept(open, "none")+" -> 404 entity.not_found",
			accept(open, other)+" -> 422 request.invalid_input",
			accept(open, nameless)+" -> 422 request.invalid_input",
			accept(revoked, i.robin)+" -> 422 request.invalid_input",
			accept(machines, other)+" -> 422 entity.db_constraint_violated",
			"GET "+all+"/none -> 404 entity.not_found",
			"DELETE "+all+"/none -> 404 entity.not_found",
		)
		i.Clock.Advance(time.Hour)
		i.Refused(t,
			accept(open, i.robin)+" -> 422 request.invalid_input",
			"PUT "+open+`/status {"status":"Revoked"} -> 422 request.invalid_input`,
		)
	})
}

func TestInvitations_ExpireOnReadAndMakeRoom(t *testing.T) {
	eachInvitations(t, func(t *testing.T, i *invitations) {
		first := i.invite("robin@example.com", "").String("id")
		status := func(id string) string {
			return i.Want(200, "GET", "/api/organization-invitations/"+id, "").String("status")
		}
		i.Clock.Advance(time.Hour - time.Millisecond)
		if got := status(first); got != "Pending" {
			t.Errorf("a millisecond before its end it is %s", got)
		}
		i.Clock.Advance(time.Millisecond)
		stored := func(want string) {
			t.Helper()
			if n := i.Count(t, tenant.Default, "organization_invitations", "id = $2 AND status = $3", first, want); n != 1 || status(first) != "Expired" {
				t.Errorf("not stored as %s, or shown as %s", want, status(first))
			}
		}
		stored("Pending")
		second := i.invite("robin@example.com", "").String("id")
		stored("Expired")
		list := i.Want(200, "GET", "/api/organization-invitations", "")
		if strings.Index(list.Text, second) > strings.Index(list.Text, first) || list.Header.Get("Total-Number") != "" {
			t.Errorf("list %v %s", list.Header, list.Text)
		}
	})
}

func TestInvitations_Filters(t *testing.T) {
	eachInvitations(t, func(t *testing.T, i *invitations) {
		i.invite("Ann@example.com", `,"inviterId":"`+i.robin+`","organizationRoleIds":["member"]`)
		i.invite("ben@example.com", "")
		i.Want(201, "POST", "/api/organization-invitations", strings.Replace(i.body("ann@example.com", ""), "acme", "umbra", 1))
		for query, want := range map[string]int{
			"": 3, "?invitee=": 3, "?invitee=ANN@example.com": 2, "?organizationId=acme": 2, "?organizationId=none": 0,
			"?inviterId=" + i.robin: 1, "?organizationId=umbra&invitee=ann@example.com": 1, "?inviterId=" + i.robin + "&organizationId=umbra": 0,
		} {
			a := i.Want(200, "GET", "/api/organization-invitations"+query, "")
			if got := strings.Count(a.Text, `"invitee":`); got != want {
				t.Errorf("%s: %d invitations, want %d: %s", query, got, want, a.Text)
			}
		}
	})
}

// Of parallel answers one counts; the member is counted once.
func TestInvitations_ParallelAnswers(t *testing.T) {
	eachInvitations(t, func(t *testing.T, i *invitations) {
		path := "/api/organization-invitations/" + i.invite("robin@example.com", `,"organizationRoleIds":["member"]`).String("id") + "/status"
		bodies := []string{`{"status":"Accepted","acceptedUserId":"` + i.robin + `"}`, `{"status":"Revoked"}`}
		var mu sync.Mutex
		won := map[int]int{}
		var group sync.WaitGroup
		for n := range 12 {
			group.Go(func() {
				a := i.Do("PUT", path, bodies[n%2])
				mu.Lock()
				defer mu.Unlock()
				won[a.StatusCode]++
			})
		}
		group.Wait()
		if won[200] != 1 || won[422] != 11 {
			t.Errorf("answers by status: %v", won)
		}
		accepted := i.Count(t, tenant.Default, "organization_invitations", "status = 'Accepted'")
		if members := i.Count(t, tenant.Default, "organization_users", "organization_id = 'acme'"); members != accepted {
			t.Errorf("%d accepted, %d members", accepted, members)
		}
	})
}
