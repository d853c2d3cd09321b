# What people do here, one word each. "make" alone lists the words.

# Both can be set: make test PYTHON=python3.12 VENV=.venv-3.12
PYTHON ?= python3
VENV ?= .venv
FUZZ_SECONDS ?= 300

BIN := $(VENV)/bin
READY := $(VENV)/.ready
VERSION := import sys; print("%d.%d" % sys.version_info[:2])

.PHONY: help demo test fuzz lab lock site bench bench-quick bench-gate bench-start bench-plan bench-identifiers bench-site bench-intake bench-notebooks bench-spark stress mutants pages clean same-python
.DELETE_ON_ERROR:

help: ## List these words
	@sed -n 's/^\([a-z-]*\):.*## /\1#/p' Makefile | while IFS='#' read -r word meaning; do printf '  make %-12s %s\n' "$$word" "$$meaning"; done

demo: $(READY) ## Set up, lint the plan, check a file that is accepted and one that is rejected
	@$(BIN)/python tools/demo.py

test: $(READY) ## Set up, then ruff, mypy and every test; ARGS="-k gate" reaches pytest
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile $(ARGS)

fuzz: $(READY) ## Fuzz the readers of files; FUZZ_SECONDS=3600 says for how long, in all
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/uv pip install --python $(BIN)/python 'atheris>=2.3'
	@$(BIN)/python -m fuzz.run $(FUZZ_SECONDS) $(ARGS)

lab: $(READY) ## Set up, then open JupyterLab on the notebooks; ARGS reaches dap lab
	@$(BIN)/dap lab $(ARGS)

lock: $(READY) ## Write the locks and environment.yml from pyproject.toml; ARGS=--upgrade takes newer versions
	$(BIN)/python tools/write_locks.py $(ARGS)

site: $(READY) ## Set up, then write the public plan's site to build/site; ARGS=--serve shows it as well
	@$(BIN)/dap publish build/site $(ARGS)
	@echo 'It opens at build/site/index.html'

bench: bench-start bench-plan bench-identifiers bench-site bench-notebooks bench-intake bench-gate ## Run every benchmark

bench-quick: $(READY) ## Time the gate and its peers on 50,000 rows
	@$(BIN)/python -m benchmarks.gate --rows 50000 --runs 1

bench-gate: $(READY) ## Time the gate and its peers on 50,000 to 5,000,000 rows, and write docs/performance.md
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m benchmarks.gate --rows 50000 500000 5000000 --write

bench-start: $(READY) ## Time a check of 100 rows against the import of Great Expectations
	@$(BIN)/python benchmarks/start.py

bench-plan: $(READY) ## Time the reading and linting of the plan
	@$(BIN)/python benchmarks/plan.py

bench-identifiers: $(READY) ## Measure the detector of Social Security numbers beside its peers; ARGS=--quick takes less
	@$(BIN)/python -m benchmarks.identifiers $(ARGS)

bench-site: $(READY) ## Time the building of the site and of its PDFs
	@$(BIN)/python benchmarks/site.py

bench-intake: $(READY) ## Time the verification of a ledger of 1,000,000 entries; ARGS="--entries 50000" takes less
	@$(BIN)/python -m benchmarks.ledger $(ARGS)

stress: $(READY) ## Kill and fail the intake at every step, flip every bit of its ledger, load its service; DAP_STRESS_PART=1/8 does an eighth of it
	DAP_STRESS=1 $(BIN)/python -m pytest -v -o faulthandler_timeout=0 tests/test_intake_kills.py tests/test_intake_many.py tests/test_intake_ledger.py $(ARGS)
	@$(BIN)/python -m benchmarks.intake_http
	$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m benchmarks.intake_http --schemathesis

bench-notebooks: $(READY) ## Time the run of each notebook
	@$(BIN)/python benchmarks/notebooks.py

bench-spark: $(READY) ## Time the gate on Spark beside Polars on 500,000 rows; needs Java 17; ARGS="--rows 50000" takes less
	@mkdir -p build && sed -n '/^\(py4j\|pyarrow\|pyspark\)==/,/# via/p' requirements-spark.lock > build/pyspark.txt
	$(BIN)/uv pip install --python $(BIN)/python --target build/pyspark --no-deps --require-hashes -r build/pyspark.txt
	@PYTHONPATH=build/pyspark $(BIN)/python -m benchmarks.spark $(ARGS)

mutants: $(READY) ## Take out each rule of the detector in turn and see a case fail
	$(BIN)/python -m pytest -q tests/test_identifier_rules.py -k without_any_one_rule

pages: $(READY) ## Write docs/rules/ from the table of rules
	$(BIN)/python tools/write_rule_pages.py

clean: ## Remove the environment, what was built, and every cache
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps, so that a changed lock installs what changed and makes no new environment.
# Great Expectations starts twice as fast from byte-code as without it.
$(READY): $(VENV)/.made pyproject.toml requirements.lock | same-python
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# uv at the version and with the hashes of the lock, brought by the pip that every Python has.
$(VENV)/.made:
	@case "$$($(PYTHON) -c '$(VERSION)' 2>/dev/null)" in 3.11|3.12|3.13) ;; \
	*) echo 'dap needs Python 3.11, 3.12 or 3.13, and "$(PYTHON)" is none of them. Name one that is: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 1 ;; esac
	$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/# via/p' requirements.lock > $(VENV)/uv.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@touch $@

# Whoever names a Python must not get another one's environment.
same-python:
ifneq ($(origin PYTHON),file)
	@test ! -e $(VENV)/.made || test "$$($(PYTHON) -c '$(VERSION)' 2>/dev/null)" = "$$($(BIN)/python -c '$(VERSION)')" || { \
	  echo '$(VENV) was made with another Python than "$(PYTHON)". Remove it with "make clean", or add VENV=<another folder>.' >&2; exit 1; }
endif
