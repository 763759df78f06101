#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Python with PyTorch 2.11.0, the peer of `orrery-engine bench parity`, in the user's cache and prints its path.
# About 3 GB are downloaded; nothing but the benchmark needs it. The versions are pinned by SHA-256.
set -euo pipefail
ORRERY_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ORRERY_ROOT/scripts/setup/common.sh"
peer="$(orrery_cache)/python-peer"
if [ ! -x "$peer/bin/python" ]; then
  mkdir -p "$(orrery_cache)"
  exec 9>"$(orrery_cache)/python-peer.lock"; flock 9
  if [ ! -x "$peer/bin/python" ]; then
    rm -rf "$peer.partial"
    python3 -m venv "$peer.partial" >&2 || die "Cannot make a Python environment; install python3-venv and try again."
    "$peer.partial/bin/python" -m pip install -q --no-cache-dir --require-hashes --only-binary=:all: \
      -r "$ORRERY_ROOT/scripts/setup/pins/python-peer.txt" >&2
    mv "$peer.partial" "$peer"
  fi
fi
printf '%s\n' "$peer/bin/python"
