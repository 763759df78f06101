// SPDX-License-Identifier: Apache-2.0
// Answers to a look inside in parts: put together as they were, over a line that takes seconds for them, given up in the
// middle, cut off, and sent by somebody who lies about their size.
#include "core/rpc/inspect_parts.h"

#include "core/rpc/access_tokens.h"
#include "core/rpc/adapters.h"
#include "core/rpc/client.h"
#include "core/rpc/rpc_server.h"
#include "tests/rpc/counting_backends.h"
#include "tests/rpc/fakes.h"
#include "tests/support/shaped_proxy.h"
#include "tests/support/shaped_relay.h"

#include "orrery.grpc.pb.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <grpcpp/grpcpp.h>

#include <cmath>
#include <random>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr int64_t kEdge = 512;
constexpr size_t kMapBytes = kEdge * kEdge * 2 * sizeof(float); ///< with maxima
constexpr int kNumMaps = 2;
constexpr double kLineBytesPerSecond = 10e6 / 8;

/// Weights that no compression makes smaller.
std::vector<float> noise(size_t count, uint32_t seed)
{
    std::mt19937 engine(seed);
    std::vector<float> values(count);
    for (float &value : values) value = static_cast<float>(engine()) / 4294967296.0F;
    return values;
}

/// What a head of a text does: nothing above the diagonal, and in eight bits, so that packing finds something.
std::vector<float> causal(std::vector<float> cells)
{
    for (size_t i = 0; i < cells.size(); ++i) {
        const auto row = static_cast<int64_t>(i) / kEdge, column = static_cast<int64_t>(i) % kEdge;
        cells[i] = column > row ? 0 : std::floor(cells[i] * 256) / 256;
    }
    return cells;
}

/// A long text with all that an answer can have.
InspectReport largeReport(const std::string &prompt)
{
    InspectReport report;
    report.model = "talker@live";
    report.step = 7;
    report.note = "a note";
    report.layers = 2;
    report.heads = 8;
    for (int i = 0; i < 4096; ++i)
        report.tokens.push_back({.id = i, .bytes = prompt, .surprise = i / 10.0});
    for (int64_t i = 0; i < 16; ++i) {
        report.summaries.push_back({{i / 8, i % 8}, 0.5 * static_cast<double>(i), 1, 2, 3});
        report.flows.push_back({{i / 8, i % 8}, {1, 0, 0.5F, 0.5F}, {}});
        report.overview.push_back({.head = {i / 8, i % 8}, .numRows = 64, .numColumns = 64, .mean = noise(4096, 99)});
        report.reads.push_back({{i / 8, i % 8}, "episodic", 0.25, {{1, 2, 3, 0.75}}});
    }
    for (uint32_t i = 0; i < kNumMaps; ++i)
        report.maps.push_back({.head = {0, i},
                               .numRows = 2 * kEdge,
                               .numColumns = 2 * kEdge,
                               .rowsPerCell = 2,
                               .columnsPerCell = 2,
                               .mean = noise(kEdge * kEdge, i),
                               .maximum = noise(kEdge * kEdge, 7 + i)});
    if (prompt == "causal")
        for (AttentionMap &map : report.maps) {
            map.mean = causal(std::move(map.mean));
            map.maximum = causal(std::move(map.maximum));
        }
    report.token = 5;
    report.candidates = {{1, "a", 0.5}, {2, "b", 0.25}};
    report.changed = {{1, "a", 0.125}};
    report.changedDivergence = 0.75;
    report.lens = {{0, {{1, "a", 0.5}}, 1.5}, {1, {}, 2.5}};
    report.attribution = noise(report.tokens.size(), 5);
    report.seconds = 1.25;
    return report;
}

/// Of what was sent: the same message holds the same answer.
std::string asBytes(const InspectReport &report)
{
    v1::InspectReply message;
    toMessage(report, message);
    return message.SerializeAsString();
}

/// Parts as they go over the wire.
std::vector<v1::InspectReply> partsOf(const InspectReport &report, size_t partBytes = kInspectPartBytes)
{
    std::vector<v1::InspectReply> parts(1);
    for (InspectCutter cutter(report, partBytes); cutter.next(parts.back());) parts.emplace_back();
    parts.pop_back();
    return parts;
}

/// A model and a training that answer at once with what the prompt says.
class LargeAnswers final : public InferenceBackend, public RunBackend {
public:
    Result<InspectReport> inspect(const std::string &, const InspectRequest &request, const StreamSink &) override
    {
        if (request.input.prompt.empty())
            return Error{ErrorCode::InvalidInput, "Cannot look inside: the prompt is empty.", "Write one."};
        ++numAnswers;
        return request.input.prompt == "small" ? inspectionOf(request) : largeReport(request.input.prompt);
    }
    Result<InspectReport> inspectLive(const std::string &run, const InspectRequest &request,
                                      const StreamSink &caller) override
    {
        return inspect(run, request, caller);
    }
    std::atomic<int> numAnswers{0};

    Result<GenerateSummary> generate(const ModelRequest &, GenerateSink &) override { return nothing(); }
    Result<EmbedSummary> embed(const std::string &, const EmbedRequest &, const StreamSink &) override { return nothing(); }
    Result<MemoryReport> editMemory(const std::string &, const MemoryEdit &, const StreamSink &) override { return nothing(); }
    Result<std::vector<TokenPiece>> tokenize(const std::string &, const std::string &, const StreamSink &) override { return nothing(); }
    Result<RunStatus> status(const std::string &) override { return nothing(); }
    Result<std::string> specJson(const std::string &) override { return nothing(); }
    Result<RunStatus> control(const std::string &, const ControlCommand &) override { return nothing(); }
    Result<void> watch(const std::string &, WatchSink &) override { return nothing(); }
    Result<std::vector<SeriesReply>> querySeries(const SeriesRequest &) override { return nothing(); }
    Result<std::vector<RunEvent>> listEvents(const std::string &, int64_t, int32_t) override { return nothing(); }
    Result<std::vector<CheckpointInfo>> listCheckpoints(const std::string &) override { return nothing(); }
    Result<std::vector<FrameInfo>> listFrames(const std::string &, const FrameQuery &) override { return nothing(); }
    Result<std::string> frameBytes(const std::string &, int64_t) override { return nothing(); }

private:
    static Error nothing() { return {ErrorCode::NotFound, "Cannot do it: there is nothing here.", ""}; }
};

/// An engine from before there were parts.
class OlderEngine final : public v1::InferenceService::Service {
public:
    grpc::Status Inspect(grpc::ServerContext *, const v1::InspectQuery *query, v1::InspectReply *reply) override
    {
        toMessage(inspectionOf(fromMessage(*query)), *reply);
        return grpc::Status::OK;
    }
};

/// One that says something else about its answer than it sends.
class LyingEngine final : public v1::InferenceService::Service {
public:
    std::vector<v1::InspectReply> parts;
    std::atomic<int> numSent{0};
    grpc::Status InspectInParts(grpc::ServerContext *, const v1::InspectQuery *,
                                grpc::ServerWriter<v1::InspectReply> *writer) override
    {
        for (const v1::InspectReply &part : parts) {
            if (!writer->Write(part)) return grpc::Status::CANCELLED;
            ++numSent;
        }
        return grpc::Status::OK;
    }
};

InspectRequest requestOf(const char *prompt)
{
    InspectRequest request;
    request.input.prompt = prompt;
    request.heads = {{0, 0}};
    return request;
}

/// A map that says it is of that size.
void setMap(v1::AttentionMapMessage &map, int64_t rows, int64_t columns, int numCells)
{
    map.set_num_rows(rows);
    map.set_num_columns(columns);
    map.set_rows_per_cell(1);
    map.set_columns_per_cell(1);
    map.mutable_mean()->Resize(numCells, 0.5F);
}

} // namespace

class TestInspectParts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_answers.numAnswers = 0;
        m_folder = std::make_unique<QTemporaryDir>();
        m_socket = m_folder->filePath(QStringLiteral("s")).toStdString();
        m_far = m_folder->filePath(QStringLiteral("f")).toStdString();
    }
    void cleanup()
    {
        m_line.reset();
        m_server.reset();
    }
    void areWhatWasCut_data();
    void areWhatWasCut();
    void noneIsLarge();
    void howFarItIsIsNoAnswer();
    void comeOverALineOfTenMbit();
    void theFirstOneComesEarly();
    void areGivenUpInTheMiddle();
    void aCutLineIsTold();
    void aViewerThatDoesNotReadHoldsNobodyUp();
    void overTcpTheyArePacked();
    void errorsComeAsBefore();
    void anOlderEngineAnswersInOnePiece();
    void whoLiesAboutSizesIsNotBelieved_data();
    void whoLiesAboutSizesIsNotBelieved();
    void aLiarIsHungUpOn();

private:
    void begin(bool isFar)
    {
        RpcServerOptions options;
        options.socketPath = m_socket;
        options.inference = &m_answers;
        options.runs = &m_answers;
        auto server = RpcServer::start(options);
        QVERIFY2(server.ok(), server.ok() ? "" : server.error().text().c_str());
        m_server = std::move(*server);
        if (isFar) m_line = std::make_unique<ShapedRelay>(m_far, m_socket, ShapedLine::farAway());
    }
    [[nodiscard]] EngineClient client(const std::string &socket) const
    {
        auto connected = connectTo(socket);
        if (!connected.ok()) qFatal("%s", connected.error().text().c_str());
        return std::move(*connected);
    }
    /// Asks from far away; as soon as some of the answer is on the line, something happens.
    Result<InspectReport> askAndThen(const EngineClient &far, const CancelToken &token, const std::function<void()> &then)
    {
        const uint64_t before = m_line->numBytes();
        std::thread other([&] {
            waitFor([&] { return m_line->numBytes() > before + kMapBytes / 8; });
            then();
        });
        Result<InspectReport> report = far.inspect("any", requestOf("large"), token);
        other.join();
        return report;
    }
    /// A server of a service that is no engine's.
    [[nodiscard]] std::unique_ptr<grpc::Server> serve(grpc::Service &service) const
    {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("unix:" + m_socket, grpc::InsecureServerCredentials());
        builder.RegisterService(&service);
        return builder.BuildAndStart();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_socket, m_far;
    LargeAnswers m_answers;
    std::unique_ptr<RpcServer> m_server;
    std::unique_ptr<ShapedRelay> m_line;
};

void TestInspectParts::areWhatWasCut_data()
{
    QTest::addColumn<int>("partBytes");
    QTest::newRow("as on the wire") << static_cast<int>(kInspectPartBytes);
    QTest::newRow("an item each") << 1;
    QTest::newRow("anywhere") << 4999;
}

void TestInspectParts::areWhatWasCut()
{
    QFETCH(const int, partBytes);
    InspectReport report = largeReport("t");
    if (partBytes == 1) report.maps.clear(); // a part for each cell
    InspectAssembly assembly;
    const auto parts = partsOf(report, static_cast<size_t>(partBytes));
    QVERIFY(parts.size() > 10);
    for (const v1::InspectReply &part : parts) QVERIFY(assembly.add(part).ok());
    const auto back = assembly.take();
    QVERIFY(back.ok());
    QVERIFY(asBytes(*back) == asBytes(report));
    QCOMPARE(back->attribution, report.attribution);
    for (size_t i = 0; i < report.maps.size(); ++i) QVERIFY(back->maps[i].maximum == report.maps[i].maximum);
}

void TestInspectParts::noneIsLarge()
{
    const InspectReport report = largeReport("t");
    const auto parts = partsOf(report);
    for (const v1::InspectReply &part : parts) QVERIFY(part.ByteSizeLong() < kInspectPartBytes + 4096);
    QVERIFY(parts.size() >= kNumMaps * kMapBytes / kInspectPartBytes);
    QCOMPARE(parts.front().candidates_size(), 2);
    QCOMPARE(partsOf(InspectReport{}).size(), size_t(1)); // an answer of nothing is one
}

/// What a program says that is broken or lies is no layer 9 of 3.
void TestInspectParts::howFarItIsIsNoAnswer()
{
    v1::InspectReply part;
    setReading({.layer = 2, .layers = 12, .pass = 1, .passes = 2}, part);
    QCOMPARE(readingOf(part), (InspectPassAmount{2, 12, 1, 2}));
    for (const InspectPassAmount &wrong : {InspectPassAmount{9, 3, 1, 1}, InspectPassAmount{-1, 3, 1, 1}}) {
        setReading(wrong, part);
        QCOMPARE(readingOf(part), (InspectPassAmount{0, 0, 1, 1}));
    }
    setReading({.layer = 1, .layers = 3, .pass = 0, .passes = 0}, part);
    QCOMPARE(readingOf(part), (InspectPassAmount{1, 3, 1, 1}));
    QCOMPARE(readingOf(v1::InspectReply()), (InspectPassAmount{0, 0, 1, 1}));
    for (const v1::InspectReply &one : partsOf(largeReport("t"))) QVERIFY(!one.has_progress());
}

void TestInspectParts::comeOverALineOfTenMbit()
{
    begin(true);
    const EngineClient far = client(m_far);
    QElapsedTimer timer;
    timer.start();
    InspectRequest request = requestOf("large");
    request.heads = {{0, 0}, {0, 1}};
    std::vector<InspectAmount> amounts;
    const auto report =
        far.inspect("any", request, {}, [&](const InspectAmount &amount) { amounts.push_back(amount); });
    const double seconds = static_cast<double>(timer.elapsed()) / 1000;
    // What has come is told with each part, of the overview and of the maps that were asked for.
    QVERIFY(amounts.size() >= kNumMaps * kMapBytes / kInspectPartBytes);
    QVERIFY(amounts.front().numMaps < 16 && amounts.front().share < 0.9);
    QVERIFY(std::is_sorted(amounts.begin(), amounts.end(),
                           [](const InspectAmount &a, const InspectAmount &b) { return a.share < b.share; }));
    QCOMPARE(amounts.back(), (InspectAmount{.numMaps = 18, .numWanted = 18, .share = 1}));
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QVERIFY(asBytes(*report) == asBytes(largeReport("large")));
    const auto numBytes = static_cast<double>(m_line->numBytes());
    qInfo("%.2f MB in %.2f s", numBytes / 1e6, seconds);
    QVERIFY(numBytes > kNumMaps * kMapBytes); // all of it, not compressed
    QVERIFY(numBytes < 1.1 * static_cast<double>(asBytes(*report).size()));
    QVERIFY(seconds > 0.9 * numBytes / kLineBytesPerSecond); // it was the line that took the time
}

void TestInspectParts::theFirstOneComesEarly()
{
    begin(true);
    const auto channel = grpc::CreateChannel("unix:" + m_far, grpc::InsecureChannelCredentials());
    const auto stub = v1::RunService::NewStub(channel);
    grpc::ClientContext context;
    v1::InspectQuery query;
    toMessage(requestOf("large"), query);
    QElapsedTimer timer;
    timer.start();
    const auto reader = stub->InspectLiveInParts(&context, query);
    v1::InspectReply part;
    QVERIFY(reader->Read(&part));
    const qint64 first = timer.elapsed();
    QCOMPARE(part.model(), std::string("talker@live"));
    QCOMPARE(part.tokens(7).text(), std::string("large"));
    while (reader->Read(&part)) {
    }
    QVERIFY(reader->Finish().ok());
    QVERIFY2(first < timer.elapsed() / 3, qPrintable(QString::number(first)));
}

void TestInspectParts::areGivenUpInTheMiddle()
{
    begin(true);
    const EngineClient far = client(m_far);
    const CancelToken token;
    QElapsedTimer timer;
    const auto report = askAndThen(far, token, [&] {
        timer.start();
        token.cancel();
    });
    QVERIFY2(timer.elapsed() < 500, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(report.error().code, ErrorCode::Cancelled);
    QVERIFY(waitFor([&] { return m_server->numStreams() == 0; }));
    QVERIFY(m_line->numBytes() < kNumMaps * kMapBytes / 2); // the rest was not sent
    // The connection is as good as before.
    QVERIFY(far.inspect("any", requestOf("small")).ok());
}

void TestInspectParts::aCutLineIsTold()
{
    begin(true);
    const EngineClient far = client(m_far);
    const auto report = askAndThen(far, {}, [&] { m_line->cut(); });
    QVERIFY(!report.ok());
    QCOMPARE(report.error().code, ErrorCode::Unavailable);
    QCOMPARE(report.error().message,
             std::string("Cannot look into \"any\": the engine does not answer any more."));
    QVERIFY(waitFor([&] { return m_server->numStreams() == 0; }));
}

void TestInspectParts::aViewerThatDoesNotReadHoldsNobodyUp()
{
    begin(true);
    const EngineClient far = client(m_far), near = client(m_socket);
    const CancelToken token;
    QElapsedTimer timer;
    bool isAnswered = false;
    int numStreams = 0;
    const auto report = askAndThen(far, token, [&] {
        m_line->freeze(true);
        for (int i = 0; i < 5; ++i) {
            const auto other = near.inspect("any", requestOf("large"));
            isAnswered = other.ok() && other->maps.size() == kNumMaps;
        }
        numStreams = m_server->numStreams();
        timer.start();
        token.cancel();
    });
    QVERIFY(isAnswered);
    QCOMPARE(numStreams, 1); // it still waits
    QCOMPARE(m_answers.numAnswers, 6);
    QCOMPARE(report.error().code, ErrorCode::Cancelled);
    QVERIFY(timer.elapsed() < 500);
    timer.start();
    m_server.reset();
    QVERIFY2(timer.elapsed() < 5'000, qPrintable(QString::number(timer.elapsed()))); // nor the end of the server
}

void TestInspectParts::overTcpTheyArePacked()
{
    AccessTokens tokens(m_folder->filePath(QStringLiteral("tokens.json")).toStdString());
    const auto token = tokens.create("viewer");
    QVERIFY(token.ok());
    RpcServerOptions options;
    options.tcp = TcpServerOptions{"127.0.0.1", 0, {}, {}, &tokens};
    options.inference = &m_answers;
    const auto server = RpcServer::start(options);
    QVERIFY2(server.ok(), server.ok() ? "" : server.error().text().c_str());
    const ShapedProxy line((*server)->port(), ShapedLine::farAway());
    const RemoteTarget target{"plain://127.0.0.1:" + std::to_string(line.port()), *token, {}, "lab"};
    const auto far = EngineClient::connectRemote(target, std::chrono::minutes(1));
    QVERIFY2(far.ok(), far.ok() ? "" : far.error().text().c_str());
    QElapsedTimer timer;
    timer.start();
    const auto report = far->inspect("any", requestOf("causal"));
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->maps.size(), size_t(kNumMaps));
    QVERIFY(asBytes(*report) == asBytes(largeReport("causal")));
    qInfo("%.2f of %.2f MB in %.2f s", static_cast<double>(line.numBytes()) / 1e6, kNumMaps * kMapBytes / 1e6,
          static_cast<double>(timer.elapsed()) / 1000);
    QVERIFY(line.numBytes() < kNumMaps * kMapBytes / 2); // nobody looks ahead, and neighbours are alike
}

void TestInspectParts::errorsComeAsBefore()
{
    begin(false);
    const EngineClient near = client(m_socket);
    QCOMPARE(near.inspect("any", requestOf("")).error().hint, std::string("Write one."));
    QCOMPARE(near.inspectLive("any", requestOf("")).error().code, ErrorCode::InvalidInput);
    const auto small = near.inspect("any", requestOf("small"));
    QVERIFY(small.ok());
    QCOMPARE(small->maps.at(0).mean.at(3), 0.75F);
}

void TestInspectParts::anOlderEngineAnswersInOnePiece()
{
    OlderEngine engine;
    const auto server = serve(engine);
    const auto report = client(m_socket).inspect("any", requestOf("text"));
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->tokens.at(0).bytes, std::string("text"));
    server->Shutdown();
}

void TestInspectParts::whoLiesAboutSizesIsNotBelieved_data()
{
    QTest::addColumn<QByteArray>("parts"); // rows, columns, cells sent; a part each; "o": of the overview; "+": goes on
    QTest::addColumn<QString>("says");
    const auto row = [](const char *name, const char *parts, const char *says) {
        QTest::newRow(name) << QByteArray(parts) << QString::fromUtf8(says);
    };
    row("nothing", "", "it is empty");
    row("a huge map", "1000000 1000000 1", "more than 67108864 cells together, with one of 1000000 × 1000000");
    row("no number that can be counted", "2147483648 2147483648 1", "more than 67108864 cells");
    row("large ones together", "o 8000 8000 1/8000 8000 1", "more than 67108864 cells together, with one of 8000 × 8000");
    row("too few", "2 2 1/+ 2", "has 3 cells, not 2 × 2");
    row("too few, then another", "2 2 3/2 2 4", "has 3 cells, not 2 × 2");
    row("too many", "2 2 3/+ 2", "has 5 cells, not 2 × 2");
    row("cells of no map", "+ 3", "cells of no size");
    row("nothing more of it", "2 2 3/+ 0", "cells of no size");
}

void TestInspectParts::whoLiesAboutSizesIsNotBelieved()
{
    QFETCH(const QByteArray, parts);
    QFETCH(const QString, says);
    InspectAssembly assembly;
    Result<void> added;
    for (const QByteArray &text : parts.split('/')) {
        QList<QByteArray> words = text.split(' ');
        if (text.isEmpty() || !added.ok()) continue;
        v1::InspectReply part;
        const bool isOfOverview = words[0] == "o";
        if (isOfOverview) words.removeFirst();
        v1::AttentionMapMessage &map = isOfOverview ? *part.add_overview() : *part.add_maps();
        if (words[0] == "+")
            map.mutable_mean()->Resize(words[1].toInt(), 0.5F);
        else
            setMap(map, words[0].toLongLong(), words[1].toLongLong(), words[2].toInt());
        added = assembly.add(part);
    }
    const Error error = added.ok() ? assembly.take().error() : added.error();
    QCOMPARE(error.code, ErrorCode::Io);
    QVERIFY2(QString::fromStdString(error.message).contains(says), error.message.c_str());
    QVERIFY(error.message.starts_with("Cannot read the engine's answer: "));
}

void TestInspectParts::aLiarIsHungUpOn()
{
    // Half a map, then another one: what comes behind it is not waited for.
    LyingEngine engine;
    v1::InspectReply part;
    for (int i = 0; i < 20'000; ++i) part.add_tokens()->set_id(i);
    engine.parts.assign(1000, part);
    for (size_t i = 0; i < 2; ++i) {
        engine.parts[i].Clear();
        setMap(*engine.parts[i].add_maps(), 8000, 8000, 1);
    }
    const auto server = serve(engine);
    const auto report = client(m_socket).inspect("any", requestOf("text"));
    QVERIFY(!report.ok());
    QCOMPARE(report.error().code, ErrorCode::Io);
    QVERIFY2(report.error().message.find("has 1 cells, not 8000 × 8000") != std::string::npos,
             report.error().message.c_str());
    server->Shutdown();
    QVERIFY2(engine.numSent < 500, qPrintable(QString::number(engine.numSent)));
}

QTEST_GUILESS_MAIN(TestInspectParts)
#include "tst_inspect_parts.moc"
