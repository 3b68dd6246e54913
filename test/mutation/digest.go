package main

// storedHashes are the checks that keep imported password hashes cheap enough,
// and no cheaper than others to an observer.
var storedHashes = []target{
	{file: "internal/platform/crypt/digest/argon2.go", mutants: []mutant{
		{"memory times passes", drop(" && p.Cost().Work <= maxWork"), "TestArgon2_RefusesWhatIsMalformedOrTooCostly"},
	}},
	{file: "internal/platform/crypt/digest/bcrypt.go", mutants: []mutant{
		{"cost", drop(" || cost > maxBcryptCost"), "TestBcrypt_RefusesWhatIsMalformedOrTooCostly"},
	}},
	{file: "internal/platform/crypt/digest/pbkdf2.go", mutants: []mutant{
		{"iterations times blocks", drop(" || p.Cost().Work > maxWork"), "TestCheck"},
	}},
	{file: "internal/platform/crypt/digest/firebase.go", mutants: []mutant{
		{"memory", drop(" || f.memory() > maxMemory<<10"), "TestCheck"},
	}},
	{file: "internal/platform/crypt/digest/legacy.go", mutants: []mutant{
		{"password is an argument", swap("slices.Contains(l.args, placeholder)", "(true || slices.Contains(l.args, placeholder))"), "TestCheck"},
	}},
	{file: "internal/platform/crypt/hasher.go", mutants: []mutant{
		{"cheap hash is filled up", swap("if work >= whole {", "if work >= 0 {"), "TestHasher_CheapHashTakesAsLongAsAnother"},
	}},
}
