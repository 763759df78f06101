#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that building, running and testing Orrery needs; says which are missing and asks for
# root only then. `--test` adds what only the tests use, `--package` what makes packages. With nothing to do it costs one
# dpkg-query.
set -euo pipefail
ORRERY_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ORRERY_ROOT/scripts/setup/common.sh"

build=(g++ cmake ninja-build ccache pkg-config git ca-certificates python3 python3-pip python3-venv
       libsqlite3-dev libzstd-dev libssl-dev nlohmann-json3-dev libcli11-dev libspdlog-dev
       libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
       libspng-dev libturbojpeg0-dev libsndfile1-dev libpcre2-dev libutf8proc-dev
       qt6-base-dev qt6-base-dev-tools libqt6svg6 qt6-svg-dev libqcustomplot-dev libgl-dev
       fonts-noto-core fonts-noto-mono)
run=(libgl1-mesa-dri qt6-qpa-plugins)
tests=(xvfb xauth xdotool imagemagick sqlite3 dbus-daemon)
package=(patchelf binutils file dpkg-dev appstream desktop-file-utils qt6-wayland)

wanted=("${build[@]}" "${run[@]}")
[ "${1:-}" = --test ] && wanted+=("${tests[@]}")
[ "${1:-}" = --package ] && wanted+=("${package[@]}")

command -v apt-get >/dev/null 2>&1 || {
  say "This is not a Debian system; please install the equivalents of: ${wanted[*]}"; exit 0; }

installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null | awk '$2=="installed"{print $1}' || true)
missing=()
for p in "${wanted[@]}"; do grep -qxF "$p" <<<"$installed" || missing+=("$p"); done
[ ${#missing[@]} -eq 0 ] && exit 0

say "Orrery needs ${#missing[@]} Debian packages that are not installed: ${missing[*]}"
prefix=$(root_prefix) || die "root is needed to install them, and there is no sudo. Run as root: apt-get install ${missing[*]}"
[ -n "$prefix" ] && say "Installing them asks for your password ($prefix)."
export DEBIAN_FRONTEND=noninteractive
$prefix apt-get update -q >&2 || say "The lists of packages could not be refreshed; trying with those that are there."
$prefix apt-get install -y -q --no-install-recommends "${missing[@]}" >&2 ||
  die "apt-get could not install ${missing[*]}; its reason stands above."
