// SPDX-License-Identifier: GPL-3.0-or-later
// Events of a run as a table: time, step, kind, text. Takes values; rows are only appended, or all removed, but those of
// notes: they say what a correction made of them, and go with what takes them away. GUI thread only.
#pragma once

#include "core/spec/run_notes.h"

#include <QAbstractTableModel>

#include <unordered_map>
#include <vector>

namespace orrery::ui {

class EventModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { TimeColumn, StepColumn, KindColumn, TextColumn, kNumColumns };
    enum Role { KindRole = Qt::UserRole + 1 };

    using QAbstractTableModel::QAbstractTableModel;
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    void appendEvents(const std::vector<RunEvent> &events);
    void clear();
    /// Shows events with this text in step, kind or message. @param kind -1: all, else an EventKind
    void setFilter(const QString &text, int kind);
    [[nodiscard]] int numEvents() const { return static_cast<int>(m_events.size()); } ///< shown or not
    /// Event of a shown row.
    [[nodiscard]] const RunEvent &event(int row) const { return m_events[m_shown[static_cast<size_t>(row)]]; }

private:
    [[nodiscard]] bool isShown(size_t event) const;
    void correct(size_t note, const RunEvent &correction);
    void removeAllRows();
    void addRows(std::vector<size_t> rows);

    std::vector<RunEvent> m_events;
    std::vector<size_t> m_shown; ///< ascending
    NoteCorrections m_corrections;
    struct Note {
        size_t event = 0; ///< of m_events
        std::string first; ///< as it was written
        double correctedAt = 0; ///< Unix seconds; 0: it was not
        bool isGone = false;
    };
    std::unordered_map<int64_t, Note> m_notes; ///< by their ids
    QString m_filter;
    int m_kind = -1;
};

QString eventKindText(EventKind kind); ///< "checkpoint", "not finite"

} // namespace orrery::ui
