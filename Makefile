# `make` alone prints the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo preview test lint unit test-browser conformance e2e e2e-arm64 approve gallery format \
	build lock clean bench bench-quick bench-bounds bench-start profile

BIN := .venv/bin
BENCH = PYTHONPATH=src:. .venv-bench/bin/python -m benchmarks

help: ## print the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## virtual environment, native libraries, fonts
	@scripts/setup.sh

setup-test: ## what the tests need on top
	@scripts/setup.sh test

demo: setup ## render CarrierX invoice 004 through the real handlers, into out/
	@$(BIN)/python -m local.demo

preview: setup ## a local page that shows the gallery and follows every change (TEMPLATES=, PROFILE=, PORT=)
	@$(BIN)/invoice-pdf preview --port $(or $(PORT),0) $(if $(TEMPLATES),--templates "$(TEMPLATES)") $(if $(PROFILE),--profile "$(PROFILE)")

test: setup-test lint unit ## set-up, lint, every test

lint: setup-test ## ruff, mypy, import-linter
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --verbose >.cache/imports.log 2>&1 || { cat .cache/imports.log; exit 1; }

unit: setup-test ## the tests alone
	@$(BIN)/pytest -n 2 --dist loadfile

test-browser: ## the preview's page in a real Chromium
	@scripts/setup.sh browser
	@.venv-browser/bin/pytest --confcutdir=tests/browser tests/browser

approve: setup ## accept how the pages of the gallery look now
	@$(BIN)/python -m pictures approve

gallery: setup ## draw the contact sheets of README.md and docs/gallery.md anew
	@$(BIN)/python -m pictures gallery

conformance: setup ## veraPDF over every kind of document: PDF/A-3a and PDF/UA-1 (needs Java and Maven)
	@$(BIN)/python -m conformance

bench: ## every engine, every length, half an hour: writes docs/performance.md
	@scripts/setup.sh bench
	@$(BENCH) full

bench-quick: ## ours against Chromium, Typst and Platypus in two minutes; JSON last
	@scripts/setup.sh bench-quick
	@$(BENCH) quick

bench-bounds: ## memory of 100,000 lines, growth of time, 5,000 renders in a row
	@scripts/setup.sh bench-quick
	@$(BENCH) bounds

profile: ## where our time goes, at LINES=3
	@scripts/setup.sh bench-quick
	@$(BENCH) profile $(or $(LINES),3)

e2e: ## the deployed system on this machine: sandboxes of Lambda, a local AWS, sam deploy
	@[ $$(id -u) = 0 ] || echo "e2e: not root: sandboxes in user namespaces, where the kernel grants them"
	@scripts/setup.sh e2e
	@$(BIN)/python packaging/build.py
	@$(BIN)/pytest -n 2 --dist loadscope -rs -m "not slow" tests/packaging/test_built_archives.py tests/end_to_end

e2e-arm64: ## every page that make e2e compares, on an emulated arm64 (a quarter of an hour)
	@scripts/setup.sh e2e
	@$(BIN)/python packaging/build.py
	@$(BIN)/pytest -n 2 --dist loadscope -rs -m slow tests/end_to_end/test_same_bytes.py

format: setup ## let ruff format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

build: setup ## dist/: layer and function archives for arm64 and x86_64 (TEMPLATES= your own folder)
	@$(BIN)/python packaging/build.py --arch $(or $(ARCH),all) $(if $(TEMPLATES),--templates "$(TEMPLATES)")

bench-start: build ## start-up in the sandbox, packaged in five ways, and at four memory sizes: writes docs/start-up.md
	@scripts/setup.sh test
	@$(BIN)/python -m e2e.start_up

lock: setup ## pin again what packaging/ takes from Debian
	@$(BIN)/python packaging/lock.py

clean: ## remove everything that was made here
	rm -rf .venv .venv-* .cache build dist out
