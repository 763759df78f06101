// SPDX-License-Identifier: Apache-2.0
// The RPC side of a worker: RunService for its one run, or InferenceService for its one model, on a Unix
// socket. Owned by the worker's main; started and destroyed on the main thread; publish() from any thread and
// it never blocks.
#pragma once

#include "core/base/result.h"
#include "core/engine_api/generator.h"
#include "core/engine_api/trainer.h"
#include "core/store/run_directory.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace orrery {

class RunServer {
public:
    /// @error Io, InvalidInput (socket path above 107 bytes), Conflict (somebody listens there)
    static Result<std::unique_ptr<RunServer>> start(const std::string &socketPath, const RunDirectory &run,
                                                    Trainer &trainer);
    virtual ~RunServer() = default; ///< ends streams, joins, removes the socket
    /// Hands a batch to all viewers through one bounded lossy ring each (4,096 reports). Wait-free for the
    /// caller.
    virtual void publish(const std::vector<StepReport> &reports, const std::vector<RunEvent> &events) = 0;
    [[nodiscard]] virtual int numViewers() const = 0;
    /// CPU seconds spent on viewers so far.
    [[nodiscard]] virtual double viewerCpuSeconds() const = 0;
};

class ModelServer {
public:
    /// Serves one generator; requests queue, a cancelled or dead client frees it at the next token.
    static Result<std::unique_ptr<ModelServer>> start(const std::string &socketPath, Generator &generator);
    virtual ~ModelServer() = default;
    /// Serves on the calling thread (the only one that calls the generator) until idleSeconds pass without a
    /// request or stopRequested returns true.
    virtual Result<void> run(double idleSeconds, const std::function<bool()> &stopRequested) = 0;
};

} // namespace orrery
