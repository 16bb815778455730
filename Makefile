# The two commands a newcomer needs: `make up` and `make test`. Everything else is `citycloud --help`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
CITYCLOUD := $(VENV)/bin/citycloud

.PHONY: help up down test test-unit test-long check lock bootstrap

help: ## what can be done here
	@echo "citycloud: a city's government cloud, on one machine (Debian 12, root)"
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "then: $(CITYCLOUD) --help"

bootstrap: ## install what is missing: Debian packages, the virtual environment
	@$(PYTHON) scripts/bootstrap.py

up: bootstrap ## the whole city: toolchain, lab, both clouds, verification (about 40 min the first time)
	@$(CITYCLOUD) toolchain install
	@$(CITYCLOUD) check
	@$(CITYCLOUD) lab up
	@$(CITYCLOUD) up
	@$(CITYCLOUD) verify --report reports/city.html
	@echo; echo "The city stands. Its report: reports/city.html. To try next:"
	@echo '  eval "$$($(CITYCLOUD) env)" && pulumi preview -s east-water    # plain Pulumi; nothing has changed'
	@echo "  $(CITYCLOUD) lab status            # the hosts of both clouds, and their memory"
	@echo "  $(CITYCLOUD) show                  # the city as declared"
	@echo "  make down                          # take everything away"

down: ## take everything away: lab, state of its stacks (the cache stays)
	@if [ -x $(CITYCLOUD) ]; then $(CITYCLOUD) lab down; else echo "nothing to take down: $(VENV) was never made"; fi

check: bootstrap ## lint and types
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

test-unit: check ## what needs no lab
	@$(VENV)/bin/pytest tests/unit

test: check ## everything, on real parts (about 40 min; `make up` first is not needed)
	@$(CITYCLOUD) toolchain install
	@$(VENV)/bin/pytest -m "not long"

test-long: check ## everything, with what takes hours: the whole lab killed at ten moments
	@$(CITYCLOUD) toolchain install
	@$(VENV)/bin/pytest

lock: ## renew requirements.lock from pyproject.toml (needs uv); the lock names hashes, never addresses
	uv lock -q && uv export -q --all-groups --no-emit-project --format requirements-txt -o requirements.lock
	sed -i 's/^#    uv export.*/#    make lock/' requirements.lock && rm -f uv.lock
