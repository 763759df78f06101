// SPDX-License-Identifier: Apache-2.0
// Maps in few cells, rectangles, blocks of rows, reads from memories, and that nobody notices the look.
#include "core/inspect/attention_watch.h"
#include "core/inspect/inspect_pass.h"
#include "core/inspect/memory_uses.h"
#include "core/nn/extension_points.h"
#include "tests/inspect/inspect_fixture.h"

#include <QFile>

#include <torch/types.h>

using namespace orrery;
using namespace orrery::test;

namespace {

/// Pooled by hand: mean over the pairs that may look, maximum over all.
void comparePooled(const AttentionMap &map, const std::vector<float> &full, int64_t numTokens,
                   const std::function<bool(int64_t t, int64_t s)> &maySee, double within = 2e-6)
{
    QCOMPARE(std::ssize(map.mean), map.height() * map.width());
    const bool isExact = map.rowsPerCell == 1 && map.columnsPerCell == 1;
    QCOMPARE(std::ssize(map.maximum), isExact ? 0 : map.height() * map.width());
    for (int64_t y = 0; y < map.height(); ++y)
        for (int64_t x = 0; x < map.width(); ++x) {
            double sum = 0, highest = 0;
            int64_t count = 0;
            for (int64_t t = y * map.rowsPerCell; t < std::min((y + 1) * map.rowsPerCell, map.numRows); ++t)
                for (int64_t s = x * map.columnsPerCell;
                     s < std::min((x + 1) * map.columnsPerCell, map.numColumns); ++s) {
                    const int64_t row = map.firstRow + t, column = map.firstColumn + s;
                    if (!maySee(row, column)) continue;
                    const auto weight =
                        static_cast<double>(full[static_cast<size_t>(row * numTokens + column)]);
                    sum += weight;
                    highest = std::max(highest, weight);
                    ++count;
                }
            const auto cell = static_cast<size_t>(y * map.width() + x);
            QVERIFY(std::abs(double(map.mean[cell]) - (count > 0 ? sum / double(count) : 0)) < within);
            if (!isExact) QVERIFY(std::abs(double(map.maximum[cell]) - highest) < within);
        }
}

/// Attention source that gives nothing, and says that it read.
class TellingSource final : public nn::AttentionSource {
public:
    static inline bool s_isOn = false;
    explicit TellingSource(int64_t layer) : m_layer(layer) {}
    at::Tensor read(const nn::SourceInput &input, const nn::ForwardContext &context) override
    {
        if (!context.tap) return input.local_BHTD;
        const int64_t heads = input.q_BHTD.size(1), tokens = input.q_BHTD.size(2);
        constexpr int64_t kSlots = 20;
        // Head h at token t reads the slots 100·h + t + k, the later ones more; head 1 reads nothing.
        at::Tensor slots = at::arange(kSlots, at::kLong).view({1, 1, 1, kSlots}) +
                           at::arange(tokens, at::kLong).view({1, 1, tokens, 1}) +
                           100 * at::arange(heads, at::kLong).view({1, heads, 1, 1});
        slots.select(1, 1).fill_(-1);
        const at::Tensor weights =
            (at::arange(kSlots, at::kFloat) + 1).expand(slots.sizes()) / (kSlots * (kSlots + 1) / 2);
        nn::SourceLook look{
            .layer = m_layer, .memory = "episodic", .slots_BHTK = slots, .weights_BHTK = weights};
        look.gate_BHT = (at::arange(heads, at::kFloat) / 8).view({1, heads, 1}).expand({1, heads, tokens});
        look.events_BHTK = slots + 1000;
        if (m_layer == 1) look.places_BHTK = slots + 2000;
        context.tap->read(look);
        return input.local_BHTD;
    }

private:
    int64_t m_layer;
};

} // namespace

class TestInspectAttention : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        nn::attentionSourceRegistry().add(
            "test.telling", [](nn::BuildContext &build) -> std::unique_ptr<nn::AttentionSource> {
                if (!TellingSource::s_isOn || build.layer == 0) return nullptr;
                return std::make_unique<TellingSource>(build.layer);
            });
    }

    void cellsArePoolsOfTheFullMap_data()
    {
        QTest::addColumn<int>("numTokens");
        QTest::addColumn<int>("edge");
        QTest::addColumn<int>("window");
        for (const auto &[tokens, edge] : std::vector<std::pair<int, int>>{
                 {1, 8}, {2, 8}, {8, 8}, {9, 8}, {16, 8}, {17, 8}, {31, 10}, {37, 8}, {40, 13}, {40, 64}})
            for (const int window : {0, 6})
                QTest::addRow("%d in %d, window %d", tokens, edge, window) << tokens << edge << window;
    }
    void cellsArePoolsOfTheFullMap()
    {
        QFETCH(int, numTokens);
        QFETCH(int, edge);
        QFETCH(int, window);
        ModelSpec spec = lookSpec();
        spec.window = window;
        const auto model = lookModel(spec);
        InspectRequest request = exactRequest(spec);
        request.overviewEdge = edge;
        const InspectReport report = lookInto(*model, lookInput(numTokens), request);
        const auto maySee = [&](int64_t t, int64_t s) { return s <= t && (window == 0 || s > t - window); };
        QCOMPARE(report.overview.size(), size_t(12));
        for (size_t i = 0; i < report.overview.size(); ++i) {
            QVERIFY(report.overview[i].head == report.maps[i].head);
            QVERIFY(report.overview[i].height() <= edge && report.overview[i].width() <= edge);
            comparePooled(report.overview[i], report.maps[i].mean, numTokens, maySee);
        }
    }

    void rectanglesAreCutFromTheFullMap_data()
    {
        QTest::addColumn<int>("rowBegin");
        QTest::addColumn<int>("rowEnd");
        QTest::addColumn<int>("columnBegin");
        QTest::addColumn<int>("columnEnd");
        QTest::addColumn<int>("maxEdge");
        QTest::newRow("one cell") << 20 << 21 << 7 << 8 << 1;
        QTest::newRow("one row") << 36 << 37 << 0 << -1 << 512;
        QTest::newRow("one row in few cells") << 36 << 37 << 0 << -1 << 5;
        QTest::newRow("above the diagonal") << 2 << 9 << 20 << 30 << 3;
        QTest::newRow("odd sizes") << 3 << 36 << 5 << 34 << 7;
        QTest::newRow("all in one cell") << 0 << -1 << 0 << -1 << 1;
        QTest::newRow("to the end") << 11 << -1 << 13 << -1 << 9;
    }
    void rectanglesAreCutFromTheFullMap()
    {
        QFETCH(int, rowBegin);
        QFETCH(int, rowEnd);
        QFETCH(int, columnBegin);
        QFETCH(int, columnEnd);
        QFETCH(int, maxEdge);
        constexpr int64_t kTokens = 37;
        const ModelSpec spec = lookSpec();
        const auto model = lookModel(spec);
        const InspectReport full = lookInto(*model, lookInput(kTokens), exactRequest(spec));
        for (const bool wantsOverview : {false, true}) {
            InspectRequest request;
            request.wantsOverview = wantsOverview;
            request.heads = {{2, 3}, {0, 1}, {2, 0}, {2, 3}}; // in this order, one of them twice
            request.rows = {rowBegin, rowEnd};
            request.columns = {columnBegin, columnEnd};
            request.maxEdge = maxEdge;
            const InspectReport report = lookInto(*model, lookInput(kTokens), request);
            QCOMPARE(report.maps.size(), size_t(4));
            QCOMPARE(report.overview.size(), size_t(wantsOverview ? 12 : 0));
            for (size_t i = 0; i < 4; ++i) {
                const AttentionMap &map = report.maps[i];
                QVERIFY(map.head == request.heads[i]);
                QCOMPARE(map.firstRow, int64_t(rowBegin));
                QCOMPARE(map.firstColumn, int64_t(columnBegin));
                QVERIFY(map.height() <= maxEdge && map.width() <= maxEdge);
                const auto &whole = full.maps[size_t(map.head.layer * spec.heads + map.head.head)];
                comparePooled(map, whole.mean, kTokens, [](int64_t t, int64_t s) { return s <= t; });
            }
        }
    }

    void blocksMakeNoDifference_data()
    {
        QTest::addColumn<int>("window");
        QTest::addColumn<QString>("mask");
        QTest::newRow("causal") << 0 << QStringLiteral("causal");
        QTest::newRow("window") << 7 << QStringLiteral("causal");
        QTest::newRow("full") << 0 << QStringLiteral("bidirectional");
    }
    void blocksMakeNoDifference()
    {
        QFETCH(int, window);
        QFETCH(QString, mask);
        constexpr int64_t kTokens = 37;
        ModelSpec spec = lookSpec();
        spec.window = window;
        const auto model = lookModel(spec);
        InspectInput input = lookInput(kTokens);
        input.maskPolicy = mask.toStdString();
        const at::NoGradGuard noGradients;
        const InspectPass pass(*model, input, at::kFloat, {});
        const auto seenWith = [&](int64_t blockWeights, std::vector<HeadSummary> &summaries) {
            WatchPlan plan = pass.plan();
            plan.blockWeights = blockWeights;
            plan.whole = {everyHead(spec), shapeOf(0, kTokens, 0, kTokens, 8)};
            plan.chosen = {{{1, 2}, {2, 0}}, shapeOf(3, 31, 2, 29, 6)};
            HostCopies copies;
            AttentionWatch watch(plan, copies);
            (void)pass.run(watch);
            copies.wait();
            summaries = watch.summaries();
            std::vector<AttentionMap> maps = watch.wholeMaps();
            for (AttentionMap &map : watch.chosenMaps()) maps.push_back(std::move(map));
            return maps;
        };
        std::vector<HeadSummary> summaries, others;
        const auto once = seenWith(kBlockWeights, summaries);
        // Some rows at once, fewer than a cell has, and one.
        for (const int64_t numRows : {16, 12, 5, 3, 1}) {
            const auto maps = seenWith(spec.heads * kTokens * numRows, others);
            for (size_t i = 0; i < once.size(); ++i) {
                QCOMPARE(maps[i].mean.size(), once[i].mean.size());
                for (size_t c = 0; c < once[i].mean.size(); ++c) {
                    QVERIFY(std::abs(maps[i].mean[c] - once[i].mean[c]) < 1e-6F);
                    QVERIFY(std::abs(maps[i].maximum[c] - once[i].maximum[c]) < 1e-6F);
                }
            }
            for (size_t i = 0; i < summaries.size(); ++i) {
                QVERIFY(std::abs(others[i].entropy - summaries[i].entropy) < 1e-6);
                QVERIFY(std::abs(others[i].distance - summaries[i].distance) < 1e-5);
                QVERIFY(std::abs(others[i].selfMass - summaries[i].selfMass) < 1e-6);
            }
        }
    }

    /// A text of 8192 tokens has 67 million weights a head: they never stand in memory together.
    void longTextsNeedLittleMemory()
    {
        const auto highWater = [] {
            QFile status(QStringLiteral("/proc/self/status"));
            if (!status.open(QIODevice::ReadOnly)) return int64_t{-1};
            for (const QByteArray &line : status.readAll().split('\n'))
                if (line.startsWith("VmHWM:"))
                    return static_cast<int64_t>(line.mid(6).trimmed().split(' ').first().toLongLong());
            return int64_t{-1};
        };
        constexpr int64_t kTokens = 8192;
        ModelSpec spec = lookSpec(kTokens);
        spec.layers = 1;
        const auto model = lookModel(spec);
        const int64_t before = highWater();
        if (before < 0) QSKIP("no /proc/self/status here");
        InspectRequest request;
        request.heads = {{0, 0}};
        const InspectReport report = lookInto(*model, lookInput(kTokens), request);
        QCOMPARE(report.overview.size(), size_t(4));
        QCOMPARE(report.overview[0].rowsPerCell, int64_t(256));
        const int64_t grownMiB = (highWater() - before) / 1024;
        QVERIFY2(grownMiB < 400,
                 qPrintable(QString::number(grownMiB))); // [4, 8192, 8192] in fp32 has 1024 MiB
        double mass = 0;
        for (const AttentionMap &map : report.maps)
            for (int64_t y = 0; y < map.height(); ++y)
                for (int64_t x = 0; x <= y; ++x) {
                    const double pairs = x < y ? 256.0 : 136.0; // cells of 16 × 16
                    mass += double(map.mean[size_t(y * map.width() + x)]) * pairs / double(kTokens);
                }
        QVERIFY(std::abs(mass - 1) < 1e-4); // each row sums to 1
    }

    void readsAreThoseOfTheToken()
    {
        TellingSource::s_isOn = true;
        const ModelSpec spec = lookSpec();
        const auto model = lookModel(spec);
        TellingSource::s_isOn = false;
        InspectRequest request;
        request.token = 6;
        const InspectReport report = lookInto(*model, lookInput(12), request);
        QCOMPARE(report.reads.size(), size_t(2 * 3)); // layers 1 and 2; head 1 reads nothing
        const MemoryRead &read = report.reads[1];
        QVERIFY((read.head == HeadRef{1, 2}));
        QCOMPARE(read.memory, std::string("episodic"));
        QCOMPARE(read.gate, 0.25);
        QCOMPARE(read.slots.size(), size_t(16)); // of 20
        QCOMPARE(read.slots[0].slot, int64_t(200 + 6 + 19));
        QCOMPARE(read.slots[0].event, int64_t(200 + 6 + 19 + 1000));
        QCOMPARE(read.slots[0].token, int64_t(200 + 6 + 19 + 2000));
        QVERIFY(std::abs(read.slots[0].weight - 20.0 / 210) < 1e-6);
        QVERIFY(std::abs(read.slots[15].weight - 5.0 / 210) < 1e-6);
        QCOMPARE(report.reads[3].slots[0].token, int64_t(-1)); // layer 2 does not say where
    }

    /// A model that remembers nothing reads the same in any passes: maps, cells and numbers of all rows are those of one.
    void severalPassesAreOneText_data()
    {
        QTest::addColumn<int>("numRead");
        QTest::addColumn<int>("window");
        QTest::addColumn<int>("edge");
        QTest::newRow("from the start") << 0 << 0 << 64;
        QTest::newRow("in cells of several tokens") << 0 << 0 << 8;
        QTest::newRow("with a window") << 0 << 6 << 10;
        QTest::newRow("behind a state") << 11 << 0 << 8;
        QTest::newRow("behind a state, each token by each") << 11 << 6 << 64;
    }
    void severalPassesAreOneText()
    {
        QFETCH(int, numRead);
        QFETCH(int, window);
        QFETCH(int, edge);
        constexpr int64_t kTokens = 37;
        ModelSpec spec = lookSpec();
        spec.window = window;
        const auto model = lookModel(spec);
        InspectRequest request = exactRequest(spec);
        request.wantsLens = true;
        request.token = 30;
        const InspectReport once = lookInto(*model, lookInput(kTokens), request);
        const at::NoGradGuard noGradients;
        InspectInput input = lookInput(kTokens);
        input.numRead = numRead;
        for (const int64_t end : {20, 21, 22, 29, 36, 37}) input.passes.push_back({end});
        input.stateBefore = [&] {
            nn::KvCache cache = model->makeCache(1, spec.context);
            nn::ForwardContext context;
            context.cache = &cache;
            if (numRead > 0) (void)model->logits(nn::test::makeIds(1, kTokens).narrow(1, 0, numRead), context);
            return cache;
        };
        request.overviewEdge = edge;
        request.maxEdge = edge;
        request.rows = {numRead, kTokens};
        std::vector<InspectPassAmount> told;
        const auto report = inspectModel(*model, bytesTokenizer(), input, request, at::kFloat, {},
                                         [&](const InspectPassAmount &amount) { told.push_back(amount); });
        QVERIFY2(report.ok(), report ? "" : report.error().text().c_str());
        QCOMPARE(told.size(), size_t(6)); // a layer of each would be a flood
        QCOMPARE(told.at(2), (InspectPassAmount{0, 0, 3, 6}));
        const auto maySee = [&](int64_t t, int64_t s) { return s <= t && (window == 0 || s > t - window); };
        QCOMPARE(report->overview.size(), size_t(12));
        for (const std::vector<AttentionMap> *maps : {&report->overview, &report->maps})
            for (size_t i = 0; i < maps->size(); ++i) {
                const AttentionMap &map = (*maps)[i];
                QCOMPARE(map.firstRow, int64_t(numRead));
                QCOMPARE(map.numRows, kTokens - numRead);
                QCOMPARE(map.numColumns, kTokens);
                comparePooled(map, once.maps[i].mean, kTokens, maySee, 2e-5);
            }
        for (size_t i = 0; i < once.summaries.size(); ++i) {
            // Of these rows alone.
            double first = 0, self = 0, distance = 0, entropy = 0;
            for (int64_t t = numRead; t < kTokens; ++t)
                for (int64_t s = 0; s <= t; ++s) {
                    const double p = once.maps[i].mean[size_t(t * kTokens + s)];
                    first += s == 0 ? p : 0;
                    self += s == t ? p : 0;
                    distance += p * double(t - s);
                    entropy -= p > 0 ? p * std::log(p) : 0;
                }
            const double count = double(kTokens - numRead);
            const HeadSummary &summary = report->summaries[i];
            QVERIFY(std::abs(summary.firstMass - first / count) < 1e-5);
            QVERIFY(std::abs(summary.selfMass - self / count) < 1e-5);
            QVERIFY(std::abs(summary.distance - distance / count) < 1e-4);
            QVERIFY(std::abs(summary.entropy - entropy / count) < 1e-4);
        }
        QCOMPARE(report->token, int64_t(30));
        QVERIFY(std::abs(report->candidates.at(0).probability - once.candidates.at(0).probability) < 1e-5);
        QVERIFY(std::abs(report->lens.at(1).candidates.at(0).probability - once.lens.at(1).candidates.at(0).probability) < 1e-5);
        QVERIFY(std::abs(report->tokens.at(31).surprise - once.tokens.at(31).surprise) < 1e-4); // what was said behind it
    }

    /// Counted by hand: two heads of two slots over three tokens, in two passes.
    void valuesAreCountedOverAllTokens()
    {
        const at::Tensor slots = at::tensor({7, 9, 7, 8, 7, 9, /* head 1 */ 9, -1, 8, 7, 9, 8}, at::kLong).view({1, 2, 3, 2});
        const at::Tensor weights =
            at::tensor({0.75, 0.25, 1.0, 0.0, 0.5, 0.5, 1.0, 0.0, 0.25, 0.75, 0.625, 0.375}, at::kFloat).view({1, 2, 3, 2});
        MemoryUses uses;
        const auto add = [&](int64_t begin, int64_t count, int64_t place) {
            uses.add({.layer = 2,
                      .memory = "semantic",
                      .slots_BHTK = slots.narrow(2, begin, count),
                      .weights_BHTK = weights.narrow(2, begin, count),
                      .gate_BHT = {},
                      .events_BHTK = {},
                      .places_BHTK = {}},
                     place);
        };
        add(0, 1, 40);
        add(1, 2, 41);
        uses.add({.layer = 2, .memory = "episodic", .slots_BHTK = slots, .weights_BHTK = weights, .gate_BHT = {}, .events_BHTK = slots, .places_BHTK = {}}, 0);
        QCOMPARE(uses.uses().size(), size_t(1)); // of events each look tells more
        const MemoryUse use = uses.uses().front();
        QVERIFY(use.memory == "semantic" && use.layer == 2 && use.numTokens == 3 && use.numHeads == 2 && use.numValues == 3);
        QCOMPARE(use.values.size(), size_t(3));
        QCOMPARE(use.values[0].slot, int64_t(7)); // 0.75 + 1 + 0.5 + 0.75 of 6
        QVERIFY(std::abs(use.values[0].share - 3.0 / 6) < 1e-9);
        QCOMPARE(use.values[0].numReads, int64_t(4));
        QCOMPARE(use.values[1].slot, int64_t(9)); // 0.25 + 0.5 + 1 + 0.625
        QVERIFY(std::abs(use.values[1].share - 2.375 / 6) < 1e-9);
        QCOMPARE(use.values[1].readers.size(), size_t(4));
        QVERIFY(use.values[1].readers[0].head == 1 && use.values[1].readers[0].token == 40 && use.values[1].readers[0].weight == 1.0);
        QVERIFY(use.values[1].readers[1].head == 1 && use.values[1].readers[1].token == 42);
        QCOMPARE(use.values[2].slot, int64_t(8)); // a weight of 0 is no read
        QCOMPARE(use.values[2].numReads, int64_t(2));
    }

    /// The pass that is looked at is the pass that nobody looks at, to the bit.
    void nobodyNotices()
    {
        const ModelSpec spec = lookSpec();
        const auto model = lookModel(spec);
        const auto ids = nn::test::makeIds(1, 30);
        const at::NoGradGuard noGradients;
        const at::Tensor before = model->hidden(ids, {});
        const InspectInput input = lookInput(30);
        const InspectPass pass(*model, input, at::kFloat, {});
        WatchPlan plan = pass.plan();
        plan.whole = {everyHead(spec), shapeOf(0, 30, 0, 30, 8)};
        HostCopies copies;
        AttentionWatch watch(plan, copies);
        QVERIFY(at::equal(pass.run(watch), before));
        InspectRequest request = exactRequest(spec);
        request.ablated = {{0, 1}};
        request.wantsLens = request.wantsAttribution = true;
        (void)lookInto(*model, input, request);
        QVERIFY(at::equal(model->hidden(ids, {}), before));
        for (const nn::Parameter &parameter : model->parameters())
            QVERIFY2(!parameter.master.grad().defined(),
                     parameter.name.c_str()); // no gradient is left behind
    }

    void onlyWhatIsWantedIsThere()
    {
        const ModelSpec spec = lookSpec();
        const auto model = lookModel(spec);
        InspectRequest request;
        request.wantsOverview = false;
        const InspectReport report = lookInto(*model, lookInput(5), request);
        QVERIFY(report.overview.empty() && report.summaries.empty() && report.maps.empty() &&
                report.flows.empty());
        QVERIFY(report.lens.empty() && report.attribution.empty() && report.changed.empty() &&
                report.reads.empty());
        QCOMPARE(report.candidates.size(), size_t(10));
        QCOMPARE(report.layers, int64_t(3));
        QCOMPARE(report.heads, int64_t(4));
        QCOMPARE(report.token, int64_t(4));
        QVERIFY(report.seconds > 0);
    }
};

QTEST_APPLESS_MAIN(TestInspectAttention)
#include "tst_inspect_attention.moc"
