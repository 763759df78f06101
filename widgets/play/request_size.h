// SPDX-License-Identifier: GPL-3.0-or-later
// How much one request may carry. Any thread.
#pragma once

#include <QtGlobal>

namespace orrery::ui {

/// Bytes of texts, pictures and recordings together. The engine takes messages of 16 MiB; the rest is for
/// what stands around them.
inline constexpr qint64 kMaxRequestBytes = qint64{15} << 20;

} // namespace orrery::ui
