// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/version_tree.h"

#include "widgets/common/number_text.h"
#include "widgets/play/branching.h"
#include "widgets/play/token_view.h"

#include <QStringList>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr size_t kMaxShownTokens = 80; // of a row's text; what is longer is cut anyhow
constexpr int kMaxLevels = 31;         // bits of VersionRow::openLevels

struct Place {
    int parent = -1; ///< index in the list
    int partsAt = 0;
};

/// Its nearest forebear that is in the list.
Place placeOf(const std::vector<VersionPtr> &versions, const VersionPtr &version)
{
    Place place{-1, version->partsAt};
    for (VersionPtr parent = version->parent.lock(); parent; parent = parent->parent.lock()) {
        const auto found = std::find(versions.begin(), versions.end(), parent);
        if (found != versions.end()) {
            place.parent = static_cast<int>(found - versions.begin());
            return place;
        }
        place.partsAt = std::min(place.partsAt, parent->partsAt);
    }
    return place;
}

/// What is its own, on one line.
QString ownText(const GenerationVersion &version)
{
    if (version.tokens.empty()) return fromStd(version.keptText).simplified();
    std::string bytes;
    const auto from = static_cast<size_t>(std::max(0, version.partsAt));
    for (size_t i = from; i < std::min(version.tokens.size(), from + kMaxShownTokens); ++i)
        bytes += version.tokens[i].bytes;
    QString text = fromStd(bytes);
    text.replace(u'\n', u'↵').replace(u'\t', u' ');
    return text.trimmed(); // words begin with their space
}

/// "12 + 19 tokens · 1.64 nats/token": those that it began with, and its own.
QString shortDetail(const GenerationVersion &version, bool isBranch)
{
    const auto numTokens = static_cast<qint64>(version.tokens.size());
    if (numTokens == 0) return {};
    const qint64 numKept = isBranch ? std::min<qint64>(version.partsAt, numTokens) : 0;
    QString text = numTokens == 1 ? VersionTreeModel::tr("1 token")
                                  : VersionTreeModel::tr("%1 tokens").arg(integerText(numTokens));
    if (isBranch)
        text = VersionTreeModel::tr("%1 + %2 tokens")
                   .arg(integerText(numKept), integerText(numTokens - numKept));
    if (const double surprise = surpriseOf(version); !std::isnan(surprise))
        text += u" · "_s + VersionTreeModel::tr("%1 nats/token").arg(significantText(surprise, 3));
    return text;
}

} // namespace

std::vector<VersionRow> versionTree(const std::vector<VersionPtr> &versions)
{
    std::vector<Place> places;
    for (const VersionPtr &version : versions) places.push_back(placeOf(versions, version));
    std::vector<std::vector<int>> children(versions.size() + 1); // the last: of nobody
    for (size_t i = 0; i < places.size(); ++i)
        children[places[i].parent < 0 ? versions.size() : static_cast<size_t>(places[i].parent)].push_back(
            static_cast<int>(i));
    for (auto &list : children)
        std::stable_sort(list.begin(), list.end(), [&places](int a, int b) {
            return places[static_cast<size_t>(a)].partsAt < places[static_cast<size_t>(b)].partsAt;
        });
    std::vector<VersionRow> rows;
    std::vector<VersionRow> open; // still to be put down, the next one last
    const auto add = [&](size_t of, int depth, uint32_t levels) {
        const auto &list = children[of];
        for (size_t i = list.size(); i-- > 0;) open.push_back({list[i], depth, i + 1 == list.size(), levels});
    };
    add(versions.size(), 0, 0);
    while (!open.empty()) {
        const VersionRow row = open.back();
        open.pop_back();
        rows.push_back(row);
        const bool goesOn = row.depth > 0 && !row.isLast;
        const uint32_t bit = goesOn ? uint32_t{1} << std::min(row.depth, kMaxLevels) : 0;
        add(static_cast<size_t>(row.index), row.depth + 1, row.openLevels | bit);
    }
    return rows;
}

int VersionTreeModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

const VersionPtr &VersionTreeModel::version(int row) const
{
    return m_versions[static_cast<size_t>(this->row(row).index)];
}

int VersionTreeModel::rowOf(int index) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(),
                                    [index](const VersionRow &row) { return row.index == index; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

QVariant VersionTreeModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
    const VersionRow &row = this->row(index.row());
    const GenerationVersion &version = *this->version(index.row());
    const auto detail = [&] {
        QStringList parts;
        if (row.depth > 0) parts << tr("from token %1").arg(integerText(version.partsAt));
        const auto numTokens = static_cast<qint64>(version.tokens.size());
        if (version.tokens.empty() && !version.keptText.empty())
            parts << tr("tokens not kept");
        else
            parts << (numTokens == 1 ? tr("1 token") : tr("%1 tokens").arg(integerText(numTokens)));
        if (const double surprise = surpriseOf(version); !std::isnan(surprise))
            parts << tr("%1 nats/token").arg(significantText(surprise, 3));
        if (version.error) parts << tr("failed");
        if (const QString model = modelText(version); !model.isEmpty()) parts << model;
        return parts.join(u"  ·  "_s);
    };
    switch (role) {
    case Qt::DisplayRole: {
        const QString text = ownText(version);
        if (!text.isEmpty()) return text;
        return version.isRunning ? tr("…") : tr("Empty");
    }
    case DetailRole:
        return detail();
    case ShortDetailRole:
        return shortDetail(version, row.depth > 0);
    case Qt::ToolTipRole:
        return QString(tr("Version %1").arg(row.index + 1) + u'\n' + detail());
    case Qt::AccessibleTextRole:
        return tr("Version %1, level %2: %3. %4")
            .arg(row.index + 1)
            .arg(row.depth + 1)
            .arg(ownText(version), detail());
    case IsRunningRole:
        return version.isRunning;
    case RowRole:
        return index.row();
    default:
        return {};
    }
}

void VersionTreeModel::setVersions(const std::vector<VersionPtr> &versions)
{
    std::vector<VersionRow> rows = versionTree(versions);
    const auto isSame = [](const VersionRow &a, const VersionRow &b) {
        return a.index == b.index && a.depth == b.depth && a.isLast == b.isLast &&
               a.openLevels == b.openLevels;
    };
    if (versions == m_versions &&
        std::equal(rows.begin(), rows.end(), m_rows.begin(), m_rows.end(), isSame)) {
        if (!m_rows.empty()) Q_EMIT dataChanged(index(0), index(rowCount() - 1));
        return;
    }
    beginResetModel();
    m_versions = versions;
    m_rows = std::move(rows);
    endResetModel();
}

void VersionTreeModel::announce(const VersionPtr &version)
{
    const auto found = std::find(m_versions.begin(), m_versions.end(), version);
    if (found == m_versions.end()) return;
    const QModelIndex at = index(rowOf(static_cast<int>(found - m_versions.begin())));
    Q_EMIT dataChanged(at, at);
}

QString VersionTreeModel::toText() const
{
    QString text = tr("version\tparts from\tat token\ttokens\tnats per token\tmodel\ttext") + u'\n';
    for (int row = 0; row < rowCount(); ++row) {
        const VersionPtr &version = this->version(row);
        const VersionPtr parent = version->parent.lock();
        const auto found = std::find(m_versions.begin(), m_versions.end(), parent);
        QString said = fromStd(version->text());
        said.replace(u'\\', u"\\\\"_s).replace(u'\n', u"\\n"_s).replace(u'\t', u"\\t"_s);
        const double surprise = surpriseOf(*version);
        text += QStringList{QString::number(this->row(row).index + 1),
                            found == m_versions.end() ? QString()
                                                      : QString::number(found - m_versions.begin() + 1),
                            found == m_versions.end() ? QString() : QString::number(version->partsAt),
                            QString::number(version->tokens.size()),
                            std::isnan(surprise) ? QString() : QString::number(surprise, 'g', 6),
                            modelText(*version),
                            said}
                    .join(u'\t') +
                u'\n';
    }
    return text;
}

} // namespace orrery::ui
