// SPDX-License-Identifier: GPL-3.0-or-later
// How RpcSession has a request done on a thread and its answer on the GUI thread; included by its sources only.
#pragma once

#include "app/workbench/rpc_session.h"

#include <QMetaObject>
#include <QPointer>

#include <utility>

namespace orrery::ui {

/// A request that is cancelled when nobody holds it any more.
class RpcRequest final : public PendingRequest {
public:
    ~RpcRequest() override { token.cancel(); }
    CancelToken token;
};

template <typename T>
void RpcSession::call(QThreadPool &pool, QObject *context, Reply<T> reply, std::function<Result<T>(EngineClient &)> work,
                      const CancelToken &token, const AnswerOrder::Ticket &ticket)
{
    const QPointer<QObject> guard(context);
    pool.start([this, guard, era = m_era.load(), reply = std::move(reply), work = std::move(work), token, ticket] {
        const Client current = client(era);
        Result<T> result = era != m_era ? switchedAway() : notConnected();
        if (current && !m_ending && !token.isCancelled()) result = work(*current);
        if (m_ending || (token.isCancelled() && !ticket)) return;
        // Nobody cancelled it: its connection ended, and all calls with it.
        if (!result.ok() && result.error().code == ErrorCode::Cancelled && !token.isCancelled()) result = lostMeanwhile();
        // The object behind the event is the session, which outlives its pools; the context is checked on its own thread.
        QMetaObject::invokeMethod(this, [this, guard, era, reply, token, ticket, result = std::move(result)]() mutable {
            auto deliver = [this, guard, era, reply, token, result = std::move(result)] {
                if (!guard || token.isCancelled()) return;
                reply(era == m_era ? result : Result<T>(switchedAway()));
            };
            if (ticket)
                m_order.answer(ticket, std::move(deliver));
            else
                deliver();
        });
    });
}

/// Several at a time; of one run in the order in which they were asked.
template <typename T>
void RpcSession::read(const QString &run, QObject *context, Reply<T> reply, std::function<Result<T>(EngineClient &)> work,
                      QThreadPool *pool)
{
    call<T>(pool ? *pool : m_reads, context, std::move(reply), std::move(work), {}, m_order.ask(run));
}

} // namespace orrery::ui
