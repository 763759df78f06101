// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/slot_model.h"

#include "plugins/memory/ui/memory_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {

QString strengthText(double strength)
{
    if (strength == 0.5) return u"½"_s;
    return strength == std::round(strength) ? QString::number(strength, 'f', 0) : ui::fixedText(strength, 2);
}

QString surpriseText(double nats) { return nats > 0 ? ui::fixedText(nats, 2) : ui::unknownText(); }

int SlotModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || !m_event ? 0 : static_cast<int>(m_event->slots.size());
}

int SlotModel::columnCount(const QModelIndex &parent) const { return parent.isValid() ? 0 : kNumColumns; }

void SlotModel::setEvent(const std::optional<MemoryEvent> &event)
{
    beginResetModel();
    m_event = event;
    // What an older engine does not tell is not shown.
    if (m_event) {
        const size_t count = m_event->slots.size();
        for (const size_t other : {m_event->tokenIds.size(), m_event->usages.size(),
                                   m_event->surprises.size(), m_event->strengths.size()})
            if (other != count) m_event->slots.clear();
        if (m_event->modalities.size() != count) m_event->modalities.clear();
        if (m_event->reads.size() != count) m_event->reads.clear();
    }
    endResetModel();
}

void SlotModel::namesChanged()
{
    if (rowCount() > 0) Q_EMIT dataChanged(index(0, TokenColumn), index(rowCount() - 1, ReadColumn));
}

int64_t SlotModel::slotOfRow(int row) const
{
    return row < 0 || row >= rowCount() ? -1 : m_event->slots[static_cast<size_t>(row)];
}

int SlotModel::rowOfSlot(int64_t slot) const
{
    if (!m_event) return -1;
    const auto found = std::find(m_event->slots.begin(), m_event->slots.end(), slot);
    return found == m_event->slots.end() ? -1 : static_cast<int>(found - m_event->slots.begin());
}

QString SlotModel::tokenText(int row) const
{
    const auto at = static_cast<size_t>(row);
    const QString media = m_event->modalities.empty() ? QString() : mediaTokenText(m_event->modalities[at]);
    return media.isEmpty() ? m_names.nameOf(m_event->tokenIds[at]) : media;
}

SlotRead SlotModel::lastRead(int row) const
{
    return m_event->reads.empty() ? SlotRead{} : m_event->reads[static_cast<size_t>(row)];
}

double SlotModel::strength(int row) const
{
    return static_cast<double>(m_event->strengths[static_cast<size_t>(row)]);
}

QString SlotModel::cellText(int row, int column) const
{
    const auto at = static_cast<size_t>(row);
    switch (column) {
    case TokenColumn:
        return tokenText(row);
    case UsageColumn:
        return usageText(static_cast<double>(m_event->usages[at]));
    case SurpriseColumn:
        return surpriseText(static_cast<double>(m_event->surprises[at]));
    case StrengthColumn:
        return strengthText(strength(row));
    case LastReadColumn:
        return readAgeText(lastRead(row));
    case ReadColumn: {
        const LastReads::Read *read = m_reads.find(m_event->id, m_event->slots[at]);
        return read ? ui::probabilityText(read->weight) : ui::unknownText();
    }
    default:
        return {};
    }
}

QString SlotModel::hoverText(int row) const
{
    const int64_t slot = slotOfRow(row);
    QString text = tr("Slot %1, token %2. %3")
                       .arg(ui::integerText(slot))
                       .arg(m_event->tokenIds[static_cast<size_t>(row)])
                       .arg(readSentence(lastRead(row)));
    if (const LastReads::Read *read = m_reads.find(m_event->id, slot))
        text += u' ' + tr("Looked at here by head %1 at token %2 [%3], with weight %4.")
                           .arg(u"%1.%2"_s.arg(read->head.layer).arg(read->head.head),
                                ui::integerText(read->place), read->token, ui::probabilityText(read->weight));
    return text;
}

QVariant SlotModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const int row = index.row();
    switch (role) {
    case Qt::DisplayRole:
        return cellText(row, index.column());
    case Qt::TextAlignmentRole:
        return headerData(index.column(), Qt::Horizontal, role);
    case Qt::FontRole:
        return ui::typeFont(index.column() == TokenColumn ? ui::TypeSize::Mono : ui::TypeSize::Base);
    case Qt::ForegroundRole:
        return ui::toneColor(index.column() == StrengthColumn && strength(row) != 1 ? ui::Tone::Accent
                                                                                    : ui::Tone::Text);
    case Qt::AccessibleTextRole:
        return tr("%1: %2").arg(headerData(index.column(), Qt::Horizontal, Qt::DisplayRole).toString(),
                                cellText(row, index.column()));
    case Qt::ToolTipRole:
        return ui::plainToolTip(hoverText(row));
    default:
        return {};
    }
}

QVariant SlotModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment(Qt::AlignVCenter | (section == TokenColumn ? Qt::AlignLeft : Qt::AlignRight)));
    static const char *const kTitles[kNumColumns] = {QT_TR_NOOP("Token"),     QT_TR_NOOP("Usage"),
                                                     QT_TR_NOOP("Surprise"),  QT_TR_NOOP("Strength"),
                                                     QT_TR_NOOP("Last read"), QT_TR_NOOP("Look")};
    static const char *const kMeanings[kNumColumns] = {
        QT_TR_NOOP("Tokens of the event that are still stored, in the order of the text"),
        QT_TR_NOOP("1 when it is written; fades with each token, grows when it is read"),
        QT_TR_NOOP("How little the model expected it when it was read: −ln p, nats"),
        QT_TR_NOOP("Factor on what a read of it gives: 1 unless it was changed"),
        QT_TR_NOOP("Tokens that were read since a text last read it; the hover of a row says by which token "
                   "and with what weight"),
        QT_TR_NOOP("Weight with which the last look or preview here has read it, of the head that took the "
                   "most; the hover of a row says which. —: none has. These read a copy of the memory: they "
                   "change neither usage nor last read")};
    if (section < 0 || section >= kNumColumns) return {};
    if (role == Qt::DisplayRole) return tr(kTitles[section]);
    if (role == Qt::ToolTipRole) return tr(kMeanings[section]);
    return {};
}

QString SlotModel::toText() const
{
    QString text = u"token\tusage\tsurprise\tstrength\tlast_read\tlooked_at\n"_s;
    for (int row = 0; row < rowCount(); ++row) {
        for (int column = 0; column < kNumColumns; ++column)
            text += (column > 0 ? u"\t"_s : QString()) + cellText(row, column);
        text += u'\n';
    }
    return text;
}

} // namespace orrery::memory_ui
