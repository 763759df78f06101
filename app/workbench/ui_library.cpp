// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/ui_library.h"

#include "core/base/text.h"
#include "core/plugin/trial_process.h"

#include <dlfcn.h>
#include <optional>
#include <string_view>
#include <unistd.h>

namespace orrery::ui {
namespace {

constexpr const char *kEntryName = "orrery_plugin_ui_v";
constexpr const char *kRebuildHint = "Build the plugin again with the headers of this program.";
constexpr const char *kRemoveHint = "Ask the plugin's author, or remove the plugin.";
constexpr const char *kTrialArgument = "--try-window-half"; ///< ID LIBRARY; not for people
/// Of a trial that came to its end. Not 0: a library may call exit(0) while it is loaded.
constexpr int kCameToItsEnd = 86;
constexpr unsigned kMostSeconds = 60; ///< nobody may wait for a trial any more

/// @return what is wrong with it; none where it lives through it
std::optional<Error> findFall(const std::string &id, const std::filesystem::path &library,
                              const UiTrialOptions &options)
{
    const auto end = runTrial({.program = options.program,
                               .arguments = {"orrery", kTrialArgument, id, library.string()},
                               .seconds = options.seconds,
                               .isCancelled = options.isCancelled});
    if (!end) return end.error();
    if (end->exitCode == kCameToItsEnd) return std::nullopt;
    Error why =
        uiRefusal(end->isInTime ? "loading its library ended " + end->how + "."
                                : "its library did not load within " + formatDuration(options.seconds) + ".");
    why.hint = kRemoveHint;
    return why;
}

} // namespace

Error uiRefusal(const std::string &reason)
{
    return Error{ErrorCode::InvalidInput, "Cannot use its window half: " + reason, kRebuildHint};
}

Result<const UiPluginEntry *> openUiLibrary(const std::string &id, const std::filesystem::path &path)
{
    void *library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *reason = ::dlerror();
        return uiRefusal("loading failed: " + std::string(reason ? reason : "unknown").substr(0, 500));
    }
    const std::string expected = std::to_string(kPluginApiVersion);
    const std::string name = kEntryName + expected;
    auto *function = reinterpret_cast<UiEntryFunction *>(::dlsym(library, name.c_str()));
    if (!function) return uiRefusal("its library has no symbol " + name + ".");
    const UiPluginEntry *entry = function();
    if (!entry || entry->size < sizeof(UiPluginEntry) || !entry->create || !entry->destroy || !entry->id)
        return uiRefusal("what its library describes is incomplete.");
    if (entry->apiVersion != kPluginApiVersion)
        return uiRefusal("it was built for version " + std::to_string(entry->apiVersion) +
                         " of the plugin interface, expected " + expected + ".");
    if (entry->id != id) return uiRefusal("its library is that of another plugin.");
    // Qt is compatible backwards within a major version.
    if (entry->qtVersion / 0x10000 != QT_VERSION / 0x10000 || entry->qtVersion > QT_VERSION)
        return uiRefusal("it was built with Qt " + std::to_string(entry->qtVersion >> 16) + "." +
                         std::to_string((entry->qtVersion >> 8) & 0xFF) +
                         ", expected at most " QT_VERSION_STR ".");
    if (entry->layout != uiLayout())
        return uiRefusal("it was built with headers of another version of this program.");
    return entry;
}

/// One after the other, at every start, those that come with the program as well. A process that only opens
/// one takes 0.03 s of a core, beside the window that is there already and connects: too little to keep
/// verdicts for it. A kept one would be wrong exactly where it counts, when what a library needs has changed
/// since, and would let it end every start.
TriedUiLibraries tryUiLibraries(const PluginCatalogue &catalogue, const UiTrialOptions &options)
{
    TriedUiLibraries tried{catalogue, {}};
    for (const PluginRecord &record : catalogue.records()) {
        if (options.isCancelled && options.isCancelled()) break;
        if (!record.info.isUsable() || record.uiLibrary.empty()) continue;
        if (auto fall = findFall(record.info.id, record.uiLibrary, options))
            tried.fallen.insert_or_assign(record.info.id, std::move(*fall));
    }
    return tried;
}

void endAsUiTrial(int argc, const char *const *argv)
{
    if (argc != 4 || argv[1] != std::string_view(kTrialArgument)) return;
    ::alarm(kMostSeconds);
    // What it refuses in an orderly way, the window finds by itself.
    (void)openUiLibrary(argv[2], argv[3]);
    ::_exit(kCameToItsEnd);
}

} // namespace orrery::ui
