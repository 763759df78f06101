// SPDX-License-Identifier: GPL-3.0-or-later
// The settings file of a window, opened so that nothing in it can stop the window: one that is too large, damaged or written
// by a newer program is kept aside and told of. Each window that is open at the same time has a file of its own. GUI thread.
#pragma once

#include "core/base/lock_file.h"
#include "core/base/result.h"

#include <QSettings>

#include <filesystem>
#include <memory>
#include <vector>

namespace orrery::ui {

inline constexpr int kSettingsFormat = 1;                   ///< "format" in the file
inline constexpr uint64_t kMaxSettingsBytes = 8ull << 20; ///< it has some ten kilobytes

struct WindowSettings {
    LockFile lock; ///< goes last: the file is written before another window may have it
    std::unique_ptr<QSettings> settings;
    int number = 1;             ///< of the window: "workbench.ini", "workbench-2.ini" …
    std::vector<Error> told;    ///< for the message area
};

/// Never fails: where the folder cannot be used, the window begins with what is usual, and says so.
WindowSettings openWindowSettings(const std::filesystem::path &folder);

} // namespace orrery::ui
