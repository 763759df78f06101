// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint that leaves as a model directory: asks where to, shows how far it is with Cancel, and how it went. Stands above
// the pages of the window; without an export it takes no room. GUI thread only; asks the engine, which outlives it.
#pragma once

#include "widgets/session/engine_session.h"

#include <QWidget>

#include <memory>

namespace orrery::ui {

class Banner;
class ProgressRow;

enum class ModelFormat : uint8_t { Orrery, HuggingFace };

class ModelExport : public QWidget {
    Q_OBJECT
public:
    explicit ModelExport(EngineSession &session, QWidget *parent = nullptr);
    /// Asks for a folder, without blocking; the model becomes a new folder in it. @param model "run@step", or a run: its
    /// newest checkpoint
    void choose(const QString &model, ModelFormat format);
    /// @param directory of the engine's computer: a free name or an empty folder
    void start(const QString &model, ModelFormat format, const QString &directory);
    void cancel();
    [[nodiscard]] bool isBusy() const { return m_request != nullptr; }
    [[nodiscard]] Banner *banner() const { return m_banner; }
    [[nodiscard]] ProgressRow *progress() const { return m_progress; }

Q_SIGNALS:
    void busyChanged();

private:
    void finish(const Result<ModelExportSummary> &reply);
    /// "code-7M-step-200": a folder's name without anything that a shell or a file system takes for its own.
    [[nodiscard]] QString folderName(const QString &model) const;

    EngineSession &m_session;
    ProgressRow *m_progress;
    Banner *m_banner;
    std::unique_ptr<PendingRequest> m_request;
    QString m_directory;
};

} // namespace orrery::ui
