# Two commands matter: `make book` and `make test`. Each makes .venv from the lock where none stands.

PYTHON ?= python3
JOBS ?= 2
PORT ?= 8000
TORCH ?= 2.13.0

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
READY := $(VENV)/.ready
LOCK_VENV := .lock-venv
FREEZE := -m pip list --format=freeze --disable-pip-version-check --exclude pip

.PHONY: help env book zip test test-slow test-all lab serve slides sync exercises check bench grid domain results data lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(READY) ## Make .venv from both locks, with this package in it

$(READY): requirements.lock requirements-torch.lock pyproject.toml
	@echo "Making the environment in $(VENV): a few minutes the first time"
	$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(PY) book/install.py requirements.lock requirements-torch.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(PY) -c "import matplotlib.font_manager"
	touch $@

book: $(READY) ## Build the book into _build/html (nothing where nothing changed)
	$(PY) book/build.py

zip: book ## Pack the site into _build/reliable-scaling-site.zip, to send or to keep
	$(PY) book/zip_site.py

test: $(READY) ## Run the tests but for the slow ones; the site is built where it is not up to date
	$(PY) -m pytest -n $(JOBS) -m "not slow"

test-slow: $(READY) ## Run the slow tests alone: claims that `make test` holds, at full length
	$(PY) -m pytest -n $(JOBS) -m slow

test-all: $(READY) ## Run every test
	$(PY) -m pytest -n $(JOBS)

lab: $(READY) ## Open the notebooks in JupyterLab
	$(PY) -m jupyterlab --notebook-dir=. --preferred-dir=notebooks

serve: book ## Build the book and serve it on this machine alone, at PORT
	$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

slides: $(READY) ## Write the slides of the story into _build/slides, for a browser without a network
	$(PY) book/_ext/story_slides.py

sync: $(READY) ## Carry notebooks/*.py over to their .ipynb, without outputs
	$(BIN)/jupytext --quiet --to ipynb --update notebooks/*.py
	$(BIN)/jupyter-nbconvert --log-level=ERROR --clear-output --inplace notebooks/*.ipynb

exercises: $(READY) ## Write the students' notebooks: the chapters' exercises without solutions
	$(PY) book/exercises.py

check: $(READY) ## Ruff, mypy, the schema of the workflows, and whether notebook pairs agree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(PY) -m pytest -q -k pair tests/book/test_notebooks.py

bench: book ## Measure the claims about speed, and the weight of the site
	$(PY) -m benchmarks.fit_speed
	$(PY) -m benchmarks.sweep_speed
	$(PY) -m benchmarks.command_speed
	$(PY) -m benchmarks.interval_speed
	$(PY) -m benchmarks.cost_speed
	$(PY) -m benchmarks.plan_speed
	$(PY) -m benchmarks.training_speed
	$(PY) -m benchmarks.site_weight

grid: $(READY) ## Train three walks' grids on two cores and hold E against the truth
	$(BIN)/scaling grid run data/specs/walks.yaml --out _build/walks --workers $(JOBS) --device cpu
	$(BIN)/scaling grid collect _build/walks --out data/results/walks.csv
	$(BIN)/scaling grid run data/specs/walks_warmup.yaml --out _build/walks_warmup --workers $(JOBS) --device cpu
	$(BIN)/scaling grid collect _build/walks_warmup --out data/results/walks_warmup.csv
	$(BIN)/scaling grid truth data/specs/walks.yaml data/results/walks.csv

domain: $(READY) ## Train a grid on Python's own modules, and count closing brackets and indentations
	$(PY) -m scaling.studies.decide.stdlib_text _build/domain
	$(BIN)/scaling grid prepare --text _build/domain/modules.jsonl --tokenizer _build/domain/tokenizer.json \
		--held-out-share 0.05 --out _build/domain/tokens --force
	$(BIN)/scaling grid run data/specs/domain.yaml --out _build/domain/grid --workers $(JOBS) --device cpu
	$(BIN)/scaling grid accuracy _build/domain/grid --at 'indent=^\n' --at 'bracket=^[^([{]*[])}]' \
		--at 'brace=^}' --device cpu --out data/results/domain.csv

results: $(READY) ## Make the stored results in data/results again
	$(PY) -m scaling.studies.results

data: $(READY) ## Rebuild tidy tables from raw copies: RELEASE=FOLDER of the testbed, GRIDS=FOLDER
	$(if $(RELEASE)$(GRIDS),,$(error name a copy of the raw data: make data RELEASE=FOLDER GRIDS=FOLDER))
	$(if $(RELEASE),$(PY) -m scaling.testbed.release.tables $(RELEASE) data/testbed)
	$(if $(GRIDS),$(PY) -m scaling.testbed.release.grids $(GRIDS) data/grids)

lock: ## Renew both locks: newest versions that pyproject.toml allows, torch at TORCH
	rm -rf $(LOCK_VENV)
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet --upgrade setuptools
	$(LOCK_VENV)/bin/python -m pip install --quiet '.[book,dev,training,text,harness]' torch==$(TORCH)
	$(LOCK_VENV)/bin/python $(FREEZE) --exclude reliable-scaling | sed 's/+.*//' \
		| LC_ALL=C sort -f > $(LOCK_VENV)/all.txt
	$(PYTHON) -m venv $(LOCK_VENV)/common
	$(LOCK_VENV)/common/bin/python -m pip install --quiet --upgrade setuptools
	$(LOCK_VENV)/common/bin/python -m pip install --quiet -c $(LOCK_VENV)/all.txt '.[book,dev]'
	$(LOCK_VENV)/common/bin/python $(FREEZE) --exclude reliable-scaling \
		| LC_ALL=C sort -f > requirements.lock
	grep -vxFf requirements.lock $(LOCK_VENV)/all.txt > requirements-torch.lock
	rm -rf $(LOCK_VENV)

clean: ## Remove what was built; .venv stays
	rm -rf _build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
