package apptest

import (
	"fmt"
	"net/http"
	"testing"
)

// Orders is the indicator of the API of a Shop.
const Orders = "https://orders.example.com"

// Shop is what a developer sets up over the Management API for a user: the API
// Orders with two permissions, of which the user has read:orders through a role
// and write:orders through a role in the organization "Harbour Crew", whose id is
// returned. There the user may invite too.
func (a *App) Shop(t testing.TB, userID string) (organizationID string) {
	t.Helper()
	o := a.Operator(t)
	create := func(path, format string, args ...any) string {
		return o.Want(http.StatusCreated, "POST", path, fmt.Sprintf(format, args...)).String("id")
	}
	api := create("/api/resources", `{"name":"Orders","indicator":%q,"accessTokenTtl":900}`, Orders)
	read := create("/api/resources/"+api+"/scopes", `{"name":"read:orders","description":""}`)
	write := create("/api/resources/"+api+"/scopes", `{"name":"write:orders","description":""}`)
	reader := o.Want(http.StatusOK, "POST", "/api/roles", fmt.Sprintf(`{"name":"reader","description":"Reads.","scopeIds":[%q]}`, read)).String("id")
	o.Want(http.StatusCreated, "POST", "/api/users/"+userID+"/roles", fmt.Sprintf(`{"roleIds":[%q]}`, reader))
	invite := create("/api/organization-scopes", `{"name":"invite"}`)
	clerk := create("/api/organization-roles", `{"name":"clerk","organizationScopeIds":[%q],"resourceScopeIds":[%q]}`, invite, write)
	organizationID = create("/api/organizations", `{"name":"Harbour Crew","description":"Ships."}`)
	o.Want(http.StatusCreated, "POST", "/api/organizations/"+organizationID+"/users", fmt.Sprintf(`{"userIds":[%q]}`, userID))
	o.Want(http.StatusCreated, "POST", "/api/organizations/"+organizationID+"/users/"+userID+"/roles", fmt.Sprintf(`{"organizationRoleIds":[%q]}`, clerk))
	return organizationID
}
