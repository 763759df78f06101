// SPDX-License-Identifier: GPL-3.0-or-later
// Carries one generation at a time from the engine into the version that keeps it. Owned by the playground.
// GUI thread only.
#pragma once

#include "widgets/play/generation_version.h"

#include <QElapsedTimer>
#include <QObject>

namespace orrery::ui {

class GenerationRunner : public QObject {
    Q_OBJECT
public:
    explicit GenerationRunner(EngineSession &session, QObject *parent = nullptr);
    ~GenerationRunner() override;
    /// Asks the version's model; the request may hold more than the version keeps (the turns before it). Ends
    /// at once, with the error in the version, where there is no engine.
    void start(VersionPtr version, const GenerateRequest &request);
    /// The tokens end at once; only the engine's own figures are still taken.
    void stop();
    [[nodiscard]] bool isRunning() const { return m_version && m_version->isRunning; }
    /// The one that runs or ran last.
    [[nodiscard]] const VersionPtr &version() const { return m_version; }

Q_SIGNALS:
    void tokensCame(const std::vector<orrery::GeneratedToken> &tokens);
    void changed(); ///< the model was loaded, or the engine's figures came after a stop
    void ended();   ///< finished, failed or stopped: the version says which

private:
    void connectHandle();
    void end();

    EngineSession &m_session;
    std::unique_ptr<GenerationHandle> m_handle;
    VersionPtr m_version;
    size_t m_numBefore = 0; ///< tokens that the version was given
    QElapsedTimer m_clock;
};

} // namespace orrery::ui
