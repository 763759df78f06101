// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_arrangement.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QHash>
#include <QLocale>
#include <QSet>

#include <algorithm>
#include <cmath>
#include <optional>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("RunArrangement", text); }

/// Heads by their place: first a number, then a text.
struct GroupPlace {
    qint64 rank = 0;
    QString text;
    bool operator<(const GroupPlace &other) const
    {
        if (rank != other.rank) return rank < other.rank;
        return compareNatural(text, other.text) < 0;
    }
};

class Groups {
public:
    ArrangedGroup &at(const QString &key, const GroupPlace &place)
    {
        const auto found = m_placeOf.constFind(key);
        if (found != m_placeOf.constEnd()) return m_groups[*found];
        m_placeOf.insert(key, m_groups.size());
        m_places.push_back(place);
        m_groups.push_back({key, {}, {}});
        return m_groups.back();
    }
    std::vector<ArrangedGroup> inOrder()
    {
        std::vector<size_t> order(m_groups.size());
        for (size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::stable_sort(order.begin(), order.end(),
                         [this](size_t a, size_t b) { return m_places[a] < m_places[b]; });
        std::vector<ArrangedGroup> sorted;
        sorted.reserve(order.size());
        for (const size_t i : order) sorted.push_back(std::move(m_groups[i]));
        return sorted;
    }

private:
    QHash<QString, size_t> m_placeOf;
    std::vector<GroupPlace> m_places;
    std::vector<ArrangedGroup> m_groups;
};

/// What needs a look comes first.
int rankOfState(RunState state)
{
    constexpr RunState order[] = {RunState::Running,    RunState::Starting, RunState::Stopping,
                                  RunState::Paused,     RunState::Failed,   RunState::Crashed,
                                  RunState::Unreadable, RunState::Stopped,  RunState::Finished,
                                  RunState::Created,    RunState::Unknown};
    return static_cast<int>(std::find(std::begin(order), std::end(order), state) - std::begin(order));
}

QString capitalized(QString text)
{
    if (!text.isEmpty()) text[0] = text[0].toUpper();
    return text;
}

QString dayTitle(const QDate &day, const QDate &today)
{
    if (day == today) return tr("Today");
    if (day == today.addDays(-1)) return tr("Yesterday");
    return QLocale(QLocale::English, QLocale::UnitedKingdom).toString(day, u"ddd d MMM yyyy"_s);
}

bool isBefore(const ArrangedRun &a, const ArrangedRun &b, RunOrder order)
{
    const RunStatus &left = *a.status, &right = *b.status;
    switch (order) {
    case RunOrder::Newest:
        break;
    case RunOrder::Name:
        if (const int names = compareNatural(runTitle(left), runTitle(right)); names != 0) return names < 0;
        break;
    case RunOrder::BestValLoss: {
        const bool hasLeft = std::isfinite(left.bestValLoss), hasRight = std::isfinite(right.bestValLoss);
        if (hasLeft != hasRight) return hasLeft; // those without one come last
        if (hasLeft && left.bestValLoss != right.bestValLoss) return left.bestValLoss < right.bestValLoss;
        break;
    }
    case RunOrder::LastReport:
        if (left.lastReportAt != right.lastReportAt) return left.lastReportAt > right.lastReportAt;
        break;
    }
    return left.createdAt != right.createdAt ? left.createdAt > right.createdAt : left.id < right.id;
}

/// The oldest ancestor that is known, with the number of runs that come from it.
class Lineage {
public:
    explicit Lineage(const std::vector<ArrangedRun> &runs)
    {
        for (const ArrangedRun &run : runs) m_runs.insert(*run.id, run.status);
        for (const ArrangedRun &run : runs) m_size[rootOf(*run.status)] += 1;
    }
    [[nodiscard]] QString rootOf(const RunStatus &run) const
    {
        QString root = fromStd(run.id);
        QSet<QString> seen{root}; // files of a user may form a ring
        for (const RunStatus *at = &run; at && !at->parent.empty();) {
            root = fromStd(at->parent);
            if (seen.contains(root)) break;
            seen.insert(root);
            at = m_runs.value(root, nullptr);
        }
        return root;
    }
    [[nodiscard]] bool isFamily(const QString &root, const RunStatus &run) const
    {
        return m_size.value(root) > 1 || !run.parent.empty();
    }
    [[nodiscard]] const RunStatus *run(const QString &id) const { return m_runs.value(id, nullptr); }

private:
    QHash<QString, const RunStatus *> m_runs;
    QHash<QString, int> m_size;
};

class Grouper {
public:
    Grouper(const std::vector<ArrangedRun> &all, const ArrangeWishes &wishes)
        : m_wishes(wishes),
          m_today(QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(wishes.now * 1000)).date())
    {
        if (wishes.grouping == RunGrouping::Parent) m_lineage.emplace(all);
    }

    void add(const ArrangedRun &run)
    {
        const RunStatus &status = *run.status;
        switch (m_wishes.grouping) {
        case RunGrouping::None:
            m_groups.at({}, {}).runs.push_back(*run.id);
            return;
        case RunGrouping::State: {
            const int rank = rankOfState(status.state);
            put(run, QString::number(rank), {rank, {}}, capitalized(runStateWord(status.state)));
            return;
        }
        case RunGrouping::Tag:
            if (status.labels.tags.empty()) put(run, u"-"_s, {1, {}}, tr("No tag"));
            for (const std::string &tag : status.labels.tags)
                put(run, u"+"_s + fromStd(tag), {0, fromStd(tag)}, fromStd(tag));
            return;
        case RunGrouping::Day: {
            const QDate day =
                QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(status.createdAt * 1000)).date();
            put(run, day.toString(Qt::ISODate), {-day.toJulianDay(), {}}, dayTitle(day, m_today));
            return;
        }
        case RunGrouping::Parent: {
            const QString root = m_lineage->rootOf(status);
            if (!m_lineage->isFamily(root, status)) return put(run, u"-"_s, {1, {}}, tr("Not branched"));
            const RunStatus *origin = m_lineage->run(root);
            const QString title = origin ? runTitle(*origin) : tr("%1 (not listed)").arg(root);
            put(run, u"+"_s + root, {0, title}, title);
            return;
        }
        case RunGrouping::Directory: {
            const QString path = fromStd(status.directory);
            const QString folder = path.left(std::max<qsizetype>(path.lastIndexOf(u'/'), 0));
            const QString title = folder.isEmpty() ? u"/"_s : folder;
            put(run, title, {0, title}, title);
            return;
        }
        }
    }
    std::vector<ArrangedGroup> take()
    {
        if (m_wishes.grouping == RunGrouping::None) m_groups.at({}, {}); // there, though it may be empty
        return m_groups.inOrder();
    }

private:
    void put(const ArrangedRun &run, const QString &key, const GroupPlace &place, const QString &title)
    {
        ArrangedGroup &group = m_groups.at(key, place);
        if (group.title.isEmpty()) group.title = title;
        group.runs.push_back(*run.id);
    }

    const ArrangeWishes &m_wishes;
    const QDate m_today;
    std::optional<Lineage> m_lineage;
    Groups m_groups;
};

} // namespace

int compareNatural(const QString &a, const QString &b)
{
    qsizetype i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (a[i].isDigit() && b[j].isDigit()) {
            while (i < a.size() && a[i] == u'0') ++i;
            while (j < b.size() && b[j] == u'0') ++j;
            const qsizetype beginA = i, beginB = j;
            while (i < a.size() && a[i].isDigit()) ++i;
            while (j < b.size() && b[j].isDigit()) ++j;
            if (i - beginA != j - beginB) return i - beginA < j - beginB ? -1 : 1;
            for (qsizetype k = 0; k < i - beginA; ++k)
                if (a[beginA + k] != b[beginB + k]) return a[beginA + k] < b[beginB + k] ? -1 : 1;
            continue;
        }
        const QChar left = a[i].toCaseFolded(), right = b[j].toCaseFolded();
        if (left != right) return left < right ? -1 : 1;
        ++i;
        ++j;
    }
    if (i < a.size()) return 1;
    return j < b.size() ? -1 : 0;
}

std::vector<ArrangedGroup> arrangeRuns(const std::vector<ArrangedRun> &runs, const ArrangeWishes &wishes)
{
    std::vector<ArrangedRun> shown;
    shown.reserve(runs.size());
    for (const ArrangedRun &run : runs)
        if (wishes.query.matches({*run.status, *run.text, *run.tags, wishes.specs})) shown.push_back(run);
    std::stable_sort(shown.begin(), shown.end(), [&wishes](const ArrangedRun &a, const ArrangedRun &b) {
        return isBefore(a, b, wishes.order);
    });
    Grouper grouper(runs, wishes);
    for (const ArrangedRun &run : shown) grouper.add(run);
    return grouper.take();
}

} // namespace orrery::ui
