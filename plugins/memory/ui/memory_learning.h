// SPDX-License-Identifier: GPL-3.0-or-later
// A consolidation under way, in one row with Cancel, and what came of it: the new model can be talked to. It goes on while
// the panel shows another model, and ends with the window. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QWidget>

#include <memory>

class QPushButton;

namespace orrery::ui {
class Banner;
class ProgressRow;
} // namespace orrery::ui

namespace orrery::memory_ui {

class MemoryLearning : public QWidget {
    Q_OBJECT
public:
    explicit MemoryLearning(ui::EngineSession &session, QWidget *parent = nullptr);
    /// @param title what the model is called
    void start(const ModelConsolidationRequest &request, const QString &title);
    void cancel(); ///< answers at once; the engine removes what is half done
    [[nodiscard]] bool isBusy() const { return m_request != nullptr; }
    [[nodiscard]] ui::Banner *banner() const { return m_banner; }
    [[nodiscard]] ui::ProgressRow *progress() const { return m_progress; }

Q_SIGNALS:
    void busyChanged();
    void talkRequested(const QString &directory);

private:
    void finish(const Result<ModelConsolidationSummary> &reply);
    void showPhase(const ConsolidationAmount &amount);

    ui::EngineSession &m_session;
    ui::ProgressRow *m_progress;
    ui::Banner *m_banner;
    QPushButton *m_talk;
    std::unique_ptr<ui::PendingRequest> m_request;
    QString m_title, m_directory;
};

} // namespace orrery::memory_ui
