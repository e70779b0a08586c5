# make run    installs into .venv and starts: the bot if DISCORD_TOKEN is set, else the sandbox
# make test   installs and runs the tests
# make process-test   runs the bot as a process against a Discord on loopback
# make check  format, lint, types and tests
# make crash-test   kills and restarts the whole process a hundred times, or KILLS=… times

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := config/constraints.txt
KILLS ?= 100

.PHONY: run test process-test lint types check crash-test clean

# --no-compile: halves the first install; Python compiles what is used when it is used.
$(VENV)/.for-running: pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Paperwire needs Python 3.11 or newer; name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --constraint $(CONSTRAINTS) --editable ".[sandbox]"
	@touch $@

$(VENV)/.for-testing: $(VENV)/.for-running
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --constraint $(CONSTRAINTS) --editable ".[sandbox,test,lint]"
	@touch $@

run: $(VENV)/.for-running
	$(BIN)/paperwire run

# A file's tests stay together: some share what takes long to make.
test: $(VENV)/.for-testing
	$(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadfile -m "not crash" --ignore=tests/process

process-test: $(VENV)/.for-testing
	$(BIN)/pytest -q tests/process

lint: $(VENV)/.for-testing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.for-testing
	$(BIN)/pyright

check: lint types test

crash-test: $(VENV)/.for-testing
	$(BIN)/pytest -q -m crash
	$(BIN)/python -m tests.process.crash --kills $(KILLS)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis
