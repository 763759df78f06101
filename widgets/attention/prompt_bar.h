// SPDX-License-Identifier: GPL-3.0-or-later
// What is read by the model whose attention is shown: a probe prompt of the run or an own text; and of which
// weights an exact picture is asked for. GUI thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QMap>
#include <QStringList>
#include <QWidget>

#include <vector>

class QComboBox;
class QLineEdit;
class QPushButton;
class QToolButton;

namespace orrery::ui {

class PromptBar : public QWidget {
    Q_OBJECT
public:
    static constexpr int kOwnText = -1;
    static constexpr int kSelectedText = -2; ///< what was selected elsewhere in the window
    static constexpr int kMaxOwnText = 256 * 1024; ///< letters; the window keeps all of it when it is killed

    explicit PromptBar(QWidget *parent = nullptr);
    /// @param texts of the run's probe prompts
    void setPrompts(const QStringList &texts);
    /// Live weights (when it trains) and saved steps, newest first.
    void setModels(const QString &run, bool isLive, const std::vector<CheckpointInfo> &checkpoints);
    /// As they were changed while it trains. @param numFrozen how many the run began with; those behind were added
    void setLivePrompts(const QStringList &texts, int numFrozen);
    void forgetPrompts(); ///< of another run; what was typed stays as a draft, and is not chosen
    /// Kept steps of a run on pictures and recordings are of documents of its validation data, in the places
    /// of the prompts.
    void setDocuments();
    /// One of them. @param text of the document, as far as it is text
    void setDocument(int prompt, const QString &text);
    [[nodiscard]] bool hasDocuments() const { return m_hasDocuments; }
    [[nodiscard]] bool hasPrompts() const { return !m_texts.isEmpty(); }
    /// Kept steps are of the start of the validation text, too; its number follows those of the prompts.
    void setValidationKept(bool isKept);
    [[nodiscard]] bool isValidationKept() const { return m_isValidationKept; }
    void setValidationText(const QString &text); ///< as it was found in a kept step
    [[nodiscard]] int validationPrompt() const { return int(m_texts.size()); }
    /// What another panel chose, by its title; an empty title: nothing any more.
    /// @param text as far as it is text
    void setSelectedText(const QString &title, const QString &text);
    [[nodiscard]] const QString &selectedTitle() const { return m_selectedTitle; }
    [[nodiscard]] QString title() const; ///< "Probe prompt 0", "Document 0", "Validation text", "Own text"
    [[nodiscard]] int prompt() const;    ///< < 0: not one of the run
    void setPrompt(int prompt);          ///< does not signal
    [[nodiscard]] QString text() const;  ///< of the prompt, or what was typed
    [[nodiscard]] QString model() const; ///< "RUN@live", "RUN@8000"; empty: there is none
    void setOwnText(const QString &text);
    void setModel(const QString &model); ///< one of those that are listed; else nothing happens
    void setAsking(bool isAsking);
    /// Whether what is chosen is a text of which no steps are kept, and why it cannot be; empty: it can.
    void setKeep(bool isOffered, const QString &whyNot);
    /// Whether something is known that the model can be asked to read. What is typed is known here.
    void setHasText(bool hasText);
    [[nodiscard]] bool canAsk() const;

Q_SIGNALS:
    void promptChosen(int prompt); ///< also kOwnText, kSelectedText
    void modelChosen();
    void askRequested();
    void cancelRequested();
    void keepRequested(); ///< steps of this text, from now on
    void ownTextCut();    ///< what was typed or pasted went beyond the most that stands here

private:
    void refresh();
    void fillPrompts(const QStringList &texts);
    [[nodiscard]] QString entryText(int prompt) const;
    [[nodiscard]] QString promptText(int prompt) const;

    QComboBox *m_prompts, *m_models;
    QLineEdit *m_text;
    QPushButton *m_ask;
    QToolButton *m_keep;
    QStringList m_texts, m_added; ///< those that the run began with, and those behind the validation text
    int m_numFrozen = 0;
    QString m_validationText, m_selectedTitle, m_selectedText;
    QMap<int, QString> m_documents; ///< by their number, as they were found in kept steps
    bool m_isValidationKept = false, m_hasDocuments = false;
    bool m_isOwnChosen = false; ///< by the user, and not for want of prompts
    bool m_isAsking = false, m_hasText = false;
};

} // namespace orrery::ui
