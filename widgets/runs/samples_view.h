// SPDX-License-Identifier: GPL-3.0-or-later
// What the model wrote at the sampling steps, one step at a time; stays at the newest until the user goes
// back. GUI thread.
#pragma once

#include "core/spec/run_records.h"

#include <QMap>
#include <QWidget>

#include <vector>

class QComboBox;
class QPlainTextEdit;
class QStackedWidget;
class QToolButton;

namespace orrery::ui {

class SamplesView : public QWidget {
    Q_OBJECT
public:
    explicit SamplesView(QWidget *parent = nullptr);
    void clear();
    /// Takes all events of a run; keeps the samples among them.
    void appendEvents(const std::vector<RunEvent> &events);
    [[nodiscard]] QString shownText() const;
    [[nodiscard]] QComboBox *stepBox() const { return m_steps; }

private:
    struct Sample {
        QString prompt, text;
    };
    void showStep();
    void move(int by);
    void updateButtons();

    QMap<qint64, QList<Sample>> m_samples;
    QComboBox *m_steps;
    QToolButton *m_earlier, *m_later;
    QPlainTextEdit *m_text;
    QStackedWidget *m_stack;
};

} // namespace orrery::ui
