// SPDX-License-Identifier: GPL-3.0-or-later
// What a text holds: files, size, tokens, what was skipped, and how it begins. GUI thread only.
#pragma once

#include "widgets/common/panel_frame.h"

class QPushButton;
class QStackedWidget;

namespace orrery::ui {

class EmptyState;
class KeyValueGrid;
class ToneLabel;

class DataCard : public PanelFrame {
    Q_OBJECT
public:
    explicit DataCard(QWidget *parent = nullptr);
    void showNothing();
    void showReading(const QString &path);
    /// For a path that is still being typed: how to have it read.
    void showUnread(const QString &path);
    /// @param json what `data describe --json` prints
    void showDescription(const QString &json);
    void showFailure();
    void setExampleOffered(bool isOffered);
    [[nodiscard]] quint64 numTrainTokens() const { return m_numTrainTokens; }
    [[nodiscard]] KeyValueGrid *numbers() const { return m_numbers; }
    [[nodiscard]] QPushButton *exampleButton() const { return m_example; }

Q_SIGNALS:
    void exampleRequested();

private:
    KeyValueGrid *m_numbers;
    ToneLabel *m_sentence, *m_skipped, *m_preview;
    QPushButton *m_example;
    bool m_isExampleOffered = false;
    quint64 m_numTrainTokens = 0;
};

} // namespace orrery::ui
