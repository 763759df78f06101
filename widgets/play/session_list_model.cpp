// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_list_model.h"

#include "widgets/common/number_text.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QDateTime timeOf(qint64 us) { return QDateTime::fromMSecsSinceEpoch(us / 1'000); }

bool isBefore(const SessionEntry &a, const SessionEntry &b)
{
    if (a.isPinned != b.isPinned) return a.isPinned;
    return a.editedUs != b.editedUs ? a.editedUs > b.editedUs : a.id > b.id;
}

} // namespace

SessionGroups::SessionGroups(double nowSeconds)
{
    const QDate today = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(nowSeconds * 1e3)).date();
    for (size_t i = 0; i < kDays.size(); ++i)
        m_beginUs[i] = today.addDays(-kDays[i]).startOfDay().toMSecsSinceEpoch() * 1'000;
}

QString SessionGroups::of(const SessionEntry &entry)
{
    if (entry.isPinned) return SessionListModel::tr("Pinned");
    const qint64 time = entry.editedUs;
    if (time >= m_beginUs[0]) return SessionListModel::tr("Today");
    if (time >= m_beginUs[1]) return SessionListModel::tr("Yesterday");
    if (time >= m_beginUs[2]) return SessionListModel::tr("Previous 7 days");
    if (time >= m_beginUs[3]) return SessionListModel::tr("Previous 30 days");
    if (time >= m_monthBeginUs && time < m_monthEndUs) return m_month; // neighbours in the list are of one month
    const QDate day = timeOf(time).date(), first(day.year(), day.month(), 1);
    m_monthBeginUs = first.startOfDay().toMSecsSinceEpoch() * 1'000;
    m_monthEndUs = first.addMonths(1).startOfDay().toMSecsSinceEpoch() * 1'000;
    m_month = QLocale().standaloneMonthName(day.month()) + u' ' + QString::number(day.year());
    return m_month;
}

QString sessionDetail(const SessionEntry &entry)
{
    QStringList parts;
    if (entry.numAnswers > 0)
        parts << (entry.numAnswers == 1 ? SessionListModel::tr("1 answer")
                                        : SessionListModel::tr("%1 answers").arg(integerText(entry.numAnswers)));
    else
        parts << SessionListModel::tr("not asked yet");
    if (!entry.model.isEmpty()) parts << entry.model;
    return parts.join(u" · "_s);
}

QString sessionTime(const SessionEntry &entry)
{
    const QDateTime time = timeOf(entry.editedUs);
    const QDate today = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(wallNow() * 1e3)).date();
    return time.date() == today ? time.toString(u"HH:mm"_s) : time.date().toString(Qt::ISODate);
}

QString sessionTitleText(const SessionEntry &entry)
{
    if (!entry.title.isEmpty()) return entry.title;
    return entry.preview.isEmpty() ? SessionListModel::tr("Without words") : entry.preview;
}

int SessionListModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

const SessionEntry *SessionListModel::entry(const QModelIndex &index) const
{
    if (!index.isValid() || index.row() >= std::ssize(m_rows)) return nullptr;
    const int at = m_rows[static_cast<size_t>(index.row())].entry;
    return at < 0 ? nullptr : &m_entries[static_cast<size_t>(at)];
}

QVariant SessionListModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    const SessionEntry *entry = this->entry(index);
    if (role == IsHeadingRole) return entry == nullptr;
    if (!entry) return role == Qt::DisplayRole || role == Qt::AccessibleTextRole ? QVariant(row.heading) : QVariant();
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return sessionTitleText(*entry);
    case Qt::ToolTipRole:
        return entry->preview.isEmpty() ? sessionTitleText(*entry) : sessionTitleText(*entry) + u'\n' + entry->preview;
    case Qt::AccessibleTextRole: {
        QString text = sessionTitleText(*entry) + u", "_s + sessionDetail(*entry) + u", "_s + sessionTime(*entry);
        if (entry->isPinned) text += u", "_s + tr("pinned");
        if (entry->id == m_current) text += u", "_s + tr("open");
        return text;
    }
    case IdRole:
        return entry->id;
    case DetailRole:
        return sessionDetail(*entry);
    case TimeRole:
        return sessionTime(*entry);
    case IsPinnedRole:
        return entry->isPinned;
    case IsCurrentRole:
        return entry->id == m_current;
    default:
        return {};
    }
}

bool SessionListModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    const SessionEntry *entry = this->entry(index);
    if (!entry || role != Qt::EditRole) return false;
    const QString title = value.toString().simplified();
    if (title == sessionTitleText(*entry)) return false;
    Q_EMIT renamed(entry->id, title);
    return true;
}

Qt::ItemFlags SessionListModel::flags(const QModelIndex &index) const
{
    if (!entry(index)) return Qt::NoItemFlags;
    return Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable | Qt::ItemNeverHasChildren;
}

std::vector<SessionListModel::Row> SessionListModel::arranged() const
{
    std::vector<Row> rows;
    rows.reserve(m_entries.size() + 20);
    SessionGroups groups(wallNow());
    QString group;
    for (int i = 0; i < numSessions(); ++i) {
        const QString next = groups.of(m_entries[static_cast<size_t>(i)]);
        if (i == 0 || next != group) rows.push_back({-1, next});
        group = next;
        rows.push_back({i, {}});
    }
    return rows;
}

void SessionListModel::arrange()
{
    beginResetModel();
    m_rows = arranged();
    endResetModel();
}

void SessionListModel::setEntries(std::vector<SessionEntry> entries)
{
    m_entries = std::move(entries);
    arrange();
}

void SessionListModel::add(const std::vector<SessionEntry> &entries)
{
    for (const SessionEntry &entry : entries) {
        std::erase_if(m_entries, [&entry](const SessionEntry &one) { return one.id == entry.id; });
        m_entries.insert(std::upper_bound(m_entries.begin(), m_entries.end(), entry, isBefore), entry);
    }
    if (!entries.empty()) arrange();
}

void SessionListModel::update(const SessionEntry &entry, bool mayAdd)
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(),
                                    [&entry](const SessionEntry &one) { return one.id == entry.id; });
    if (found == m_entries.end() && !mayAdd) return;
    // While something is written again and again it is the first of its group already.
    const bool isLast = found != m_entries.end();
    const bool keepsPlace = isLast && (found == m_entries.begin() || isBefore(*(found - 1), entry)) &&
                            (found + 1 == m_entries.end() || isBefore(entry, *(found + 1))) &&
                            SessionGroups(wallNow()).of(*found) == SessionGroups(wallNow()).of(entry);
    if (keepsPlace) {
        *found = entry;
        const QModelIndex at = indexOf(entry.id);
        Q_EMIT dataChanged(at, at);
        return;
    }
    if (isLast) m_entries.erase(found);
    m_entries.insert(std::upper_bound(m_entries.begin(), m_entries.end(), entry, isBefore), entry);
    arrange();
}

void SessionListModel::remove(qint64 session)
{
    if (std::erase_if(m_entries, [session](const SessionEntry &entry) { return entry.id == session; }) > 0) arrange();
}

void SessionListModel::setCurrent(qint64 session)
{
    const qint64 before = std::exchange(m_current, session);
    for (const qint64 changed : {before, session})
        if (const QModelIndex at = indexOf(changed); at.isValid()) Q_EMIT dataChanged(at, at);
}

void SessionListModel::regroup() { arrange(); }

const SessionEntry *SessionListModel::find(qint64 session) const
{
    const auto found = std::find_if(m_entries.begin(), m_entries.end(),
                                    [session](const SessionEntry &one) { return one.id == session; });
    return found == m_entries.end() ? nullptr : &*found;
}

QModelIndex SessionListModel::indexOf(qint64 session) const
{
    for (int row = 0; row < rowCount(); ++row)
        if (const SessionEntry *one = entry(index(row)); one && one->id == session) return index(row);
    return {};
}

} // namespace orrery::ui
