// SPDX-License-Identifier: Apache-2.0
// The measurement of live looks measures: requests are answered by a training within its budget, and every
// figure is there. Times are no claim of a test; with ORRERY_SLOW=1 all of it runs, and its figures are
// printed.
#include "bench/inspect_live.h"
#include "tests/base/check_result.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

#include <filesystem>

using namespace orrery;

class TestInspectLive : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void measuresWhatIsAsked();
    void endsWhenItIsCancelled();
};

void TestInspectLive::measuresWhatIsAsked()
{
    const QTemporaryDir folder;
    const bool isSlow = qEnvironmentVariableIsSet("ORRERY_SLOW");
    bench::LiveOptions options;
    options.workDir = folder.path().toStdString();
    options.smoke = !isSlow;
    int numLines = 0;
    options.progress = [&](const std::string &line) {
        ++numLines;
        if (isSlow) qInfo("%s", line.c_str());
    };
    const auto result = bench::runLiveBench(options);
    VERIFY_OK(result);
    QCOMPARE(result->numRequests, isSlow ? 40 : 4);
    QCOMPARE(numLines, result->numRequests);
    QVERIFY(result->numSteps >= 3);
    QVERIFY(result->stepP50 > 0 && result->stepP95 >= result->stepP50);
    QVERIFY(result->answerP50 > 0 && result->answerP95 >= result->answerP50);
    // An answer is computed behind the end of a step.
    QVERIFY(result->computeP50 > 0 && result->boundaryP50 > 0 && result->boundaryP50 <= result->answerP50);
    QCOMPARE(result->budgetPercent, 2.0);
    QCOMPARE(result->limit, result->stepP50 + 150);
    const std::string text = bench::liveJson(*result);
    qInfo("%s", text.c_str());
    const QJsonObject json = QJsonDocument::fromJson(QByteArray::fromStdString(text)).object();
    QCOMPARE(json["requests"].toInt(), result->numRequests);
    QCOMPARE(json["answer_ms_p95"].toDouble(), result->answerP95);
    QCOMPARE(json["passed"].toBool(), result->hasPassed());
    QVERIFY(!std::filesystem::exists(options.workDir / "live"));
}

void TestInspectLive::endsWhenItIsCancelled()
{
    const QTemporaryDir folder;
    std::atomic<bool> cancel{false};
    bench::LiveOptions options;
    options.workDir = folder.path().toStdString();
    options.smoke = true;
    options.cancel = &cancel;
    options.progress = [&](const std::string &) { cancel = true; };
    VERIFY_ERROR(bench::runLiveBench(options), ErrorCode::Cancelled,
                 "Cannot finish measuring: it was cancelled.");
}

QTEST_GUILESS_MAIN(TestInspectLive)
#include "tst_inspect_live.moc"
