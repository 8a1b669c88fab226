# Everything here works in this directory and against the lab only. A real account is reached with ansible-playbook: README.md.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup lab up down env plan test lint unit molecule build lock \
        lint-ruff lint-mypy lint-ansible lint-sanity lint-build

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

lock: .venv/bin/python ## pin the requirements anew (LOCK_OPTIONS=--upgrade for the newest)
	command -v uv >/dev/null || $(PYTHON) -m pip install -qq --disable-pip-version-check uv
	$(UV_COMPILE) requirements/test.in --output-file requirements/test.txt
	$(UV_COMPILE) --constraint requirements/test.txt requirements/lab.in --output-file requirements/lab.txt
	$(UV_COMPILE) --constraint requirements/test.txt requirements/run.in --output-file requirements/run.txt
