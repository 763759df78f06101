// SPDX-License-Identifier: GPL-3.0-or-later
// What assistive tools are told about the painted transcript and conversation. GUI thread only.
#pragma once

namespace orrery::ui {

/// Makes Qt ask us for the interface of every TokenView and
/// ConversationView. Safe to call often.
void installTokenViewAccessible();

} // namespace orrery::ui
