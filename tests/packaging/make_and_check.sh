#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the relocatable archive of what is built and uses it from a strange folder. usage: make_and_check.sh ROOT BUILD_DIR
set -euo pipefail
rm -f "$2"/packages/orrery-*.tar.gz
"$1/packaging/make" --tgz --no-build --build-dir "$2"
"$1/packaging/check" "$2"/packages/orrery-*.tar.gz
