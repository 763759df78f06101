// SPDX-License-Identifier: Apache-2.0
// Two homes as those of two machines: one serves with a worker without LibTorch, the other asks from afar.
#pragma once

#include "engine_process.h"

#include "core/rpc/client.h"
#include "core/store/catalogue.h"
#include "core/store/run_directory.h"

#include <csignal>

constexpr int kPatienceMs = 60'000;

/// A command line; %1, %2 … are filled after it was cut, so they may hold blanks.
inline QStringList words(const char *line, const QStringList &values = {})
{
    QStringList all = QString::fromLatin1(line).split(u' ');
    for (QString &word : all)
        for (qsizetype i = 0; i < values.size(); ++i)
            if (word == QStringLiteral("%%1").arg(i + 1)) word = values[i];
    return all;
}

class FarHost {
protected:
    /// Serves, with one token and a run "alpha" that trains.
    void serve()
    {
        const EngineAnswer made = there({QStringLiteral("host"), QStringLiteral("token"), QStringLiteral("create"), QStringLiteral("laptop"), QStringLiteral("--json")});
        QVERIFY2(made.exitCode == 0, qPrintable(made.all()));
        m_token = made.lines().first().value(QStringLiteral("secret")).toString();
        QVERIFY(m_token.startsWith(QStringLiteral("orrery_")));
        QProcessEnvironment environment = m_there.environment();
        environment.insert(QStringLiteral("ORRERY_WORKER"), QStringLiteral(ORRERY_FAKE_WORKER));
        environment.insert(QStringLiteral("FAKE_STEP_MS"), QStringLiteral("5"));
        m_host.setProcessEnvironment(environment);
        const QString socket = m_there.path(QStringLiteral("h"));
        m_host.start(QStringLiteral(ORRERY_BIN_DIR "/orrery-engine"),
                     {QStringLiteral("host"), QStringLiteral("--socket"), socket, QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"), QStringLiteral("--json")});
        QVERIFY(QTest::qWaitFor([this] { return m_host.canReadLine() || m_host.waitForReadyRead(50); }, kPatienceMs));
        const QJsonObject line = QJsonDocument::fromJson(m_host.readLine()).object();
        m_port = line.value(QStringLiteral("port")).toInt();
        m_fingerprint = line.value(QStringLiteral("fingerprint")).toString();
        QVERIFY2(m_port > 0 && m_fingerprint.startsWith(QStringLiteral("SHA256:")), m_host.readAllStandardError().constData());
        QCOMPARE(line.value(QStringLiteral("tokens")).toInt(), 1);
        const QString data = m_there.write(QStringLiteral("text.txt"), QByteArray("a line of a text\n").repeated(4000));
        const auto client = orrery::EngineClient::connect(socket.toStdString(), std::chrono::minutes(1));
        QVERIFY2(client.ok(), client.ok() ? "" : client.error().text().c_str());
        const std::string spec = R"({"name":"alpha","data.path":")" + data.toStdString() + R"(","train.steps":1000000})";
        const auto run = client->createRun(spec, "", true);
        QVERIFY2(run.ok(), run.ok() ? "" : run.error().text().c_str());
        m_run = QString::fromStdString(run->id);
    }
    void endServing()
    {
        m_host.terminate();
        m_host.waitForFinished();
        for (const auto &folder : orrery::Catalogue(m_there.path(QStringLiteral("home")).toStdString()).scan()) {
            const auto run = orrery::RunDirectory::open(folder);
            if (!run.ok()) continue;
            if (const auto worker = run->liveWorker()) ::kill(static_cast<pid_t>(worker->pid), SIGKILL);
        }
    }
    [[nodiscard]] EngineAnswer there(const QStringList &arguments) const { return m_there.run(arguments); }
    [[nodiscard]] EngineAnswer here(const QStringList &arguments, const QStringList &variables = {}) const
    {
        return m_here.run(arguments, 240'000, variables);
    }
    [[nodiscard]] QString address() const { return QStringLiteral("tcp://127.0.0.1:%1").arg(m_port); }

    EngineHome m_there, m_here;
    QProcess m_host;
    QString m_token, m_fingerprint, m_run;
    int m_port = 0;
};
