// SPDX-License-Identifier: GPL-3.0-or-later
// Libraries of window halves, opened, and before that tried in a process of their own: no C++ exception
// crosses dlopen, so that a constructor which throws, or an entry that crashes, ends whoever opens the
// library, at every start of the window.
#pragma once

#include "core/plugin/plugin_catalogue.h"
#include "widgets/plugins/ui_plugin.h"

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace orrery::ui {

/// "Cannot use its window half: <reason>", with the next step.
Error uiRefusal(const std::string &reason);
/// Loads a library, for good, and checks what it says of itself. After tryUiLibraries(). @error InvalidInput
Result<const UiPluginEntry *> openUiLibrary(const std::string &id, const std::filesystem::path &path);

struct TriedUiLibraries {
    PluginCatalogue catalogue;           ///< as it was given
    std::map<std::string, Error> fallen; ///< by id: their library ends a process that opens it, or hangs
};
struct UiTrialOptions {
    std::filesystem::path program = "/proc/self/exe"; ///< whose main() calls endAsUiTrial()
    double seconds = 10;                              ///< for each
    std::function<bool()> isCancelled; ///< then the rest is not tried, and not to be loaded either
};
/// Opens the window half of each usable plugin in a process of its own. Any thread but that of the window; it
/// waits.
TriedUiLibraries tryUiLibraries(const PluginCatalogue &catalogue, const UiTrialOptions &options = {});

/// First in main(): a process that was started for a trial opens its library and ends here. Others come back
/// at once.
void endAsUiTrial(int argc, const char *const *argv);

} // namespace orrery::ui
