// SPDX-License-Identifier: GPL-3.0-or-later
// Which file the bytes of a picture or recording were read from in this window: a text that is looked at has its bytes and a
// short name, and a command needs a path. Any thread.
#pragma once

#include <QString>

#include <string_view>

namespace orrery::ui {

void noteMediaFile(std::string_view bytes, const QString &path);
/// Empty: they were pasted, or nobody read them here.
QString mediaFileOf(std::string_view bytes);

} // namespace orrery::ui
