// SPDX-License-Identifier: GPL-3.0-or-later
// One attention panel, or two beside each other: another run, or another step of the same one. While they are
// linked both are at the same head and row, show it in the same way and on the same colour scale; each has
// its own steps. GUI thread only.
#pragma once

#include "widgets/attention/attention_panel.h"

class QScrollArea;
class QSplitter;
class QToolButton;

namespace orrery::ui {

class FilterComboBox;

class AttentionPair : public QWidget {
    Q_OBJECT
public:
    /// @param session must outlive it
    explicit AttentionPair(EngineSession &session, QWidget *parent = nullptr);
    [[nodiscard]] AttentionPanel *primary() const { return m_primary; }
    [[nodiscard]] AttentionPanel *secondary() const { return m_secondary; } ///< null: it was never opened
    void setRun(const QString &run);                                        ///< of the first
    void setSelection(Selection *selection);                                ///< of the first
    /// @param run empty: that of the first   @param step nearest kept one; below 0: the newest
    void openBeside(const QString &run, int64_t step);
    void closeBeside();
    [[nodiscard]] bool isOpen() const;
    void setLinked(bool isLinked);
    [[nodiscard]] bool isLinked() const { return m_isLinked; }

Q_SIGNALS:
    void newRunRequested();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void makeSecond();
    void fillRuns();
    void toggle();
    void scrollToSecond();
    void arrange();
    void follow(const AttentionPanel &from, AttentionPanel &to);
    void shareScale();
    void offerLink();
    [[nodiscard]] QVariantMap besideState() const;
    void restoreBeside(const QVariantMap &state);

    EngineSession &m_session;
    AttentionPanel *m_primary, *m_secondary = nullptr;
    QSplitter *m_splitter;
    QScrollArea *m_scroll; ///< two panels may need more room than there is
    QWidget *m_second = nullptr;
    FilterComboBox *m_runs = nullptr;
    QToolButton *m_link = nullptr;
    bool m_isLinked = true, m_isFollowing = false;
};

} // namespace orrery::ui
