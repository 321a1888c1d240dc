#!/bin/sh
# What only the tests need: tools/oracles.sh BIN. A Chromium, npm's programs in tests/node, a Java for
# Spark, and what requirements-oracles.lock names. Says how when it cannot.
set -eu

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo -n "$@"; else return 1; fi; }

install() { # Debian packages, Homebrew's
    export DEBIAN_FRONTEND=noninteractive
    if command -v apt-get >/dev/null 2>&1; then
        as_root apt-get update -qq && as_root apt-get install -y -qq $1 >/dev/null
    elif command -v brew >/dev/null 2>&1; then
        brew install -q $2
    else
        return 1
    fi
}

chromium() {
    [ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ] && return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] && return 0
    [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

if ! chromium; then
    install "chromium fonts-noto-cjk" "--cask chromium" || true
    chromium || {
        echo "浏览器测试需要 Chromium：apt-get install chromium fonts-noto-cjk，或用 CHROMIUM=路径 指定" >&2
        echo "The browser tests need a Chromium: apt-get install chromium fonts-noto-cjk, or set CHROMIUM=/path" >&2
        exit 1
    }
fi
if [ -z "$(command -v fc-list)" ] || [ -z "$(fc-list :lang=zh 2>/dev/null | head -1)" ]; then
    install "fonts-noto-cjk fontconfig" "font-noto-sans-cjk" || true
fi

if ! command -v npm >/dev/null 2>&1; then
    install "nodejs npm" "node" || true
    command -v npm >/dev/null 2>&1 || {
        echo "对照检查（BPMN、支付宝）需要 Node.js：apt-get install nodejs npm" >&2
        echo "The checks against BPMN programs and Alipay's SDK need Node.js: apt-get install nodejs npm" >&2
        exit 1
    }
fi
mark=tests/node/node_modules/.installed
if ! cmp -s tests/node/package-lock.json "$mark"; then
    (cd tests/node && npm ci --silent --no-audit --no-fund)
    cp tests/node/package-lock.json "$mark"
fi

if ! command -v java >/dev/null 2>&1; then
    install "default-jre-headless" "openjdk" || true
    command -v java >/dev/null 2>&1 || {
        echo "Spark 测试需要 Java 17：apt-get install default-jre-headless" >&2
        echo "The tests on Spark need Java 17: apt-get install default-jre-headless" >&2
        exit 1
    }
fi
mark=$1/../.oracles
if ! cmp -s requirements-oracles.lock "$mark"; then
    "$1/python" -m pip install --disable-pip-version-check -q -r requirements-oracles.lock
    cp requirements-oracles.lock "$mark"
fi
