# Every target sets up what it needs in .venv, on a fresh machine. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# At a terminal pip shows what it fetches and how far it is; in a log it would be hundreds of lines.
PIP := $(BIN)/python -m pip install $(shell test -t 2 || echo --quiet) --disable-pip-version-check
ARGS ?=
# More than two cores: half of the tests wait for real processes.
WORKERS ?= 3
# The order of the tests, the same in every run of `make test`; SEED=$$RANDOM tries another.
SEED ?= 20
# Fifty turns of dying processes take a quarter of an hour, a soak ten minutes: only a hang takes so long.
CHAOS_HANG_S := 7200
# What runs shows, processes of theirs, or pools of workers.
PORTABLE := tests/show tests/standby tests/chaos tests/page tests/room tests/opening tests/real tests/fuzz tests/evening \
	tests/plan tests/records tests/replay tests/models tests/drawing tests/train/symbolic/test_shelf.py \
	tests/train/footage/test_odd_files.py
# Some machines forbid to keep compiled modules, and each of the hundred processes of the tests would compile anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help show test test-portable check fix chaos evening mutate bench rigs train-demo gpu docs clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.runtime: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Followspot needs Python 3.11 or newer; call make with PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Followspot and what it needs into $(VENV): a minute or two, some 350 MB"
	$(PIP) -e '.[cpu]'
	@touch $@

$(VENV)/.test: $(VENV)/.runtime
	@echo "installing what the tests need: a minute or two more"
	$(PIP) -e '.[cpu,test]'
	@touch $@

$(VENV)/.train: $(VENV)/.runtime
	@echo "installing what training needs, PyTorch among it: some minutes, up to 3 GB"
	$(PIP) -e '.[cpu,train,image]'
	@touch $@

$(VENV)/.docs: $(VENV)/.runtime
	$(PIP) -e '.[cpu,docs]'
	@touch $@

show: $(VENV)/.runtime ## play the bundled song to the virtual rig; pass options on with ARGS="--seconds 20"
	$(BIN)/followspot show $(ARGS)

$(VENV)/.mutate: $(VENV)/.test
	$(PIP) -e '.[cpu,test,mutate]'
	@touch $@

# The check runs beside the tests, which wait for real processes half of the time; what it said comes after them.
test: $(VENV)/.test ## lint, types, import contracts and all tests
	@said=$$(mktemp); $(MAKE) --no-print-directory check >$$said 2>&1 & check=$$!; \
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --randomly-seed=$(SEED) $(ARGS); tested=$$?; \
	wait $$check; checked=$$?; cat $$said; rm -f $$said; \
	[ $$checked -eq 0 ] || echo "make check failed, see above"; \
	[ $$tested -eq 0 ] && [ $$checked -eq 0 ]

test-portable: $(VENV)/.test ## what starts processes, as Windows and macOS would: ports for sockets, nothing inherited, ended by closed inputs
	FOLLOWSPOT_TRANSPORT=tcp FOLLOWSPOT_START=spawn $(BIN)/pytest -n $(WORKERS) --dist loadfile $(PORTABLE) $(ARGS)

chaos: $(VENV)/.test ## the long forms: processes that die, minutes of packets, millions of bad inputs, promises in real time
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	FOLLOWSPOT_CHAOS=50 FOLLOWSPOT_FUZZ=100000 FOLLOWSPOT_LIMITER_SOAK_S=600 $(BIN)/pytest tests/chaos tests/real tests/fuzz tests/profiles/test_fuzz.py \
		tests/protocol/test_fuzz.py tests/page/test_page_in_firefox.py tests/page/test_touch_in_chromium.py tests/show tests/opening tests/audio \
		tests/limiter tests/evening tests/comparison tests/train/test_pretraining.py tests/train/test_finetuning.py \
		tests/train/symbolic/test_pretraining.py --timeout=$(CHAOS_HANG_S) $(ARGS)

evening: $(VENV)/.test ## four bands, twelve songs, talk, a wrong order and a power cut, by page, pedal and OSC (20 minutes)
	FOLLOWSPOT_EVENING=1 $(BIN)/pytest -n0 -s --timeout=3000 tests/page/test_an_evening.py -k four_bands $(ARGS)

mutate: $(VENV)/.mutate ## faults by lot in what must not be wrong, and those that no test sees; ARGS="limiter --lot 50"
	$(BIN)/python -m tools.mutants --workers $(WORKERS) $(ARGS)

check: $(VENV)/.test ## lint, types for three systems, and import contracts only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 --follow-imports silent $$($(BIN)/python -m tools.platforms)
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin --follow-imports silent $$($(BIN)/python -m tools.platforms)
	$(BIN)/lint-imports --no-cache

fix: $(VENV)/.test ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test ## measure; prints a table and writes bench.json
	$(BIN)/python -m tools.bench --out bench.json $(ARGS)

rigs: $(VENV)/.test ## what whole libraries of fixtures are sent, read back; ARGS="--ofl DIR --gdtf DIR --list"
	$(BIN)/python -m tools.rigs $(ARGS)

train-demo: $(VENV)/.train ## every training path on a little real data, end to end
	$(BIN)/python -m tools.train.demo $(ARGS)

gpu: $(VENV)/.train ## how fast training goes on this machine's CUDA device, as a table (docs/measured.md)
	$(BIN)/python -m tools.train.throughput $(ARGS)

docs: $(VENV)/.docs ## the guides as a site in build/docs; a broken link fails
	$(BIN)/python -m tools.docs.tables
	$(BIN)/python -m sphinx -W --keep-going -q -E -b html docs build/docs

clean: ## remove what the targets made
	rm -rf $(VENV) build mutants bench.json .mypy_cache .ruff_cache .pytest_cache .hypothesis
