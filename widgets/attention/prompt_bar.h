// SPDX-License-Identifier: GPL-3.0-or-later
// What is read by the model whose attention is shown: a probe prompt of the run or an own text; and of which
// weights an exact picture is asked for. GUI thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QStringList>
#include <QWidget>

#include <vector>

class QComboBox;
class QLineEdit;
class QPushButton;

namespace orrery::ui {

class PromptBar : public QWidget {
    Q_OBJECT
public:
    explicit PromptBar(QWidget *parent = nullptr);
    /// @param texts of the run's probe prompts
    void setPrompts(const QStringList &texts);
    /// Live weights (when it trains) and saved steps, newest first.
    void setModels(const QString &run, bool isLive, const std::vector<CheckpointInfo> &checkpoints);
    void forgetPrompts(); ///< of another run; what was typed stays as a draft, and is not chosen
    [[nodiscard]] bool hasPrompts() const { return !m_texts.isEmpty(); }
    /// Kept steps are of the start of the validation text, too; its number follows those of the prompts.
    void setValidationKept(bool isKept);
    [[nodiscard]] bool isValidationKept() const { return m_isValidationKept; }
    void setValidationText(const QString &text); ///< as it was found in a kept step
    [[nodiscard]] int validationPrompt() const { return int(m_texts.size()); }
    [[nodiscard]] int prompt() const;    ///< -1: an own text
    void setPrompt(int prompt);          ///< does not signal
    [[nodiscard]] QString text() const;  ///< of the prompt, or what was typed
    [[nodiscard]] QString model() const; ///< "RUN@live", "RUN@8000"; empty: there is none
    void setAsking(bool isAsking);

Q_SIGNALS:
    void promptChosen(int prompt); ///< -1: an own text
    void askRequested();
    void cancelRequested();

private:
    void refresh();
    void fillPrompts(const QStringList &texts);

    QComboBox *m_prompts, *m_models;
    QLineEdit *m_text;
    QPushButton *m_ask;
    QStringList m_texts;
    QString m_validationText;
    bool m_isValidationKept = false;
    bool m_isOwnChosen = false; ///< by the user, and not for want of prompts
    bool m_isAsking = false;
};

} // namespace orrery::ui
