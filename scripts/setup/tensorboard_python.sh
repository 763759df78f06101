#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Python with TensorBoard 2.21.0 in the user's cache and prints its path: whose own reader the test tensorboard asks
# about our exports. 40 MB are downloaded; nothing but that test needs it. The versions are pinned by SHA-256.
set -euo pipefail
ORRERY_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ORRERY_ROOT/scripts/setup/common.sh"
place="$(orrery_cache)/tensorboard-python"
if [ ! -x "$place/bin/python" ]; then
  mkdir -p "$(orrery_cache)"
  exec 9>"$(orrery_cache)/tensorboard-python.lock"; flock 9
  if [ ! -x "$place/bin/python" ]; then
    rm -rf "$place.partial"
    python3 -m venv "$place.partial" >&2 || die "Cannot make a Python environment; install python3-venv and try again."
    "$place.partial/bin/python" -m pip install -q --no-cache-dir --require-hashes --only-binary=:all: \
      -r "$ORRERY_ROOT/scripts/setup/pins/tensorboard.txt" >&2 ||
      die "pip could not install TensorBoard; its reason stands above. The pinned versions are for Python 3.11 on x86-64."
    mv "$place.partial" "$place"
  fi
fi
printf '%s\n' "$place/bin/python"
