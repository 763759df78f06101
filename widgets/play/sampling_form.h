// SPDX-License-Identifier: GPL-3.0-or-later
// How tokens are drawn: temperature, top-k, top-p, seed, number of tokens, and under "More" what is needed
// seldom: min-p, typical, the penalty on repetitions, stop texts, and whether a prompt is seen whole. GUI thread only.
#pragma once

#include "core/spec/generation.h"
#include "widgets/common/panel_frame.h"

#include <optional>

class QCheckBox;
class QDoubleSpinBox;
class QGridLayout;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;

namespace orrery::ui {

class ToneLabel;

class SamplingForm : public PanelFrame {
    Q_OBJECT
public:
    explicit SamplingForm(QWidget *parent = nullptr);
    [[nodiscard]] SamplingSettings settings() const;
    void setSettings(const SamplingSettings &settings);
    /// Another seed, drawn at random.
    void rollSeed();
    /// A person chooses each token instead.
    [[nodiscard]] bool isManual() const;
    void setManual(bool isManual);
    /// Whether the prompt is to be seen whole, and whether it is: there may be a reason against it.
    [[nodiscard]] bool wantsWhole() const;
    [[nodiscard]] bool seesWhole() const;
    void setWantsWhole(bool isWanted);
    /// @param reason for people, shown in the tool tip; empty: it can be seen whole
    void setWholeProblem(const QString &reason);
    void hideWhole(); ///< where it is no question
    /// Whether the seldom ones are unfolded.
    [[nodiscard]] bool showsMore() const;
    void setShowsMore(bool isShown);

Q_SIGNALS:
    void changed();
    void manualChanged(bool isManual);

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Row {
        const char *objectName;
        QString name, toolTip;
    };
    void addRow(QGridLayout *grid, const Row &row, QWidget *control, QWidget *extra = nullptr);
    void setRanges();
    QWidget *makeUsual();
    QWidget *makeMore();
    void connectControls();
    void fitStop();
    void resetOrBack();
    /// What follows from the values: the word "More", the button for the usual ones, a problem of a stop
    /// text.
    void showState();

    QDoubleSpinBox *m_temperature, *m_topP, *m_minP, *m_typicalP, *m_penalty;
    QSpinBox *m_topK, *m_maxTokens, *m_penaltyWindow;
    QLineEdit *m_seed;
    QPlainTextEdit *m_stop;
    ToneLabel *m_stopProblem;
    QCheckBox *m_manual, *m_whole;
    QToolButton *m_more, *m_reset;
    struct Before {
        SamplingSettings settings;
        bool wantsWhole = false;
    };
    [[nodiscard]] bool isUsual() const;
    std::optional<Before> m_before; ///< what the usual ones took the place of; gone with a change
    std::optional<QString> m_wholeProblem;
    QWidget *m_moreBox = nullptr;
};

} // namespace orrery::ui
