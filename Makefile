# balancelab: make reports | make test | make lab     (Python 3.11+ and make are all that is needed)
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.setup-done
REPORT := $(BIN)/balancelab report data/sample/schools.csv --year 2024 --language zh,en --output reports
ITEMS := --set items_file=data/sample/county_items.csv

.PHONY: help setup reports test quick lint lab lock bench soak clean
.DEFAULT_GOAL := help

help:  ## these lines
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: $(SETUP)  ## the virtual environment from the lock (done once)
$(SETUP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(SETUP)

reports: $(SETUP)  ## the example province's reports, Chinese and English, into reports/
	$(REPORT)
	$(REPORT) --kind overview
	$(REPORT) --kind city $(ITEMS)
	$(REPORT) --kind self_evaluation $(ITEMS)
	$(REPORT) --kind rectification $(ITEMS)
	$(REPORT) --kind school --county 371599 --set school_code=2137000001,2137000002,2137000012

test: $(SETUP) lint  ## all tests, two files at a time
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

quick: $(SETUP)  ## the tests without the slow ones
	$(BIN)/python -m pytest -q -m "not slow"

lint: $(SETUP)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(SETUP)  ## JupyterLab on notebooks/
	$(BIN)/jupyter lab --notebook-dir=. notebooks/balance.ipynb

lock:  ## renew requirements.lock (needs uv; no address is written)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --no-annotate --no-header --upgrade --output-file requirements.lock

bench: $(SETUP)  ## ratios against named baselines, in one run
	$(BIN)/python -m tests.bench

soak: $(SETUP)  ## kills, full disks, power cuts, crowds: every fault, often (about an hour)
	$(BIN)/python -m tests.soak

clean:  ## remove the environment and all output
	find reports -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
