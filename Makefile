# Thin: every target is one call of `python -m course`, which also works on Windows.
# The first call sets up .venv. Options: make run ARGS="--budget quick" PYTHON=python3.12
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run lab test doctor release bench lock

help:
	@$(PYTHON) -m course --help

run lab test doctor release bench lock:
	@$(PYTHON) -m course $@ $(ARGS)
