package main

// togetherTest is the test of what is left of transactions that share a commit.
const togetherTest = "TestGroup_KeepsExactlyWhatSucceeded"

// together are the checks that keep those apart who are committed together on SQLite:
// nobody is told of success too early, nor suffers from another's failure.
var together = []target{
	{file: "internal/platform/db/group.go", mutants: []mutant{
		{"a failure is undone", drop(`g.exec("ROLLBACK TO member"), `), togetherTest},
		{"a caller who left is undone", swap("err != nil { // the caller must be there", "false && err != nil { // the caller must be there"), togetherTest},
		{"success waits for the commit", drop("<-g.settled"), "TestGroup_CommitsTogether"},
		{"no commit, no success", drop("g.err = &commitError{err}"), "TestAFullDiskHeals"},
		{"no success with what was rolled back", drop("g.err = errUndone"), "TestGroup_OutlivesAMemberThatSpoilsIt"},
		{"a turn is not lost", swap("return <-turn, nil", "return nil, err"), "TestLine_LosesNoTurn"},
		{"who fails alone hands nothing on", drop("g.members == 0 || "), "TestLine_HandsOnWithinBounds/without members"},
		{"what is spoilt is not handed on", drop("g.spoilt != nil || "), "TestLine_HandsOnWithinBounds/spoilt"},
		{"a group has an end, by number", drop(" || g.members >= mostMembers"), "TestLine_HandsOnWithinBounds/full"},
		{"a group has an end, in time", drop(" || time.Since(g.begun) > l.age"), "TestLine_HandsOnWithinBounds/old"},
	}},
	{file: "internal/platform/db/errors.go", mutants: []mutant{
		{"who was undone by another's fault runs again", swap("errUndone):\n\t\treturn conflict", "errUndone):\n\t\treturn fatal"), "TestGroup_OutlivesAMemberThatSpoilsIt"},
	}},
}
