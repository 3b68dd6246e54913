package main

import "runtime/debug"

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "development"

type versionCommand struct{}

// Run prints the version of the program and of what it was built from.
func (versionCommand) Run(e *environment) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	type answer struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
	}
	return e.print(answer{version, revision}, "signet %s %s", version, revision)
}
