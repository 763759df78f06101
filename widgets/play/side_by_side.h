// SPDX-License-Identifier: GPL-3.0-or-later
// The same prompt and the same seed for two or three models, steps or settings, side by side. They are asked one after
// another, so that no one slows another down and their speeds compare. Owned by the playground; GUI thread only.
#pragma once

#include "widgets/play/side_column.h"

#include <QTimer>

class QSplitter;

namespace orrery::ui {

class SideBySidePane : public QWidget {
    Q_OBJECT
public:
    static constexpr int kMinColumns = 2, kMaxColumns = 3;

    explicit SideBySidePane(EngineSession &session, QWidget *parent = nullptr);
    /// Fewer than two are filled up.
    void setColumns(const std::vector<ComparedColumn> &columns);
    [[nodiscard]] std::vector<ComparedColumn> columns() const;
    [[nodiscard]] const std::vector<SideColumn *> &parts() const { return m_columns; }
    void addColumn();
    void setCommon(const SamplingSettings &common);
    void setColored(bool isColored);

    /// All of them, the first one at once.
    void generate(const std::string &prompt);
    void stop();
    [[nodiscard]] bool isRunning() const;
    [[nodiscard]] bool canGenerate() const; ///< each has a model
    [[nodiscard]] bool hasAnswers() const;
    /// The one whose token is looked at, or that was used last.
    [[nodiscard]] SideColumn *current() const { return m_current; }
    [[nodiscard]] int currentNumber() const; ///< from 1
    [[nodiscard]] QString statusText() const;
    /// column, token, id, text, probability, entropy, whether all say it.
    [[nodiscard]] QString table() const;

Q_SIGNALS:
    void changed(); ///< columns, models, settings, answers
    void tokensCame();
    void currentTokenChanged();

private:
    SideColumn *makeColumn();
    void remove(SideColumn *column);
    void nameColumns();
    void askNext();
    void showDifferences();

    EngineSession &m_session;
    QSplitter *m_splitter;
    class QToolButton *m_add;
    std::vector<SideColumn *> m_columns;
    std::vector<SideColumn *> m_waiting;
    SideColumn *m_current = nullptr;
    SamplingSettings m_common;
    std::string m_prompt;
    QTimer m_differences; ///< not at each token
    bool m_isColored = false;
};

} // namespace orrery::ui
