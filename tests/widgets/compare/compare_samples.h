// SPDX-License-Identifier: GPL-3.0-or-later
// Runs to compare: settings as the engine freezes them, series of a few points, and an engine that branches, imports and
// exports. GUI thread only.
#pragma once

#include "core/spec/field_table.h"
#include "tests/widgets/common/fake_session.h"
#include "widgets/common/number_text.h"

#include <initializer_list>
#include <utility>

namespace orrery::ui {

class CompareSession : public FakeSession {
public:
    struct Branch {
        QString run;
        qint64 step;
        QString changes;
        bool start;
    };
    std::vector<Branch> branches;
    std::optional<Error> branchError;
    QStringList imports;
    std::optional<Result<ImportedRuns>> imported;
    std::function<void(const TransferAmount &)> tellImport; ///< how far the import is
    QList<std::pair<QString, QString>> exports; ///< run, directory
    std::map<QString, Error> exportErrors;
    bool holdsTransfers = false;
    int numCancelledTransfers = 0;
    struct Query {
        QString run;
        std::vector<std::string> series;
        qint64 from, to;
        int maxBuckets;
    };
    std::vector<Query> queries;
    /// What a query of series gives; without it, seriesData.
    std::function<std::vector<SeriesData>(const Query &)> seriesAnswer;
    int numUnderWay = 0, mostUnderWay = 0;

    void querySeries(const QString &run, const std::vector<std::string> &series, qint64 from, qint64 to, int maxBuckets,
                     QObject *context, Reply<std::vector<SeriesData>> reply) override
    {
        queries.push_back({run, series, from, to, maxBuckets});
        if (seriesAnswer) seriesData[run] = seriesAnswer(queries.back());
        FakeSession::querySeries(run, series, from, to, maxBuckets, context, counted(std::move(reply)));
    }
    void getSpec(const QString &run, QObject *context, Reply<QString> reply) override
    {
        FakeSession::getSpec(run, context, counted(std::move(reply)));
    }
    void branchRun(const QString &run, qint64 step, const QString &changes, bool start, QObject *context,
                   Reply<RunStatus> reply) override
    {
        branches.push_back({run, step, changes, start});
        QTimer::singleShot(0, context, [this, reply] {
            if (branchError) return reply(*branchError);
            RunStatus status = fakeRun("the-branch", RunState::Created);
            reply(status);
        });
    }
    std::unique_ptr<PendingRequest> importRuns(const QString &path, QObject *context, Reply<ImportedRuns> reply) override
    {
        imports << path;
        return transfer(context, [this, reply] { reply(imported.value_or(ImportedRuns{})); });
    }
    std::unique_ptr<PendingRequest> importRunsWatched(const QString &path, QObject *context,
                                                      std::function<void(const TransferAmount &)> onAmount,
                                                      Reply<ImportedRuns> reply) override
    {
        tellImport = std::move(onAmount);
        return importRuns(path, context, std::move(reply));
    }
    std::unique_ptr<PendingRequest> exportRun(const QString &run, const QString &directory, QObject *context,
                                              Reply<void> reply) override
    {
        exports.append({run, directory});
        return transfer(context, [this, run, reply] {
            const auto error = exportErrors.find(run);
            error == exportErrors.end() ? reply(Result<void>()) : reply(error->second);
        });
    }

private:
    template <typename T> Reply<T> counted(Reply<T> reply)
    {
        mostUnderWay = std::max(mostUnderWay, ++numUnderWay);
        return [this, reply](Result<T> result) {
            --numUnderWay;
            reply(std::move(result));
        };
    }
    std::unique_ptr<PendingRequest> transfer(QObject *context, const std::function<void()> &answer)
    {
        const auto isWanted = std::make_shared<bool>(true);
        if (!holdsTransfers)
            QTimer::singleShot(0, context, [isWanted, answer] {
                if (std::exchange(*isWanted, false)) answer();
            });
        return std::make_unique<FakeRequest>(isWanted, numCancelledTransfers);
    }
};

using Settings = std::initializer_list<std::pair<const char *, const char *>>;

/// spec.json as a run has it. @param extra members beside "spec", with a comma before
inline QString specOf(Settings settings = {}, const char *extra = "")
{
    SpecBuilder builder;
    (void)builder.setText("data.path", "/texts/code");
    for (const auto &[key, value] : settings)
        if (const Result<void> set = builder.setText(key, value); !set) qFatal("%s", set.error().message.c_str());
    return QStringLiteral("{\"spec\":%1,\"digest\":\"x\"%2}")
        .arg(QString::fromStdString(specToJson(builder.preview(), -1)), QString::fromLatin1(extra));
}

/// A value at each of the steps 100, 200, …
inline SeriesData pointsOf(const std::string &name, std::initializer_list<double> values)
{
    SeriesData series{name, values.size(), {}};
    int64_t step = 0;
    for (const double value : values) {
        SeriesBucket bucket;
        step += 100;
        bucket.firstStep = bucket.lastStep = step;
        bucket.minimum = bucket.maximum = bucket.mean = bucket.last = value;
        bucket.numPoints = 1;
        series.buckets.push_back(bucket);
    }
    return series;
}

/// Three finished runs: a and b differ in the seed, c in the rate, and c was branched from a.
inline void fillComparison(CompareSession &session, RunState state = RunState::Finished)
{
    RunStatus a = fakeRun("a", state, 1000), b = fakeRun("b", state, 2000), c = fakeRun("c", state, 3000);
    a.bestValLoss = 1.5;
    b.bestValLoss = 1.4;
    c.bestValLoss = 1.7;
    c.parent = "a";
    c.parentStep = 4'000;
    b.labels.tags = {"paper"};
    session.runList = {c, b, a};
    session.specs[QStringLiteral("a")] = specOf({{"seed", "1"}});
    session.specs[QStringLiteral("b")] = specOf({{"seed", "2"}});
    session.specs[QStringLiteral("c")] = specOf({{"seed", "1"}, {"optimizer.lr", "0.0005"}}, R"(,"branch":{"changed":["optimizer.lr"]})");
    for (const char *run : {"a", "b", "c"}) {
        session.seriesData[QLatin1String(run)] = {pointsOf("loss", {3, 2, 1.6}), pointsOf("val_loss", {2, 1.5, 1.6}),
                                                   pointsOf("grad_norm", {0.5, 4, 0.8})};
        session.checkpoints[QLatin1String(run)] = {{.step = 4'000, .valLoss = 1.6, .isVerified = true},
                                                   {.step = 6'000, .valLoss = 1.5, .isBest = true, .isVerified = true},
                                                   {.step = 8'000, .valLoss = 1.55, .isVerified = true}};
    }
    session.setRuns(session.runList);
}

} // namespace orrery::ui
