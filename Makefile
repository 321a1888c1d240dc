# Shangliu: run, test, check. Needs Python 3.11+ and nothing else; works with GNU make 3.81.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ifeq ($(wildcard $(BIN)/python),)
STAMP_AGAIN := $(shell rm -f $(STAMP)) # none yet, or its Python has gone away with an upgrade
endif

.PHONY: help run test check install oracles bench faults draw seed translations clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(STAMP) ## start everything, with a demo shop (LIFE=6 for six simulated orders a minute)
	@exec $(BIN)/shangliu up $(if $(LIFE),--life $(LIFE))

test: $(STAMP) oracles ## run all tests on a real PostgreSQL and a real browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## format, lint, types, import contracts, house rules, migrations, exports, translations
	@sh tools/check.sh $(BIN)

install: $(STAMP) ## make the environment only (.venv, with the shangliu command)

bench: $(STAMP) ## measure (ONLY=W4 for one workload)
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

faults: $(STAMP) ## a storm over the whole product (SECONDS=600 SEED=7)
	$(BIN)/python -m tests.faults --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

draw: $(STAMP) ## write the flow's pictures to docs/flow, and which tests speak of which step
	$(BIN)/python -m tools.draw
	$(BIN)/python -m tools.flow_tests

seed: $(STAMP) ## fill an empty database with the demo shop
	$(BIN)/shangliu seed

translations: $(STAMP) ## collect and compile the translations
	$(BIN)/python -m tools.translations

oracles: $(STAMP) ## what only tests need: a Chromium, npm's BPMN programs, pm4py, Spark with Java
	@sh tools/oracles.sh $(BIN)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || sh tools/environment.sh "$(PYTHON)" $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@touch $(STAMP)

clean: ## forget the environment (the data in var/ stays)
	rm -rf $(VENV) tests/node/node_modules
