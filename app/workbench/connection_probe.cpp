// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/connection_probe.h"

#include "core/rpc/tls_identity.h"

#include <QtConcurrentRun>

namespace orrery::ui {

using namespace std::chrono_literals;

struct ConnectionProbe::Outcome {
    enum class Kind : uint8_t { Answered, Unknown, Changed, Failed } kind = Kind::Failed;
    Error error;
    std::string shown, expected;
    ProbeResult result;
};

ConnectionProbe::~ConnectionProbe() { m_token.cancel(); }

void ConnectionProbe::cancel()
{
    m_token.cancel();
    ++m_attempt;
    m_isRunning = false;
}

void ConnectionProbe::start(const Connection &connection)
{
    cancel();
    m_isRunning = true;
    m_token = CancelToken();
    QtConcurrent::run([connection, token = m_token] { return probe(connection, token); })
        .then(this, [this, attempt = m_attempt](const Outcome &outcome) {
            if (attempt != m_attempt) return;
            m_isRunning = false;
            take(outcome);
        });
}

ConnectionProbe::Outcome ConnectionProbe::probe(const Connection &connection, const CancelToken &token)
{
    Outcome outcome;
    const auto failed = [&outcome](const Error &error) {
        outcome.kind = Outcome::Kind::Failed;
        outcome.error = error;
        return outcome;
    };
    if (!connection.isSocket()) {
        const auto address = parseTcpAddress(connection.address);
        if (!address) return failed(address.error());
        if (!address->isPlain) {
            const auto peer = fetchPeerCertificate(*address, 10s, [&token] { return token.isCancelled(); });
            if (!peer) return failed(peer.error());
            outcome.shown = peer->fingerprint;
            outcome.expected = connection.fingerprint;
            outcome.kind = connection.fingerprint.empty() ? Outcome::Kind::Unknown : Outcome::Kind::Changed;
            if (!isSameFingerprint(peer->fingerprint, connection.fingerprint)) return outcome;
        }
    }
    HostConnectOptions options = connectOptionsFor(connection);
    options.token = token;
    const auto connected = connectOrStartHost(options);
    if (!connected) return failed(connected.error());
    const auto roundTrip = connected->client.ping();
    if (!roundTrip) return failed(roundTrip.error());
    const HostDescription &host = connected->host;
    outcome.kind = Outcome::Kind::Answered;
    outcome.result = {QString::fromStdString(host.machine), QString::fromStdString(host.version),
                      QString::fromStdString(host.cpuModel), host.numCores, host.numCudaDevices, *roundTrip * 1e3,
                      QString::fromStdString(connected->note)};
    return outcome;
}

void ConnectionProbe::take(const Outcome &outcome)
{
    switch (outcome.kind) {
    case Outcome::Kind::Answered:
        Q_EMIT answered(outcome.result);
        break;
    case Outcome::Kind::Unknown:
        Q_EMIT fingerprintUnknown(QString::fromStdString(outcome.shown));
        break;
    case Outcome::Kind::Changed:
        Q_EMIT fingerprintChanged(QString::fromStdString(outcome.shown), QString::fromStdString(outcome.expected));
        break;
    case Outcome::Kind::Failed:
        Q_EMIT failed(outcome.error);
        break;
    }
}

} // namespace orrery::ui
