#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Python with TensorBoard 2.21.0 in the user's cache and prints its path: whose own reader the test tensorboard asks
# about our exports. 40 MB are downloaded; nothing but that test needs it.
set -euo pipefail
ORRERY_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ORRERY_ROOT/scripts/setup/common.sh"
pinned_python tensorboard-python tensorboard.txt TensorBoard
