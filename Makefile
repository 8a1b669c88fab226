# Everything here works in this directory and against the lab only. A real account is reached with ansible-playbook: README.md.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup lab up down env plan cost test lint unit molecule faults docs build lock \
        lint-ruff lint-mypy lint-shell lint-ansible lint-sanity lint-build

# The caller's settings for Ansible, AWS and Python must not reach the lab or the tests.
$(foreach name,$(filter ANSIBLE_% AWS_% MOLECULE_% MOTO_% PG% PYTEST_%,$(.VARIABLES)),$(eval unexport $(name)))
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV PIP_PREFIX PIP_TARGET PIP_USER DATABASE_URL
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Named, because Ansible ignores an ansible.cfg in a directory that everybody may write to.
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Ansible refuses to start in a locale that is not UTF-8 or not installed.
export LC_ALL := C.UTF-8

PYTHON := .venv/bin/python
INVENTORY ?= lab
# One lock file for Python 3.12 and later on any platform, without the address of a package index.
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.12 --generate-hashes --no-emit-index-url \
              --no-annotate --custom-compile-command "make lock" $(LOCK_OPTIONS)
IN_LAB := exports=$$($(PYTHON) -m lab env) && eval "$$exports" &&

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.test ## install everything for the lab and the tests into .venv

.venv/bin/python:
	python=$$(scripts/find-python) && "$$python" -m venv --clear .venv

# To stderr, so that `make env` prints exports only. Compiling all of Ansible's collections would take longer than installing them.
.venv/.lab .venv/.test: .venv/.%: requirements/%.txt .venv/bin/python
	$(PYTHON) -m pip install -qq --disable-pip-version-check --no-compile --require-hashes -r $< >&2
	touch $@

lab: .venv/.lab ## start an empty AWS and PostgreSQL on this machine, or keep the running ones
	@$(PYTHON) -m lab start

up: lab ## start the lab and build the whole stack in it
	@$(IN_LAB) ansible-playbook site.yml -i inventories/lab
	@$(PYTHON) -m lab status
	@printf '%s\n' '' \
	  'Point a shell at it:      eval "$$(make -s env)"' \
	  'Any AWS client:           aws ec2 describe-vpcs' \
	  'Any PostgreSQL client:    psql "$$DATABASE_URL"' \
	  'What a run would change:  make plan' \
	  'Stop it:                  make down'

down: .venv/.lab ## stop the lab; its AWS and its database are gone
	@$(PYTHON) -m lab stop

env: .venv/.lab ## print the exports that point any client at the lab: eval "$(make -s env)"
	@$(PYTHON) -m lab env

plan: lab ## say what a run would change in the lab (INVENTORY=prod for another inventory)
	@$(IN_LAB) ansible-playbook site.yml -i inventories/$(INVENTORY) --check --diff

# Only the callback that it needs: the others import boto3, which takes longer than all the counting.
cost: .venv/.lab ## say what all environments cost a month (COST_OPTIONS="-e cost_html_path=cost.html" for a page)
	@ANSIBLE_CALLBACKS_ENABLED=triflow.platform.vault,triflow.platform.start_checks,triflow.platform.variables,triflow.platform.summary ansible-playbook playbooks/cost.yml $(COST_OPTIONS) \
	  -i inventories/prod -i inventories/staging -i inventories/dev -i inventories/nonprod

test: .venv/.test ## run everything: linters, unit, lab, integration and Molecule tests
	@$(PYTHON) -m pytest -n 2

unit: .venv/.test ## run the unit tests
	@$(PYTHON) -m pytest -n 2 tests/unit

molecule: .venv/.test ## run the Molecule scenarios, each on a fresh lab
	@$(PYTHON) -m pytest -n 2 tests/molecule

faults: .venv/.test ## run the whole bench of faults, most of an hour, and write its table into docs/faults.md
	@rm -rf tests/output/faults
	@$(PYTHON) -m pytest -n 2 -m "" tests/faults; code=$$?; $(PYTHON) -m tests.faults.table && exit $$code

lint: lint-ruff lint-mypy lint-shell lint-ansible lint-sanity lint-build ## run the linters

lint-ruff: .venv/.test
	ruff check
	ruff format --check

lint-mypy: .venv/.test
	mypy lab scripts tests conftest.py roles collections/ansible_collections/triflow/platform/plugins

lint-shell: .venv/.test
	shellcheck scripts/find-python .ci/run

lint-ansible: .venv/.test
	ansible-lint --nocolor

lint-sanity: .venv/.test
	$(PYTHON) scripts/sanity.py

lint-build: .venv/.test
	$(PYTHON) -m pytest tests/unit/test_build.py

docs: .venv/.lab ## write docs/roles, docs/plugins.md and docs/aws.md anew from the sources
	$(PYTHON) scripts/docs.py

build: .venv/.lab ## build the collection's archive
	ansible-galaxy collection build --force

lock: .venv/bin/python ## pin the requirements anew (LOCK_OPTIONS=--upgrade for the newest)
	command -v uv >/dev/null || $(PYTHON) -m pip install -qq --disable-pip-version-check uv
	$(UV_COMPILE) requirements/test.in --output-file requirements/test.txt
	$(UV_COMPILE) --constraint requirements/test.txt requirements/lab.in --output-file requirements/lab.txt
	$(UV_COMPILE) --constraint requirements/test.txt requirements/run.in --output-file requirements/run.txt
