// SPDX-License-Identifier: GPL-3.0-or-later
// The connection of the session: made, kept, watched for a sign of life, lost, made again, and turned to another host.
#include "app/workbench/host_place.h"
#include "app/workbench/rpc_session.h"
#include "core/base/platform.h"
#include "core/rpc/silent_host.h"

#include <QMetaObject>

#include <algorithm>

namespace orrery::ui {

using namespace std::chrono_literals;

namespace {

constexpr auto kLongestPause = 15s;
constexpr auto kLongestSilentPause = 4s; ///< one that is there may answer any moment, and is asked for seconds each time
constexpr auto kRefusedPause = 60s; ///< a token that is refused is not said again and again

EngineInfo toEngineInfo(const HostDescription &host, const HostConnectOptions &options)
{
    EngineInfo info;
    info.isOfThisComputer = isHostOfThisComputer(host, options);
    info.version = QString::fromStdString(host.version);
    info.cpuModel = QString::fromStdString(host.cpuModel);
    info.numCores = host.numCores;
    info.memoryBytes = host.memoryBytes;
    info.numCudaDevices = host.numCudaDevices;
    info.cudaNote = QString::fromStdString(host.cudaNote);
    info.home = QString::fromStdString(host.home);
    return info;
}

} // namespace

void RpcSession::switchTo(HostConnectOptions options, const QString &name)
{
    CancelToken last;
    const bool isLocal = isLocalTarget(options);
    {
        const std::lock_guard lock(m_mutex);
        last = m_options.token;
        m_options = std::move(options);
        m_options.token = CancelToken();
        m_client = nullptr;
        m_retryNow = true;
        ++m_era;
    }
    last.cancel(); // whatever the other host was asked, and the attempt to connect to it
    m_wake.notify_all();
    m_hostName = name;
    m_state = ConnectionState::Connecting;
    m_engine = {};
    m_engine.isOfThisComputer = isLocal;
    m_loss = {};
    m_isLinked = false;
    m_lastError.clear();
    m_isRefused = false;
    m_roundTripMs = std::numeric_limits<double>::quiet_NaN();
    m_runs.clear();
    // The panels let go of their runs: an id means another run on the other host, if any.
    Q_EMIT runsChanged();
    dropWatchers(); // what nobody let go of
    Q_EMIT hostSwitched();
    Q_EMIT roundTripChanged();
    Q_EMIT connectionChanged();
}

RpcSession::Client RpcSession::client(Era era) const
{
    const std::lock_guard lock(m_mutex);
    return era == m_era ? m_client : nullptr;
}

void RpcSession::setClient(Era era, Client client)
{
    const std::lock_guard lock(m_mutex);
    if (era == m_era) m_client = std::move(client);
}

/// Not more than one at a time: a link that is slow is not asked faster than it answers. One that a silent host has not answered
/// is answered first when it goes on.
void RpcSession::askRoundTrip()
{
    if (!m_isLinked || std::exchange(m_isAskingRoundTrip, true)) return;
    m_pings.start([this, era = m_era.load()] {
        const Client current = client(era);
        const Result<double> seconds = current && !m_ending ? current->ping() : Result<double>(Error{});
        if (seconds.ok()) m_pulse.hear();
        QMetaObject::invokeMethod(this, [this, era, seconds] {
            m_isAskingRoundTrip = false;
            if (era != m_era) return;
            const bool wasSilent = m_loss.isSilent; // how long that was is no round trip
            feelPulse();
            m_roundTripMs = seconds.ok() && !wasSilent ? *seconds * 1e3 : std::numeric_limits<double>::quiet_NaN();
            Q_EMIT roundTripChanged();
        });
    });
}

/// A connection over which nothing comes is not given up: what waits for an answer gets it when the host goes on. Only what is
/// shown changes, and nobody can mistake a host that hangs for one that has ended.
void RpcSession::feelPulse()
{
    if (!m_isLinked || m_pulse.look(std::chrono::steady_clock::now()) == m_loss.isSilent) return;
    const double silence = std::chrono::duration<double>(m_pulse.silence()).count();
    if (m_pulse.isSilent()) {
        m_state = ConnectionState::Lost;
        m_loss = {wallSeconds() - silence, 0, true};
        m_lastError = tr("The connection stands, and nothing comes over it.");
        m_roundTripMs = std::numeric_limits<double>::quiet_NaN();
    } else {
        m_state = ConnectionState::Connected;
        m_loss = {};
        m_lastError.clear();
        replayWatchers();
    }
    Q_EMIT connectionChanged();
    Q_EMIT roundTripChanged();
}

void RpcSession::reconnect()
{
    {
        const std::lock_guard lock(m_mutex);
        m_retryNow = true;
    }
    m_loss.nextTry = 0; // it is under way
    m_wake.notify_all();
}

void RpcSession::postConnection(Era era, const News &news)
{
    QMetaObject::invokeMethod(this, [this, era, news] {
        if (era != m_era) return;
        const double since = m_loss.since > 0 ? m_loss.since : wallSeconds();
        m_loss = news.state == ConnectionState::Lost ? ConnectionLoss{since, news.nextTry, news.isSilent} : ConnectionLoss{};
        m_state = news.state;
        m_isLinked = news.state == ConnectionState::Connected;
        if (m_isLinked) m_pulse.begin(std::chrono::steady_clock::now());
        m_lastError = news.error;
        m_isRefused = news.isRefused;
        if (news.state == ConnectionState::Connected)
            m_engine = news.engine;
        else
            m_roundTripMs = std::numeric_limits<double>::quiet_NaN();
        Q_EMIT connectionChanged();
        Q_EMIT roundTripChanged();
        if (news.state == ConnectionState::Connected) askRoundTrip();
    });
}

Error RpcSession::serveConnection(const HostConnectOptions &options, Era era, bool &wasConnected)
{
    auto connected = connectOrStartHost(options);
    if (!connected) return connected.error();
    const auto current = std::make_shared<EngineClient>(std::move(connected->client));
    setClient(era, current);
    wasConnected = true;
    News news{ConnectionState::Connected, {}, toEngineInfo(connected->host, options)};
    news.engine.note = QString::fromStdString(connected->note);
    postConnection(era, news);
    const auto watched = current->watchRuns(
        [this, era](const std::vector<RunStatus> &runs) {
            m_pulse.hear();
            QMetaObject::invokeMethod(this, [this, era, runs] {
                if (era != m_era) return;
                m_runs = runs;
                Q_EMIT runsChanged();
            });
            return !m_ending.load();
        },
        options.token);
    setClient(era, nullptr);
    current->cancelAll();
    return watched ? Error{ErrorCode::Unavailable, tr("The engine ended.").toStdString(), {}} : watched.error();
}

/// Runs on its own thread: connects (starting a host of this computer where there is none), follows the list of runs, and
/// begins again when the link is lost. A lost host is tried again after 1, 2, 4 … 15 s, or when somebody presses Retry; one
/// that refused us (token, certificate, protocol) after a minute.
void RpcSession::superviseConnection()
{
    std::chrono::milliseconds pause = m_firstPause;
    while (!m_ending) {
        HostConnectOptions options;
        Era era = 0;
        {
            const std::lock_guard lock(m_mutex);
            options = m_options;
            era = m_era;
            m_retryNow = false;
        }
        bool wasConnected = false;
        const Error error = serveConnection(options, era, wasConnected);
        if (m_ending) return;
        if (wasConnected) pause = m_firstPause;
        // One that was chosen, over TCP or a socket that ssh forwards; it would say the same again.
        const bool isChosen = !options.remote.address.empty() || !options.mayStart;
        const bool isRefused = isChosen && error.code != ErrorCode::Unavailable && error.code != ErrorCode::Cancelled;
        // Who listens and took no connection is there, and nothing was started beside it.
        const bool isSilent = !wasConnected && error.code == ErrorCode::Unavailable && silentHost(options);
        if (isSilent) pause = std::min<std::chrono::milliseconds>(pause, kLongestSilentPause);
        const std::chrono::milliseconds wait = isRefused ? std::max<std::chrono::milliseconds>(pause, kRefusedPause) : pause;
        postConnection(era, {ConnectionState::Lost, QString::fromStdString(error.text()), {}, isRefused,
                             wallSeconds() + std::chrono::duration<double>(wait).count(), isSilent});
        std::unique_lock lock(m_mutex);
        m_wake.wait_for(lock, wait, [this] { return m_ending.load() || m_retryNow; });
        pause = m_retryNow ? m_firstPause : std::min<std::chrono::milliseconds>(pause * 2, kLongestPause);
    }
}

} // namespace orrery::ui
