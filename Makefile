# The commands of this project. Each sets up what it needs; `make run` is the one to begin with.

VENV := .venv/bin/python
FIND_PYTHON = for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done
ifndef PYTHON
PYTHON := $(shell $(FIND_PYTHON))
endif

.PHONY: help run test bench lint reset clean packages test-packages python
.NOTPARALLEL:

help:
	@echo 'make run                 start everything with demo companies (PORT=8001 for another port)'
	@echo 'make test                run all tests over all cores (ARGS="-k inbox -x" goes to pytest, in one process)'
	@echo 'make lint                style, types, templates, missing migrations'
	@echo 'make bench               measure (NAME=tenants for one)'
	@echo 'make reset               delete the demo data of this checkout'
	@echo 'make clean               delete .venv and caches'

run: packages
	@$(VENV) -m config.demo.run

test: test-packages
	@CHROMIUM="$$($(VENV) -m config.demo.chromium)" && export CHROMIUM && exec $(VENV) -m pytest $(or $(ARGS),-n auto)

bench: test-packages
	@$(VENV) -m config.demo.services run-with --profile bench -- $(VENV) -m tests.benchmarks.run $(NAME)

lint: test-packages
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy
	$(VENV) -m djlint templates --lint --quiet
	$(VENV) -m config.demo.services run-with -- $(VENV) manage.py makemigrations --check --dry-run

reset: packages
	@$(VENV) -m config.demo.reset $(if $(FORCE),--force)

clean:
	rm -rf .venv .venv.lock .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

packages: python
	@$(PYTHON) config/demo/venv.py requirements.txt

test-packages: python
	@$(PYTHON) config/demo/venv.py requirements.txt tests/requirements.txt

python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is missing: sudo apt install python3 python3-venv'; exit 1; }
