// SPDX-License-Identifier: Apache-2.0
#include "worker_fixture.h"

#include "core/spec/field_table.h"
#include "core/store/run_directory.h"
#include "core/store/run_store.h"

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <fstream>

namespace orrery::test {

namespace fs = std::filesystem;

namespace {

/// 20 KB of lines with enough order in them for a loss that falls.
void writeText(const fs::path &path)
{
    std::ofstream file(path);
    for (int i = 0; i < 500; ++i)
        file << "template <typename T" << i % 7 << "> void apply" << i * i % 13 << "(T value);\n";
}

template <typename T> T orDie(Result<T> result, const char *what)
{
    if (!result.ok()) qFatal("%s: %s", what, result.error().text().c_str());
    return std::move(result).value();
}

} // namespace

WorkerFixture::WorkerFixture()
{
    if (!m_folder.isValid()) qFatal("no temporary folder");
    writeText(folder() / "text.txt");
    fs::create_directories(folder() / "runtime");
    fs::permissions(folder() / "runtime", fs::perms::owner_all);
}

fs::path WorkerFixture::makeRun(const std::string &name, const std::vector<std::string> &settings) const
{
    SpecBuilder builder;
    std::vector<std::string> all = {"model.layers=1",
                                    "model.width=32",
                                    "model.heads=2",
                                    "model.context=32",
                                    "model.dropout=0.1",
                                    "train.steps=60",
                                    "train.batch_size=4",
                                    "train.report_every=1",
                                    "train.eval_every=20",
                                    "train.eval_tokens=512",
                                    "train.checkpoint_every=10",
                                    "train.keep_last=3",
                                    "probes.every=40",
                                    "probes.max_tokens=5",
                                    "threads=1",
                                    "data.path=" + (folder() / "text.txt").string()};
    all.insert(all.end(), settings.begin(), settings.end());
    for (const std::string &setting : all) {
        const size_t equals = setting.find('=');
        const auto set = builder.setText(setting.substr(0, equals), setting.substr(equals + 1));
        if (!set.ok()) qFatal("%s: %s", setting.c_str(), set.error().text().c_str());
    }
    RunSpec spec = builder.preview();
    if (spec.schedule.totalSteps == 0) spec.schedule.totalSteps = spec.train.steps;
    const FrozenSpec frozen{
        .spec = spec, .digest = specDigest(spec), .program = "test", .createdAt = 1, .id = name};
    return orDie(RunDirectory::create(folder() / name, frozen), "make run").path();
}

QProcessEnvironment WorkerFixture::environment() const
{
    auto environment = QProcessEnvironment::systemEnvironment();
    const auto set = [&](const char *name, const fs::path &path) {
        environment.insert(QString::fromLatin1(name), QString::fromStdString(path.string()));
    };
    set("ORRERY_HOME", folder() / "home");
    set("XDG_CACHE_HOME", folder() / "cache");
    set("XDG_RUNTIME_DIR", folder() / "runtime");
    return environment;
}

std::unique_ptr<QProcess> WorkerFixture::worker(const std::vector<std::string> &arguments) const
{
    auto process = std::make_unique<QProcess>();
    process->setProgram(QStringLiteral(ORRERY_BIN_DIR "/orrery-worker"));
    QStringList list;
    for (const std::string &argument : arguments) list << QString::fromStdString(argument);
    process->setArguments(list);
    process->setProcessEnvironment(environment());
    return process;
}

int WorkerFixture::runWorker(const std::vector<std::string> &arguments, std::string *output,
                             std::string *errors) const
{
    const auto process = worker(arguments);
    process->start();
    if (!process->waitForFinished(kPatienceMs)) qFatal("the worker did not end");
    if (output) *output = process->readAllStandardOutput().toStdString();
    const QByteArray stderrText = process->readAllStandardError();
    if (errors) *errors = stderrText.toStdString();
    return process->exitStatus() == QProcess::NormalExit ? process->exitCode() : -1;
}

RunCurve readCurve(const fs::path &run)
{
    const auto reader = orDie(RunReader::open(run), "open run.db");
    RunCurve curve;
    const auto buckets =
        orDie(reader->query({.series = series::kLoss, .maxBuckets = 100'000}), "read losses");
    for (const SeriesBucket &bucket : buckets) {
        if (bucket.numPoints != 1) qFatal("a bucket of %d points", static_cast<int>(bucket.numPoints));
        if (bucket.isSuperseded)
            curve.superseded.emplace(bucket.firstStep, bucket.last);
        else if (!curve.current.emplace(bucket.firstStep, bucket.last).second)
            qFatal("two losses of step %d", static_cast<int>(bucket.firstStep));
    }
    return curve;
}

RunStatus readStatus(const fs::path &run) { return orDie(RunDirectory::open(run), "open run").status(); }

std::vector<RunEvent> readEvents(const fs::path &run)
{
    return orDie(orDie(RunReader::open(run), "open run.db")->events(0, 100'000), "read events");
}

bool isOwned(const fs::path &run) { return orDie(RunDirectory::open(run), "open run").isOwned(); }

std::unique_ptr<QProcess> startAndWaitForStep(const WorkerFixture &fixture, const fs::path &run, int64_t step,
                                              const std::vector<std::string> &arguments)
{
    std::vector<std::string> all = {"train", run.string(), "--display", "json"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    auto process = fixture.worker(all);
    process->start();
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < kPatienceMs) {
        while (process->canReadLine()) {
            const auto json = QJsonDocument::fromJson(process->readLine()).object();
            if (json.value(QStringLiteral("step")).toInteger() >= step) return process;
        }
        if (!process->waitForReadyRead(50) && process->state() == QProcess::NotRunning &&
            !process->canReadLine())
            break;
    }
    qFatal("the worker never came to step %d: %s", static_cast<int>(step),
           process->readAllStandardError().toStdString().c_str());
    return process;
}

} // namespace orrery::test
