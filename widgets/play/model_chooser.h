// SPDX-License-Identifier: GPL-3.0-or-later
// Which model is talked to: a run and one of its checkpoints, or a model directory. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QWidget>

class QComboBox;

namespace orrery::ui {

class FilterComboBox;

class ModelChooser : public QWidget {
    Q_OBJECT
public:
    explicit ModelChooser(EngineSession &session, QWidget *parent = nullptr);
    /// What EngineSession::generate() takes: "run" (its newest checkpoint), "run@step" or a directory. Empty:
    /// none.
    [[nodiscard]] QString model() const;
    /// The same, with its step where "the newest one" is chosen and known: "run@step".
    [[nodiscard]] QString exactModel() const;
    /// For people: "code-7M"; the step is told by the engine.
    [[nodiscard]] QString modelTitle() const;
    void setModel(const QString &model);
    void setRun(const QString &run);
    [[nodiscard]] bool hasModels() const;
    /// In sight only while it is wanted and there is something to choose.
    void setWanted(bool isWanted);
    /// Takes the least room that its choices can do with: one of several beside each other.
    void setCompact();
    [[nodiscard]] QComboBox *runBox() const;
    [[nodiscard]] QComboBox *stepBox() const { return m_steps; }

public Q_SLOTS:
    /// Asks for a model directory without blocking.
    void openModelDirectory();

Q_SIGNALS:
    void changed();
    void failed(const orrery::Error &error);

private:
    void takeRuns();
    void readCheckpoints();
    void showSteps(const std::vector<CheckpointInfo> &checkpoints);
    void addDirectory(const QString &directory);
    [[nodiscard]] QString currentRun() const; ///< empty for a directory

    EngineSession &m_session;
    FilterComboBox *m_runs; ///< archived ones are left out, but for the one that is talked to
    QComboBox *m_steps;
    QStringList m_directories;
    bool m_isWanted = true;
    QString m_wantedRun, m_readRun;
    qint64 m_wantedStep = -1, m_readAtStep = -2, m_newestStep = -1; ///< the last of m_readRun
};

} // namespace orrery::ui
