// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/rpc_generation.h"

#include "app/workbench/call_threads.h"

#include <QCoreApplication>
#include <QMetaObject>

#include <mutex>

namespace orrery::ui {

/// Outlives the handle until the thread has ended. `handle` is set to null by the handle's destructor under the mutex,
/// so nothing is posted to a dead object.
struct RpcGeneration::Shared {
    std::mutex mutex;
    RpcGeneration *handle = nullptr;
    CancelToken token;

    template <typename F> bool post(F work)
    {
        const std::lock_guard lock(mutex);
        if (!handle) return false;
        QMetaObject::invokeMethod(handle, [work = std::move(work), target = handle] { work(*target); }, Qt::QueuedConnection);
        return true;
    }
};

RpcGeneration::RpcGeneration(std::shared_ptr<EngineClient> client, const CancelToken &connection, const QString &model,
                             const GenerateRequest &request, CallThreads &threads)
    : m_shared(std::make_shared<Shared>())
{
    m_shared->handle = this;
    const std::shared_ptr<Shared> shared = m_shared;
    if (!client) {
        shared->post([](RpcGeneration &handle) {
            Q_EMIT handle.failed(Error{ErrorCode::Unavailable, "Cannot generate: there is no connection to the engine.",
                                       "Press Retry in the banner, or wait for it to come back."});
        });
        return;
    }
    // A stop that the user asked for is an end like any other, with the tokens that came.
    threads.start(
        "generation", shared->token,
        [shared, client = std::move(client), connection, name = model.toStdString(), request] {
            int64_t numTokens = 0;
            auto summary = client->generate(
                name, request,
                [&](const ModelInfo &info) {
                    ModelInfoValue value{QString::fromStdString(info.name), info.step, info.numParameters,
                                         info.context, QString::fromStdString(info.note)};
                    return shared->post([value](RpcGeneration &handle) { Q_EMIT handle.modelLoaded(value); });
                },
                [&](const std::vector<GeneratedToken> &batch) {
                    numTokens += static_cast<int64_t>(batch.size());
                    return shared->post([batch](RpcGeneration &handle) { Q_EMIT handle.tokens(batch); });
                },
                shared->token);
            const bool isOver = !summary && summary.error().code == ErrorCode::Cancelled;
            if (isOver && !shared->token.isCancelled() && !connection.isCancelled()) {
                // Nobody stopped it: the link was lost, and what noticed that first ended all calls.
                summary = Error{ErrorCode::Unavailable,
                                "Cannot finish the answer of \"" + name + "\": the connection to the engine was lost after " +
                                    std::to_string(numTokens) + (numTokens == 1 ? " token." : " tokens."),
                                "What has come is kept. It is connected again by itself; ask again then."};
            } else if (isOver) {
                GenerateSummary stopped;
                stopped.reason = FinishReason::Cancelled;
                stopped.generatedTokens = numTokens;
                stopped.model = name;
                summary = stopped;
            }
            shared->post([summary = std::move(summary)](RpcGeneration &handle) {
                if (summary)
                    Q_EMIT handle.finished(*summary);
                else
                    Q_EMIT handle.failed(summary.error());
            });
        });
}

RpcGeneration::~RpcGeneration()
{
    m_shared->token.cancel();
    const std::lock_guard lock(m_shared->mutex);
    m_shared->handle = nullptr;
}

void RpcGeneration::cancel() { m_shared->token.cancel(); }

} // namespace orrery::ui
