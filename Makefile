# One-word commands. Each does all of its own set-up: a virtual environment in .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check bench docs nano pico tasks format clean

demo: $(READY)  ## the main job: an agent teaches the embedded student, on the CPU, with no key
	$(BIN)/coursewright run science-mini --config examples/demo.yaml

test: $(READY)  ## the whole suite
	$(BIN)/pytest -n 2

check: $(READY)  ## formatter, linter, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## the measurements of LOG.md; hours
	$(BIN)/python -m benchmarks

# Built from a copy, so that nothing written from the code ever lies among the pages that people write.
docs: $(READY)  ## the documentation site, into build/site
	rm -rf build/docs build/site
	mkdir -p build
	cp -r docs build/docs
	$(BIN)/python scripts/make_reference.py build/docs
	$(BIN)/zensical build --clean --strict

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pico: $(READY)  ## makes the smaller embedded student anew, out of nano: make pico GSM8K=folder OUT=folder
	$(BIN)/python scripts/make_nano.py --gsm8k $(GSM8K) --start src/coursewright/student/nano --drop-layer 2 --layers 2 \
		--seed 2 --rate 0.002 --muon-rate 0.013 --early 0 --more task:words=0.3 --more first-step=1.5 --more two=1.3 \
		--steps 5400 --out $(OUT)

nano: $(READY)  ## makes the embedded student anew, in an hour: make nano GSM8K=folder OUT=folder
	$(BIN)/python scripts/make_nano.py --gsm8k $(GSM8K) --minutes 60 --out $(OUT)

tasks: $(READY)  ## makes the built-in task folders anew, byte for byte
	$(BIN)/python scripts/make_tasks.py
	$(BIN)/python scripts/make_probes.py

# torch comes first and by exact version, so that pip picks the build its configuration names
# (the CPU one, where that is set up) before any range of a dependency can pull another.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,programs,bench,dashboard,docs,dev]'
	touch $@

clean:
	rm -rf .venv build
