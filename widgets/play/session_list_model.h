// SPDX-License-Identifier: GPL-3.0-or-later
// Prompt sessions as rows: headings by time, and the sessions under them. Takes values. GUI thread only.
#pragma once

#include "widgets/play/prompt_archive.h"

#include <QAbstractListModel>

#include <array>
#include <vector>

namespace orrery::ui {

class SessionListModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { IsHeadingRole = Qt::UserRole + 1, IdRole, DetailRole, TimeRole, IsPinnedRole, IsCurrentRole };

    using QAbstractListModel::QAbstractListModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    /// A title that a person typed; told by renamed(), and shown when the archive has it.
    bool setData(const QModelIndex &index, const QVariant &value, int role) override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex &index) const override;

    /// As the archive gave them.
    void setEntries(std::vector<SessionEntry> entries);
    /// Some more that a search has found, each at its place.
    void add(const std::vector<SessionEntry> &entries);
    /// A session that changed, or a new one where `isListed` says that the list has all of them.
    void update(const SessionEntry &entry, bool mayAdd);
    void remove(qint64 session);
    void setCurrent(qint64 session); ///< the one that is open
    /// The day has changed.
    void regroup();
    [[nodiscard]] int numSessions() const { return static_cast<int>(m_entries.size()); }
    [[nodiscard]] const SessionEntry *entry(const QModelIndex &index) const; ///< null: a heading
    [[nodiscard]] const SessionEntry *find(qint64 session) const;
    [[nodiscard]] QModelIndex indexOf(qint64 session) const;

Q_SIGNALS:
    void renamed(qint64 session, const QString &title);

private:
    struct Row {
        int entry = -1; ///< -1: a heading
        QString heading;
    };
    void arrange();
    [[nodiscard]] std::vector<Row> arranged() const;

    std::vector<SessionEntry> m_entries;
    std::vector<Row> m_rows;
    qint64 m_current = 0;
};

/// "Pinned", "Today", "Yesterday", "Previous 7 days", "Previous 30 days", "June 2026".
class SessionGroups {
public:
    explicit SessionGroups(double nowSeconds);
    [[nodiscard]] QString of(const SessionEntry &entry);

private:
    static constexpr std::array<int, 4> kDays = {0, 1, 7, 30};
    std::array<qint64, 4> m_beginUs{}; ///< of today, of yesterday …
    QString m_month;
    qint64 m_monthBeginUs = 0, m_monthEndUs = 0; ///< of m_month
};
QString sessionDetail(const SessionEntry &entry); ///< "3 answers · code, step 8,000"
QString sessionTime(const SessionEntry &entry);   ///< "14:02", or the day
QString sessionTitleText(const SessionEntry &entry); ///< never empty

} // namespace orrery::ui
