// SPDX-License-Identifier: GPL-3.0-or-later
// Models in and out: a run that begins with the weights of one, and a checkpoint as a folder of its own.
#include "app/workbench/rpc_session_call.h"

namespace orrery::ui {

std::unique_ptr<PendingRequest> RpcSession::modelSettings(const QString &model, QObject *context, Reply<QString> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    call<QString>(
        m_longCalls, context, std::move(reply),
        [name = model.toStdString(), token = pending->token](EngineClient &engine) -> Result<QString> {
            ORRERY_ASSIGN(const std::string json, engine.modelSettings(name, token));
            return QString::fromStdString(json);
        },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::createRunFrom(const QString &model, const QString &specJson, bool start,
                                                          QObject *context, Reply<RunStatus> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    call<RunStatus>(
        m_longCalls, context, std::move(reply),
        [request = NewRunRequest{specJson.toStdString(), {}, start, model.toStdString()},
         token = pending->token](EngineClient &engine) { return engine.createRun(request, token); },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::exportModel(const ModelExportRequest &request, QObject *context,
                                                        std::function<void(const TransferAmount &)> onAmount,
                                                        Reply<ModelExportSummary> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    // Told through the session, which outlives its pools; what is told after the reply finds the token cancelled or the
    // context gone, or was sent before it and comes before it.
    const auto tell = [this, guard = QPointer<QObject>(context), onAmount = std::move(onAmount),
                       token = pending->token](const TransferAmount &amount) {
        QMetaObject::invokeMethod(this, [guard, onAmount, token, amount] {
            if (guard && onAmount && !token.isCancelled()) onAmount(amount);
        });
    };
    call<ModelExportSummary>(
        m_longCalls, context, std::move(reply),
        [request, tell, token = pending->token](EngineClient &engine) { return engine.exportModel(request, tell, token); },
        pending->token);
    return pending;
}

std::unique_ptr<PendingRequest> RpcSession::consolidate(const ModelConsolidationRequest &request, QObject *context,
                                                        std::function<void(const ConsolidationAmount &)> onAmount,
                                                        Reply<ModelConsolidationSummary> reply)
{
    auto pending = std::make_unique<RpcRequest>();
    // As in exportModel().
    const auto tell = [this, guard = QPointer<QObject>(context), onAmount = std::move(onAmount),
                       token = pending->token](const ConsolidationAmount &amount) {
        QMetaObject::invokeMethod(this, [guard, onAmount, token, amount] {
            if (guard && onAmount && !token.isCancelled()) onAmount(amount);
        });
    };
    call<ModelConsolidationSummary>(
        m_longCalls, context, std::move(reply),
        [request, tell, token = pending->token](EngineClient &engine) { return engine.consolidate(request, tell, token); },
        pending->token);
    return pending;
}

} // namespace orrery::ui
