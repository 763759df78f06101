// SPDX-License-Identifier: GPL-3.0-or-later
// The table of checkpoints with what can be done with one: talk to it, copy its name or path. GUI thread
// only.
#pragma once

#include "core/spec/run_records.h"

#include <QWidget>

#include <optional>
#include <vector>

class QPushButton;
class QStackedWidget;
class QTableView;

namespace orrery::ui {

class CheckpointModel;

class CheckpointView : public QWidget {
    Q_OBJECT
public:
    explicit CheckpointView(QWidget *parent = nullptr);
    /// @param runDirectory absolute, for copying paths
    void setRun(const QString &run, const QString &runDirectory);
    void setCheckpoints(const std::vector<CheckpointInfo> &checkpoints);
    [[nodiscard]] CheckpointModel *model() const { return m_model; }
    [[nodiscard]] QTableView *view() const { return m_view; }

Q_SIGNALS:
    void openInPlayground(const QString &model); ///< "run@step"
    void branchRequested(qint64 step);
    void exportRequested(const QString &model, bool forTransformers); ///< "run@step"

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    [[nodiscard]] std::optional<CheckpointInfo> selected() const;
    [[nodiscard]] QString reference(const CheckpointInfo &checkpoint) const;
    void updateButtons();

    QString m_run, m_directory;
    CheckpointModel *m_model;
    QTableView *m_view;
    QStackedWidget *m_stack;
    QPushButton *m_talk;
    QAction *m_copyName, *m_copyPath, *m_copyCommand;
};

} // namespace orrery::ui
