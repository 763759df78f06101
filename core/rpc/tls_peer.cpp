// SPDX-License-Identifier: Apache-2.0
// The handshake that only looks: what certificate somebody shows, before anything is said to them.
#include "core/rpc/tcp_connect.h"
#include "core/rpc/tls_identity.h"

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>

namespace orrery {

namespace {

Error noTls(const TcpAddress &address, const std::string &found)
{
    return {ErrorCode::Unavailable,
            "Cannot connect to the host at \"" + address.text() + "\": " + found + ", expected TLS.",
            "Look at the port: another program may listen there, or a host without TLS (then forward its port with ssh -L and write plain://)."};
}

} // namespace

Result<PeerCertificate> fetchPeerCertificate(const TcpAddress &address, std::chrono::milliseconds timeout,
                                             const std::function<bool()> &isCancelled)
{
    const auto until = std::chrono::steady_clock::now() + timeout;
    ORRERY_ASSIGN(const FileDescriptor socket, connectTcp(address, until, isCancelled));
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> tls(context ? SSL_new(context.get()) : nullptr, SSL_free);
    if (!tls || SSL_set_fd(tls.get(), socket.get()) != 1) return noTls(address, "OpenSSL cannot be used here");
    // Nothing is trusted here: the certificate is compared by its fingerprint, and gRPC then accepts only this one.
    SSL_set_verify(tls.get(), SSL_VERIFY_NONE, nullptr);
    SSL_set_min_proto_version(tls.get(), TLS1_2_VERSION);
    static constexpr unsigned char kProtocol[] = {2, 'h', '2'};
    SSL_set_alpn_protos(tls.get(), kProtocol, sizeof(kProtocol));
    for (;;) {
        const int done = SSL_connect(tls.get());
        if (done == 1) break;
        const int wanted = SSL_get_error(tls.get(), done);
        ERR_clear_error();
        if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE)
            return noTls(address, "who listens there ended the handshake");
        if (!waitForSocket(socket.get(), wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until, isCancelled)) {
            if (isCancelled && isCancelled())
                return Error{ErrorCode::Cancelled,
                             "Cannot connect to the host at \"" + address.text() + "\": the attempt was cancelled.", "Connect again."};
            return noTls(address, "it did not finish the handshake in time");
        }
    }
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(tls.get()), X509_free);
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), BIO_free_all);
    if (!shown || !memory || PEM_write_bio_X509(memory.get(), shown.get()) != 1)
        return noTls(address, "it showed no certificate");
    char *data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    PeerCertificate peer{std::string(data, static_cast<size_t>(size)), {}};
    ORRERY_ASSIGN(peer.fingerprint, certificateFingerprint(peer.pem));
    return peer;
}

} // namespace orrery
