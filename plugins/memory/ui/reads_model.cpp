// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/reads_model.h"

#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_text.h"
#include "plugins/memory/ui/token_names.h"
#include "widgets/attention/token_groups.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"

#include <algorithm>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr int64_t kContextTokens = 6; ///< before the one that was read, so that one sees which "the" it is
constexpr qsizetype kTokenLength = 40, kContextLength = 24;

} // namespace

QString ReadsModel::tokenName(const InspectedToken &token)
{
    return token.modality == Modality::Text ? visibleText(token.bytes, kTokenLength) : ui::tokenLabel(token);
}

int ReadsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int ReadsModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

std::vector<ReadsModel::Stored> ReadsModel::tokensUpTo(const MemoryRead::Slot &slot) const
{
    const int index = slot.event < 0 ? -1 : m_events.indexOfId(slot.event);
    if (index < 0) return {};
    const MemoryEvent &event = m_events.events()[static_cast<size_t>(index)];
    const auto found = std::find(event.slots.begin(), event.slots.end(), slot.slot);
    const auto at = found - event.slots.begin();
    if (found == event.slots.end() || at >= std::ssize(event.tokenIds)) return {};
    std::vector<Stored> tokens;
    for (auto i = static_cast<size_t>(std::max<int64_t>(0, at - kContextTokens)); i <= size_t(at); ++i)
        tokens.push_back(
            {event.tokenIds[i], i < event.modalities.size() ? event.modalities[i] : Modality::Unknown});
    return tokens;
}

QString ReadsModel::storedName(const Stored &token) const
{
    const QString media = mediaTokenText(token.modality);
    return media.isEmpty() ? m_names.nameOf(token.id) : media;
}

QString ReadsModel::eventText(const MemoryRead::Slot &slot) const
{
    const std::vector<Stored> tokens = tokensUpTo(slot);
    if (tokens.empty()) // forgotten since, or told by an engine that does not list its slots
        return tr("event %1, slot %2").arg(integerText(slot.event), integerText(slot.slot));
    QString context;
    for (size_t i = 0; i + 1 < tokens.size(); ++i) context += storedName(tokens[i]);
    if (context.size() > kContextLength) context = u'…' + context.right(kContextLength);
    const QString name = storedName(tokens.back());
    const bool isMedia = !mediaTokenText(tokens.back().modality).isEmpty(); // has its brackets
    return tr("event %1: %2%3").arg(integerText(slot.event), context, isMedia ? name : u'[' + name + u']');
}

QString ReadsModel::whatText(const MemoryRead::Slot &slot) const
{
    if (slot.event >= 0) return eventText(slot); // its place is one of the text that it is from
    const auto numTokens = static_cast<int64_t>(m_report.tokens.size());
    if (slot.token < 0 || slot.token >= numTokens) return tr("slot %1").arg(integerText(slot.slot));
    std::string before;
    for (int64_t i = std::max<int64_t>(0, slot.token - kContextTokens); i < slot.token; ++i)
        if (const InspectedToken &token = m_report.tokens[static_cast<size_t>(i)];
            token.modality == Modality::Text)
            before += token.bytes;
    QString context = visibleText(before, before.size() > 0 ? static_cast<qsizetype>(before.size()) : 0);
    if (context.size() > kContextLength) context = u'…' + context.right(kContextLength);
    const QString token = tokenName(m_report.tokens[static_cast<size_t>(slot.token)]);
    return tr("%1: %2[%3]").arg(integerText(slot.token), context, token);
}

QString ReadsModel::cellText(const Row &row, int column, bool isWhole) const
{
    const MemoryRead &read = m_report.reads[static_cast<size_t>(row.read)];
    const MemoryRead::Slot &slot = read.slots[static_cast<size_t>(row.slot)];
    const bool isNamed = isWhole || row.slot == 0;
    switch (column) {
    case HeadColumn:
        if (!isNamed) return {};
        return tr("%1 %2").arg(u"%1.%2"_s.arg(read.head.layer).arg(read.head.head),
                               read.memory == "episodic"   ? tr("episodic")
                               : read.memory == "semantic" ? tr("semantic")
                                                           : ui::fromStd(read.memory));
    case GateColumn:
        return isNamed ? ui::probabilityText(read.gate) : QString();
    case WhatColumn:
        return whatText(slot);
    case WeightColumn:
        return ui::probabilityText(slot.weight);
    default:
        return {};
    }
}

QVariant ReadsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const Row &row = m_rows[static_cast<size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        return cellText(row, index.column(), false);
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(),
                                cellText(row, index.column(), true));
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, role);
    case Qt::ForegroundRole:
        return ui::toneColor(index.column() == GateColumn ? ui::Tone::Secondary : ui::Tone::Text);
    case Qt::ToolTipRole:
        return u"<p>%1</p>"_s.arg(cellText(row, index.column(), true).toHtmlEscaped());
    case WeightRole:
        return m_report.reads[static_cast<size_t>(row.read)].slots[static_cast<size_t>(row.slot)].weight;
    default:
        return {};
    }
}

QVariant ReadsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(Qt::Alignment(
            Qt::AlignVCenter |
            (section == GateColumn || section == WeightColumn ? Qt::AlignRight : Qt::AlignLeft)));
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case HeadColumn:
            return tr("Layer and head, counted from 0, and the memory that it read from");
        case GateColumn:
            return tr("Share of the head's output that comes from the memory, 0 to 1");
        case WhatColumn:
            return tr("The token that was read, in brackets behind those before it: one of this text, or of "
                      "an event that is remembered (Enter or a double click goes to it). Of the semantic "
                      "memory, the slot");
        case WeightColumn:
            return tr("Share of the slot in what the head read, 0 to 1, linear");
        default:
            return {};
        }
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case HeadColumn:
        return tr("Head");
    case GateColumn:
        return tr("Gate");
    case WhatColumn:
        return tr("Read");
    case WeightColumn:
        return tr("Weight");
    default:
        return {};
    }
}

void ReadsModel::setReport(InspectReport report)
{
    beginResetModel();
    m_report = std::move(report);
    m_rows.clear();
    for (size_t i = 0; i < m_report.reads.size(); ++i)
        for (size_t k = 0; k < m_report.reads[i].slots.size(); ++k)
            m_rows.push_back({static_cast<int>(i), static_cast<int>(k)});
    endResetModel();
}

void ReadsModel::namesChanged()
{
    if (rowCount() > 0) Q_EMIT dataChanged(index(0, WhatColumn), index(rowCount() - 1, WhatColumn));
}

std::vector<int32_t> ReadsModel::tokenIds() const
{
    std::vector<int32_t> all;
    for (const Row &row : m_rows) {
        for (const Stored &token :
             tokensUpTo(m_report.reads[static_cast<size_t>(row.read)].slots[static_cast<size_t>(row.slot)]))
            if (mediaTokenText(token.modality).isEmpty()) all.push_back(token.id);
    }
    return all;
}

MemoryRead::Slot ReadsModel::slotOf(int row) const
{
    if (row < 0 || row >= rowCount()) return {};
    const Row &of = m_rows[static_cast<size_t>(row)];
    return m_report.reads[static_cast<size_t>(of.read)].slots[static_cast<size_t>(of.slot)];
}

QString ReadsModel::toText() const
{
    QString text;
    for (int column = 0; column < kNumColumns; ++column)
        text += (column > 0 ? u"\t"_s : QString()) +
                headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    text += u'\n';
    for (const Row &row : m_rows) {
        for (int column = 0; column < kNumColumns; ++column)
            text += (column > 0 ? u"\t"_s : QString()) + cellText(row, column, true);
        text += u'\n';
    }
    return text;
}

QString ReadsModel::summary() const
{
    if (m_report.token < 0) return {};
    const auto count = [this](std::string_view memory) {
        return static_cast<int>(std::count_if(m_report.reads.begin(), m_report.reads.end(),
                                              [&](const MemoryRead &read) { return read.memory == memory; }));
    };
    const QString token = m_report.token < static_cast<int64_t>(m_report.tokens.size())
                              ? tokenName(m_report.tokens[static_cast<size_t>(m_report.token)])
                              : QString();
    return tr("At token %1 [%2], %3 heads read from the episodic memory and %4 from the semantic one.")
        .arg(integerText(m_report.token), token, integerText(count("episodic")),
             integerText(count("semantic")));
}

} // namespace orrery::memory_ui
