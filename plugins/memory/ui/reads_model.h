// SPDX-License-Identifier: GPL-3.0-or-later
// What each head read from its memories while the model stood at one token: a row for each slot, heaviest
// first, with head and gate in the first row of a head. What a slot of the remembered memory holds is told by
// the events that the panel has. GUI thread only.
#pragma once

#include "core/spec/inspection.h"

#include <QAbstractTableModel>

#include <vector>

namespace orrery::memory_ui {

class MemoryModel;
class TokenNames;

class ReadsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { HeadColumn, GateColumn, WhatColumn, WeightColumn, kNumColumns };
    enum Role { WeightRole = Qt::UserRole + 1 };

    /// @param events and names of the model whose memory is read; both outlive this
    ReadsModel(const MemoryModel &events, const TokenNames &names, QObject *parent = nullptr)
        : QAbstractTableModel(parent), m_events(events), m_names(names)
    {
    }
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void setReport(InspectReport report);
    [[nodiscard]] const InspectReport &report() const { return m_report; }
    void namesChanged(); ///< of tokens, or other events
    /// Of the remembered tokens that are shown, those before them too.
    [[nodiscard]] std::vector<int32_t> tokenIds() const;
    /// What the row read; its event is −1 where that is no event that is remembered.
    [[nodiscard]] MemoryRead::Slot slotOf(int row) const;
    [[nodiscard]] QString toText() const;  ///< tab-separated, every row whole
    [[nodiscard]] QString summary() const; ///< "4 heads read at token 41 “ the”: 2 episodic, 2 semantic."
    /// Of the text that was read. A patch or a frame has no bytes that one could read.
    [[nodiscard]] static QString tokenName(const InspectedToken &token);

private:
    struct Row {
        int read, slot;
    };
    struct Stored {
        int32_t id = 0;
        Modality modality = Modality::Unknown;
    };
    /// Tokens of an event up to the one in a slot, which is the last of them; empty: not known any more.
    [[nodiscard]] std::vector<Stored> tokensUpTo(const MemoryRead::Slot &slot) const;
    [[nodiscard]] QString storedName(const Stored &token) const;
    [[nodiscard]] QString eventText(const MemoryRead::Slot &slot) const;
    [[nodiscard]] QString whatText(const MemoryRead::Slot &slot) const;
    [[nodiscard]] QString cellText(const Row &row, int column, bool isWhole) const;

    const MemoryModel &m_events;
    const TokenNames &m_names;
    InspectReport m_report;
    std::vector<Row> m_rows;
};

} // namespace orrery::memory_ui
