// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a host runs on this computer, so that its paths mean here what they mean there. Any thread; asks the kernel.
#pragma once

#include "core/rpc/host_connection.h"

namespace orrery::ui {

/// What the host says of itself is not enough: names of machines and home folders are not unique. It is here when it is the
/// process behind its socket, or when a process of its number runs its program on a machine of its name.
bool isHostOfThisComputer(const HostDescription &host, const HostConnectOptions &options);
/// Before it has answered: whether it can be elsewhere at all.
bool isLocalTarget(const HostConnectOptions &options);

} // namespace orrery::ui
