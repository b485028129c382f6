# The commands of a developer and of CI. The first one makes .venv; `make demo` is where to begin.

ARGS ?=
UV = 0.13.9
COMPILE = pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

.PHONY: demo test fuzz check format bench torture lock clean venv

demo: venv        ## Neo4j, Redis and demo customers on http://127.0.0.1:8000; ARGS="--customers 5000 --seed 7"
	@.venv/bin/c360 demo $(ARGS)

test: venv        ## the whole suite, in two processes, each with a Neo4j and a Redis; ARGS="-k timeline"
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: venv        ## operations, requests and histories of referrals and of merges made up by chance, thousands of each
	@C360_OPERATIONS=40000 C360_CASES=2000 C360_HISTORIES=5000 C360_MERGES=2000 .venv/bin/python -m pytest -q \
		tests/graph/test_forest.py tests/graph/test_merge_histories.py tests/api/test_plans.py tests/api/test_schemathesis.py $(ARGS)

check: venv       ## format, lint, types, and which layer imports which
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: venv      ## what `make check` wants of the format
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: venv       ## the figures of docs/benchmarks.md
	@.venv/bin/python -m benchmarks $(ARGS)

torture: venv     ## kill services, Neo4j and Redis under load; ARGS="--kills 5 --seed 7"
	@.venv/bin/python -m tests.torture $(ARGS)

lock:             ## requirements*.lock anew from pyproject.toml, and what others' libraries and the peer want
	@python3 -m venv .venv.lock && .venv.lock/bin/python -m pip install --quiet uv==$(UV)
	@.venv.lock/bin/uv $(COMPILE) pyproject.toml --extra tracing -o requirements.lock
	@.venv.lock/bin/uv $(COMPILE) pyproject.toml --extra local --extra dev -c requirements.lock -o requirements-dev.lock
	@cd tests/api/libraries && ../../../.venv.lock/bin/uv $(COMPILE) requirements.in -o requirements.lock
	@cd benchmarks/peer && ../../.venv.lock/bin/uv $(COMPILE) requirements.in -o requirements.lock
	@rm -rf .venv.lock

clean:            ## everything that was made here, the local data of .c360 too
	@if [ -x .venv/bin/c360 ]; then .venv/bin/c360 down; fi
	@rm -rf .venv .c360 .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

venv:
	@./deploy/make-venv
