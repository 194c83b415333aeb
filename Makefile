# `make verify` and `make test` are all that most people need. FRESH=1 measures anew.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help verify test derived test-everywhere test-matrix test-contributions environment chromium site rehearsal site-quality serve lock format

help:
	@echo "make verify       measure on the best device here, validate real models, build the site"
	@echo "make test         the tests, those in a browser included"
	@echo "make derived      renew the checked-in files that are made from others; CHECK=1 only says which are not current"
	@echo "make test-everywhere  every kind of page in a browser: axe, light and dark, wide and narrow"
	@echo "make test-matrix  tests that need old TransformerLens versions (environments of their own, made once)"
	@echo "make test-contributions  the patches for TransformerLens, on the source of its newest release (downloads it)"
	@echo "make site         write the pages and build the site from the results that are there"
	@echo "make rehearsal    the site with made-up runs, to look at pages with data"
	@echo "make site-quality Lighthouse and vnu on the built site (needs Node and Java)"
	@echo "make serve        serve the built site on this machine"
	@echo "make lock         write requirements.lock anew from pyproject.toml"
	@echo "make format       format the code"

environment:
	@$(PYTHON) scripts/setup_environment.py

chromium: environment
	@$(BIN)/python scripts/chromium.py

verify: environment
	@$(BIN)/mpscheck verify $(if $(FRESH),--fresh)

test: environment chromium
	@$(BIN)/mpscheck lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@CHROMIUM=$$($(BIN)/python scripts/chromium.py) $(BIN)/pytest -n 2

derived: environment
	@$(BIN)/mpscheck derived $(if $(CHECK),--check)

test-everywhere: environment chromium
	@CHROMIUM=$$($(BIN)/python scripts/chromium.py) $(BIN)/pytest -n 2 -m everywhere

test-matrix: environment
	@$(BIN)/mpscheck environments
	@$(BIN)/pytest -m matrix

test-contributions: environment
	@$(BIN)/pytest -m matrix tests/test_patches_upstream.py

# The pages and the site alone, from the results that are there.
site: environment
	@$(BIN)/mpscheck site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@$(BIN)/python scripts/site_quality/csp.py site

# The same pages with made-up runs, in a copy: nothing of it comes into site/.
rehearsal: environment
	@$(BIN)/mpscheck rehearse
	@cd .cache/rehearsal/source && NO_MKDOCS_2_WARNING=1 $(CURDIR)/$(BIN)/mkdocs build --strict -f mkdocs.rehearsal.yml -d ../site
	@$(BIN)/python scripts/site_quality/csp.py .cache/rehearsal/site
	@echo "To look at it: $(PYTHON) -m http.server --bind 127.0.0.1 --directory .cache/rehearsal/site 8001"

# Needs Node, Java and Chromium; the built site must be there.
site-quality: environment
	@npm ci --ignore-scripts --no-audit --no-fund --prefix scripts/site_quality
	@$(BIN)/python scripts/site_quality/measure.py site

serve:
	@echo "http://127.0.0.1:8000 (Ctrl-C ends it)"
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory site 8000

lock: environment
	@$(BIN)/python scripts/lock.py

format: environment
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
