// SPDX-License-Identifier: Apache-2.0
// Lets in over TCP who has a token: gRPC asks it before it looks for the method, so a method that is added later is closed
// as well. Afterwards it ends the calls whose token was revoked. Private to core/rpc and its tests. Any thread.
#pragma once

#include <grpcpp/security/auth_metadata_processor.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace grpc {
class ServerContext;
}

namespace orrery {

class AccessTokens;

class CallGuard final : public grpc::AuthMetadataProcessor {
public:
    explicit CallGuard(AccessTokens &tokens) : m_tokens(tokens) {}

    grpc::Status Process(const InputMetadata &metadata, grpc::AuthContext *context, OutputMetadata *consumed,
                         OutputMetadata *response) override;

    /// A call that was let in, from its beginning to its end. False: its token has gone meanwhile.
    bool add(grpc::ServerContext &context);
    void remove(grpc::ServerContext &context);
    /// Ends calls whose token was revoked since the last time; cheap when none was. Called a few times a second.
    void tick();

    [[nodiscard]] uint64_t numRefused() const { return m_numRefused; }
    [[nodiscard]] uint64_t numEnded() const { return m_numEnded; } ///< because their token was revoked

private:
    void holdBack(bool hasToken);

    AccessTokens &m_tokens;
    std::mutex m_mutex;
    std::map<grpc::ServerContext *, std::string> m_calls; ///< with their tokens
    uint64_t m_checkedVersion = 0;
    double m_loggedAt = -1e9;
    uint64_t m_numUnlogged = 0;
    std::atomic<int> m_numHeldBack{0};
    std::atomic<uint64_t> m_numRefused{0};
    std::atomic<uint64_t> m_numEnded{0};
};

} // namespace orrery
