package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync/atomic"

	"signet/test/flow"
)

// site is a database with people in it and, once opened, a server on it.
type site struct {
	binary    string
	variables []string // that say where the database is
	crowd     crowd
	facts

	server *flow.Process
	api    *client
	drawn  int          // how many calls were drawn
	added  atomic.Int64 // newcomers
}

// newcomer is somebody who is not of the crowd yet.
func (s *site) newcomer() *someone { return s.crowd.row(int(s.crowd) + int(s.added.Add(1))) }

// facts are what filling has drawn.
type facts struct {
	Machine       credentials       `json:"machine"`
	Roles         map[string]string `json:"roles"` // ids by name
	Organizations []string          `json:"organizations"`
}

// open starts the server.
func (s *site) open(ctx context.Context) error {
	port, err := flow.FreePort(ctx)
	if err != nil {
		return err
	}
	variables := append(slices.Clone(s.variables), "ENDPOINT=http://localhost:"+strconv.Itoa(port))
	s.server, err = flow.Serve(context.WithoutCancel(ctx), s.binary, port, variables...)
	if err != nil {
		return err
	}
	if s.Machine.ID == "" {
		err = s.run(ctx, &s.Machine, "app", "create", "Bench", "--type", "m2m", "--role", "Logto Management API access")
		if err != nil {
			return errors.Join(err, s.close())
		}
	}
	if s.api, err = connect(ctx, s.server.Base, s.Machine); err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

func (s *site) close() error { return s.server.Stop() }

// run runs another command of the binary on the database.
func (s *site) run(ctx context.Context, out any, args ...string) error {
	command := exec.CommandContext(ctx, s.binary, append([]string{"--json"}, args...)...)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LOG_LEVEL=warn"}, s.variables...)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil {
		return fmt.Errorf("signet %s: %w", args[0], err)
	}
	return json.Unmarshal(printed, out)
}

// fill puts the crowd, its roles and organizations into the empty database of
// an open site.
func (s *site) fill(ctx context.Context) error {
	progress("importing %d people", s.crowd)
	if err := s.makeRoles(ctx); err != nil {
		return err
	}
	if _, err := s.importPeople(ctx, int(s.crowd)); err != nil {
		return err
	}
	// That may have taken longer than the first token lives.
	var err error
	if s.api, err = connect(ctx, s.server.Base, s.Machine); err != nil {
		return err
	}
	return s.organize(ctx)
}

func (s *site) makeRoles(ctx context.Context) (err error) {
	s.Roles = map[string]string{}
	for _, name := range []string{roleMost, roleSome, roleFew, roleNew} {
		if s.Roles[name], err = s.create(ctx, "/api/roles", map[string]string{"name": name, "description": "For measuring."}); err != nil {
			return err
		}
	}
	return nil
}

// create makes something over the API and returns its id.
func (s *site) create(ctx context.Context, path string, body any) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	_, err := s.api.call(ctx, "POST", path, body, &made)
	return made.ID, err
}

// importPeople has the command line import the first people of the crowd and
// returns how many that were in a second.
func (s *site) importPeople(ctx context.Context, count int) (perSecond float64, err error) {
	file, err := os.CreateTemp("", "signet-bench-*.ndjson")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	if err := errors.Join(s.crowd.write(file, count), file.Close()); err != nil {
		return 0, err
	}
	var done struct {
		Imported int     `json:"imported"`
		Seconds  float64 `json:"seconds"`
	}
	if err := s.run(ctx, &done, "user", "import", file.Name()); err != nil {
		return 0, err
	}
	if done.Imported != count {
		return 0, fmt.Errorf("imported %d of %d people", done.Imported, count)
	}
	return float64(done.Imported) / done.Seconds, nil
}

// perRequest is how many members one request adds.
const perRequest = 1000

// organize makes the organizations with their members.
func (s *site) organize(ctx context.Context) error {
	progress("making %d organizations", s.crowd.organizations())
	members := make([][]string, s.crowd.organizations())
	for i := range int(s.crowd) {
		if p := s.crowd.row(i); p.organization >= 0 {
			members[p.organization] = append(members[p.organization], p.ID)
		}
	}
	for i, ids := range members {
		id, err := s.create(ctx, "/api/organizations", map[string]string{"name": fmt.Sprintf("Organization %d", i)})
		if err != nil {
			return err
		}
		s.Organizations = append(s.Organizations, id)
		for some := range slices.Chunk(ids, perRequest) {
			if _, err := s.api.call(ctx, "POST", "/api/organizations/"+id+"/users", map[string]any{"userIds": some}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}
