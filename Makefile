# `make help` lists what can be asked for. The work itself is done by scripts/, one file a task.

# Where Swift puts what it builds. Point it elsewhere to share one build between clones.
export VALIDATORD_BUILD ?= .build
# Seconds that each fuzz target runs.
export FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help demo test setup build bench fuzz format docs protobuf

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Build the program and show it at work
	@scripts/demo

test: ## Set up, check the format, build, run every test, try the program
	@scripts/test

setup: ## Install what the build and the tests need, if it is missing
	@scripts/setup

build: setup ## Build the program (debug)
	@swift build --scratch-path "$(VALIDATORD_BUILD)"

bench: ## Measure, beside other implementations
	@scripts/bench

fuzz: ## Run each fuzz target for FUZZ_SECONDS (60)
	@scripts/fuzz

format: ## Format the Swift sources in place
	@scripts/swift-sources | xargs -0 swift format format --in-place --parallel

protobuf: ## Write the Swift of the messages' schemas
	@scripts/protobuf

docs: ## Write the libraries' documentation
	@scripts/docs
