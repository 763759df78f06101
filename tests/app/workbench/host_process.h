// SPDX-License-Identifier: GPL-3.0-or-later
// A host in a process of its own, to be frozen and killed, with runs whose worker needs no LibTorch. Each
// object has a home of its own; what is left running ends with it.
#pragma once

#include "core/rpc/access_tokens.h"
#include "core/rpc/client.h"
#include "core/rpc/connections.h"
#include "core/rpc/host_connection.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <chrono>
#include <csignal>

namespace orrery::test {

/// The longest wait for what must come; no test waits so long when all is well.
inline constexpr int kPatienceMs = 60'000;
/// For the end of a whole run.
inline constexpr int kEndPatienceMs = 120'000;

class HostProcess {
public:
    HostProcess()
    {
        for (const char *folder : {"home", "rt"}) QDir(m_folder.path()).mkdir(QString::fromLatin1(folder));
        QFile::setPermissions(path("rt"), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        QFile text(path("text.txt"));
        if (!text.open(QIODevice::WriteOnly)) qFatal("no disk");
        for (int i = 0; i < 4000; ++i) text.write("line " + QByteArray::number(i) + " of a text\n");
    }
    ~HostProcess()
    {
        kill();
        for (const auto &folder : Catalogue(path("home").toStdString()).scan()) {
            const auto run = RunDirectory::open(folder);
            if (!run.ok()) continue;
            if (const auto worker = run->liveWorker()) ::kill(static_cast<pid_t>(worker->pid), SIGKILL);
        }
    }
    HostProcess(const HostProcess &) = delete;
    HostProcess &operator=(const HostProcess &) = delete;

    [[nodiscard]] QString path(const char *name) const
    {
        return m_folder.filePath(QString::fromLatin1(name));
    }
    [[nodiscard]] std::string socket() const { return path("h").toStdString(); }
    /// Of a session that finds this host and starts none.
    [[nodiscard]] HostConnectOptions options() const
    {
        HostConnectOptions options;
        options.socketPath = socket();
        options.engineProgram = "/bin/false";
        options.wait = std::chrono::milliseconds(100);
        return options;
    }
    /// What a fake worker is told: FAKE_STEP_MS …
    void setKnob(const char *name, const char *value)
    {
        m_environment.insert(QString::fromLatin1(name), QString::fromLatin1(value));
    }

    /// Lets others in over TCP, with a token that is made here; before start().
    void listen()
    {
        m_token = AccessTokens((path("home") + QStringLiteral("/remote/tokens.json")).toStdString()).create("window").value();
        m_listen = QStringLiteral("127.0.0.1:0");
    }
    [[nodiscard]] uint16_t port() const { return m_port; }
    [[nodiscard]] std::string token() const { return m_token; }
    [[nodiscard]] std::filesystem::path tokensFile() const { return (path("home") + QStringLiteral("/remote/tokens.json")).toStdString(); }
    /// As the user would keep it. @param port of a proxy before it; 0: its own
    [[nodiscard]] Connection connection(const char *name, uint16_t port = 0) const
    {
        return {name, "tcp://127.0.0.1:" + std::to_string(port ? port : m_port), m_fingerprint, m_token, {}, {}};
    }

    bool start()
    {
        m_environment.insert(QStringLiteral("ORRERY_HOME"), path("home"));
        m_environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), path("rt"));
        m_environment.insert(QStringLiteral("XDG_CACHE_HOME"), path("cache"));
        m_environment.insert(QStringLiteral("ORRERY_WORKER"), QStringLiteral(ORRERY_FAKE_WORKER));
        m_process.setProcessEnvironment(m_environment);
        m_process.setStandardOutputFile(path("host.out"));
        m_process.setStandardErrorFile(path("host.err"));
        QStringList arguments = {path("home"), path("h")};
        if (!m_listen.isEmpty()) arguments << QStringLiteral("0") << m_listen;
        m_process.start(QStringLiteral(ORRERY_HOST_PROGRAM), arguments);
        return QTest::qWaitFor([this] { return EngineClient::connect(socket()).ok(); }, kPatienceMs) &&
               (m_listen.isEmpty() || QTest::qWaitFor([this] { return readPort(); }, kPatienceMs));
    }
    /// Returns when no thread of the host runs: on a busy machine that is some time after the signal.
    [[nodiscard]] bool freeze() const
    {
        ::kill(static_cast<pid_t>(m_process.processId()), SIGSTOP);
        return QTest::qWaitFor([this] { return isStopped(); }, kPatienceMs);
    }
    void thaw() const { ::kill(static_cast<pid_t>(m_process.processId()), SIGCONT); }
    void kill()
    {
        m_process.kill(); // ends a frozen one as well
        m_process.waitForFinished();
    }
    [[nodiscard]] EngineClient client() const
    {
        auto connected = EngineClient::connect(socket(), std::chrono::minutes(1));
        if (!connected.ok()) qFatal("%s", connected.error().text().c_str());
        connected->setDeadline(std::chrono::minutes(1));
        return std::move(connected).value();
    }
    [[nodiscard]] QString specJson(qint64 numSteps) const
    {
        return QStringLiteral(R"({"name": "alpha", "data.path": "%1", "train.steps": %2})")
            .arg(path("text.txt"))
            .arg(numSteps);
    }

private:
    /// One that is started again listens where it did.
    bool readPort()
    {
        QFile file(path("host.out"));
        const QList<QByteArray> words = file.open(QIODevice::ReadOnly) ? file.readAll().simplified().split(' ') : QList<QByteArray>();
        if (words.size() < 2) return false;
        m_port = static_cast<uint16_t>(words[0].toUInt());
        m_fingerprint = words[1].toStdString();
        m_listen = QStringLiteral("127.0.0.1:%1").arg(m_port);
        return m_port != 0;
    }
    [[nodiscard]] bool isStopped() const
    {
        const QString folder = QStringLiteral("/proc/%1/task").arg(m_process.processId());
        for (const QString &task : QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            QFile file(folder + u'/' + task + QStringLiteral("/stat"));
            if (!file.open(QIODevice::ReadOnly) || !file.readAll().contains(") T")) return false;
        }
        return true;
    }

    QTemporaryDir m_folder{QStringLiteral("/tmp/ow-XXXXXX")}; // short, as socket paths are
    QString m_listen; ///< empty: nobody else comes in
    std::string m_token, m_fingerprint;
    uint16_t m_port = 0;
    QProcessEnvironment m_environment = QProcessEnvironment::systemEnvironment();
    QProcess m_process;
};

} // namespace orrery::test
