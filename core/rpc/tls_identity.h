// SPDX-License-Identifier: Apache-2.0
// What a host shows to those who come over TLS: a key and a self-signed certificate, made the first time; and what a
// client looks at before it says its token. No gRPC. Any thread.
#pragma once

#include "core/base/result.h"
#include "core/rpc/remote_target.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace orrery {

struct TlsIdentity {
    std::string certificatePem; ///< with its chain, where it has one
    std::string keyPem;
    std::string fingerprint;
};

/// "SHA256:" and 64 hexadecimal digits in pairs, of the first certificate. @error InvalidInput (no certificate)
Result<std::string> certificateFingerprint(const std::string &pem);
/// Whether two fingerprints are the same, however their digits are written (case, colons, with or without "SHA256:").
bool isSameFingerprint(const std::string &a, const std::string &b);
/// As certificateFingerprint() writes it. @error InvalidInput: not 64 hexadecimal digits
Result<std::string> parseFingerprint(const std::string &text);
/// The name that TLS is to check the certificate against: its first alternative name, else its common name.
/// @error InvalidInput
Result<std::string> certificateName(const std::string &pem);

/// Reads folder/host.crt and host.key; makes both (ECDSA P-256, self-signed, key of mode 0600) when neither is there.
/// @error Conflict (only one is there; others can read the key), InvalidInput (they do not belong together), Io
Result<TlsIdentity> loadOrMakeIdentity(const std::filesystem::path &folder);
/// The user's own. @error NotFound, Conflict, InvalidInput (as above), Io
Result<TlsIdentity> loadIdentity(const std::filesystem::path &certificate, const std::filesystem::path &key);

struct PeerCertificate {
    std::string pem;
    std::string fingerprint;
};
/// Connects, shakes hands, and returns what the other side showed; nothing is said to it beyond that.
/// @param isCancelled asked about 50 times a second   @error Unavailable (nobody listens, no TLS there, too slow), Cancelled
Result<PeerCertificate> fetchPeerCertificate(const TcpAddress &address, std::chrono::milliseconds timeout,
                                             const std::function<bool()> &isCancelled = {});

} // namespace orrery
