#!/usr/bin/env bash
# Installs the Debian 12 packages that drey needs, only those that are missing; as root or with sudo.
#   tools/install_packages.sh            everything: both compilers, sanitizers, tidy, format
#   tools/install_packages.sh --build    only what the release build needs
set -euo pipefail

build_packages=(
  build-essential cmake ninja-build ccache pkg-config libboost-graph-dev librocksdb-dev libcli11-dev
  nlohmann-json3-dev libgtest-dev libgmock-dev googletest libbenchmark-dev libfmt-dev libspdlog-dev
  libsqlite3-dev libxxhash-dev libvalijson-dev
)
check_packages=(
  clang clang-tidy clang-format libc++-14-dev libc++abi-14-dev libclang-rt-14-dev lld shellcheck locales
  chromium chromium-driver python3-selenium
)

packages=("${build_packages[@]}")
case "${1:-}" in
  --build) ;;
  "") packages+=("${check_packages[@]}") ;;
  *) echo "usage: tools/install_packages.sh [--build]" >&2; exit 2 ;;
esac

missing=()
for package in "${packages[@]}"; do
  # shellcheck disable=SC2016  # the format belongs to dpkg-query
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "missing: ${missing[*]}; run as root or install sudo" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
