#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packages, LibTorch, configure, build: all of the set-up behind ./run and ./test. With nothing to do it takes well under
# a second: .configured-for in the build folder says for which LibTorch and CMake files it was configured, and ninja is
# asked whether anything is older than its sources.
# usage: build.sh [--test]
set -euo pipefail
ORRERY_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ORRERY_ROOT/scripts/setup/common.sh"
cd "$ORRERY_ROOT"
mkdir -p build
build="$ORRERY_ROOT/build/release"

bash scripts/setup/packages.sh "$@"
torch_flags=()
if [ -e /proc/driver/nvidia/version ]; then torch_flags=(--cuda); fi
torch=$(python3 scripts/setup/libtorch.py "${torch_flags[@]}")

configured="$build/.configured-for"
want="$torch $(cat CMakePresets.json CMakeLists.txt cmake/*.cmake | sha256sum | cut -c1-16)"
if [ ! -f "$build/build.ninja" ] || [ "$(cat "$configured" 2>/dev/null)" != "$want" ]; then
  say "Configuring ..."
  cmake --preset release -DORRERY_TORCH_ROOT="$torch" >"$ORRERY_ROOT/build/configure.log" 2>&1 ||
    { tail -n 30 "$ORRERY_ROOT/build/configure.log" >&2; die "Cannot configure the build; the whole log is in build/configure.log."; }
  printf '%s' "$want" >"$configured"
fi
target=programs
[ "${1:-}" = --test ] && target=all
# ninja prints "no work to do" when everything is up to date: nothing a user wants to read.
if ! ninja -C "$build" -n "$target" 2>/dev/null | grep -q 'no work to do'; then
  say "Building (the first time takes a while; later only what changed) ..."
  NINJA_STATUS="[%f/%t %es] " ninja -C "$build" "$target" >&2 || die "The build failed; the messages are above."
fi
