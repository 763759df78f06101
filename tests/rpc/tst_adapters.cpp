// SPDX-License-Identifier: Apache-2.0
// Every value goes over the wire and comes back the same, whatever it holds.
#include "core/rpc/adapters.h"

#include <QTest>

#include <bit>
#include <cmath>
#include <random>

using namespace orrery;

namespace {

class RandomValues {
public:
    explicit RandomValues(uint32_t seed) : m_engine(seed) {}
    int64_t integer() { return static_cast<int64_t>(m_engine()); }
    int32_t small() { return static_cast<int32_t>(m_engine()); }
    uint64_t natural() { return m_engine(); }
    int count() { return static_cast<int>(m_engine() % 4); }
    bool flag() { return m_engine() % 2 == 0; }
    double number()
    {
        switch (m_engine() % 6) {
        case 0:
            return std::numeric_limits<double>::quiet_NaN();
        case 1:
            return std::numeric_limits<double>::infinity();
        case 2:
            return -0.0;
        default:
            return std::normal_distribution<double>(0, 1e6)(m_engine);
        }
    }
    std::string text()
    {
        static const char *parts[] = {"a", "run 1", "ä", "\xE2\x82\xAC", "\n", "\"", "", "/x/y"};
        std::string out;
        for (int i = count() + 1; i > 0; --i) out += parts[m_engine() % 8];
        return out;
    }
    std::string bytes()
    {
        std::string out;
        for (int i = count() * 3; i > 0; --i) out.push_back(static_cast<char>(m_engine()));
        return out;
    }
    template <typename Enum> Enum pick(Enum last)
    {
        return static_cast<Enum>(m_engine() % (static_cast<uint64_t>(last) + 1));
    }

private:
    std::mt19937_64 m_engine;
};

/// All of a value as one text, numbers by their bits.
class Dump {
public:
    Dump &operator<<(const std::string &text)
    {
        m_text += std::to_string(text.size()) + ":" + text + ";";
        return *this;
    }
    Dump &operator<<(double number)
    {
        m_text += (std::isnan(number) ? "nan" : std::to_string(std::bit_cast<uint64_t>(number))) + ";";
        return *this;
    }
    template <typename T>
    requires(std::is_integral_v<T> || std::is_enum_v<T>) Dump &operator<<(T number)
    {
        m_text += std::to_string(static_cast<int64_t>(number)) + ";";
        return *this;
    }
    Dump &operator<<(const Error &v) { return *this << v.code << v.message << v.hint; }
    Dump &operator<<(const RunStatus &v)
    {
        return *this << v.id << v.name << v.directory << v.state << v.step << v.totalSteps << v.attempt
                     << v.createdAt << v.lastReportAt << v.elapsedSeconds << v.loss << v.valLoss
                     << v.bestValLoss << v.learningRate << v.gradNorm << v.tokensPerSecond << v.viewerPercent
                     << v.memoryBytes << v.numParameters << v.device << v.threads << v.error
                     << v.lastCheckpointStep << v.trainerWaits << v.diskWaits << v.numViewers << v.lastFrameId
                     << v.breakpoints << v.pauseReason << v.pauseSeries << v.parent << v.parentStep << v.labels.tags
                     << v.labels.notes << v.labels.isArchived << v.alarms;
    }
    Dump &operator<<(const RunAlarm &v)
    {
        return *this << v.kind << v.step << v.wallTime << v.series << v.text;
    }
    Dump &operator<<(const MetricValue &v) { return *this << v.series << v.value; }
    Dump &operator<<(const StepReport &v) { return *this << v.step << v.wallTime << v.attempt << v.values; }
    Dump &operator<<(const RunEvent &v)
    {
        return *this << v.id << v.step << v.wallTime << v.attempt << v.kind << v.text << v.payload;
    }
    Dump &operator<<(const CheckpointInfo &v)
    {
        return *this << v.step << v.wallTime << v.valLoss << v.isBest << v.isVerified << v.numBytes
                     << v.directory;
    }
    Dump &operator<<(const WatchBatch &v)
    {
        return *this << v.status << v.reports << v.events << v.numDropped << v.firstDroppedStep
                     << v.mustReplay;
    }
    Dump &operator<<(const ControlCommand &v)
    {
        return *this << v.verb << v.steps << v.setting.key << v.setting.value;
    }
    Dump &operator<<(const SeriesRequest &v)
    {
        return *this << v.run << v.series << v.fromStep << v.toStep << v.maxBuckets;
    }
    Dump &operator<<(const SeriesBucket &v)
    {
        return *this << v.firstStep << v.lastStep << v.firstWallTime << v.lastWallTime << v.minimum
                     << v.maximum << v.mean << v.last << v.numPoints << v.numNonFinite << v.attempt
                     << v.isSuperseded;
    }
    Dump &operator<<(const SeriesReply &v) { return *this << v.name << v.totalPoints << v.buckets; }
    Dump &operator<<(const HostDescription &v)
    {
        return *this << v.version << v.pid << v.cpuModel << v.cpuFlags << v.numCores << v.memoryBytes
                     << v.numCudaDevices << v.cudaNote << v.home << v.program << v.build << v.protocolMajor
                     << v.protocolMinor << v.machine;
    }
    Dump &operator<<(const DataRequest &v)
    {
        return *this << v.path << v.tokenizer << v.specialTokens << v.valFraction << v.context << v.seed
                     << v.imageSize << v.patchSize << v.numModalities << v.audioTokens;
    }
    Dump &operator<<(const SamplingSettings &v)
    {
        return *this << v.maxTokens << v.temperature << v.topK << v.topP << v.seed << v.numAlternatives
                     << v.sampler << v.minP << v.typicalP << v.repetitionPenalty << v.penaltyWindow << v.stop;
    }
    Dump &operator<<(const PromptMedia &v) { return *this << v.bytes << v.name << v.place; }
    Dump &operator<<(const ChatMessage &v) { return *this << v.role << v.content << v.media; }
    Dump &operator<<(const ModelRequest &v)
    {
        return *this << v.model << v.request.prompt << v.request.sampling << v.request.infill.has_value()
                     << v.request.infill.value_or("") << v.request.source << v.request.media
                     << v.request.messages << v.request.promptIds << v.request.answerIds;
    }
    Dump &operator<<(const TokenAlternative &v) { return *this << v.id << v.bytes << v.probability << v.chance; }
    Dump &operator<<(const GeneratedToken &v)
    {
        return *this << v.id << v.bytes << v.probability << v.entropy << v.alternatives << v.chance;
    }
    Dump &operator<<(const GenerateSummary &v)
    {
        return *this << v.reason << v.promptTokens << v.reusedTokens << v.generatedTokens << v.promptSeconds
                     << v.decodeSeconds << v.model << v.step;
    }
    Dump &operator<<(const ModelInfo &v)
    {
        return *this << v.name << v.step << v.numParameters << v.context << v.vocabSize << v.note;
    }
    Dump &operator<<(const EmbedSummary &v)
    {
        return *this << std::vector<double>(v.embedding.begin(), v.embedding.end()) << v.tokens << v.mask
                     << v.model << v.step;
    }
    Dump &operator<<(const MemoryEdit &v)
    {
        return *this << v.verb << v.source << v.event << v.slot << v.factor << v.path << v.maxEvents << v.file;
    }
    Dump &operator<<(const MemoryEvent &v)
    {
        *this << v.id << v.source << v.firstToken << v.lastToken << v.step << v.numSlots << v.meanUsage
              << v.age << v.isPinned << v.text;
        *this << v.tokenIds << v.slots << v.usages << v.surprises << v.strengths;
        return *this << v.modalities << v.reads << v.media;
    }
    Dump &operator<<(const SlotRead &v)
    {
        return *this << v.age << v.place << v.source << v.tokenId << v.modality << v.text << v.layer << v.head
                     << v.weight;
    }
    Dump &operator<<(const MediaRun &v) { return *this << v.begin << v.count << v.modality; }
    Dump &operator<<(const MemoryReport &v)
    {
        return *this << v.status.capacity << v.status.numUsed << v.status.numPinned << v.status.numEvicted
                     << v.status.numSkipped << v.status.numRefused << v.status.lastRefusal << v.events
                     << v.numFreed << v.undoText << v.similarEvents << v.similarity << v.note;
    }
    Dump &operator<<(const ModelConsolidationRequest &v)
    {
        return *this << v.model << v.directory << v.memoryFile << v.isLoaded << v.data << v.numSlots << v.numPasses
                     << v.learningRate;
    }
    Dump &operator<<(const ConsolidationAmount &v) { return *this << v.phase << v.numDone << v.numTotal; }
    Dump &operator<<(const ModelConsolidationSummary &v)
    {
        return *this << v.directory << v.source << v.step << v.learned << v.numTexts << v.numSlots << v.lossBefore
                     << v.lossAfter << v.numProtected << v.protectedBefore << v.protectedAfter << v.protectedFrom;
    }
    Dump &operator<<(const BatchResult &v)
    {
        *this << v.text << v.summary << v.hasError;
        return v.hasError ? *this << v.error : *this;
    }
    template <typename T> Dump &operator<<(const std::vector<T> &values)
    {
        *this << values.size();
        for (const T &value : values) *this << value;
        return *this;
    }
    [[nodiscard]] const std::string &text() const { return m_text; }

private:
    std::string m_text;
};

template <typename T> std::string dumped(const T &value) { return (Dump() << value).text(); }

template <typename T> T unwrapped(T value) { return value; }
template <typename T> T unwrapped(Result<T> value) { return std::move(value).value(); }

template <typename Message, typename T> T overTheWire(const T &value)
{
    Message sent;
    toMessage(value, sent);
    Message received;
    if (!received.ParseFromString(sent.SerializeAsString())) return T{};
    return unwrapped(fromMessage(received));
}

RunStatus randomStatus(RandomValues &r)
{
    return {r.text(),    r.text(),    r.text(),    r.pick(RunState::Unreadable),
            r.integer(), r.integer(), r.small(),   r.number(),
            r.number(),  r.number(),  r.number(),  r.number(),
            r.number(),  r.number(),  r.number(),  r.number(),
            r.number(),  r.natural(), r.natural(), r.text(),
            r.integer(), r.text(),    r.integer(), r.natural(),
            r.natural(), r.small(),   r.integer(), {r.text(), r.text()},
            r.text(),    r.text(),    r.text(),    r.integer(),
            {{r.text(), r.text()}, r.text(), r.flag()},
            {{r.pick(AlarmKind::DiskFull), r.integer(), r.number(), r.text(), r.text()}}};
}

StepReport randomReport(RandomValues &r)
{
    StepReport report{r.integer(), r.number(), r.small(), {}};
    for (int i = r.count(); i > 0; --i) report.values.push_back({r.text(), r.number()});
    return report;
}

RunEvent randomEvent(RandomValues &r)
{
    return {r.integer(), r.integer(), r.number(), r.small(), r.pick(EventKind::EarlyStop),
            r.text(),    r.text()};
}

SeriesReply randomSeries(RandomValues &r)
{
    SeriesReply series{r.text(), r.natural(), {}};
    for (int i = r.count(); i > 0; --i)
        series.buckets.push_back({r.integer(), r.integer(), r.number(), r.number(), r.number(), r.number(),
                                  r.number(), r.number(), r.natural(), r.natural(), r.small(), r.flag()});
    return series;
}

GenerateSummary randomSummary(RandomValues &r)
{
    return {r.pick(FinishReason::StopText),
            r.integer(),
            r.integer(),
            r.integer(),
            r.number(),
            r.number(),
            r.text(),
            r.integer()};
}

Error randomError(RandomValues &r) { return {r.pick(ErrorCode::NonFinite), r.text(), r.text()}; }

} // namespace

#define COMPARE_OVER_WIRE(Message, value)                                                                    \
    do {                                                                                                     \
        const auto sent = value;                                                                             \
        QCOMPARE(dumped(overTheWire<Message>(sent)), dumped(sent));                                          \
    } while (false)

class TestAdapters : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsEveryField();
    void replacesBrokenTextButKeepsBytes();
    void makesUnknownEnumsUnknown();
    void refusesColumnsOfDifferentLength();
    void givesDefaultsWithoutSampling();
    void cutsLongErrorsAtACharacter();
};

void TestAdapters::keepsEveryField()
{
    for (uint32_t seed = 0; seed < 200; ++seed) {
        RandomValues r(seed);
        COMPARE_OVER_WIRE(v1::ErrorDetail, randomError(r));
        COMPARE_OVER_WIRE(v1::RunStatusMessage, randomStatus(r));
        COMPARE_OVER_WIRE(v1::StepReportMessage, randomReport(r));
        COMPARE_OVER_WIRE(v1::RunEventMessage, randomEvent(r));
        COMPARE_OVER_WIRE(v1::CheckpointMessage, (CheckpointInfo{r.integer(), r.number(), r.number(),
                                                                 r.flag(), r.flag(), r.natural(), r.text()}));
        WatchBatch batch{randomStatus(r), {}, {}, r.natural(), r.integer(), r.flag()};
        for (int i = r.count(); i > 0; --i) batch.reports.push_back(randomReport(r));
        for (int i = r.count(); i > 0; --i) batch.events.push_back(randomEvent(r));
        COMPARE_OVER_WIRE(v1::WatchUpdate, batch);
        COMPARE_OVER_WIRE(v1::ControlRequest,
                          (ControlCommand{r.pick(ControlVerb::Set), r.integer(), {r.text(), r.text()}}));
        COMPARE_OVER_WIRE(
            v1::SeriesRequest,
            (SeriesRequest{r.text(), {r.text(), r.text()}, r.integer(), r.integer(), r.small()}));
        COMPARE_OVER_WIRE(v1::SeriesColumns, randomSeries(r));
        COMPARE_OVER_WIRE(v1::RunList, (std::vector<RunStatus>{randomStatus(r), randomStatus(r)}));
        COMPARE_OVER_WIRE(v1::HostInfo, (HostDescription{r.text(), r.integer(), r.text(), r.text(), r.small(),
                                                         r.natural(), r.small(), r.text(), r.text(), r.text(),
                                                         r.text(), 3, 7, r.text()}));
        COMPARE_OVER_WIRE(v1::DescribeDataRequest,
                          (DataRequest{r.text(), r.text(), r.text(), r.number(), r.integer(), r.integer(),
                                       r.integer(), r.integer(), r.integer(), r.integer()}));
        const SamplingSettings sampling{r.integer(), r.number(),  r.integer(), r.number(),
                                        r.natural(), r.small(),   r.text(),    r.number(),
                                        0.25,        1.5,         r.integer(), {r.bytes(), r.bytes()}};
        COMPARE_OVER_WIRE(v1::SamplingMessage, sampling);
        COMPARE_OVER_WIRE(v1::GenerateRequest, (ModelRequest{r.text(), {r.bytes(), sampling}}));
        COMPARE_OVER_WIRE(v1::GenerateRequest, (ModelRequest{r.text(), {r.bytes(), sampling, r.bytes()}}));
        COMPARE_OVER_WIRE(v1::GenerateRequest,
                          (ModelRequest{r.text(), {r.bytes(), sampling, {}, {}, {}, r.text()}}));
        COMPARE_OVER_WIRE(
            v1::GenerateRequest,
            (ModelRequest{r.text(), {{}, sampling, {}, {}, {}, {}, {r.small(), 5}, {7, r.small()}}}));
        COMPARE_OVER_WIRE(
            v1::GenerateRequest,
            (ModelRequest{r.text(),
                          {r.bytes(),
                           sampling,
                           {},
                           {},
                           {{r.bytes(), r.text(), r.integer()}, {r.bytes(), r.text(), r.integer()}}}}));
        const ChatMessage plain{r.text(), r.bytes()};
        const ChatMessage withMedia{r.text(), r.bytes(), {{r.bytes(), r.text(), r.integer()}}};
        COMPARE_OVER_WIRE(v1::GenerateRequest,
                          (ModelRequest{r.text(), {{}, sampling, {}, {plain, withMedia, plain}}}));
        COMPARE_OVER_WIRE(v1::EmbedReply,
                          (EmbedSummary{{static_cast<float>(r.number()), static_cast<float>(r.number())},
                                        r.integer(),
                                        r.text(),
                                        r.text(),
                                        r.integer()}));
        COMPARE_OVER_WIRE(v1::MemoryRequest, (MemoryEdit{r.pick(kLastMemoryVerb), r.text(), r.integer(),
                                                         r.integer(), r.number(), r.text(), r.integer(), r.text()}));
        const std::string reader = r.text();
        const SlotRead read{9, r.integer(), reader, r.small(), Modality::Image, r.bytes(), 2, 1, 0.25F};
        const SlotRead never{.age = SlotRead::kNever, .source = {}, .text = {}};
        const MemoryEvent remembered{r.integer(),      r.text(),   r.integer(), r.integer(), r.integer(),
                                     r.integer(),      r.number(), r.integer(), true,        {1, 258},
                                     {r.integer(), 3}, {0.5F, 2},  {0, 1.25F},  {1, 0.75F},  "ab" + std::string(2, '\0'),
                                     {Modality::Text, Modality::Audio}, {read, never},
                                     {{2, 2, Modality::Audio}}};
        COMPARE_OVER_WIRE(v1::MemoryReply, (MemoryReport{{r.integer(), r.integer(), r.integer(), r.integer(),
                                                          r.integer(), r.integer(), r.text()},
                                                         {remembered, {}},
                                                         r.integer(),
                                                         r.text(),
                                                         {7, 9},
                                                         {1, -0.5F, -0.5F, 1},
                                                         r.text()}));
        COMPARE_OVER_WIRE(v1::ConsolidateQuery,
                          (ModelConsolidationRequest{r.text(), r.text(), r.text(), r.flag(), r.text(), r.integer(),
                                                     r.integer(), r.number()}));
        COMPARE_OVER_WIRE(v1::ConsolidateAmount,
                          (ConsolidationAmount{r.pick(kLastConsolidationPhase), r.integer(), r.integer()}));
        COMPARE_OVER_WIRE(v1::ConsolidateDone,
                          (ModelConsolidationSummary{r.text(), r.text(), r.integer(), {r.text(), r.text()}, r.integer(),
                                                     r.integer(), r.number(), r.number(), r.integer(), r.number(),
                                                     r.number(), {r.text()}}));
        COMPARE_OVER_WIRE(
            v1::GeneratedTokenMessage,
            (GeneratedToken{
                r.small(), r.bytes(), r.number(), r.number(), {{r.small(), r.bytes(), r.number(), r.number()}},
                r.number()}));
        COMPARE_OVER_WIRE(v1::GenerateSummaryMessage, randomSummary(r));
        COMPARE_OVER_WIRE(v1::ModelInfoMessage, (ModelInfo{r.text(), r.integer(), r.natural(), r.integer(),
                                                           r.integer(), r.text()}));
        COMPARE_OVER_WIRE(v1::BatchGenerateResult,
                          (BatchResult{r.bytes(), randomSummary(r), randomError(r), r.flag()}));
    }
}

void TestAdapters::replacesBrokenTextButKeepsBytes()
{
    RunEvent event;
    event.text = "a\xff"
                 "b";
    QCOMPARE(overTheWire<v1::RunEventMessage>(event).text, std::string("a\xEF\xBF\xBD"
                                                                       "b"));
    GeneratedToken token;
    token.bytes = "a\xff";
    QCOMPARE(overTheWire<v1::GeneratedTokenMessage>(token).bytes, token.bytes);
    const ModelRequest request{"m", {std::string("\x80\x00\xff", 3), {}}};
    QCOMPARE(overTheWire<v1::GenerateRequest>(request).request.prompt, request.request.prompt);
    // A hole at the very end of a text is not the same as no hole.
    const ModelRequest atTheEnd{"m", {"a", {}, ""}};
    QVERIFY(overTheWire<v1::GenerateRequest>(atTheEnd).request.infill.has_value());
    QVERIFY(!overTheWire<v1::GenerateRequest>(request).request.infill.has_value());
}

void TestAdapters::makesUnknownEnumsUnknown()
{
    v1::RunStatusMessage status;
    status.set_state(200);
    QCOMPARE(fromMessage(status).state, RunState::Unknown);
    v1::RunEventMessage event;
    event.set_kind(4'000'000'000u);
    QCOMPARE(fromMessage(event).kind, EventKind::Unknown);
    v1::ErrorDetail error;
    error.set_code(77);
    QCOMPARE(fromMessage(error).code, ErrorCode::Unknown);
    v1::ControlRequest control;
    control.set_verb(77);
    QCOMPARE(fromMessage(control).verb, ControlVerb::Unknown);
    v1::GenerateSummaryMessage summary;
    summary.set_reason(77);
    QCOMPARE(fromMessage(summary).reason, FinishReason::Unknown);
    v1::ConsolidateAmount amount;
    amount.set_phase(77);
    QCOMPARE(fromMessage(amount).phase, ConsolidationPhase::Unknown);
}

void TestAdapters::refusesColumnsOfDifferentLength()
{
    SeriesReply series{"loss", 2, std::vector<SeriesBucket>(2)};
    v1::SeriesColumns message;
    toMessage(series, message);
    message.add_mean(1.0);
    const Result<SeriesReply> read = fromMessage(message);
    QVERIFY(!read.ok());
    QCOMPARE(read.error().code, ErrorCode::Io);
    QVERIFY(read.error().message.find("\"loss\"") != std::string::npos);
}

void TestAdapters::givesDefaultsWithoutSampling()
{
    v1::GenerateRequest message;
    message.set_prompt("x");
    QCOMPARE(fromMessage(message).request.sampling.maxTokens, SamplingSettings{}.maxTokens);
}

void TestAdapters::cutsLongErrorsAtACharacter()
{
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "ä";
    const Error error = overTheWire<v1::ErrorDetail>(Error{ErrorCode::Io, text, text});
    QVERIFY(error.message.size() < 9000);
    QVERIFY(error.message.ends_with("ä…"));
}

QTEST_APPLESS_MAIN(TestAdapters)
#include "tst_adapters.moc"
