#!/bin/sh
# Makes the virtual environment: tools/environment.sh PYTHON VENV. Says how when it cannot.
set -eu
python=$1 venv=$2

if [ -z "$python" ]; then
    echo "需要 Python 3.11 或更新版本。Debian：apt-get install python3 python3-venv；macOS：brew install python" >&2
    echo "Python 3.11 or newer is needed. Debian: apt-get install python3 python3-venv; macOS: brew install python" >&2
    exit 1
fi

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo -n "$@"; else return 1; fi; }

can() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

if ! can; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if command -v apt-get >/dev/null 2>&1; then
        export DEBIAN_FRONTEND=noninteractive
        as_root apt-get update -qq && as_root apt-get install -y -qq "python$version-venv" >/dev/null || true
    fi
    can || {
        echo "这个 Python 缺少 venv 模块，请先运行：sudo apt-get install python$version-venv" >&2
        echo "This Python lacks its venv module; run: sudo apt-get install python$version-venv" >&2
        exit 1
    }
fi
"$python" -m venv --clear "$venv"
