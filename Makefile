# Acquit. `make` says what can be made.

# One setting of cgo for everything: the programs are static, and the compiler's cache is shared by building and testing.
export CGO_ENABLED := 0

GO      ?= go
DATA    ?= ./data
LISTEN  ?= 127.0.0.1:8080
# Where a new demo company's play Stripe listens; its play PayPal is one port further.
SIMULATORS ?= 127.0.0.1:8090
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

# Tools live in the repository's own folder, each beside its version, and are built by Go on first use.
TOOLS    := $(CURDIR)/.tools
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint

# The slowest package alone needs some minutes; this is for a machine that does much else.
TEST_TIMEOUT ?= 25m

.DEFAULT_GOAL := help
# What must be installed is installed before it is used.
.NOTPARALLEL:
.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Using

.PHONY: build
build: ## build the static programs into bin/
	@mkdir -p bin
	$(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/ ./cmd/acquit ./cmd/acquit-gateway-*

.PHONY: run
run: build ## build, make a demo company with play Stripe and PayPal in DATA (./data) if there is nothing, serve on LISTEN (127.0.0.1:8080)
	bin/acquit demo --data $(DATA) --if-empty --gateways --simulators $(SIMULATORS) --base-url http://$(LISTEN)
	exec bin/acquit serve --data $(DATA) --listen $(LISTEN) --trust-gateways

## Checking

.PHONY: deps
deps: ## find what the tests need (PostgreSQL, Chromium...), install what is missing
	@sh scripts/deps.sh

.PHONY: test
test: deps generate-check ## run every test, on a PostgreSQL and a Chromium of their own
	$(GO) vet ./...
	@# The slowest package begins first: the others fit beside it.
	$(GO) test -vet=off -timeout $(TEST_TIMEOUT) ./cmd/... ./...

.PHONY: e2e
e2e: deps ## play both flows of the product in a browser, with all parts real, on both databases
	$(GO) test -count=1 -v -timeout $(TEST_TIMEOUT) -run '^TestE2E' ./cmd/acquit/...

.PHONY: contract
contract: ## run Stripe's and PayPal's cases: against their sandboxes with STRIPE_KEY=, PAYPAL_ID=, PAYPAL_SECRET=, else against ours
	@STRIPE_KEY='$(STRIPE_KEY)' PAYPAL_ID='$(PAYPAL_ID)' PAYPAL_SECRET='$(PAYPAL_SECRET)' $(GO) test -count=1 -v -timeout $(TEST_TIMEOUT) -run '^TestContract' ./plugins/stripe ./plugins/paypal

.PHONY: race
race: deps ## run the tests with the race detector (needs gcc)
	@command -v gcc >/dev/null || { echo "make race: the race detector needs cgo, and cgo needs gcc, which is not installed" >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...

.PHONY: bench
bench: deps ## measure speed and memory beside the machine's own limits
	$(GO) run ./cmd/bench

.PHONY: lint
lint: $(GOLANGCI) ## check style, imports between layers, and likely defects
	$(GOLANGCI) run

$(GOLANGCI):
	GOBIN=$(@D) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

## Generated code

.PHONY: generate
generate: ## write the generated code anew (templ, protobuf)
	@TOOLS=$(TOOLS) sh scripts/generate.sh

.PHONY: generate-check
generate-check: ## fail if the generated code is not what would be generated
	@TOOLS=$(TOOLS) sh scripts/generate.sh --check

.PHONY: clean
clean: ## remove what was built; not data, not tools
	rm -rf bin
