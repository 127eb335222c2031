#!/usr/bin/env bash
# Whether the built page of the report (reports/page/dist/report.html) is the one that its sources make, without Node:
# the build writes two hashes into it, of all sources and of the page itself.
#   tools/page_sources.sh              compares
#   tools/page_sources.sh --self-test  a changed source and a changed page must be noticed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../reports/page"

check() { # folder of the page
  local sources content page=$1/dist/report.html
  sources=$(cd "$1" && find THIRD_PARTY.txt build index.html package-lock.json package.json src tsconfig.json vite.config.ts -type f |
    LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
  content=$(grep -vE '^<!-- page-(sources|content) [0-9a-f]{64} -->$' "$page" | sha256sum | cut -d' ' -f1)
  local bad=0
  grep -qxF "<!-- page-sources $sources -->" "$page" ||
    { echo "$page is not made of these sources: npm ci && npm run build in reports/page"; bad=1; }
  grep -qxF "<!-- page-content $content -->" "$page" || { echo "$page was changed by hand"; bad=1; }
  [ "$(grep -c '"drey-data-goes-here"' "$page")" = 1 ] || { echo "$page has no place for its data"; bad=1; }
  return $bad
}

if [ "${1:-}" = --self-test ]; then
  copy=$(mktemp -d)
  trap 'rm -rf "$copy"' EXIT
  plant() { # what, file, sed expression
    rm -rf "${copy:?}/page" && mkdir "$copy/page"
    cp -r THIRD_PARTY.txt build index.html package-lock.json package.json src tsconfig.json vite.config.ts dist "$copy/page"
    check "$copy/page" >/dev/null || { echo "the copy itself is refused"; exit 1; }
    sed -i "$3" "$copy/page/$2"
    if check "$copy/page" >"$copy/said"; then echo "$1: NOT FOUND"; exit 1; fi
    echo "$1: found: $(head -n 1 "$copy/said" | sed "s|$copy/page/||")"
  }
  plant "a changed source" src/format.ts '1s/$/ changed/'
  plant "a changed page" dist/report.html '1s/$/ /'
  plant "a page without a place" dist/report.html 's/drey-data-goes-here/elsewhere/'
  exit 0
fi
check .
echo "the page is the one of its sources"
