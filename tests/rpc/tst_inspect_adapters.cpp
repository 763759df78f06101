// SPDX-License-Identifier: Apache-2.0
// What is asked of an inside, and what comes back, over the wire: every field, and answers that lie about
// their size.
#include "core/rpc/adapters.h"

#include <QTest>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

using namespace orrery;

namespace {

/// Numbers that are all different, so that no two fields can be mistaken for each other.
class Numbers {
public:
    explicit Numbers(uint32_t seed) : m_engine(seed) {}
    int64_t integer() { return static_cast<int64_t>(m_engine() % 1'000'000) - 1000; }
    int64_t count() { return static_cast<int64_t>(m_engine() % 1000) + 1; }
    double real() { return static_cast<double>(m_engine()) / 1e4; }
    float small() { return static_cast<float>(m_engine() % 4096) / 4096.0F; }
    std::string bytes() { return std::string("\xff\0t", 3) + std::to_string(m_engine()); }
    std::string text() { return "ä" + std::to_string(m_engine()); }
    HeadRef head() { return {count(), count()}; }
    TokenAlternative alternative() { return {static_cast<int32_t>(count()), bytes(), real()}; }
    AttentionMap map()
    {
        AttentionMap made{.head = head(),
                          .firstRow = count(),
                          .numRows = 7,
                          .firstColumn = count(),
                          .numColumns = 5,
                          .rowsPerCell = 2,
                          .columnsPerCell = 3,
                          .mean = {},
                          .maximum = {}};
        for (int i = 0; i < 4 * 2; ++i) {
            made.mean.push_back(small());
            made.maximum.push_back(small());
        }
        return made;
    }

private:
    std::mt19937 m_engine;
};

/// What an older program wrote (fixtures/README.md).
template <typename Message> Message recorded(const char *name)
{
    const std::filesystem::path path =
        std::filesystem::path(ORRERY_TEST_DATA) / ".." / "rpc" / "fixtures" / (std::string(name) + ".binpb");
    std::ifstream in(path, std::ios::binary);
    Message message;
    if (!in || !message.ParseFromIstream(&in)) qFatal("cannot read %s", path.c_str());
    return message;
}

bool isSame(const TokenAlternative &a, const TokenAlternative &b)
{
    return a.id == b.id && a.bytes == b.bytes && a.probability == b.probability;
}

bool isSame(const AttentionMap &a, const AttentionMap &b)
{
    return a.head == b.head && a.firstRow == b.firstRow && a.numRows == b.numRows &&
           a.firstColumn == b.firstColumn && a.numColumns == b.numColumns && a.rowsPerCell == b.rowsPerCell &&
           a.columnsPerCell == b.columnsPerCell && a.mean == b.mean && a.maximum == b.maximum;
}

} // namespace

class TestInspectAdapters : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsEveryFieldOfARequest();
    void wantsAllWhereNoRangeIsGiven();
    void keepsEveryFieldOfAReport();
    void keepsFrames();
    void makesUnknownKindsUnknown();
    void refusesMapsOfAnotherSize_data();
    void refusesMapsOfAnotherSize();
    void refusesTablesOfAnotherSize();
    void readsWhatAnOlderProgramAsks();
    void readsWhatAnOlderProgramAnswers();
    void rememberedPicturesLieWithinTheirText();
    void readsPastWhatANewerProgramAdds();
};

void TestInspectAdapters::keepsEveryFieldOfARequest()
{
    Numbers n(1);
    InspectRequest value;
    value.input.prompt = n.bytes();
    value.input.infill = n.bytes();
    value.input.messages = {{"user", n.bytes(), {{n.bytes(), n.text(), 2}}}};
    value.input.sampling.numAlternatives = 17;
    value.wantsOverview = false;
    value.overviewEdge = n.count();
    value.heads = {n.head(), n.head()};
    value.rows = {n.count(), n.count()};
    value.columns = {n.count(), n.count()};
    value.maxEdge = n.count();
    value.ablated = {n.head()};
    value.token = n.count();
    value.wantsLens = true;
    value.wantsAttribution = true;
    value.input.promptIds = {3, 1, 4};
    value.input.answerIds = {1, 5};
    value.withMemory = true;
    value.memoryEdits = {{.verb = MemoryVerb::Scale, .event = 7, .slot = 9, .factor = 0.25}};
    value.asSaid = true;
    value.wantsUses = true;
    v1::InspectQuery message;
    toMessage(value, message);
    const InspectRequest back = fromMessage(message);
    QCOMPARE(back.input.prompt, value.input.prompt);
    QCOMPARE(back.input.infill.value(), value.input.infill.value());
    QCOMPARE(back.input.messages.at(0).media.at(0).bytes, value.input.messages.at(0).media.at(0).bytes);
    QCOMPARE(back.input.sampling.numAlternatives, 17);
    QCOMPARE(back.wantsOverview, false);
    QCOMPARE(back.overviewEdge, value.overviewEdge);
    QVERIFY(back.heads == value.heads);
    QVERIFY(back.rows == value.rows);
    QVERIFY(back.columns == value.columns);
    QCOMPARE(back.maxEdge, value.maxEdge);
    QVERIFY(back.ablated == value.ablated);
    QCOMPARE(back.token, value.token);
    QVERIFY(back.wantsLens);
    QVERIFY(back.wantsAttribution);
    QVERIFY(back.input.promptIds == value.input.promptIds);
    QVERIFY(back.input.answerIds == value.input.answerIds);
    QVERIFY(back.withMemory);
    QCOMPARE(back.memoryEdits.size(), size_t{1});
    QVERIFY(back.memoryEdits[0].verb == MemoryVerb::Scale);
    QCOMPARE(back.memoryEdits[0].event, int64_t{7});
    QCOMPARE(back.memoryEdits[0].slot, int64_t{9});
    QCOMPARE(back.memoryEdits[0].factor, 0.25);
    QVERIFY(back.asSaid);
    QVERIFY(back.wantsUses);
}

void TestInspectAdapters::wantsAllWhereNoRangeIsGiven()
{
    const InspectRequest request = fromMessage(v1::InspectQuery());
    QCOMPARE(request.rows.begin, int64_t{0});
    QCOMPARE(request.rows.end, int64_t{-1});
    QCOMPARE(request.columns.end, int64_t{-1});
}

void TestInspectAdapters::keepsEveryFieldOfAReport()
{
    Numbers n(2);
    InspectReport value;
    value.model = n.text();
    value.step = n.count();
    value.note = n.text();
    value.layers = n.count();
    value.heads = n.count();
    value.tokens = {{.id = 3,
                     .bytes = n.bytes(),
                     .modality = Modality::Audio,
                     .item = 4,
                     .place = 5,
                     .surprise = n.real()},
                    {.id = -1, .bytes = {}, .modality = Modality::Image}};
    value.summaries = {{n.head(), n.real(), n.real(), n.real(), n.real()}};
    value.flows = {{n.head(), {0, 1, 2, 3}, {4, 5, 6, 7}}, {n.head(), {1}, {}}};
    value.overview = {n.map()};
    value.maps = {n.map(), n.map()};
    value.maps.back().maximum.clear();
    value.token = n.count();
    value.candidates = {n.alternative(), n.alternative()};
    value.changed = {n.alternative()};
    value.changedDivergence = n.real();
    value.lens = {{2, {n.alternative()}, n.real()}};
    value.attribution = {n.small(), -n.small()};
    value.reads = {{n.head(), n.text(), n.real(), {{1, 2, 3, n.real()}, {4, 5, 6, n.real()}}}};
    value.uses = {{.memory = n.text(),
                   .layer = n.count(),
                   .numTokens = n.count(),
                   .numHeads = n.count(),
                   .numValues = n.count(),
                   .values = {{7, n.real(), n.count(), {}}, {9, n.real(), n.count(), {{1, 2, n.real()}, {3, 4, n.real()}}}}}};
    value.seconds = n.real();
    value.saidWith = SaidWith::NotKept;
    v1::InspectReply message;
    toMessage(value, message);
    const auto back = fromMessage(message);
    QVERIFY2(back.ok(), back.ok() ? "" : back.error().text().c_str());
    QCOMPARE(back->model, value.model);
    QCOMPARE(back->step, value.step);
    QCOMPARE(back->note, value.note);
    QCOMPARE(back->layers, value.layers);
    QCOMPARE(back->heads, value.heads);
    QCOMPARE(back->tokens.size(), size_t{2});
    QCOMPARE(back->tokens[0].bytes, value.tokens[0].bytes);
    QCOMPARE(back->tokens[0].modality, Modality::Audio);
    QCOMPARE(back->tokens[0].item, int64_t{4});
    QCOMPARE(back->tokens[0].place, int64_t{5});
    QCOMPARE(back->tokens[0].surprise, value.tokens[0].surprise);
    QVERIFY(std::isnan(back->tokens[1].surprise));
    QCOMPARE(back->tokens[1].id, -1);
    QVERIFY(back->summaries[0].head == value.summaries[0].head);
    QCOMPARE(back->summaries[0].entropy, value.summaries[0].entropy);
    QCOMPARE(back->summaries[0].distance, value.summaries[0].distance);
    QCOMPARE(back->summaries[0].firstMass, value.summaries[0].firstMass);
    QCOMPARE(back->summaries[0].selfMass, value.summaries[0].selfMass);
    QCOMPARE(back->flows[0].mass, value.flows[0].mass);
    QCOMPARE(back->flows[0].weights, value.flows[0].weights);
    QVERIFY(isSame(back->overview[0], value.overview[0]));
    QVERIFY(isSame(back->maps[0], value.maps[0]));
    QVERIFY(isSame(back->maps[1], value.maps[1]));
    QCOMPARE(back->token, value.token);
    QVERIFY(isSame(back->candidates[1], value.candidates[1]));
    QVERIFY(isSame(back->changed[0], value.changed[0]));
    QCOMPARE(back->changedDivergence, value.changedDivergence);
    QCOMPARE(back->lens[0].layer, int64_t{2});
    QVERIFY(isSame(back->lens[0].candidates[0], value.lens[0].candidates[0]));
    QCOMPARE(back->lens[0].entropy, value.lens[0].entropy);
    QCOMPARE(back->attribution, value.attribution);
    QCOMPARE(back->reads[0].memory, value.reads[0].memory);
    QCOMPARE(back->reads[0].gate, value.reads[0].gate);
    QCOMPARE(back->reads[0].slots[1].slot, int64_t{4});
    QCOMPARE(back->reads[0].slots[1].event, int64_t{5});
    QCOMPARE(back->reads[0].slots[1].token, int64_t{6});
    QCOMPARE(back->reads[0].slots[1].weight, value.reads[0].slots[1].weight);
    QCOMPARE(back->uses.size(), size_t{1});
    const MemoryUse &use = back->uses[0], &sent = value.uses[0];
    QCOMPARE(use.memory, sent.memory);
    QVERIFY(use.layer == sent.layer && use.numTokens == sent.numTokens && use.numHeads == sent.numHeads);
    QCOMPARE(use.numValues, sent.numValues);
    QCOMPARE(use.values.size(), size_t{2});
    QCOMPARE(use.values[1].slot, int64_t{9});
    QCOMPARE(use.values[1].share, sent.values[1].share);
    QCOMPARE(use.values[1].numReads, sent.values[1].numReads);
    QVERIFY(use.values[0].readers.empty());
    QCOMPARE(use.values[1].readers.size(), size_t{2});
    QCOMPARE(use.values[1].readers[1].head, int64_t{3});
    QCOMPARE(use.values[1].readers[1].token, int64_t{4});
    QCOMPARE(use.values[1].readers[1].weight, sent.values[1].readers[1].weight);
    QCOMPARE(back->seconds, value.seconds);
    QCOMPARE(back->saidWith, SaidWith::NotKept);
}

void TestInspectAdapters::keepsFrames()
{
    const FrameInfo value{7, 1200, 3.5, 2, FrameKind::Heads, 1, 4096, true};
    v1::FrameMessage message;
    toMessage(value, message);
    const FrameInfo back = fromMessage(message);
    QCOMPARE(back.id, value.id);
    QCOMPARE(back.step, value.step);
    QCOMPARE(back.wallTime, value.wallTime);
    QCOMPARE(back.attempt, value.attempt);
    QCOMPARE(back.kind, value.kind);
    QCOMPARE(back.prompt, value.prompt);
    QCOMPARE(back.numBytes, value.numBytes);
    QVERIFY(back.isSuperseded);
    v1::FramesRequest asked;
    toMessage(FrameQuery{FrameKind::Heads, 3, 99, 17}, asked);
    const FrameQuery query = fromMessage(asked);
    QCOMPARE(query.kind, FrameKind::Heads);
    QCOMPARE(query.prompt, 3);
    QCOMPARE(query.afterId, int64_t{99});
    QCOMPARE(query.maxFrames, 17);
}

void TestInspectAdapters::makesUnknownKindsUnknown()
{
    v1::FrameMessage message;
    message.set_kind(250);
    QCOMPARE(fromMessage(message).kind, FrameKind::Unknown);
    v1::InspectReply reply;
    reply.add_tokens()->set_modality(99);
    QCOMPARE(fromMessage(reply)->tokens.at(0).modality, Modality::Unknown);
    reply.set_said_with(99);
    QCOMPARE(fromMessage(reply)->saidWith, SaidWith::Unknown);
}

void TestInspectAdapters::refusesMapsOfAnotherSize_data()
{
    QTest::addColumn<int>("means");
    QTest::addColumn<int>("maxima");
    QTest::addColumn<qint64>("rows");
    QTest::addColumn<qint64>("cell");
    QTest::addColumn<QString>("says");
    QTest::newRow("too few") << 5 << 0 << qint64{3} << qint64{1} << "has 5 cells, not 3 × 2";
    QTest::newRow("too many") << 7 << 0 << qint64{3} << qint64{1} << "has 7 cells";
    QTest::newRow("maxima") << 6 << 5 << qint64{3} << qint64{1} << "fewer maxima than means";
    QTest::newRow("no cells") << 6 << 0 << qint64{3} << qint64{0} << "cells of no size";
    QTest::newRow("negative") << 6 << 0 << qint64{-3} << qint64{1} << "a place outside of any text";
    QTest::newRow("huge") << 6 << 0 << (qint64{1} << 62) << qint64{1} << "a place outside of any text";
}

void TestInspectAdapters::refusesMapsOfAnotherSize()
{
    QFETCH(const int, means);
    QFETCH(const int, maxima);
    QFETCH(const qint64, rows);
    QFETCH(const qint64, cell);
    QFETCH(const QString, says);
    v1::InspectReply reply;
    v1::AttentionMapMessage &map = *reply.add_maps();
    map.set_num_rows(rows);
    map.set_num_columns(2);
    map.set_rows_per_cell(cell);
    map.set_columns_per_cell(1);
    for (int i = 0; i < means; ++i) map.add_mean(0.5F);
    for (int i = 0; i < maxima; ++i) map.add_maximum(0.5F);
    const auto back = fromMessage(reply);
    QVERIFY(!back.ok());
    QCOMPARE(back.error().code, ErrorCode::Io);
    QVERIFY2(back.error().message.find(says.toStdString()) != std::string::npos,
             back.error().message.c_str());
}

void TestInspectAdapters::refusesTablesOfAnotherSize()
{
    v1::InspectReply reply;
    v1::ModalityFlowMessage &flow = *reply.add_flows();
    for (int i = 0; i < 5; ++i) flow.add_mass(0.2F);
    QCOMPARE(fromMessage(reply).error().code, ErrorCode::Io);
    for (int i = 0; i < 4; ++i) flow.add_mass(0.2F); // nine: three modalities
    QVERIFY(fromMessage(reply).ok());
    flow.add_weights(1.0F);
    QCOMPARE(fromMessage(reply).error().code, ErrorCode::Io);
}

void TestInspectAdapters::readsWhatAnOlderProgramAsks()
{
    const InspectRequest request = fromMessage(recorded<v1::InspectQuery>("inspect_query"));
    QCOMPARE(request.input.prompt, std::string("the fox"));
    QCOMPARE(request.input.sampling.numAlternatives, 5);
    QVERIFY(request.input.promptIds.empty() && request.input.answerIds.empty());
    QVERIFY(request.heads == (std::vector<HeadRef>{{1, 2}}));
    QVERIFY(request.rows == TokenRange{} && request.columns == TokenRange{});
    QCOMPARE(request.overviewEdge, int64_t{32});
    QCOMPARE(request.maxEdge, int64_t{512});
    QCOMPARE(request.token, int64_t{-1});
    QVERIFY(request.wantsOverview && request.wantsLens && !request.wantsAttribution);
    QVERIFY(!request.withMemory && request.memoryEdits.empty() && !request.asSaid);
    const MemoryEdit edit = fromMessage(recorded<v1::MemoryRequest>("memory_request"));
    QCOMPARE(edit.verb, MemoryVerb::Pin);
    QCOMPARE(edit.event, int64_t{12});
    QVERIFY(edit.source.empty() && edit.path.empty() && edit.file.empty());
}

void TestInspectAdapters::readsWhatAnOlderProgramAnswers()
{
    const auto report = fromMessage(recorded<v1::InspectReply>("inspect_reply"));
    QVERIFY2(report.ok(), report.ok() ? "" : report.error().text().c_str());
    QCOMPARE(report->model, std::string("talker@100"));
    QCOMPARE(report->step, int64_t{100});
    QCOMPARE(report->tokens.size(), size_t{2});
    QCOMPARE(report->tokens[1].bytes, std::string("h"));
    QCOMPARE(report->tokens[1].surprise, 2.5);
    QCOMPARE(report->summaries.at(0).firstMass, 0.75);
    QCOMPARE(report->overview.at(0).mean, (std::vector<float>{1, 0, 0.5F, 0.5F}));
    QCOMPARE(report->candidates.at(0).probability, 0.875);
    QVERIFY(report->changed.empty() && report->lens.empty() && report->attribution.empty() &&
            report->reads.empty());
    QCOMPARE(report->seconds, 0.0);

    const MemoryReport memory = fromMessage(recorded<v1::MemoryReply>("memory_reply"));
    QCOMPARE(memory.status.numUsed, int64_t{2});
    QCOMPARE(memory.events.at(0).tokenIds, (std::vector<int32_t>{97, 98}));
    QCOMPARE(memory.events.at(0).text, std::string("ab"));
    QVERIFY(memory.events.at(0).slots.empty() && memory.events.at(0).strengths.empty());
    QVERIFY(memory.undoText.empty() && memory.similarity.empty() && memory.note.empty());
    QVERIFY(memory.events.at(0).reads.empty() && memory.events.at(0).modalities.empty());
    QCOMPARE(lastReadOf(memory.events.at(0)).age, SlotRead::kNotKnown);
}

void TestInspectAdapters::rememberedPicturesLieWithinTheirText()
{
    // Whoever shows the text takes these bytes out of it: a run that lies leaves none.
    for (const auto &[begin, count] : {std::pair{-1, 1}, {3, 1}, {1, 2}, {2, -1}, {2, 0}, {0, 1}}) {
        v1::MemoryReply message = recorded<v1::MemoryReply>("memory_reply");
        v1::MediaRunMessage &good = *message.mutable_events(0)->add_media(),
                            &other = *message.mutable_events(0)->add_media();
        good.set_count(1);
        good.set_modality(2);
        other.set_begin(begin);
        other.set_count(count);
        QVERIFY2(fromMessage(message).events.at(0).media.empty(), qPrintable(QString::number(begin)));
        other.set_begin(1);
        other.set_count(1);
        other.set_modality(99);
        const std::vector<MediaRun> expected{{0, 1, Modality::Image}, {1, 1, Modality::Unknown}};
        QVERIFY(fromMessage(message).events.at(0).media == expected);
    }
    // Reads of another number of slots, and a reader that is not named.
    v1::MemoryReply message = recorded<v1::MemoryReply>("memory_reply");
    message.mutable_events(0)->add_reads()->set_source(7);
    QVERIFY(fromMessage(message).events.at(0).reads.empty());
    message.mutable_events(0)->add_reads()->set_age(-9);
    const auto reads = fromMessage(message).events.at(0).reads;
    QCOMPARE(reads.size(), size_t{2});
    QCOMPARE(reads[0].source, std::string());
    QCOMPARE(reads[1].age, SlotRead::kNotKnown);
}

void TestInspectAdapters::readsPastWhatANewerProgramAdds()
{
    // A field that nobody here knows: number 999, two bytes.
    std::string bytes = recorded<v1::InspectReply>("inspect_reply").SerializeAsString();
    bytes += std::string("\xba\x3e\x02", 3) + "xy";
    v1::InspectReply message;
    QVERIFY(message.ParseFromString(bytes));
    QCOMPARE(fromMessage(message)->candidates.at(0).bytes, std::string("e"));
    // Cut in half it is no message.
    QVERIFY(!message.ParseFromString(bytes.substr(0, bytes.size() / 2)));
}

QTEST_GUILESS_MAIN(TestInspectAdapters)
#include "tst_inspect_adapters.moc"
