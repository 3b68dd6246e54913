package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// madeOrg creates an organization and returns its id.
func (in *installation) madeOrg(name string) string {
	in.t.Helper()
	var made struct{ ID string }
	in.json(&made, "", "org", "create", name)
	return made.ID
}

func TestOrgVerbs(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	in.run("org", "create", "Harbour Crew", "--description", "They sail.", "--require-mfa")
	crew := in.madeOrg("Harbour Crew") // names may repeat
	type org struct {
		ID, Name, Description string
		IsMFARequired         bool `json:"isMfaRequired"`
	}
	var all, found []org
	if in.json(&all, "", "org", "list"); len(all) != 2 || all[1].ID != crew || !all[0].IsMFARequired || all[0].Description != "They sail." {
		t.Errorf("organizations %+v", all)
	}
	in.madeOrg("Mill")
	in.json(&found, "", "org", "list", "--search", "harb")
	in.json(&all, "", "org", "list", "--limit", "1", "--offset", "2")
	if len(found) != 2 || len(all) != 1 || all[0].Name != "Mill" {
		t.Errorf("found %+v, last %+v", found, all)
	}
	var got org
	if err := json.Unmarshal([]byte(in.run("org", "get", crew)), &got); err != nil || got.Name != "Harbour Crew" {
		t.Errorf("got %+v, %v", got, err)
	}
	in.run("org", "delete", crew)
	for _, verb := range [][]string{{"get"}, {"delete"}, {"member", "list"}} {
		in.fails("", append(append([]string{"org"}, verb...), crew), "no organization", crew)
	}
	in.fails("", []string{"org", "get", "Mill", "--tenant", "admin"}, "tenant admin")

	in.run("org", "role", "create", "editor", "--description", "Edits.")
	in.run("org", "role", "create", "robot", "--type", "m2m")
	in.fails("", []string{"org", "role", "create", "editor"}, `"editor" already`)
	var roles []struct{ ID, Name, Type string }
	in.json(&roles, "", "org", "role", "list")
	if len(roles) != 2 || roles[0].Name != "editor" || roles[0].Type != "User" || roles[1].Type != "MachineToMachine" {
		t.Fatalf("roles %+v", roles)
	}
	in.run("org", "role", "delete", "editor")
	in.run("org", "role", "delete", roles[1].ID)
	in.fails("", []string{"org", "role", "delete", "editor"}, "no organization role")
	in.wantEvents("Organization.Created", "Organization.Created", "Organization.Created", "Organization.Deleted",
		"OrganizationRole.Created", "OrganizationRole.Created", "OrganizationRole.Deleted", "OrganizationRole.Deleted")
	in.wantTrail("Organization.Create", "Organization.Delete", "OrganizationRole.Create", "OrganizationRole.Delete")
}

type listedMember struct {
	ID, Name string
	Roles    []string
}

func TestOrgMemberVerbs(t *testing.T) {
	t.Parallel()
	in := install(t)
	in.run("migrate")
	crew := in.madeOrg("Harbour Crew")
	robot := in.client("Robot", "--type", "m2m").Application.ID
	shop := in.client("Shop", "--redirect-uri", "https://shop.example/cb").Application.ID
	in.runWith(password, "user", "create", "robin", "--password-stdin", "--name", "Robin")
	in.runWith(password, "user", "create", "casey", "--password-stdin")
	for name, kind := range map[string]string{"editor": "User", "author": "User", "bot": "m2m"} {
		in.run("org", "role", "create", name, "--type", kind)
	}
	// Refused, all of it is: robin does not become a member without the role.
	in.fails("", []string{"org", "member", "add", crew, "robin", "--role", "editor", "--role", "bot"}, "bot", "MachineToMachine")
	in.fails("", []string{"org", "member", "add", crew, "robin", "--role", "nobody's"}, "no organization role")
	in.fails("", []string{"org", "member", "add", crew, "nobody"}, "no user")
	in.fails("", []string{"org", "member", "add", "nowhere", "robin"}, "no organization")
	in.fails("", []string{"org", "member", "add", crew, "nobody", "--app"}, "no application")
	in.fails("", []string{"org", "member", "add", crew, shop, "--app"}, "machine-to-machine")
	in.fails("", []string{"org", "member", "remove", crew, "robin"}, "no member")
	in.fails("", []string{"org", "member", "role", "add", crew, "robin", "editor"}, "not a member")
	in.wantMembers(crew)
	in.wantEvents("User.Created", "User.Created", "Organization.Created", "OrganizationRole.Created", "OrganizationRole.Created", "OrganizationRole.Created")

	in.run("org", "member", "add", crew, "robin", "--role", "editor")
	in.run("org", "member", "add", crew, "robin") // is one already, and keeps the role
	in.run("org", "member", "add", crew, "casey")
	in.run("org", "member", "add", crew, robot, "--app", "--role", "bot")
	in.run("org", "member", "role", "add", crew, "robin", "author")
	in.fails("", []string{"org", "member", "role", "add", crew, robot, "author", "--app"}, "author", "User")
	in.wantMembers(crew, "Robin author,editor", "casey ")
	in.wantMembers(crew+" --app", "Robot bot")
	in.run("org", "member", "role", "remove", crew, "robin", "editor")
	in.fails("", []string{"org", "member", "role", "remove", crew, "robin", "editor"}, "does not have the role editor")
	in.run("org", "member", "remove", crew, "casey")
	in.wantMembers(crew, "Robin author")
	in.run("org", "member", "remove", crew, robot, "--app")
	in.wantMembers(crew + " --app")
	events := rows[string](in, `SELECT name FROM outbox_events WHERE name LIKE '%Membership%'`)
	if len(events) != 6 {
		t.Errorf("%d changes of membership: %q", len(events), events)
	}
	in.wantTrail("Organization.Member.Add", "Organization.Member.Remove", "Organization.Member.Role.Add", "Organization.Member.Role.Remove")
}

// wantMembers demands that "org member list" with the arguments shows members,
// in any order, each as name and roles.
func (in *installation) wantMembers(args string, want ...string) {
	in.t.Helper()
	var members []listedMember
	in.json(&members, "", append([]string{"org", "member", "list"}, strings.Fields(args)...)...)
	got := []string{}
	for _, m := range members {
		got = append(got, m.Name+" "+strings.Join(m.Roles, ","))
	}
	if slices.Sort(got); !slices.Equal(got, append([]string{}, want...)) {
		in.t.Errorf("members %q, want %q", got, want)
	}
}

// wantEvents demands that these events and no others were recorded, in any order.
func (in *installation) wantEvents(want ...string) {
	in.t.Helper()
	slices.Sort(want)
	if got := rows[string](in, `SELECT name FROM outbox_events ORDER BY name`); !slices.Equal(got, want) {
		in.t.Errorf("events %q, want %q", got, want)
	}
}

// wantTrail demands that the audit trail has a success of each of the commands.
func (in *installation) wantTrail(commands ...string) {
	in.t.Helper()
	trail := rows[string](in, `SELECT key FROM audit_logs WHERE is_success`)
	for _, command := range commands {
		if !slices.Contains(trail, "CommandLine."+command) {
			in.t.Errorf("%s is not audited", command)
		}
	}
}
