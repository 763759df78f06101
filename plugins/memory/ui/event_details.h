// SPDX-License-Identifier: GPL-3.0-or-later
// One event in full: its whole text, its tokens with their numbers, where it comes from, what it means, and
// what can be done about it. GUI thread only.
#pragma once

#include "core/spec/memory_events.h"

#include <QWidget>

#include <optional>

class QMenu;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace orrery::ui {
class EmptyState;
class ToneLabel;
} // namespace orrery::ui

namespace orrery::memory_ui {

class LastReads;
class SlotModel;
class TokenNames;

class EventDetails : public QWidget {
    Q_OBJECT
public:
    /// @param names and reads must outlive it; namesChanged() tells that they have
    EventDetails(const TokenNames &names, const LastReads &reads, QWidget *parent = nullptr);
    void setEvent(const std::optional<MemoryEvent> &event);
    [[nodiscard]] const std::optional<MemoryEvent> &event() const { return m_event; }
    void setBusy(bool isBusy);          ///< an edit is under way
    [[nodiscard]] QString text() const; ///< all of it, as it stands there
    void namesChanged();
    void selectSlot(qint64 slot); ///< −1: none
    [[nodiscard]] qint64 selectedSlot() const;
    [[nodiscard]] const SlotModel *slotModel() const { return m_slots; }

Q_SIGNALS:
    void pinRequested(qint64 event, bool isPinned);
    void forgetRequested(const QString &source);
    void editRequested(const orrery::MemoryEdit &edit); ///< one that can be taken back
    void slotChosen(qint64 slot);                       ///< −1: none

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void makeSlotTable();
    void fillForgetMenu();
    void fitRows();
    void enableButtons();

    std::optional<MemoryEvent> m_event;
    bool m_isBusy = false, m_isSelecting = false;
    QStackedWidget *m_stack;
    ui::EmptyState *m_empty;
    ui::ToneLabel *m_title, *m_provenance, *m_numbers;
    QPlainTextEdit *m_text;
    SlotModel *m_slots;
    QTableView *m_slotTable;
    QPushButton *m_pin, *m_forget;
    QMenu *m_forgetMenu;
};

} // namespace orrery::memory_ui
