// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/media_files.h"

#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace orrery::ui {
namespace {

constexpr size_t kMaxKnown = 10'000;

using Key = std::pair<size_t, size_t>; ///< length and hash

/// Of a large file by pieces all over it, as it is asked for on the GUI thread: other bytes differ in many of them.
Key keyOf(std::string_view bytes)
{
    constexpr size_t kPiece = 4096, kPieces = 64;
    const std::hash<std::string_view> hashOf;
    if (bytes.size() <= kPiece * kPieces) return {bytes.size(), hashOf(bytes)};
    size_t hash = 0;
    for (size_t i = 0; i < kPieces; ++i) {
        const size_t begin = (bytes.size() - kPiece) / (kPieces - 1) * i;
        hash = hash * 1'099'511'628'211u + hashOf(bytes.substr(i + 1 == kPieces ? bytes.size() - kPiece : begin, kPiece));
    }
    return {bytes.size(), hash};
}

struct KnownFiles {
    std::mutex mutex;
    std::map<Key, QString> paths;
};

KnownFiles &knownFiles()
{
    static KnownFiles known;
    return known;
}

} // namespace

void noteMediaFile(std::string_view bytes, const QString &path)
{
    if (bytes.empty() || path.isEmpty()) return;
    const Key key = keyOf(bytes);
    KnownFiles &known = knownFiles();
    const std::lock_guard lock(known.mutex);
    if (known.paths.size() >= kMaxKnown) known.paths.clear(); // nobody has that many before him
    known.paths[key] = path;
}

QString mediaFileOf(std::string_view bytes)
{
    const Key key = keyOf(bytes);
    KnownFiles &known = knownFiles();
    const std::lock_guard lock(known.mutex);
    const auto found = known.paths.find(key);
    return found == known.paths.end() ? QString() : found->second;
}

} // namespace orrery::ui
