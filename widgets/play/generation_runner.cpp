// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/generation_runner.h"

#include <algorithm>

namespace orrery::ui {

GenerationRunner::GenerationRunner(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session)
{
}

GenerationRunner::~GenerationRunner() = default;

void GenerationRunner::start(VersionPtr version, const GenerateRequest &request)
{
    m_handle.reset();
    m_version = std::move(version);
    m_version->isRunning = true;
    m_numBefore = m_version->tokens.size();
    m_clock.start();
    m_handle = m_session.generate(m_version->model, request);
    if (m_handle) {
        connectHandle();
        return;
    }
    m_version->error = Error{ErrorCode::Unavailable, "Cannot generate: the engine is not connected.",
                             "Retry when it is back."};
    end();
}

void GenerationRunner::connectHandle()
{
    const auto seconds = [this] { return static_cast<double>(m_clock.nsecsElapsed()) / 1e9; };
    connect(m_handle.get(), &GenerationHandle::modelLoaded, this, [this](const ModelInfoValue &info) {
        if (!isRunning()) return;
        m_version->info = info;
        Q_EMIT changed();
    });
    connect(m_handle.get(), &GenerationHandle::tokens, this,
            [this, seconds](const std::vector<GeneratedToken> &tokens) {
                if (!isRunning()) return;
                if (m_version->tokens.size() == m_numBefore) m_version->secondsToFirst = seconds();
                m_version->tokens.insert(m_version->tokens.end(), tokens.begin(), tokens.end());
                m_version->seconds = seconds();
                Q_EMIT tokensCame(tokens);
            });
    connect(m_handle.get(), &GenerationHandle::finished, this, [this](const GenerateSummary &summary) {
        m_version->summary = summary;
        if (isRunning())
            end();
        else
            Q_EMIT changed();
    });
    connect(m_handle.get(), &GenerationHandle::failed, this, [this](const Error &error) {
        if (!isRunning()) return;
        if (error.code != ErrorCode::Cancelled) m_version->error = error;
        end();
    });
}

void GenerationRunner::stop()
{
    if (!isRunning()) return;
    m_handle->cancel();
    if (!isRunning()) return; // cancel() may have ended it already
    GenerateSummary stopped;
    stopped.reason = FinishReason::Cancelled;
    stopped.generatedTokens = static_cast<int64_t>(m_version->tokens.size() - m_numBefore);
    stopped.decodeSeconds = std::max(0.0, m_version->seconds - std::max(0.0, m_version->secondsToFirst));
    stopped.promptSeconds = std::max(0.0, m_version->secondsToFirst);
    m_version->summary = stopped;
    end();
}

void GenerationRunner::end()
{
    // The handle is in the middle of telling us; it goes when the next one starts.
    m_version->isRunning = false;
    Q_EMIT ended();
}

} // namespace orrery::ui
