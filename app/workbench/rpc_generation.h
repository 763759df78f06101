// SPDX-License-Identifier: GPL-3.0-or-later
// One generation over RPC, on a thread of its own that the session joins. GUI thread only; destroying it
// cancels the tokens and waits for nothing.
#pragma once

#include "core/rpc/client.h"
#include "widgets/session/engine_session.h"

#include <memory>

namespace orrery::ui {

class CallThreads;

class RpcGeneration final : public GenerationHandle {
    Q_OBJECT
public:
    /// @param client may be null: then failed() comes with the next event   @param connection what ends all calls when the
    /// window turns to another host; that is an end like a stop   @param threads where its thread stands
    RpcGeneration(std::shared_ptr<EngineClient> client, const CancelToken &connection, const QString &model,
                  const GenerateRequest &request, CallThreads &threads);
    ~RpcGeneration() override;
    void cancel() override;

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace orrery::ui
