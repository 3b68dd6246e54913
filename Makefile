# Everything a contributor runs. `make` alone lists it.

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
BINARY      := bin/signet
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# The server is built without C, so that one file runs anywhere. Only the race
# detector needs C; RACE=1 switches both on.
RACE        ?=
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help run testbed build test check bench generate generated needs vet format lint mutation fault clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build Signet and start it on SQLite at http://localhost:3001
	./$(BINARY) serve

testbed: ## serve for tests of other programs, on ports 3001 and 3002 and a fresh database; DB_URL for PostgreSQL
	$(GO) build -o bin/testbed ./cmd/testbed
	exec ./bin/testbed

build: ## build bin/signet, one static file
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/signet

test: needs test/peers/node_modules/.package-lock.json ## run every test; RACE=1 adds the race detector, RUN=Regexp picks some
	CGO_ENABLED=$(if $(RACE),1,0) PATH="$(CURDIR)/.cache/node/bin:$$PATH" \
	$(GO) test $(if $(RACE),-race) $(if $(CI),-count=1) $(if $(RUN),-run '$(RUN)') -timeout $(if $(RACE),40m,10m) ./...

check: RACE := 1
check: format vet lint generated test ## all that must hold before a commit lands: linters, generated files, tests with -race

format:
	@files=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$files" ]; then echo "gofmt these files:"; echo "$$files"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) run $(STATICCHECK) ./...

generate: ## write the generated files anew: docs/reference, schema.sql
	$(GO) generate ./...

# Fails when `make generate` changes anything; edits of yours that are not
# committed yet do not disturb it.
generated:
	@before=$$(git status --porcelain; git diff | git hash-object --stdin); \
	$(GO) generate ./... && \
	after=$$(git status --porcelain; git diff | git hash-object --stdin); \
	if [ "$$before" != "$$after" ]; then echo "generated files are out of date, commit what 'make generate' changed:"; git status --short; exit 1; fi

USERS       ?= 1000000
bench: build ## measure whole flows, and the Management API with a million people, into docs/performance.md; half an hour
	$(GO) run ./bench -binary ./$(BINARY) -users $(USERS) -write docs/performance.md

mutation: ## remove security checks one by one; a named test must fail each time
	test/mutation/run

fault: ## kill the server twenty times under load on both databases
	$(GO) test -count=1 -timeout 30m ./test/fault -kills 20

clean: ## remove what was built; leaves ./data alone
	rm -rf bin .cache test/peers/node_modules test/*/screenshots test/e2e/browser/screenshots

# What the tests need beyond Go: Debian packages, then the npm clients.
needs:
	@test/setup $(if $(RACE),race)

test/peers/node_modules/.package-lock.json: test/peers/package-lock.json | needs
	PATH="$(CURDIR)/.cache/node/bin:$$PATH" npm ci --prefix test/peers --ignore-scripts --no-audit --no-fund
	@touch $@
