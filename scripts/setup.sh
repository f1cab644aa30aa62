#!/usr/bin/env bash
# Set-up of a checkout: native libraries and fonts from Debian's packages, Python dependencies by
# hash. `setup.sh` is what the demo needs; `setup.sh test` adds the tools that tests read PDFs with
# and the environment that checks template.yaml; `setup.sh browser` a Chromium and what drives it;
# `setup.sh e2e` sam, a local AWS and an emulator of arm64; `setup.sh bench` the engines that
# benchmarks/ compares us with (`bench-quick`: without wkhtmltopdf).
# Runs again in an instant when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-demo}

PATH=$PATH:/sbin:/usr/sbin
libraries=$(ldconfig -p)
packages=()
library() { [[ $libraries == *"$1"* ]] || packages+=("$2"); }
program() { command -v "$1" >/dev/null || packages+=("$2"); }

library libpango-1.0.so.0 libpango-1.0-0
library libpangoft2-1.0.so.0 libpangoft2-1.0-0
library libharfbuzz.so.0 libharfbuzz0b
library libharfbuzz-subset.so.0 libharfbuzz-subset0
library libfontconfig.so.1 libfontconfig1
if [ "$what" = test ]; then
    program pdftotext poppler-utils
    program qpdf qpdf
fi
if [ "$what" = e2e ]; then
    program pdftotext poppler-utils
    # Without root there is no sandbox, and so nothing to emulate arm64 for.
    [ "$(id -u)" != 0 ] || program qemu-aarch64-static qemu-user-static
fi
if [[ $what = bench* ]]; then
    program pdftotext poppler-utils
    program chromium chromium
fi
if [ "$what" = bench ]; then
    program wkhtmltopdf wkhtmltopdf
fi
if [ "$what" = browser ]; then
    program chromium chromium
fi

python=${PYTHON:-}
for candidate in python3.13 python3.12 python3.11 python3; do
    [ -n "$python" ] && break
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python=$candidate
    fi
done
[ -n "$python" ] || { echo "setup: Python 3.11, 3.12 or 3.13 is needed; set PYTHON to one" >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)

if [ ${#packages[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "setup: some of Debian's packages are missing. Run this, then make again:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}" >&2
        exit 1
    fi
    echo "setup: installing ${packages[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# environment DIRECTORY LOCK: a virtual environment that holds exactly what the lock says
environment() {
    local directory=$1 lock=$2 stamp
    stamp=$(cat "$lock" requirements/uv.txt <("$python" -V) | sha256sum)
    [ "$(cat "$directory/.stamp" 2>/dev/null)" = "$stamp" ] && return
    echo "setup: $directory from $lock"
    rm -rf "$directory"
    "$python" -m venv "$directory"
    "$directory/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
    "$directory/bin/uv" pip install -q --python "$directory/bin/python" --require-hashes -r "$lock" 2>/dev/null ||
        "$directory/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
    if [ "$directory" = .venv ]; then
        "$directory/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    fi
    echo "$stamp" >"$directory/.stamp"
}

environment .venv requirements/dev.txt
if [ "$what" = test ] || [ "$what" = e2e ]; then
    environment .venv-infra requirements/infra.txt
fi
if [ "$what" = test ]; then
    environment .venv-checkov requirements/checkov.txt
fi
if [ "$what" = e2e ]; then
    environment .venv-ministack requirements/ministack.txt
fi
if [[ $what = bench* ]]; then
    environment .venv-bench requirements/bench.txt
fi
if [ "$what" = browser ]; then
    environment .venv-browser requirements/browser.txt
fi
.venv/bin/python packaging/fonts.py --into .cache/fonts
