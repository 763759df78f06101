// SPDX-License-Identifier: GPL-3.0-or-later
// The tokens of an event that are still stored, a row for each: what it is, and its numbers. GUI thread only.
#pragma once

#include "core/spec/memory_events.h"
#include "plugins/memory/ui/last_reads.h"
#include "plugins/memory/ui/token_names.h"

#include <QAbstractTableModel>

#include <optional>

namespace orrery::memory_ui {

class SlotModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        TokenColumn,
        UsageColumn,
        SurpriseColumn,
        StrengthColumn,
        LastReadColumn, ///< by a text
        ReadColumn,     ///< by a look or preview of the panel
        kNumColumns
    };

    SlotModel(const TokenNames &names, const LastReads &reads, QObject *parent)
        : QAbstractTableModel(parent), m_names(names), m_reads(reads)
    {
    }
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setEvent(const std::optional<MemoryEvent> &event);
    void namesChanged();                             ///< or what was read
    [[nodiscard]] int64_t slotOfRow(int row) const;  ///< −1: none
    [[nodiscard]] int rowOfSlot(int64_t slot) const; ///< −1: none
    [[nodiscard]] QString tokenText(int row) const;
    [[nodiscard]] double strength(int row) const;
    [[nodiscard]] QString toText() const; ///< tab-separated

private:
    [[nodiscard]] QString cellText(int row, int column) const;
    [[nodiscard]] SlotRead lastRead(int row) const;
    [[nodiscard]] QString hoverText(int row) const;

    const TokenNames &m_names;
    const LastReads &m_reads;
    std::optional<MemoryEvent> m_event;
};

/// "½", "2": a strength as short as it can be said.
QString strengthText(double strength);
/// "3.21 nats"; a dash where nobody knows.
QString surpriseText(double nats);

} // namespace orrery::memory_ui
