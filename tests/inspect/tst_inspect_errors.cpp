// SPDX-License-Identifier: Apache-2.0
// What is refused, in which words, and that a look ends when it is cancelled.
#include "core/inspect/inspect_checks.h"
#include "tests/inspect/inspect_fixture.h"

#include <limits>

using namespace orrery;
using namespace orrery::test;

namespace {

struct Ask {
    InspectInput input = lookInput(20);
    InspectRequest request;
};

} // namespace

class TestInspectErrors : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysWhatIsWrong_data()
    {
        QTest::addColumn<std::function<void(Ask &)>>("change");
        QTest::addColumn<QStringList>("words");
        const auto row = [](const char *name, std::function<void(Ask &)> change, QStringList words) {
            QTest::newRow(name) << std::move(change) << std::move(words);
        };
        row("empty", [](Ask &ask) { ask.input = lookInput(0); }, {"the text is empty", "Give a text"});
        row("too long", [](Ask &ask) { ask.input = lookInput(41); },
            {"41 tokens", "context of 40", "Shorten"});
        row("an id", [](Ask &ask) { ask.input.ids[3] = 23; }, {"token 23", "vocabulary of 23"});
        row("an id below 0", [](Ask &ask) { ask.input.ids[0] = -1; }, {"token -1"});
        row("a mask", [](Ask &ask) { ask.input.maskPolicy = "sideways"; }, {"\"sideways\"", "bidirectional"});
        row("a prefix", [](Ask &ask) { ask.input.prefixLength = 21; }, {"21 tokens", "0 to 20"});
        row("a prefix below 0", [](Ask &ask) { ask.input.prefixLength = -1; }, {"-1 tokens"});
        row("a layer",
            [](Ask &ask) {
                ask.request.heads = {{0, 0}, {9, 0}};
            },
            {"layer 9", "0 to 2", "count from 0"});
        row("a layer below 0", [](Ask &ask) { ask.request.heads = {{-1, 0}}; }, {"layer -1", "0 to 2"});
        row("a head", [](Ask &ask) { ask.request.heads = {{2, 4}}; }, {"head 4", "0 to 3", "count from 0"});
        row("a head below 0", [](Ask &ask) { ask.request.heads = {{2, -4}}; }, {"head -4"});
        row("too many heads", [](Ask &ask) { ask.request.heads.resize(kMaxHeadsAsked + 1); },
            {"4097 heads", "at most 4096"});
        row("a layer to leave out",
            [](Ask &ask) {
                ask.request.ablated = {{3, 0}};
            },
            {"head to leave out", "3.0", "0 to 2"});
        row("a head to leave out",
            [](Ask &ask) {
                ask.request.ablated = {{0, 7}};
            },
            {"head to leave out", "0.7", "0 to 3"});
        const auto withHead = [](void (*change)(InspectRequest &)) {
            return [change](Ask &ask) {
                ask.request.heads = {{0, 0}};
                change(ask.request);
            };
        };
        row("rows behind the end", withHead([](InspectRequest &r) {
                r.rows = {5, 21};
            }),
            {"the rows", "5 to 20", "0 to 19"});
        row("rows in front", withHead([](InspectRequest &r) { r.rows = {-2, 4}; }), {"the rows", "-2 to 3"});
        row("no rows", withHead([](InspectRequest &r) {
                r.rows = {4, 4};
            }),
            {"the rows", "begin before its end"});
        row("rows from behind the end", withHead([](InspectRequest &r) {
                r.rows = {20, -1};
            }),
            {"the rows", "20 to 19"});
        row("columns", withHead([](InspectRequest &r) { r.columns = {7, 3}; }), {"the columns", "7 to 2"});
        row("an end below -1", withHead([](InspectRequest &r) { r.columns = {0, -2}; }), {"the columns"});
        row("a small map", withHead([](InspectRequest &r) { r.maxEdge = 0; }),
            {"max_edge is 0", "1 to 2048"});
        row("a large map", withHead([](InspectRequest &r) { r.maxEdge = 2049; }), {"max_edge is 2049"});
        row("a small overview", [](Ask &ask) { ask.request.overviewEdge = 7; },
            {"overview_edge is 7", "8 to 64"});
        row("a large overview", [](Ask &ask) { ask.request.overviewEdge = 65; }, {"overview_edge is 65"});
        row("candidates", [](Ask &ask) { ask.request.input.sampling.numAlternatives = 51; },
            {"alternatives is 51", "0 to 50"});
        row("candidates below 0", [](Ask &ask) { ask.request.input.sampling.numAlternatives = -1; },
            {"alternatives is -1"});
        row("a token", [](Ask &ask) { ask.request.token = 20; }, {"token 20", "0 to 19"});
        row("two prompts",
            [](Ask &ask) {
                ask.request.input.prompt = "a";
                ask.request.input.promptIds = {97};
            },
            {"a prompt and exact tokens in its place"});
        row("a training's memory", [](Ask &ask) { ask.request.withMemory = true; },
            {"a running training is the one of its current batch", "RUN@step"});
        row("edits of no memory",
            [](Ask &ask) {
                ask.request.memoryEdits = {{.verb = MemoryVerb::Forget, .event = 1}};
            },
            {"the text is read without one"});
        row("a token below -1", [](Ask &ask) { ask.request.token = -2; }, {"token -2"});
    }
    void saysWhatIsWrong()
    {
        QFETCH(std::function<void(Ask &)>, change);
        QFETCH(QStringList, words);
        const auto model = lookModel(lookSpec());
        Ask ask;
        change(ask);
        const auto report = inspectModel(*model, bytesTokenizer(), ask.input, ask.request, at::kFloat);
        QVERIFY(!report.ok());
        QVERIFY(report.error().code == ErrorCode::InvalidInput);
        const QString text = QString::fromStdString(report.error().text());
        QVERIFY2(text.startsWith("Cannot look inside: "), qPrintable(text));
        QVERIFY(!report.error().hint.empty());
        for (const QString &word : words) QVERIFY2(text.contains(word), qPrintable(text));
    }

    void mapsHaveALimitTogether()
    {
        // 17 M cells of maps are refused before anything is computed: no such model is needed.
        ModelSpec spec = lookSpec(4096);
        InspectRequest request;
        request.wantsOverview = false;
        request.maxEdge = 2048;
        request.heads.assign(4, HeadRef{0, 0});
        QVERIFY(checkRequest(spec, 2048, request).ok()); // 4 · 2048² = 16 Mi
        request.heads.assign(5, HeadRef{0, 0});
        const auto refused = checkRequest(spec, 2048, request);
        QVERIFY(!refused.ok() && refused.error().code == ErrorCode::InvalidInput);
        QVERIFY(refused.error().message.find("20971520 cells") != std::string::npos);
        QVERIFY(refused.error().message.find("16777216") != std::string::npos);
        QVERIFY(refused.error().hint.find("max_edge") != std::string::npos);
        request.heads.assign(4, HeadRef{0, 0});
        QVERIFY(!checkRequest(spec, 4096, request).ok()); // pooled: mean and maximum
        request.heads.assign(2, HeadRef{0, 0});
        QVERIFY(checkRequest(spec, 4096, request).ok());
        request.wantsOverview = true;
        QVERIFY(!checkRequest(spec, 4096, request).ok()); // the overview counts, too
    }

    void whatIsNotWantedIsNotChecked()
    {
        const auto model = lookModel(lookSpec());
        InspectRequest request;
        request.wantsOverview = false;
        request.overviewEdge = 0;
        request.maxEdge = 0;
        QVERIFY(inspectModel(*model, bytesTokenizer(), lookInput(3), request, at::kFloat).ok());
    }

    void brokenWeightsAreTold()
    {
        const auto model = lookModel(lookSpec());
        {
            const at::NoGradGuard noGradients;
            parameterOf(*model, "final_norm.weight").master.fill_(std::numeric_limits<float>::quiet_NaN());
        }
        const auto report = inspectModel(*model, bytesTokenizer(), lookInput(3), {}, at::kFloat);
        QVERIFY(!report.ok() && report.error().code == ErrorCode::InvalidInput);
        QVERIFY(report.error().message.find("NaN") != std::string::npos);
        QVERIFY(report.error().hint.find("weights are broken") != std::string::npos);
    }

    void endsWhenCancelled_data()
    {
        QTest::addColumn<int>("atQuestion");
        QTest::addColumn<bool>("isEnded");
        for (const int question : {1, 2, 3}) QTest::addRow("layer %d", question - 1) << question << true;
        QTest::newRow("surprise") << 4 << true;
        for (const int question : {5, 6, 7})
            QTest::addRow("without a head, layer %d", question - 5) << question << true;
        QTest::newRow("behind the end") << 8 << false;
    }
    void endsWhenCancelled()
    {
        QFETCH(int, atQuestion);
        QFETCH(bool, isEnded);
        const auto model = lookModel(lookSpec());
        InspectRequest request;
        request.ablated = {{0, 0}};
        int numQuestions = 0;
        const auto report = inspectModel(*model, bytesTokenizer(), lookInput(10), request, at::kFloat,
                                         [&] { return ++numQuestions == atQuestion; });
        QCOMPARE(report.ok(), !isEnded);
        if (!isEnded) return;
        QVERIFY(report.error().code == ErrorCode::Cancelled);
        QVERIFY(report.error().message.find("cancelled") != std::string::npos);
        // And the model is none the worse for it.
        QVERIFY(inspectModel(*model, bytesTokenizer(), lookInput(10), request, at::kFloat).ok());
    }
};

QTEST_APPLESS_MAIN(TestInspectErrors)
#include "tst_inspect_errors.moc"
