// SPDX-License-Identifier: GPL-3.0-or-later
// What a text holds: files, size, tokens, what was skipped, and how it begins. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"

class QJsonObject;
class QPushButton;
class QStackedWidget;

namespace orrery::ui {

class EmptyState;
class KeyValueGrid;
class ToneLabel;

/// A setting with which the model could read the data.
struct SettingFix {
    QString key, value;
    QString reason; ///< why it cannot with the present one
};

class DataCard : public PanelFrame {
    Q_OBJECT
public:
    explicit DataCard(QWidget *parent = nullptr);
    void showNothing();
    void showReading(const QString &path);
    /// For a path that is still being typed: how to have it read.
    void showUnread(const QString &path);
    /// @param json what `data describe --json` prints; with "mismatch", fix() is what it asks for
    void showDescription(const QString &json);
    /// Of the description shown; without key: nothing is asked for.
    [[nodiscard]] const SettingFix &fix() const { return m_fix; }
    /// On the button that stands with a fix.
    void setFixText(const QString &text);
    void showFailure();
    void setExampleOffered(bool isOffered);
    [[nodiscard]] quint64 numTrainTokens() const { return m_numTrainTokens; }
    /// Ids of the tokenizer, as the engine read it; 0: not known.
    [[nodiscard]] qint64 vocabSize() const { return m_vocabSize; }
    [[nodiscard]] KeyValueGrid *numbers() const { return m_numbers; }
    [[nodiscard]] QPushButton *exampleButton() const { return m_example; }
    [[nodiscard]] QPushButton *fixButton() const { return m_fixButton; }

Q_SIGNALS:
    void exampleRequested();
    void fixRequested();

private:
    void showNumbers(const QJsonObject &data);
    void showParts(const QJsonObject &data);

    KeyValueGrid *m_numbers;
    ToneLabel *m_sentence, *m_skipped, *m_checks, *m_preview;
    QPushButton *m_example, *m_fixButton;
    SettingFix m_fix;
    bool m_isExampleOffered = false;
    quint64 m_numTrainTokens = 0;
    qint64 m_vocabSize = 0;
};

} // namespace orrery::ui
