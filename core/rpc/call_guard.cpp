// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/call_guard.h"

#include "core/base/log.h"
#include "core/base/platform.h"
#include "core/rpc/access_tokens.h"
#include "core/rpc/wire.h"

#include <grpcpp/server_context.h>

#include <chrono>
#include <openssl/crypto.h>
#include <string_view>
#include <thread>

namespace orrery {

namespace {

constexpr std::string_view kScheme = "Bearer ";
/// A refused call waits this long for its answer, so that somebody who tries one after the other is slow. One at a time: it
/// keeps a thread of gRPC's pool, behind which the calls of others would wait.
constexpr auto kHoldBack = std::chrono::milliseconds(200);
constexpr int kMostHeldBack = 1;
constexpr double kLogInterval = 10;

std::string tokenOf(const std::multimap<grpc::string_ref, grpc::string_ref> &metadata)
{
    const auto found = metadata.find(wire::kTokenKey);
    if (found == metadata.end() || metadata.count(wire::kTokenKey) != 1) return {};
    const std::string_view value(found->second.data(), found->second.size());
    if (!value.starts_with(kScheme)) return {};
    return std::string(value.substr(kScheme.size()));
}

} // namespace

grpc::Status CallGuard::Process(const InputMetadata &metadata, grpc::AuthContext *, OutputMetadata *, OutputMetadata *)
{
    const std::string token = tokenOf(metadata);
    if (!token.empty() && m_tokens.isValid(token)) return grpc::Status::OK;
    holdBack(!token.empty());
    return {grpc::StatusCode::UNAUTHENTICATED, token.empty() ? "no token was given" : "the token is not known here"};
}

void CallGuard::holdBack(bool hasToken)
{
    ++m_numRefused;
    {
        const std::lock_guard lock(m_mutex);
        ++m_numUnlogged;
        if (const double now = monotonicSeconds(); now - m_loggedAt >= kLogInterval) {
            logWarning("Refused " + std::to_string(m_numUnlogged) + (m_numUnlogged == 1 ? " call" : " calls") +
                       " over TCP; the last one had " + (hasToken ? "a token that is not known here" : "no token"));
            m_loggedAt = now;
            m_numUnlogged = 0;
        }
    }
    if (++m_numHeldBack <= kMostHeldBack) std::this_thread::sleep_for(kHoldBack);
    --m_numHeldBack;
}

bool CallGuard::add(grpc::ServerContext &context)
{
    std::string token = tokenOf(context.client_metadata());
    {
        const std::lock_guard lock(m_mutex);
        m_calls[&context] = token;
    }
    // Known to tick() first: a token that goes now is either seen there or here.
    if (m_tokens.isValid(token)) return true;
    remove(context);
    return false;
}

void CallGuard::remove(grpc::ServerContext &context)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_calls.find(&context);
    if (found == m_calls.end()) return;
    OPENSSL_cleanse(found->second.data(), found->second.size());
    m_calls.erase(found);
}

void CallGuard::tick()
{
    m_tokens.saveUses();
    const uint64_t version = m_tokens.version();
    const std::lock_guard lock(m_mutex);
    if (version == m_checkedVersion) return;
    m_checkedVersion = version;
    for (const auto &[context, token] : m_calls)
        if (!m_tokens.isValid(token)) {
            context->TryCancel();
            ++m_numEnded;
        }
}

} // namespace orrery
