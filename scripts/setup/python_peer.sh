#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Python with PyTorch 2.11.0, the peer of `orrery-engine bench parity`, in the user's cache and prints its path.
# About 3 GB are downloaded; nothing but the benchmark needs it.
set -euo pipefail
ORRERY_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ORRERY_ROOT/scripts/setup/common.sh"
pinned_python python-peer python-peer.txt PyTorch
