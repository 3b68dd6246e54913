package main

// pipelined are the checks of what PostgreSQL is sent together.
var pipelined = []target{
	{file: "internal/platform/db/pipeline.go", mutants: []mutant{
		{"an overlooked error fails the transaction", swap(`case tag.String() != "COMMIT":`, `case tag.String() == "":`), "TestQueue_FailsTheTransaction/postgres"},
		{"what may have happened is not done again", swap("case err != nil:\n\t\treturn &commitError{err}", "case err != nil:\n\t\treturn err"), "TestPipeline_RepeatsNoCommitOfUnknownOutcome"},
		{"nobody waits for the beginning", drop("p.waiting.Queue(\"begin\")"), "TestQueue_FailsTheTransaction/postgres"},
		{"what is queued waits", swap("p.waiting.Queue(query, args...)\n\treturn nil", "p.waiting.Queue(query, args...)\n\treturn p.flush(context.Background())"), "TestPipeline_SendsTogether"},
	}},
}
