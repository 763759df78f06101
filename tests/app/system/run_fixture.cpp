// SPDX-License-Identifier: Apache-2.0
#include "run_fixture.h"

#include "core/store/catalogue.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <QFile>
#include <QTest>

#include <csignal>
#include <cstring>

namespace orrery::test {

bool isSlow() { return qEnvironmentVariableIsSet("ORRERY_SLOW"); }

System::System()
{
    QFile text(path(QStringLiteral("text.txt")));
    if (!m_folder.isValid() || !text.open(QIODevice::WriteOnly)) qFatal("no temporary folder");
    for (int i = 0; i < 8000; ++i)
        text.write("line " + QByteArray::number((i * 7919) % 1009) + ": the quick brown fox jumps over the lazy dog\n");
}

System::~System()
{
    for (const auto &run : Catalogue(path(QStringLiteral("home")).toStdString()).scan()) {
        auto directory = RunDirectory::open(run);
        if (!directory) continue;
        if (const auto worker = directory->liveWorker()) ::kill(static_cast<pid_t>(worker->pid), SIGKILL);
    }
}

QProcessEnvironment System::environment() const
{
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("ORRERY_HOME"), path(QStringLiteral("home")));
    environment.insert(QStringLiteral("XDG_RUNTIME_DIR"), m_folder.path());
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    return environment;
}

std::unique_ptr<QProcess> System::start(const QString &program, const QStringList &arguments) const
{
    auto process = std::make_unique<QProcess>();
    process->setProcessEnvironment(environment());
    process->setStandardErrorFile(path(program + QStringLiteral(".err")), QIODevice::Append);
    process->setStandardOutputFile(path(program + QStringLiteral(".out")), QIODevice::Append);
    process->start(QStringLiteral(ORRERY_BIN_DIR "/") + program, arguments);
    if (!process->waitForStarted(kPatienceMs)) qFatal("cannot start %s", qPrintable(program));
    return process;
}

std::unique_ptr<QProcess> System::startHost() const
{
    auto host = start(QStringLiteral("orrery-engine"), {QStringLiteral("host"), QStringLiteral("--socket"), hostSocket()});
    const bool answers = QTest::qWaitFor(
        [&] {
            auto connected = client();
            return connected && connected->host().ok();
        },
        kPatienceMs);
    if (!answers) qFatal("the host did not answer: see %s", qPrintable(path(QStringLiteral("orrery-engine.err"))));
    return host;
}

Result<EngineClient> System::client() const
{
    auto client = EngineClient::connect(hostSocket().toStdString(), std::chrono::minutes(1));
    if (client) client->setDeadline(std::chrono::minutes(2));
    return client;
}

QByteArray System::specJson(int numSteps) const
{
    return QStringLiteral(R"({"data.path": "%1", "model.layers": 1, "model.width": 32, "model.heads": 2, "model.context": 32,
        "train.batch_size": 4, "train.steps": %2, "train.eval_every": 250, "train.eval_tokens": 1024, "train.checkpoint_every": 200,
        "train.keep_last": 2, "probes.every": 0, "threads": 1, "seed": 11})")
        .arg(path(QStringLiteral("text.txt")))
        .arg(numSteps)
        .toUtf8();
}

Losses System::trainAlone(const QString &name, int numSteps) const
{
    QFile spec(path(name + QStringLiteral(".json")));
    if (!spec.open(QIODevice::WriteOnly)) return {};
    spec.write(specJson(numSteps));
    spec.close();
    auto process = start(QStringLiteral("orrery-engine"), {QStringLiteral("train"), QStringLiteral("--spec"), spec.fileName(), QStringLiteral("--out"),
                                                           path(name), QStringLiteral("--quiet")});
    if (!process->waitForFinished(kPatienceMs) || process->exitCode() != 0) {
        process->kill();
        process->waitForFinished();
        qWarning("the reference run failed: see %s", qPrintable(path(QStringLiteral("orrery-engine.err"))));
        return {};
    }
    return readLosses(path(name));
}

Losses System::readLosses(const QString &runDirectory)
{
    auto reader = RunReader::open(runDirectory.toStdString());
    if (!reader) return {};
    auto buckets = (*reader)->query({.series = series::kLoss, .maxBuckets = 100'000});
    if (!buckets) return {};
    Losses losses;
    for (const SeriesBucket &bucket : *buckets)
        if (!bucket.isSuperseded && bucket.numPoints == 1) losses[bucket.lastStep] = bucket.last;
    return losses;
}

int countDifferences(const Losses &a, const Losses &b)
{
    int count = 0;
    for (const auto &[step, loss] : a) {
        const auto found = b.find(step);
        if (found == b.end() || std::memcmp(&loss, &found->second, sizeof loss) != 0) ++count;
    }
    for (const auto &[step, loss] : b) count += a.contains(step) ? 0 : 1;
    return count;
}

} // namespace orrery::test
