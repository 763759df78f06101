// SPDX-License-Identifier: GPL-3.0-or-later
// One event in full: its whole text, where it comes from, what its numbers mean, and what can be done about
// it. GUI thread only.
#pragma once

#include "core/spec/memory_events.h"

#include <QWidget>

#include <optional>

class QMenu;
class QPlainTextEdit;
class QPushButton;
class QStackedWidget;

namespace orrery::ui {
class EmptyState;
class ToneLabel;
} // namespace orrery::ui

namespace orrery::memory_ui {

class EventDetails : public QWidget {
    Q_OBJECT
public:
    explicit EventDetails(QWidget *parent = nullptr);
    void setEvent(const std::optional<MemoryEvent> &event);
    [[nodiscard]] const std::optional<MemoryEvent> &event() const { return m_event; }
    void setBusy(bool isBusy);          ///< an edit is under way
    [[nodiscard]] QString text() const; ///< all of it, as it stands there

Q_SIGNALS:
    void pinRequested(qint64 event, bool isPinned);
    void forgetRequested(const QString &source);

private:
    void fillForgetMenu();
    void enableButtons();

    std::optional<MemoryEvent> m_event;
    bool m_isBusy = false;
    QStackedWidget *m_stack;
    ui::EmptyState *m_empty;
    ui::ToneLabel *m_title, *m_provenance, *m_numbers;
    QPlainTextEdit *m_text;
    QPushButton *m_pin, *m_forget;
    QMenu *m_forgetMenu;
};

} // namespace orrery::memory_ui
