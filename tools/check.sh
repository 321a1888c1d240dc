#!/bin/sh
# Everything that can be checked without running the shop; one summary, first failure last on screen.
bin=${1:-.venv/bin}
failed=
run() {
    name=$1; shift
    if said=$("$@" 2>&1); then
        printf '%-14s ok\n' "$name"
    else
        printf '%-14s FAILED\n%s\n' "$name" "$said"
        failed="$failed $name"
    fi
}
run format "$bin/ruff" format --check .
run lint "$bin/ruff" check .
run types "$bin/mypy"
run contracts "$bin/lint-imports"
run "house rules" "$bin/python" -m pytest -q -p no:cacheprovider tests/architecture
run migrations "$bin/python" -m django makemigrations --check --dry-run --settings shangliu.config.settings
run flow "$bin/shangliu" flow lint
run pictures "$bin/python" -m tools.draw --check
run flowtests "$bin/python" -m tools.flow_tests --check
run translations "$bin/python" -m tools.translations --check
if [ -n "$failed" ]; then echo "check failed:$failed"; exit 1; fi
echo "check passed"
