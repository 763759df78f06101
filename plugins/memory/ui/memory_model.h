// SPDX-License-Identifier: GPL-3.0-or-later
// Events of a memory as a table. Takes a whole report by value; sorting and filtering move row numbers, never
// texts, so that 100,000 events stay quick. GUI thread only.
#pragma once

#include "core/spec/memory_events.h"
#include "plugins/memory/ui/memory_text.h"

#include <QAbstractTableModel>

#include <utility>
#include <vector>

namespace orrery::memory_ui {

class MemoryModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        EventColumn, ///< the number that all other parts call it by
        SourceColumn,
        TokensColumn,
        TextColumn,
        UsageColumn,
        AgeColumn,
        LastReadColumn,
        SlotsColumn,
        PinnedColumn,
        StepColumn,
        kNumColumns
    };
    enum Role { UsageRole = Qt::UserRole + 1 };
    /// Of one text in the strip and in the order of places: several texts stand one behind the other.
    struct Text {
        std::string name;
        int64_t offset = 0, length = 0; ///< tokens
    };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

    void setEvents(std::vector<MemoryEvent> events);
    void setFilter(const QString &text);
    [[nodiscard]] bool isFiltered() const { return !m_filter.isEmpty(); }

    [[nodiscard]] const std::vector<MemoryEvent> &events() const
    {
        return m_events;
    } ///< in the order of the report
    [[nodiscard]] const MemoryEvent &event(int row) const
    {
        return m_events[static_cast<size_t>(m_rows[static_cast<size_t>(row)])];
    }
    [[nodiscard]] int indexOfRow(int row) const { return m_rows[static_cast<size_t>(row)]; }
    [[nodiscard]] int rowOfIndex(int index) const; ///< −1: filtered out
    [[nodiscard]] int indexOfId(int64_t id) const; ///< −1: none
    [[nodiscard]] bool isShown(int index) const { return rowOfIndex(index) >= 0; }

    [[nodiscard]] const std::vector<Text> &texts() const { return m_texts; }
    /// Where the event begins when all texts stand one behind the other.
    [[nodiscard]] int64_t placeOf(int index) const { return m_places[static_cast<size_t>(index)]; }
    [[nodiscard]] const std::vector<int> &byPlace() const { return m_byPlace; } ///< indices of events
    [[nodiscard]] int64_t length() const { return m_length; }                   ///< of all texts, tokens
    [[nodiscard]] double maxUsage() const { return m_maxUsage; }
    /// Of all stored tokens, nats; 0: nobody told.
    [[nodiscard]] double maxSurprise() const { return m_maxSurprise; }

Q_SIGNALS:
    void shownChanged(); ///< other events, another order or filter

private:
    void placeTexts();
    [[nodiscard]] bool isFound(const MemoryEvent &event) const;
    void orderRows(std::vector<int> &rows) const;
    void filterRows();
    [[nodiscard]] QVariant textOf(const MemoryEvent &event, int column) const;

    std::vector<MemoryEvent> m_events;
    std::vector<int> m_rows;  ///< event of each shown row
    std::vector<int> m_rowOf; ///< row of each event; −1
    std::vector<int> m_byPlace;
    std::vector<int64_t> m_places;
    std::vector<int64_t> m_readAges;             ///< SlotRead::age of the newest read of each event
    std::vector<std::pair<int64_t, int>> m_byId; ///< sorted
    std::vector<Text> m_texts;
    int64_t m_length = 0;
    double m_maxUsage = 0, m_maxSurprise = 0;
    TextFilter m_filter;
    QString m_filterText;
    int m_sortColumn = TokensColumn;
    Qt::SortOrder m_order = Qt::AscendingOrder;
};

} // namespace orrery::memory_ui
