// SPDX-License-Identifier: GPL-3.0-or-later
// What the model would say next if an event or one token of it were forgotten, weaker or stronger: a preview
// beside what it says now, and then Apply or Discard. GUI thread only.
#pragma once

#include "core/spec/inspection.h"

#include <QWidget>

#include <optional>
#include <string>

class QPushButton;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {
class BarList;
class EmptyState;
class SegmentedChoice;
class ToneLabel;
class UnitLineEdit;
} // namespace orrery::ui

namespace orrery::memory_ui {

/// What is asked about.
struct WhatIfTarget {
    int64_t event = 0;
    int64_t slot = -1;   ///< of one token; −1: the whole event
    QString name;        ///< "event 12", "token “ lab” of event 12"
    double strength = 1; ///< now; NaN: its tokens differ
    // Another text gives the numbers of events again.
    std::string source = {};
    int64_t firstToken = 0, lastToken = 0;
    /// Whether both are the same thing, whatever its strength.
    bool operator==(const WhatIfTarget &other) const
    {
        return event == other.event && slot == other.slot && source == other.source &&
               firstToken == other.firstToken && lastToken == other.lastToken;
    }
};

class WhatIfPane : public QWidget {
    Q_OBJECT
public:
    explicit WhatIfPane(QWidget *parent = nullptr);
    /// Another target drops what was computed for the one before; the same with another strength, too.
    void setTarget(const std::optional<WhatIfTarget> &target);
    [[nodiscard]] const std::optional<WhatIfTarget> &target() const { return m_target; }
    [[nodiscard]] QString prompt() const;
    void setPrompt(const QString &text);
    /// What stands there until somebody types something here.
    void setUsualPrompt(const QString &text);
    [[nodiscard]] bool hasOwnPrompt() const { return m_hasOwnPrompt; }
    /// @param isAsking a preview is computed   @param isBusy an edit is under way
    void setState(bool canAsk, bool isAsking, bool isBusy);
    void choose(const QString &id); ///< "forget", "0" … "4"
    /// What would be done. Nothing: nothing is chosen.
    [[nodiscard]] std::optional<MemoryEdit> edit() const;
    void showReport(const InspectReport &report);
    void showError(const Error &error);
    void discard(); ///< what was computed and chosen
    [[nodiscard]] QString summary() const;
    [[nodiscard]] const ui::BarList *bars() const { return m_bars; }
    // What stands there in words, for a figure.
    [[nodiscard]] bool hasAnswer() const { return m_report.has_value(); }
    [[nodiscard]] QString title() const;    ///< "What if: event 12"
    [[nodiscard]] QString question() const; ///< the text that was asked with
    [[nodiscard]] QString legend() const;   ///< of the bars

Q_SIGNALS:
    void previewRequested();
    void cancelRequested();
    void applyRequested(const orrery::MemoryEdit &edit);
    void wholeEventRequested();
    void promptChanged();

private:
    QWidget *makeQuestion();
    QWidget *makeAnswer();
    void changeQuestion(); ///< what was computed is of another one
    void askIfPossible();
    void showState();
    [[nodiscard]] QString choiceText() const;

    std::optional<WhatIfTarget> m_target;
    std::optional<InspectReport> m_report;
    bool m_hasOwnPrompt = false, m_canAsk = false, m_isAsking = false, m_isBusy = false;

    QStackedWidget *m_stack, *m_answers;
    ui::EmptyState *m_empty, *m_noAnswer;
    ui::ToneLabel *m_title, *m_explanation, *m_error, *m_result, *m_legend;
    QToolButton *m_whole;
    ui::SegmentedChoice *m_choice;
    ui::UnitLineEdit *m_prompt;
    ui::BarList *m_bars;
    QPushButton *m_preview, *m_apply, *m_discard;
};

} // namespace orrery::memory_ui
