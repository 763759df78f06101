// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_model.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr qsizetype kCellLength = 160, kToolTipLength = 600;

/// NaN is the least, so that sorting keeps a strict order.
double orderable(double usage) { return std::isnan(usage) ? -1 : usage; }
/// What was never read stands behind what was, and what nobody knows behind both.
int64_t orderable(int64_t readAge)
{
    if (readAge >= 0) return readAge;
    return std::numeric_limits<int64_t>::max() - (readAge == SlotRead::kNever ? 1 : 0);
}

} // namespace

int MemoryModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int MemoryModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

QVariant MemoryModel::textOf(const MemoryEvent &event, int column) const
{
    switch (column) {
    case EventColumn:
        return integerText(event.id);
    case SourceColumn:
        return sourceTitle(event.source);
    case TokensColumn:
        return placeText(event);
    case TextColumn:
        return visibleText(event, kCellLength);
    case UsageColumn:
        return usageText(event.meanUsage);
    case AgeColumn:
        return integerText(event.age);
    case LastReadColumn:
        return readAgeText(lastReadOf(event));
    case SlotsColumn:
        return integerText(event.numSlots);
    case PinnedColumn:
        return event.isPinned ? tr("pinned") : QString();
    case StepColumn:
        return event.step > 0 ? integerText(event.step) : ui::unknownText();
    default:
        return {};
    }
}

QVariant MemoryModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const MemoryEvent &event = this->event(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return textOf(event, index.column());
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, role);
    case Qt::ForegroundRole:
        if (index.column() == PinnedColumn) return ui::toneColor(ui::Tone::Accent);
        return ui::toneColor(index.column() == TextColumn || index.column() == UsageColumn
                                 ? ui::Tone::Text
                                 : ui::Tone::Secondary);
    case Qt::ToolTipRole:
        if (index.column() == TextColumn)
            return u"<p>%1</p>"_s.arg(visibleText(event, kToolTipLength).toHtmlEscaped());
        if (index.column() == LastReadColumn)
            return u"<p>%1</p>"_s.arg(readSentence(lastReadOf(event)).toHtmlEscaped());
        return u"<p>%1</p>"_s.arg(provenanceText(event).toHtmlEscaped());
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(),
                                index.column() == PinnedColumn && !event.isPinned
                                    ? tr("no")
                                    : textOf(event, index.column()).toString());
    case UsageRole:
        return event.meanUsage;
    default:
        return {};
    }
}

QVariant MemoryModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole) {
        const bool isNumber = section != SourceColumn && section != TextColumn && section != PinnedColumn;
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (isNumber ? Qt::AlignRight : Qt::AlignLeft)));
    }
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case TokensColumn:
            return tr("Where it stands in its text, counted in tokens from 0");
        case UsageColumn:
            return tr("How much its slots were written and read of late; 0: forgotten");
        case AgeColumn:
            return tr("Tokens that were read since it began");
        case LastReadColumn:
            return tr("Tokens that were read since a text last read one of its tokens. Looks and previews do "
                      "not count: they read a copy");
        case SlotsColumn:
            return tr("How many of its tokens are still stored");
        case StepColumn:
            return tr("Step of the training of the weights that read it");
        default:
            return {};
        }
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case EventColumn:
        return tr("Event");
    case SourceColumn:
        return tr("Source");
    case TokensColumn:
        return tr("Tokens");
    case TextColumn:
        return tr("Text");
    case UsageColumn:
        return tr("Usage");
    case AgeColumn:
        return tr("Age");
    case LastReadColumn:
        return tr("Last read");
    case SlotsColumn:
        return tr("Slots");
    case PinnedColumn:
        return tr("Pinned");
    case StepColumn:
        return tr("Step");
    default:
        return {};
    }
}

int MemoryModel::rowOfIndex(int index) const
{
    return index < 0 || index >= static_cast<int>(m_rowOf.size()) ? -1 : m_rowOf[static_cast<size_t>(index)];
}

int MemoryModel::indexOfId(int64_t id) const
{
    const auto found = std::lower_bound(m_byId.begin(), m_byId.end(), std::pair(id, 0));
    return found == m_byId.end() || found->first != id ? -1 : found->second;
}

void MemoryModel::placeTexts()
{
    m_texts.clear();
    m_places.resize(m_events.size());
    m_readAges.resize(m_events.size());
    m_byId.clear();
    m_byId.reserve(m_events.size());
    m_maxUsage = m_maxSurprise = 0;
    std::map<std::string_view, size_t> known; // names are of m_events, which stays as it is meanwhile
    std::vector<size_t> textOf(m_events.size());
    for (size_t i = 0; i < m_events.size(); ++i) {
        const MemoryEvent &event = m_events[i];
        m_readAges[i] = lastReadOf(event).age;
        const std::string_view name = sourceParts(event.source).whole;
        const auto [at, isNew] = known.try_emplace(name, m_texts.size());
        if (isNew) m_texts.push_back({std::string(name), 0, 0});
        textOf[i] = at->second;
        Text &text = m_texts[at->second];
        text.length = std::max(text.length, event.lastToken + 1);
        m_byId.emplace_back(event.id, static_cast<int>(i));
        if (std::isfinite(event.meanUsage)) m_maxUsage = std::max(m_maxUsage, event.meanUsage);
        for (const float surprise : event.surprises)
            if (std::isfinite(surprise))
                m_maxSurprise = std::max(m_maxSurprise, static_cast<double>(surprise));
    }
    if (!std::is_sorted(m_byId.begin(), m_byId.end())) std::sort(m_byId.begin(), m_byId.end());
    m_length = 0;
    for (Text &text : m_texts) {
        text.offset = m_length;
        m_length += text.length;
    }
    for (size_t i = 0; i < m_events.size(); ++i)
        m_places[i] = m_texts[textOf[i]].offset + m_events[i].firstToken;
    m_byPlace.resize(m_events.size());
    std::iota(m_byPlace.begin(), m_byPlace.end(), 0);
    const auto isBefore = [this](int a, int b) { return placeOf(a) < placeOf(b); };
    if (!std::is_sorted(m_byPlace.begin(), m_byPlace.end(), isBefore))
        std::stable_sort(m_byPlace.begin(), m_byPlace.end(), isBefore);
}

void MemoryModel::orderRows(std::vector<int> &rows) const
{
    // Rows come in the order of places, and those that are equal stay in it, upwards and downwards.
    const auto sortBy = [&](auto isLess) {
        std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) {
            const MemoryEvent &first = m_events[static_cast<size_t>(a)],
                              &second = m_events[static_cast<size_t>(b)];
            return m_order == Qt::AscendingOrder ? isLess(first, second) : isLess(second, first);
        });
    };
    const auto isReadLater = [this](int a, int b) {
        return orderable(m_readAges[static_cast<size_t>(a)]) < orderable(m_readAges[static_cast<size_t>(b)]);
    };
    switch (m_sortColumn) {
    case LastReadColumn:
        return std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) {
            return m_order == Qt::AscendingOrder ? isReadLater(a, b) : isReadLater(b, a);
        });
    case EventColumn:
        return sortBy([](const auto &a, const auto &b) { return a.id < b.id; });
    case SourceColumn:
        return sortBy([](const auto &a, const auto &b) { return a.source < b.source; });
    case TextColumn:
        return sortBy([](const auto &a, const auto &b) { return a.text < b.text; });
    case UsageColumn:
        return sortBy(
            [](const auto &a, const auto &b) { return orderable(a.meanUsage) < orderable(b.meanUsage); });
    case AgeColumn:
        return sortBy([](const auto &a, const auto &b) { return a.age < b.age; });
    case SlotsColumn:
        return sortBy([](const auto &a, const auto &b) { return a.numSlots < b.numSlots; });
    case PinnedColumn:
        return sortBy([](const auto &a, const auto &b) { return a.isPinned < b.isPinned; });
    case StepColumn:
        return sortBy([](const auto &a, const auto &b) { return a.step < b.step; });
    default:
        if (m_order == Qt::DescendingOrder) std::reverse(rows.begin(), rows.end());
    }
}

bool MemoryModel::isFound(const MemoryEvent &event) const
{
    if (m_filter.matches(event.text) || m_filter.matches(event.source)) return true;
    return std::any_of(event.media.begin(), event.media.end(), [this](const MediaRun &run) {
        return m_filter.matches(ui::toStd(mediaText(run.modality, run.count)));
    });
}

void MemoryModel::filterRows()
{
    m_rows.clear();
    for (const int index : m_byPlace) {
        if (isFound(m_events[static_cast<size_t>(index)])) m_rows.push_back(index);
    }
    orderRows(m_rows);
    m_rowOf.assign(m_events.size(), -1);
    for (size_t row = 0; row < m_rows.size(); ++row)
        m_rowOf[static_cast<size_t>(m_rows[row])] = static_cast<int>(row);
}

void MemoryModel::setEvents(std::vector<MemoryEvent> events)
{
    beginResetModel();
    m_events = std::move(events);
    placeTexts();
    filterRows();
    endResetModel();
    Q_EMIT shownChanged();
}

void MemoryModel::setFilter(const QString &text)
{
    if (text == m_filterText) return;
    beginResetModel();
    m_filterText = text;
    m_filter = TextFilter(text);
    filterRows();
    endResetModel();
    Q_EMIT shownChanged();
}

void MemoryModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || (column == m_sortColumn && order == m_order)) return;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    std::vector<int> events;
    events.reserve(static_cast<size_t>(before.size()));
    for (const QModelIndex &index : before) events.push_back(indexOfRow(index.row()));
    m_sortColumn = column;
    m_order = order;
    filterRows();
    QModelIndexList after;
    after.reserve(before.size());
    for (qsizetype i = 0; i < before.size(); ++i)
        after << index(rowOfIndex(events[static_cast<size_t>(i)]), before[i].column());
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
    Q_EMIT shownChanged();
}

} // namespace orrery::memory_ui
