// SPDX-License-Identifier: GPL-3.0-or-later
// Tries a connection on a thread of its own: what certificate is there, whether the token is taken, how long a round trip is.
// GUI thread only; destroying it ends the attempt and waits for nothing.
#pragma once

#include "core/rpc/connections.h"

#include <QObject>
#include <QString>

namespace orrery::ui {

struct ProbeResult {
    QString machine, version, cpuModel;
    int numCores = 0;
    int numCudaDevices = 0;
    double roundTripMs = 0;
    QString note; ///< a difference of versions; mostly empty
};

class ConnectionProbe : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~ConnectionProbe() override;
    /// Ends the attempt before. Exactly one signal follows.
    void start(const Connection &connection);
    void cancel();
    [[nodiscard]] bool isRunning() const { return m_isRunning; }

Q_SIGNALS:
    /// Nobody has said yet which certificate is the right one. @param shown its fingerprint
    void fingerprintUnknown(const QString &shown);
    void fingerprintChanged(const QString &shown, const QString &expected);
    void failed(const orrery::Error &error);
    void answered(const orrery::ui::ProbeResult &result);

private:
    struct Outcome;
    static Outcome probe(const Connection &connection, const CancelToken &token);
    void take(const Outcome &outcome);

    CancelToken m_token;
    quint64 m_attempt = 0;
    bool m_isRunning = false;
};

} // namespace orrery::ui
