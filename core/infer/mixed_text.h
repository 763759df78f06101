// SPDX-License-Identifier: Apache-2.0
// What stands in core/inspect, for what reads texts here.
#pragma once

#include "core/inspect/mixed_text.h"
