// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/error_status.h"

#include "core/rpc/adapters.h"
#include "core/rpc/wire.h"

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

namespace orrery {

grpc::StatusCode statusCodeFor(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Unknown:
        return grpc::StatusCode::UNKNOWN;
    case ErrorCode::InvalidInput:
        return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::NotFound:
        return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::Conflict:
        return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::Io:
        return grpc::StatusCode::DATA_LOSS;
    case ErrorCode::OutOfMemory:
        return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::Cancelled:
        return grpc::StatusCode::CANCELLED;
    case ErrorCode::Unavailable:
        return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::Internal:
        return grpc::StatusCode::INTERNAL;
    case ErrorCode::NonFinite:
        return grpc::StatusCode::ABORTED;
    }
    return grpc::StatusCode::UNKNOWN;
}

ErrorCode errorCodeFor(grpc::StatusCode code)
{
    switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
        return ErrorCode::InvalidInput;
    case grpc::StatusCode::NOT_FOUND:
        return ErrorCode::NotFound;
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::FAILED_PRECONDITION:
        return ErrorCode::Conflict;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::DATA_LOSS:
        return ErrorCode::Io;
    case grpc::StatusCode::CANCELLED:
        return ErrorCode::Cancelled;
    // gRPC itself says "exhausted" when its threads are used up or a message is too large; our own
    // out-of-memory always comes with details.
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::UNAVAILABLE:
        return ErrorCode::Unavailable;
    case grpc::StatusCode::INTERNAL:
        return ErrorCode::Internal;
    case grpc::StatusCode::ABORTED:
        return ErrorCode::NonFinite;
    default:
        return ErrorCode::Unknown;
    }
}

grpc::Status failedStatus(const Error &error, grpc::ServerContext &context)
{
    v1::ErrorDetail detail;
    toMessage(error, detail);
    context.AddTrailingMetadata(kErrorMetadataKey, detail.SerializeAsString());
    return {statusCodeFor(error.code), wire::cutUtf8(detail.message(), 256)};
}

Error errorFromStatus(const grpc::Status &status, const grpc::ClientContext &context,
                      const std::string &action, const std::string &object)
{
    const auto &trailer = context.GetServerTrailingMetadata();
    if (auto it = trailer.find(kErrorMetadataKey); it != trailer.end()) {
        v1::ErrorDetail detail;
        if (detail.ParseFromArray(it->second.data(), static_cast<int>(it->second.size())))
            return fromMessage(detail);
    }
    const std::string what = "Cannot " + action + " \"" + object + "\": ";
    switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
        return {ErrorCode::Cancelled, what + "it was cancelled.", ""};
    case grpc::StatusCode::UNAVAILABLE:
        return {ErrorCode::Unavailable, what + "the engine does not answer any more.",
                "Reconnect; if it stays away, start it again."};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
        return {ErrorCode::Unavailable, what + "the engine did not answer in time.",
                "Try again; if it repeats, look for what keeps the machine busy."};
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
        return {ErrorCode::Unavailable, what + "the engine is busy or the answer is too large.",
                "Close other viewers or ask for less, then try again."};
    case grpc::StatusCode::UNAUTHENTICATED:
        return {ErrorCode::Io, what + "the host refuses the token, expected one that it knows.",
                "It may have been revoked. Make another one on the host's machine (orrery-engine host token create NAME) and "
                "put it into the connection."};
    case grpc::StatusCode::UNIMPLEMENTED:
        return {ErrorCode::Unavailable, what + "the engine that answers does not offer it.",
                "Ask a host instead of a worker, or update the engine."};
    default:
        return {errorCodeFor(status.error_code()),
                what + wire::cutUtf8(sanitizeUtf8(status.error_message()), 512),
                "Try again; the engine's log says more."};
    }
}

} // namespace orrery
