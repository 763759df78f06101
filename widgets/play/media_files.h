// SPDX-License-Identifier: GPL-3.0-or-later
// Which file the bytes of a picture or recording were read from in this window: a text that is looked at has its bytes and a
// short name, and a command needs a path, under which the same bytes stand still. Any thread.
#pragma once

#include <QFileInfo>
#include <QString>

#include <string_view>

namespace orrery::ui {

/// @param file as it was before they were read
void noteMediaFile(std::string_view bytes, const QFileInfo &file);
/// Empty: they were pasted, nobody read them here, or the file has been changed since or is gone.
QString mediaFileOf(std::string_view bytes);

} // namespace orrery::ui
