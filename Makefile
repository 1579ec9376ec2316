# Every target runs set-up first: on a fresh machine `make demo` or `make test` is the only command needed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

IN_VENV := scripts/in_venv.sh
WAREHOUSE ?= build/demo/warehouse
PORT ?= 5000
SIZES ?= small
TESTS ?= tests
# Tracing lines doubles the CPU time of the tests of values (84 s and 175 s for those of schemas and paths): three minutes of the whole.
COVERAGE ?= --cov --cov-report=
# Test processes, each with a Spark of its own (local[2]); for half of its time a Spark test uses one core of the driver.
WORKERS ?= 2
# In the order of folders, so that the longest files (jobs, packaging) come first. By number of tests, xdist's default, they come last,
# and one worker is idle for minutes.
IN_ORDER := --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo test test-quick lint format docs bench package mlflow clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with every locked package, find or install Java, fetch Delta's jars; quick when nothing changed
	@scripts/setup.sh

demo: setup ## Run all steps on the bundled sample; results and report in build/demo
	@rm -rf build/demo
	@$(IN_VENV) apicensus run examples/demo/*.ndjson.gz --settings examples/demo/settings.yaml --out build/demo --warehouse build/demo/warehouse

test: setup lint ## Check the style, run all tests and print coverage (TESTS=tests/values for some; COVERAGE= without, a sixth quicker)
	@$(IN_VENV) python -m pytest -n $(WORKERS) $(IN_ORDER) --durations=10 $(COVERAGE) $(TESTS)
ifneq ($(strip $(COVERAGE)),)
	@echo "Lines that tests ran, the least covered modules first (code in Spark's Python workers is not counted):"
	@$(IN_VENV) coverage report --sort=cover | awk 'NR <= 12 || /^TOTAL/'
endif

test-quick: setup ## Run only the tests that need no Spark: under two minutes
	@$(IN_VENV) python -m pytest -n $(WORKERS) --durations=10 tests/values

lint: setup ## Check style, spelling, types and the direction of imports
	@$(IN_VENV) ruff check .
	@$(IN_VENV) ruff format --check .
	@$(IN_VENV) codespell
	@$(IN_VENV) mypy
	@$(IN_VENV) lint-imports --no-logo

format: setup ## Format the code and apply ruff's fixes
	@$(IN_VENV) ruff check --fix .
	@$(IN_VENV) ruff format .

docs: setup ## Build the documentation site in build/site; a broken link is an error
	@$(IN_VENV) mkdocs build --strict --quiet
	@echo "build/site/index.html"

bench: setup ## Run the benchmarks, half an hour on two cores, and write docs/benchmarks.md (SIZES=large: hours)
	@$(IN_VENV) python -m benchmarks page --sizes $(SIZES)

package: setup ## Build the wheel, and dist/apicensus.zip for spark-submit --py-files
	@rm -rf dist
	@$(IN_VENV) python -m hatchling build -t wheel
	@$(IN_VENV) python scripts/archive.py dist/apicensus.zip
	@echo "dist/apicensus.zip: spark-submit --py-files dist/apicensus.zip jobs/discover.py ..."

mlflow: setup ## Open MLflow on a warehouse's store (WAREHOUSE=build/demo/warehouse PORT=5000)
	@test -f "$(WAREHOUSE)/mlflow.db" || { echo "No MLflow store in $(WAREHOUSE): run \`make demo\` first or give WAREHOUSE=..." >&2; exit 2; }
	@echo "MLflow: http://127.0.0.1:$(PORT)/#/experiments?workflowType=machine_learning (Ctrl+C ends it)"
	@MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(IN_VENV) mlflow ui --workers 1 --host 127.0.0.1 --port "$(PORT)" --backend-store-uri "sqlite:///$(abspath $(WAREHOUSE))/mlflow.db"

clean: ## Remove build results and caches; .venv stays (rm -rf .venv removes it)
	@rm -rf build dist .coverage* .grimp_cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis spark-warehouse metastore_db derby.log
	@find pipelines ml jobs scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
