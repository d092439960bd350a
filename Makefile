# Jetbridge. `make demo` shows it, `make test` tests it, `make check` lints it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

include scripts/environments.mk

CORE := layers/jetbridge
PROVIDER := airflow_provider
LOCAL := local
CLI := cli
# What bandit reads as code that users run, and as code that runs only on developers' machines.
SHIPPED := layers functions $(PROVIDER) $(CLI)
DEVELOPMENT := $(LOCAL) benchmarks matrix suites scripts scripts/audit-dependencies examples

$(eval $(call environment,dev,$(CORE) $(PROVIDER) $(LOCAL) $(CLI)))
$(eval $(call environment,local,$(LOCAL)))
$(eval $(call environment,runtime))
$(eval $(call environment,sam))
$(eval $(call environment,cli,$(CORE) $(CLI)))
$(eval $(call environment,docs,$(CORE) $(CLI)))
$(eval $(call environment,release))
$(eval $(call environment,checkov))
$(eval $(call environment,awscli))
$(eval $(call environment,node))
$(eval $(call environment,airflow,$(CORE) $(PROVIDER),airflow-3.3))
$(eval $(call environment,stock,$(CORE) $(PROVIDER)))
$(eval $(call environment,celery,$(CORE) $(PROVIDER)))

# One cell of the matrix, such as airflow-3.0-py3.11 (matrix/cells.py has them all).
.SECONDEXPANSION:
$(VENV)/airflow-%/ready: requirements/airflow-$$(call airflow_of,$$*).txt $(UV) $(CORE)/pyproject.toml $(PROVIDER)/pyproject.toml
	$(call make_environment,airflow-$*,$(CORE) $(PROVIDER),airflow-$(call airflow_of,$*),$(call python_of,$*))

$(VENV)/second-opinion/ready: $(VENV)/node/ready tests/second_opinion/package-lock.json scripts/get-second-opinion
	@scripts/get-second-opinion $(VENV)/node/bin/python $(VENV)/second-opinion
	@touch $@

ready = $(foreach name,$(1),$(VENV)/$(name)/ready)
CLOUD := local runtime sam
ALL := dev $(CLOUD) cli airflow celery checkov

DOCUMENTATION := PYTHONPATH=scripts $(VENV)/docs/bin/python -m documentation

export SAM_CLI_TELEMETRY := 0

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: $(call ready,$(CLOUD) airflow) ## Run the example end to end; KEEP=1 leaves it up
	@$(VENV)/local/bin/python -m jetbridge_local.demo $(if $(KEEP),--keep)

.PHONY: demos
demos: ## The demo TIMES times (20) in a row; the first that fails ends it
	@for turn in $$(seq $(or $(TIMES),20)); do \
		echo "demo $$turn of $(or $(TIMES),20)"; \
		$(MAKE) --no-print-directory demo || exit 1; \
	done

.PHONY: up
up: $(call ready,$(CLOUD) airflow) ## A local cloud, the stack and Airflow to work with; again, it deploys what has changed
	@$(VENV)/local/bin/python -m jetbridge_local.demo --up

.PHONY: down
down: $(call ready,local) ## Stop what `make up` or `make demo KEEP=1` left up
	@$(VENV)/local/bin/python -m jetbridge_local.demo --down

# What the suites run in, and programs that some tests do without where they can't be had.
SUITES := $(VENV)/dev/bin/python -m suites
GET_REDIS := timeout 300 scripts/get-redis || echo "the tests with Redis have none"
GET_CHROMIUM := timeout 300 scripts/get-chromium || echo "the tests of pages have no browser"

.PHONY: test
test: $(call ready,dev $(CLOUD) cli docs airflow second-opinion) ## Run all tests but those marked nightly, some suites beside each other
	@$(GET_REDIS)
	@$(GET_CHROMIUM)
	@$(VENV)/dev/bin/python scripts/causes.py
	@$(SUITES) push

.PHONY: quick
quick: check $(call ready,dev airflow) ## What finds most faults in a few minutes: check, the unit tests, the provider's tests
	@$(SUITES) push unit provider

.PHONY: test-unit
test-unit: $(call ready,dev)
	@$(SUITES) push unit

.PHONY: test-provider
test-provider: $(call ready,dev airflow)
	@$(SUITES) push provider

.PHONY: test-contract
test-contract: $(call ready,dev $(CLOUD))
	@$(SUITES) push contract

.PHONY: test-integration
test-integration: $(call ready,dev $(CLOUD) cli airflow second-opinion)
	@$(GET_REDIS)
	@$(SUITES) push shared-airflow stack airflow stacks

.PHONY: test-e2e
test-e2e: $(call ready,dev $(CLOUD) cli docs airflow)
	@$(GET_CHROMIUM)
	@$(SUITES) push finish examples demo

.PHONY: test-package
test-package: $(call ready,dev)
	@$(SUITES) push package

.PHONY: nightly
nightly: $(call ready,dev $(CLOUD) cli docs awscli airflow celery stock second-opinion) ## Everything: all tests, the matrix of versions, all benchmarks, the demo twenty times
	@$(GET_REDIS)
	@$(GET_CHROMIUM)
	@ended=0; \
	$(SUITES) nightly || ended=1; \
	$(VENV)/dev/bin/python -m matrix || ended=1; \
	SIZE=small $(VENV)/local/bin/python -m benchmarks || ended=1; \
	$(MAKE) --no-print-directory demos || ended=1; \
	exit $$ended

# Two at a time, each with its output in one piece; the first that fails ends them.
CHECKS := check-types check-templates check-docs check-code check-security

.PHONY: check
check: $(call ready,dev sam checkov airflow docs) ## Linters, types, layers, templates, docs, known vulnerabilities
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target $(CHECKS)

.PHONY: $(CHECKS)
check-types:
	$(VENV)/dev/bin/mypy
	cd $(PROVIDER) && $(VENV)/dev/bin/mypy src
	$(VENV)/dev/bin/mypy --python-version 3.11 $(CORE)/src $(CLI)/src
	scripts/types-of-tests

check-templates:
	$(VENV)/dev/bin/cfn-lint template.yaml examples/template.yaml examples/another-airflow.yaml examples/operator.yaml examples/quickstart/{template,starts,verify}.yaml
	$(VENV)/sam/bin/sam validate --lint --region us-east-1
	$(VENV)/sam/bin/sam validate --lint --region us-east-1 --template examples/template.yaml
	$(VENV)/checkov/bin/checkov --config-file .checkov.yaml

check-docs:
	$(DOCUMENTATION) build
	$(MAKE) --no-print-directory words

check-code:
	$(VENV)/dev/bin/ruff format --check .
	$(VENV)/dev/bin/ruff check .
	$(VENV)/dev/bin/lint-imports

check-security:
	$(VENV)/dev/bin/bandit --quiet --configfile pyproject.toml --recursive $(SHIPPED)
	$(VENV)/dev/bin/bandit --quiet --configfile .bandit-development.yaml --recursive $(DEVELOPMENT)
	$(VENV)/dev/bin/python scripts/audit-dependencies

.PHONY: ci
ci: ## What CI runs: the linters, then all tests
	@.ci/run

.PHONY: format
format: $(call ready,dev) ## Format the code
	$(VENV)/dev/bin/ruff format .
	$(VENV)/dev/bin/ruff check --fix .

.PHONY: schema
schema: $(call ready,dev) ## Write docs/schema and the shapes of AWS's parameters
	@$(VENV)/dev/bin/python scripts/schema.py

# The Airflows of each benchmark that needs one; all of them without a name.
BENCH_AIRFLOWS := $(if $(ONLY),$(if $(filter lag feed mapped,$(ONLY)),stock) $(if $(filter livelag parse,$(ONLY)),airflow) $(if $(filter race,$(ONLY)),celery),stock airflow celery)

.PHONY: bench
bench: $(call ready,$(CLOUD) $(BENCH_AIRFLOWS)) ## Run one benchmark: make bench ONLY=<name>; all, and write benchmarks/results.json; SIZE=small tries
	@$(if $(filter celery,$(BENCH_AIRFLOWS)),$(GET_REDIS))
	@$(VENV)/local/bin/python -m benchmarks $(ONLY)

.PHONY: matrix
matrix: $(call ready,dev $(CLOUD)) ## Test the provider on each Airflow and Python; ONLY=3.0 or ONLY=3.0-py3.11 runs a part
	@$(VENV)/dev/bin/python -m matrix $(ONLY)

.PHONY: docs
docs: $(call ready,docs) ## Check the documentation and build its site in .site/html
	@$(DOCUMENTATION) build

.PHONY: docs-serve
docs-serve: $(call ready,docs) ## The same, and show it on http://127.0.0.1:8000; PORT=<n> takes another port
	@$(DOCUMENTATION) serve --port $(or $(PORT),8000)

.PHONY: words
words: $(call ready,docs) ## Spelling, and turns of phrase that scripts/words.toml replaces
	@git ls-files -z '*.md' '*.py' '*.yaml' '*.toml' Makefile | xargs -0 $(VENV)/docs/bin/codespell
	@$(VENV)/docs/bin/python scripts/words.py

.PHONY: docs-tables
docs-tables: $(call ready,dev docs) ## Write the tables and pages of docs that are generated
	@$(VENV)/dev/bin/python scripts/tables.py
	@$(DOCUMENTATION) write

.PHONY: verify-example
verify-example: $(call ready,$(CLOUD) cli) ## jetbridge verify on a local cloud; writes the example of its report
	@$(VENV)/local/bin/python -m jetbridge_local.verify docs/examples

.PHONY: build
build: $(call ready,sam) ## sam build
	PATH="$(VENV)/tools/bin:$(VENV)/sam/bin:$$PATH" sam build

.PHONY: dist
dist: $(UV) ## Wheels and source distributions of the provider and the command, in dist/
	rm -rf dist
	scripts/build-distributions dist
	@ls dist

.PHONY: release-check
release-check: $(call ready,release) ## Build what a release ships and check it: version, changelog, metadata, installation, licences
	rm -rf dist
	@PYTHONPATH=scripts $(VENV)/release/bin/python -m release dist

.PHONY: mwaa
mwaa: $(UV) ## plugins.zip and requirements.txt for Amazon MWAA, in dist/; AIRFLOW=3.2.1 for another version than 3.0.6
	@UV=$(UV) scripts/build-mwaa $(or $(AIRFLOW),3.0.6) dist

.PHONY: environments
environments: $(call ready,$(ALL)) ## Make every virtual environment

.PHONY: lock
lock: $(UV) ## Lock every environment's libraries again
	@for list in requirements/*.in layers/dependencies/requirements.in; do \
		case "$$list" in requirements/airflow-*) python=$(OLDEST_PYTHON_VERSION);; *) python=$(PYTHON_VERSION);; esac; \
		case "$$list" in requirements/mwaa-*) alone=--no-deps;; *) alone=;; esac; \
		$(UV) pip compile --quiet --upgrade --universal --python-version $$python $$alone \
			--generate-hashes --no-header --no-annotate "$$list" --output-file "$${list%.in}.txt"; \
	done

.PHONY: clean
clean: ## Remove everything that was made here
	rm -rf .aws-sam .local dist $(VENV)
