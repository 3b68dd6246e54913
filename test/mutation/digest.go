package main

// Tests of what may be stored as a password hash.
const (
	argon2Test = "TestArgon2_RefusesWhatIsMalformedOrTooCostly"
	bcryptTest = "TestBcrypt_RefusesWhatIsMalformedOrTooCostly"
	checkTest  = "TestCheck"
)

// storedHashes are the checks that keep imported password hashes cheap enough,
// no cheaper than others to an observer, and too long to be guessed.
var storedHashes = []target{
	{file: "internal/platform/crypt/digest/argon2.go", mutants: []mutant{
		{"memory times passes", drop(" && p.Cost().Work <= maxWork"), argon2Test},
		{"passes", swap("maxPasses = 4096", "maxPasses = 1 << 20"), argon2Test},
		{"lanes", swap("maxLanes  = 16", "maxLanes  = 255"), argon2Test},
		{"memory for every lane", drop(" && memory >= 8*lanes"), argon2Test},
		{"shortest salt", drop(" || len(salt) < 8"), argon2Test},
		{"longest salt", drop(" || len(salt) > 64"), argon2Test},
		{"shortest hash", drop(" || len(sum) < 16"), argon2Test},
		{"longest hash", drop(" || len(sum) > 64"), argon2Test},
	}},
	{file: "internal/platform/crypt/digest/bcrypt.go", mutants: []mutant{
		{"cost", drop(" || cost > maxBcryptCost"), bcryptTest},
		{"least cost", drop(" || cost < bcrypt.MinCost"), bcryptTest},
	}},
	{file: "internal/platform/crypt/digest/pbkdf2.go", mutants: []mutant{
		{"iterations times blocks", drop(" || p.Cost().Work > maxWork"), checkTest},
		{"iterations", swap("4*maxWork", "1<<40"), checkTest},
		{"longest key", swap("positive(l.args[2], maxKey)", "positive(l.args[2], 1<<20)"), checkTest},
		{"shortest key", drop(" || p.size < minSum"), checkTest},
		{"password is an argument", drop(" || l.args[4] != placeholder"), checkTest},
	}},
	{file: "internal/platform/crypt/digest/firebase.go", mutants: []mutant{
		{"memory", drop(" || f.memory() > maxMemory<<10"), checkTest},
		{"shortest key", drop(" || len(signerKey) < minSum"), checkTest},
	}},
	{file: "internal/platform/crypt/digest/legacy.go", mutants: []mutant{
		{"password is an argument", swap("slices.Contains(l.args, placeholder)", "(true || slices.Contains(l.args, placeholder))"), checkTest},
		{"number of arguments", drop(" || len(args) > maxArgs"), checkTest},
		{"known algorithms", swap("return nil, ErrLegacyAlgorithm", `return openssl{name: "md5", args: l.args, hash: l.hash}, nil`), checkTest},
	}},
	{file: "internal/platform/crypt/digest/digest.go", mutants: []mutant{
		{"length at import", swap("MaxLength {\n\t\t\treturn ErrLegacyFormat", "1<<20 {\n\t\t\treturn ErrLegacyFormat"), checkTest},
		{"length at sign-in", swap("MaxLength {\n\t\treturn nil, errFormat", "1<<20 {\n\t\treturn nil, errFormat"), checkTest},
	}},
	{file: "internal/platform/crypt/hasher.go", mutants: []mutant{
		{"cheap hash is filled up", swap("if work >= whole {", "if work >= 0 {"), "TestHasher_CheapHashTakesAsLongAsAnother"},
	}},
}
