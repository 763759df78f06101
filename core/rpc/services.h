// SPDX-License-Identifier: Apache-2.0
// The three gRPC services on top of the backends. Private to core/rpc.
#pragma once

#include "core/rpc/service_backends.h"

#include <grpcpp/impl/codegen/service_type.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace orrery {

class CallGuard;

/// Counted by all handlers of a server.
struct CallMeter {
    std::atomic<int64_t> cpuNanoseconds{0};
    std::atomic<int> numCalls{0};
    std::atomic<int> numStreams{0};
    std::atomic<int64_t> lastChangeNanoseconds{0}; ///< steady clock
    std::atomic<bool> isStopping{false};
    int maxStreams = 32;
    CallGuard *guard = nullptr; ///< of TCP: knows the calls under way, to end those whose token goes
};

std::unique_ptr<grpc::Service> makeRunService(RunBackend &backend, CallMeter &meter);
std::unique_ptr<grpc::Service> makeHostService(HostBackend &backend, CallMeter &meter);
std::unique_ptr<grpc::Service> makeInferenceService(InferenceBackend &backend, CallMeter &meter);

} // namespace orrery
