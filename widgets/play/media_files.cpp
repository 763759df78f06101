// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/media_files.h"

#include <QDateTime>

#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace orrery::ui {
namespace {

constexpr size_t kMaxKnown = 10'000;

using Key = std::pair<size_t, size_t>; ///< length and hash of all bytes: two cuts of a recording differ in few of them

Key keyOf(std::string_view bytes) { return {bytes.size(), std::hash<std::string_view>()(bytes)}; }

struct KnownFile {
    QString path;
    qint64 size = -1, changedAt = -1; ///< bytes; ms of the clock; −1: it is not there
    bool operator==(const KnownFile &) const = default;
};

KnownFile knownFile(const QFileInfo &file)
{
    KnownFile known{.path = file.absoluteFilePath()};
    if (!file.isFile()) return known;
    known.size = file.size();
    known.changedAt = file.lastModified().toMSecsSinceEpoch();
    return known;
}

struct KnownFiles {
    std::mutex mutex;
    std::map<Key, KnownFile> files;
};

KnownFiles &knownFiles()
{
    static KnownFiles known;
    return known;
}

} // namespace

void noteMediaFile(std::string_view bytes, const QFileInfo &file)
{
    if (bytes.empty() || file.filePath().isEmpty()) return;
    const Key key = keyOf(bytes);
    KnownFile noted = knownFile(file);
    KnownFiles &known = knownFiles();
    const std::lock_guard lock(known.mutex);
    if (known.files.size() >= kMaxKnown) known.files.clear(); // nobody has that many before him
    known.files.insert_or_assign(key, std::move(noted));
}

QString mediaFileOf(std::string_view bytes)
{
    KnownFiles &known = knownFiles();
    {
        const std::lock_guard lock(known.mutex);
        const auto next = known.files.lower_bound({bytes.size(), 0});
        if (next == known.files.end() || next->first.first != bytes.size()) return {}; // read for nothing on the GUI thread
    }
    const Key key = keyOf(bytes);
    KnownFile noted;
    {
        const std::lock_guard lock(known.mutex);
        const auto found = known.files.find(key);
        if (found == known.files.end()) return {};
        noted = found->second;
    }
    return knownFile(QFileInfo(noted.path)) == noted ? noted.path : QString();
}

} // namespace orrery::ui
