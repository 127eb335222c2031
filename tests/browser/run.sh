#!/usr/bin/env bash
# The report in Debian's Chromium (tests/browser/report_test.py). Skipped (77) only where the packages are not there and
# cannot be installed.
#   tests/browser/run.sh build/release [--self-test]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$1
folder=$build/report-screenshots

ready() { command -v chromium >/dev/null && [ -x /usr/bin/chromedriver ] && /usr/bin/python3 -c 'import selenium' 2>/dev/null; }
if ! ready && ! { tools/install_packages.sh && ready; }; then
  echo "skipped: chromium, chromium-driver and python3-selenium are not installed and tools/install_packages.sh cannot install them"
  exit 77
fi
arguments=("$PWD/$build/drey" "$PWD/$folder")
[ "${2:-}" != --self-test ] || arguments=(--self-test "$PWD/$build/drey" "$PWD/$folder-planted")
exec /usr/bin/python3 tests/browser/report_test.py "${arguments[@]}"
