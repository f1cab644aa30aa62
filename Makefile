# `make` alone prints the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo test lint unit conformance format build lock clean

BIN := .venv/bin

help: ## print the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## virtual environment, native libraries, fonts
	@scripts/setup.sh

setup-test: ## what the tests need on top
	@scripts/setup.sh test

demo: setup ## render CarrierX invoice 004 through the real handlers, into out/
	@$(BIN)/python -m local.demo

test: setup-test lint unit ## set-up, lint, every test

lint: setup-test ## ruff, mypy, import-linter
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --verbose >.cache/imports.log 2>&1 || { cat .cache/imports.log; exit 1; }

unit: setup-test ## the tests alone
	@$(BIN)/pytest -n 2 --dist loadfile

conformance: setup ## veraPDF over every kind of document: PDF/A-3a and PDF/UA-1 (needs Java and Maven)
	@$(BIN)/python -m conformance

format: setup ## let ruff format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

build: setup ## dist/: layer and function archives for arm64 and x86_64
	@$(BIN)/python packaging/build.py --arch $(or $(ARCH),all)

lock: setup ## pin again what packaging/ takes from Debian
	@$(BIN)/python packaging/lock.py

clean: ## remove everything that was made here
	rm -rf .venv .venv-* .cache build dist out
