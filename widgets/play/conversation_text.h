// SPDX-License-Identifier: GPL-3.0-or-later
// A conversation as plain text, to copy and to read aloud. Any thread.
#pragma once

#include "core/spec/generation.h"

#include <QString>

#include <vector>

namespace orrery::ui {

/// "User:\n[a.png]\n…\n\nAssistant:\n…\n"
QString conversationText(const std::vector<ChatMessage> &messages);

} // namespace orrery::ui
