// SPDX-License-Identifier: GPL-3.0-or-later
// Arrangements of the window that somebody saved under a name, in a file that all windows of a user share. What was deleted
// can be brought back, also after a restart. Every change reads the file first, so that two windows lose nothing of each
// other, and writes it whole. GUI thread only.
#pragma once

#include "core/base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <optional>
#include <vector>

namespace orrery::ui {

/// Where docks and splitters stand.
struct Arrangement {
    QByteArray docks;        ///< QMainWindow::saveState(): docks, floating ones, and the room between them
    QStringList dockNames;   ///< that it knows a place of
    QVariantMap splitters;   ///< inside the page (window_splitters.h)
    bool operator==(const Arrangement &) const = default;
};

struct SavedLayout {
    QString id;   ///< stays when it is renamed
    QString name;
    QString base; ///< word of the built-in layout whose page it has: "train"
    Arrangement arrangement;
};

class SavedLayouts {
public:
    static constexpr int kFormat = 1;
    static constexpr qsizetype kMaxNameLetters = 40;
    static constexpr size_t kMaxLayouts = 32, kMaxDeleted = 8;
    static constexpr uint64_t kMaxBytes = 4ull << 20;

    explicit SavedLayouts(QString file) : m_file(std::move(file)) {}
    /// Newest content. A file that cannot be used is kept aside, and the list is empty.   @error what was wrong, and where it is
    Result<void> read();
    [[nodiscard]] const std::vector<SavedLayout> &list() const { return m_list; }
    [[nodiscard]] const SavedLayout *find(const QString &id) const;
    [[nodiscard]] const QString &file() const { return m_file; }
    /// The one that was deleted last; nullptr: none can come back.
    [[nodiscard]] const SavedLayout *lastDeleted() const { return m_deleted.empty() ? nullptr : &m_deleted.back(); }

    /// What is wrong with a name, with what to do; empty: nothing.
    /// @param builtIn names that are taken, too   @param ownId of the layout that is renamed: its own name is free
    [[nodiscard]] QString nameProblem(const QString &name, const QStringList &builtIn, const QString &ownId = {}) const;

    // Nothing changes where one fails.   @error Conflict (too many, or it is gone), Io
    Result<QString> add(const QString &name, const QString &base, const Arrangement &arrangement); ///< id of the new one
    Result<void> update(const QString &id, const Arrangement &arrangement);
    Result<void> rename(const QString &id, const QString &name);
    Result<void> remove(const QString &id);
    Result<QString> bringBack(); ///< id of the one that was deleted last, under its name or, where that is taken, a free one

private:
    using List = std::vector<SavedLayout>;
    Result<void> write(List list, List deleted);
    [[nodiscard]] std::optional<size_t> placeOf(const QString &id) const;
    [[nodiscard]] Error gone() const;

    QString m_file;
    List m_list, m_deleted;
};

} // namespace orrery::ui
