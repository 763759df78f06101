// SPDX-License-Identifier: Apache-2.0
// Each ErrorCode is exactly one gRPC status and back; message and hint travel in the trailing metadata.
// Private to core/rpc and its tests. Any thread.
#pragma once

#include "core/base/result.h"

#include <grpcpp/support/status.h>

#include <string>

namespace grpc {
class ClientContext;
class ServerContext;
} // namespace grpc

namespace orrery {

inline constexpr const char *kErrorMetadataKey = "orrery-error-bin";

grpc::StatusCode statusCodeFor(ErrorCode code);
/// What a status without our details means (made by gRPC itself or by another program).
ErrorCode errorCodeFor(grpc::StatusCode code);

/// Adds the details to the context and returns the mapped status.
grpc::Status failedStatus(const Error &error, grpc::ServerContext &context);

/// The engine's own error when the trailing metadata holds one, else one that says what the transport found.
/// @param action "watch run", completes "Cannot … \"object\""
Error errorFromStatus(const grpc::Status &status, const grpc::ClientContext &context,
                      const std::string &action, const std::string &object);

} // namespace orrery
