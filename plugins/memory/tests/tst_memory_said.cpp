// SPDX-License-Identifier: Apache-2.0
// Why was that said: a token of an answer is looked at from the state that it was said with. What it says is what was told
// while the answer was written, to 1e-5, whatever was read since; where the state is gone that is said.
#include "core/nn/attention_tap.h"
#include "plugins/memory/tests/memory_talker.h"
#include "tests/base/check_result.h"

#include <ATen/Parallel.h>

#include <QTemporaryDir>

#include <cmath>

using namespace orrery;
using namespace orrery::memory;

namespace {

InspectRequest askedAt(GenerateRequest input, const Answer &answer, int64_t token)
{
    InspectRequest request;
    request.input = std::move(input);
    request.input.answerIds = answer.ids;
    request.input.sampling.numAlternatives = 5;
    request.token = token;
    request.wantsOverview = false;
    request.asSaid = true;
    return request;
}

/// How likely what stands behind the token was, by the report.
double saidIn(const InspectReport &report)
{
    return std::exp(-report.tokens.at(static_cast<size_t>(report.token) + 1).surprise);
}

/// The rows and reads of one token, by the slow way.
struct SlowTap final : nn::AttentionTap {
    std::map<HeadRef, std::vector<double>> rows;
    std::vector<nn::SourceLook> reads;
    void look(const nn::AttentionLook &look) override
    {
        for (int64_t head = 0; head < look.q_BHTD.size(1); ++head) {
            const at::Tensor q = look.q_BHTD[0][head][-1].to(at::kDouble), k = look.k_BHSD[0][head].to(at::kDouble);
            at::Tensor scores = at::matmul(k, q) * look.scale;
            if (look.mask.kind == nn::AttentionMask::Kind::Bias)
                scores = scores + look.mask.bias_B1TS[0][0][-1].to(at::kDouble);
            const at::Tensor p = at::softmax(scores, 0).contiguous();
            rows[{look.layer, head}] = {p.const_data_ptr<double>(), p.const_data_ptr<double>() + p.numel()};
        }
    }
    void read(const nn::SourceLook &look) override { reads.push_back(look); }
};

} // namespace

class TestMemorySaid : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase() { at::set_num_threads(1); }

    void saysWhatWasSaid_data()
    {
        QTest::addColumn<bool>("isChat");
        QTest::addColumn<int>("context");
        QTest::addColumn<int>("capacity");
        QTest::addColumn<bool>("isLoaded");
        QTest::newRow("prompt") << false << 256 << 1000 << false;
        QTest::newRow("conversation") << true << 256 << 1000 << false;
        QTest::newRow("behind a memory that was loaded") << true << 256 << 1000 << true;
        QTest::newRow("several contexts") << false << 40 << 1000 << false;
        QTest::newRow("a full memory") << true << 64 << 30 << true;
    }
    void saysWhatWasSaid()
    {
        QFETCH(bool, isChat);
        QFETCH(int, context);
        QFETCH(int, capacity);
        QFETCH(bool, isLoaded);
        const Talker talker = makeTalker(context, capacity);
        TextGenerator &generator = *talker.generator;
        if (isLoaded) {
            GenerateRequest before = requestOf(false, 40);
            before.source = "before";
            (void)ask(talker, before);
            const std::string path = m_folder.filePath("before.memory").toStdString();
            VERIFY_OK(generator.saveMemory(path));
            VERIFY_OK(generator.loadMemory(path));
        }
        const GenerateRequest request = requestOf(isChat, 60);
        const Answer whole = ask(talker, request);
        QVERIFY(whole.ids.size() > 40);
        const auto memory = memoryOf(talker);
        int numOff = 0, numForeign = 0, numWindows = 0;
        for (size_t i = 0; i < whole.ids.size(); ++i) {
            InspectRequest asked = askedAt(request, whole, whole.numGiven - 1 + static_cast<int64_t>(i));
            const int64_t before = *talker.numRead;
            const auto report = generator.inspect(asked, kNever);
            VERIFY_OK(report);
            QVERIFY(report->saidWith == SaidWith::State);
            QVERIFY2(std::abs(saidIn(*report) - whole.probabilities[i]) < 1e-5,
                     qPrintable(QString("token %1: %2, said with %3").arg(i).arg(saidIn(*report)).arg(whole.probabilities[i])));
            // From the nearest state; a window that begins anew is read again.
            QVERIFY2(*talker.numRead - before <= 6 || context < 256 || i == 0,
                     qPrintable(QString("token %1 reads %2").arg(i).arg(*talker.numRead - before)));
            const QString note = QString::fromStdString(report->note);
            QVERIFY2(note.startsWith("Read with what it remembered when this was said."), qPrintable(note));
            numWindows += note.contains("tokens the model has");
            for (const MemoryRead &read : report->reads)
                for (const MemoryRead::Slot &slot : read.slots) {
                    numForeign += slot.event >= 0 && slot.token < 0;
                    QVERIFY(slot.token <= report->token);
                }
            asked.asSaid = false;
            const auto alone = generator.inspect(asked, kNever);
            VERIFY_OK(alone);
            QVERIFY(alone->saidWith == SaidWith::Unknown);
            numOff += std::abs(saidIn(*alone) - whole.probabilities[i]) > 1e-3;
        }
        // Else it would prove nothing. A text that is all there says the same by itself.
        QVERIFY2(numOff > 2 || (!isLoaded && context == 256), qPrintable(QString::number(numOff)));
        QVERIFY((numWindows > 0) == (whole.numGiven + std::ssize(whole.ids) > context + 1));
        QVERIFY(isLoaded == (numForeign > 0)); // of what came before the text there is the event alone
        compareMemories(memoryOf(talker), memory);
        // And it goes on as if nobody had looked.
        const Answer rest = ask(talker, restOf(request, whole, 30));
        QCOMPARE(rest.ids, std::vector<int32_t>(whole.ids.begin() + 30, whole.ids.end()));
    }

    /// Tokens of the prompt came in one pass: its first ones, in the middle, and the one that the answer stands behind.
    void whatWasGivenIsReadAsItCame()
    {
        const Talker talker = makeTalker(64, 30);
        const GenerateRequest request = requestOf(true, 30);
        const Answer whole = ask(talker, request);
        for (const int64_t token : {int64_t(0), int64_t(17), whole.numGiven - 1}) {
            InspectRequest asked = askedAt(request, whole, token);
            asked.heads = {{1, 0}};
            asked.rows = {token, token + 1};
            const auto report = talker.generator->inspect(asked, kNever);
            VERIFY_OK(report);
            QVERIFY(report->saidWith == SaidWith::State && report->token == token);
            QCOMPARE(report->maps.at(0).firstRow + report->maps.at(0).numRows, token + 1);
            if (token == whole.numGiven - 1) QVERIFY(std::abs(saidIn(*report) - whole.probabilities[0]) < 1e-6);
        }
    }

    /// Against the same model read token by token, with the softmax written out.
    void rowsAndReadsAreThoseOfThatPass()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(false, 50);
        const Answer whole = ask(talker, request);
        const int64_t token = whole.numGiven + 37;
        InspectRequest asked = askedAt(request, whole, token);
        asked.heads = {{0, 0}, {1, 1}};
        asked.rows = {token, token + 1};
        asked.wantsLens = asked.wantsAttribution = true;
        const auto report = talker.generator->inspect(asked, kNever);
        VERIFY_OK(report);
        QVERIFY(report->saidWith == SaidWith::State && report->token == token);
        QVERIFY(report->overview.empty() && report->summaries.empty() && report->attribution.empty());
        QCOMPARE(std::ssize(report->tokens), whole.numGiven + std::ssize(whole.ids));

        const LoadedModel slow = talkerModel(256, 1000, std::make_shared<int64_t>(0));
        const at::NoGradGuard noGradients;
        nn::KvCache cache = slow.model->makeCache(1, 256);
        cache.sources = {{0, "talk#text"}, {whole.numGiven, "talk#answer"}};
        std::vector<int64_t> ids;
        for (const InspectedToken &one : report->tokens) ids.push_back(one.id);
        SlowTap tap;
        at::Tensor logits;
        for (int64_t begin = 0; begin <= token;) {
            const int64_t count = begin == 0 ? whole.numGiven : 1;
            nn::ForwardContext context;
            context.cache = &cache;
            context.tap = begin == token ? &tap : nullptr;
            logits = slow.model->logits(at::tensor(std::vector<int64_t>(ids.begin() + begin, ids.begin() + begin + count), at::kLong)
                                            .unsqueeze(0),
                                        context);
            begin += count;
        }
        const at::Tensor p = at::softmax(logits[0][-1].to(at::kDouble), 0);
        for (const TokenAlternative &one : report->candidates)
            QVERIFY(std::abs(p[one.id].item<double>() - one.probability) < 1e-5);
        QVERIFY(std::abs(report->lens.back().candidates.front().probability - report->candidates.front().probability) < 1e-6);
        QCOMPARE(report->maps.size(), size_t(2));
        for (const AttentionMap &map : report->maps) {
            QCOMPARE(map.firstRow, token);
            QCOMPARE(map.numRows, int64_t(1));
            QCOMPARE(map.numColumns, token + 1);
            const std::vector<double> &row = tap.rows.at(map.head);
            for (size_t i = 0; i < row.size(); ++i) QVERIFY(std::abs(row[i] - static_cast<double>(map.mean[i])) < 1e-5);
        }
        QCOMPARE(tap.reads.size(), size_t(1));
        const nn::SourceLook &read = tap.reads.front();
        QVERIFY(!report->reads.empty());
        for (const MemoryRead &one : report->reads) {
            QVERIFY(std::abs(read.gate_BHT[0][one.head.head][0].item<double>() - one.gate) < 1e-5);
            for (const MemoryRead::Slot &slot : one.slots) {
                const at::Tensor is = read.slots_BHTK[0][one.head.head][0] == slot.slot;
                QCOMPARE(is.sum().item<int64_t>(), int64_t(1));
                const auto of = [&](const at::Tensor &x_BHTK) { return x_BHTK[0][one.head.head][0].masked_select(is); };
                QVERIFY(std::abs(of(read.weights_BHTK).item<double>() - slot.weight) < 1e-5);
                QCOMPARE(of(read.events_BHTK).item<int64_t>(), slot.event);
                QCOMPARE(of(read.places_BHTK).item<int64_t>(), slot.token);
            }
        }
    }

    /// A map has of each token the row of the pass in which it came, as a look at that token alone has it.
    void mapsAreReadPassByPass_data()
    {
        QTest::addColumn<bool>("isChat");
        QTest::addColumn<int>("context");
        QTest::addColumn<bool>("isLoaded");
        QTest::newRow("prompt") << false << 256 << false;
        QTest::newRow("conversation behind a memory that was loaded") << true << 256 << true;
        QTest::newRow("several contexts") << false << 40 << false;
        QTest::newRow("several contexts behind a memory") << true << 64 << true;
    }
    void mapsAreReadPassByPass()
    {
        QFETCH(bool, isChat);
        QFETCH(int, context);
        QFETCH(bool, isLoaded);
        const Talker talker = makeTalker(context, 1000, 3);
        TextGenerator &generator = *talker.generator;
        if (isLoaded) {
            GenerateRequest before = requestOf(false, 40);
            before.source = "before";
            (void)ask(talker, before);
            const std::string path = m_folder.filePath("maps.memory").toStdString();
            VERIFY_OK(generator.saveMemory(path));
            VERIFY_OK(generator.loadMemory(path));
        }
        GenerateRequest request = requestOf(isChat, 50);
        Answer whole;
        for (uint64_t seed = 11; seed < 60 && whole.ids.size() < 50; ++seed) { // one that does not end by itself
            request.sampling.seed = seed;
            whole = ask(talker, request);
        }
        QCOMPARE(whole.ids.size(), size_t(50));
        const auto memory = memoryOf(talker);
        const int64_t numTokens = whole.numGiven + std::ssize(whole.ids);
        InspectRequest asked = askedAt(request, whole, -1);
        asked.heads = {{0, 0}, {1, 1}, {2, 0}, {2, 1}};
        asked.wantsOverview = true;
        asked.overviewEdge = 8;
        std::vector<InspectPassAmount> told;
        const auto tell = [&](const InspectPassAmount &amount) { told.push_back(amount); };
        const auto report = generator.inspectWatched(asked, tell, kNever);
        VERIFY_OK(report);
        QVERIFY(report->saidWith == SaidWith::State);
        QVERIFY(QString::fromStdString(report->note).startsWith("Read with what it remembered when this was said."));
        QCOMPARE(report->token, numTokens - 1);
        QCOMPARE(std::ssize(report->tokens), numTokens);
        QCOMPARE(report->maps.size(), size_t(4));
        QCOMPARE(report->summaries.size(), report->overview.size());
        const AttentionMap &first = report->maps.front();
        QCOMPARE(first.firstRow + first.numRows, numTokens);
        QCOMPARE(first.firstRow > 0, context < 256);
        if (context == 256) { // of a window there may be one pass, whose layers are told
            QVERIFY(told.size() > 40 && told.size() == size_t(told.front().passes));
            for (size_t i = 0; i < told.size(); ++i) QCOMPARE(told[i].pass, int64_t(i) + 1);
        }

        int numCompared = 0, numOff = 0;
        asked.asSaid = false;
        const auto alone = generator.inspect(asked, kNever);
        VERIFY_OK(alone);
        for (int64_t token = first.firstRow; token < numTokens; ++token) {
            InspectRequest one = askedAt(request, whole, token);
            one.heads = asked.heads;
            one.rows = {token, token + 1};
            const auto row = generator.inspect(one, kNever);
            VERIFY_OK(row);
            QVERIFY(row->saidWith == SaidWith::State);
            if (row->maps.front().firstColumn != first.firstColumn) continue; // it came in the context before, too
            ++numCompared;
            for (size_t head = 0; head < asked.heads.size(); ++head) {
                const AttentionMap &map = report->maps[head], &single = row->maps[head], &other = alone->maps[head];
                QVERIFY(map.rowsPerCell == 1 && map.columnsPerCell == 1);
                for (int64_t column = 0; column < single.numColumns; ++column) {
                    const float weight = map.mean[size_t((token - map.firstRow) * map.numColumns + column)];
                    const float expected = single.mean[size_t((single.numRows - 1) * single.numColumns + column)];
                    QVERIFY2(std::abs(weight - expected) < 1e-5F,
                             qPrintable(QString("token %1, column %2: %3, alone %4").arg(token).arg(column).arg(double(weight)).arg(double(expected))));
                    const int64_t there = (token - other.firstRow) * other.numColumns + column;
                    if (other.firstColumn == map.firstColumn && token >= other.firstRow)
                        numOff += std::abs(weight - other.mean[size_t(there)]) > 1e-3F;
                }
                // The largest of a cell is the largest of its weights.
                const auto &cells = *std::find_if(report->overview.begin(), report->overview.end(),
                                                  [&](const AttentionMap &cell) { return cell.head == map.head; });
                QVERIFY(cells.firstRow == map.firstRow && cells.numRows == map.numRows && cells.height() <= 8);
            }
        }
        QVERIFY2(numCompared > (context == 256 ? 60 : 0), qPrintable(QString::number(numCompared)));
        // Else it would prove nothing. A text that is all there says the same by itself.
        QVERIFY2(numOff > 10 || (!isLoaded && context == 256), qPrintable(QString::number(numOff)));
        compareMemories(memoryOf(talker), memory);
        const Answer rest = ask(talker, restOf(request, whole, 30));
        QCOMPARE(rest.ids, std::vector<int32_t>(whole.ids.begin() + 30, whole.ids.end()));
    }

    /// Rows that were asked for are read from the nearest state; what stands behind the last of them is told.
    void someRowsAreReadFromNearby()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(false, 60);
        const Answer whole = ask(talker, request);
        const int64_t begin = whole.numGiven + 30, end = begin + 8;
        InspectRequest asked = askedAt(request, whole, -1);
        asked.heads = {{1, 0}};
        asked.rows = {begin, end};
        const int64_t before = *talker.numRead;
        const auto report = talker.generator->inspect(asked, kNever);
        VERIFY_OK(report);
        QVERIFY(report->saidWith == SaidWith::State);
        QVERIFY2(*talker.numRead - before <= 8 + 6, qPrintable(QString::number(*talker.numRead - before)));
        QCOMPARE(report->maps.at(0).firstRow, begin);
        QCOMPARE(report->maps.at(0).numRows, int64_t(8));
        QCOMPARE(report->token, end - 1);
        QVERIFY(std::abs(saidIn(*report) - whole.probabilities[38]) < 1e-5);
        // Those that the text does not have are refused as in any text.
        asked.rows = {begin, 5000};
        const auto refused = talker.generator->inspect(asked, kNever);
        QCOMPARE(refused.error().code, ErrorCode::InvalidInput);
        QVERIFY(QString::fromStdString(refused.error().message).contains("rows asked for are tokens"));
    }

    /// Of a long answer those about the token: to read all of it again would take as long as it took to say it.
    void aLongAnswerIsReadInPart()
    {
        const Talker talker = makeTalker(1024, 100);
        GenerateRequest request;
        Answer whole;
        for (uint64_t seed = 0; seed < 40 && whole.ids.size() <= 530; ++seed) { // one that does not end by itself
            request = requestOf(false, 560);
            request.sampling.temperature = 0.3;
            request.sampling.seed = seed;
            whole = ask(talker, request);
        }
        QVERIFY2(whole.ids.size() > 530, qPrintable(QString::number(whole.ids.size())));
        const int64_t numTokens = whole.numGiven + std::ssize(whole.ids);
        for (const int64_t token : {int64_t(-1), whole.numGiven + 5}) {
            InspectRequest asked = askedAt(request, whole, token);
            asked.wantsOverview = true;
            const auto report = talker.generator->inspect(asked, kNever);
            VERIFY_OK(report);
            QVERIFY(report->saidWith == SaidWith::State);
            const AttentionMap &map = report->overview.front();
            const int64_t looked = token < 0 ? numTokens - 1 : token;
            QCOMPARE(report->token, looked);
            QVERIFY(map.firstRow <= looked && looked < map.firstRow + map.numRows && map.numRows < numTokens);
            QCOMPARE(map.firstRow == 0, token >= 0);
            const QString note = QString::fromStdString(report->note);
            QVERIFY2(note.contains("Look at another token for those about it."), qPrintable(note));
        }
    }

    /// A branch takes the stream; what was said before it can be looked up still.
    void anotherBranchTakesNothingAway()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(true, 40);
        const Answer whole = ask(talker, request);
        GenerateRequest other = restOf(request, whole, 20);
        other.answerIds.back() = other.answerIds.back() == 'x' ? 'y' : 'x';
        other.sampling.maxTokens = 30;
        const Answer branch = ask(talker, other);
        for (const size_t i : {size_t(3), size_t(21), whole.ids.size() - 1}) {
            const auto report =
                talker.generator->inspect(askedAt(request, whole, whole.numGiven - 1 + static_cast<int64_t>(i)), kNever);
            VERIFY_OK(report);
            QVERIFY(report->saidWith == SaidWith::State);
            QVERIFY(std::abs(saidIn(*report) - whole.probabilities[i]) < 1e-5);
        }
        Answer second{.ids = other.answerIds};
        second.ids.insert(second.ids.end(), branch.ids.begin(), branch.ids.end());
        const auto report = talker.generator->inspect(askedAt(request, second, whole.numGiven - 1 + 25), kNever);
        VERIFY_OK(report);
        QVERIFY(std::abs(saidIn(*report) - branch.probabilities[5]) < 1e-5);
    }

    void aLaterTurnLeavesTheEarlierOne()
    {
        const Talker talker = makeTalker(64);
        GenerateRequest request = requestOf(true, 20);
        const GenerateRequest firstRequest = request;
        const Answer first = ask(talker, request);
        request.messages.push_back({"assistant", first.text});
        request.messages.push_back({"user", "and what then, do you think"});
        const Answer second = ask(talker, request);
        for (size_t i = 0; i < second.ids.size(); ++i) {
            const auto report =
                talker.generator->inspect(askedAt(request, second, second.numGiven - 1 + static_cast<int64_t>(i)), kNever);
            VERIFY_OK(report);
            QVERIFY(report->saidWith == SaidWith::State);
            QVERIFY(std::abs(saidIn(*report) - second.probabilities[i]) < 1e-5);
        }
        const auto report = talker.generator->inspect(askedAt(firstRequest, first, first.numGiven + 2), kNever);
        VERIFY_OK(report);
        QVERIFY(std::abs(saidIn(*report) - first.probabilities[3]) < 1e-5);
    }

    void whatIsGoneIsSaid_data()
    {
        QTest::addColumn<int>("what");
        QTest::newRow("an event was forgotten") << 0;
        QTest::newRow("a source was wiped") << 1;
        QTest::newRow("an event was pinned") << 2;
        QTest::newRow("another memory was loaded") << 3;
        QTest::newRow("a text of another name was read") << 4;
        QTest::newRow("it was said by another process") << 5;
    }
    void whatIsGoneIsSaid()
    {
        QFETCH(int, what);
        Talker talker = makeTalker();
        const GenerateRequest request = requestOf(true, 40);
        const Answer whole = ask(talker, request);
        const int64_t event = memoryOf(talker).front().id;
        if (what == 0) VERIFY_OK(talker.generator->editMemory({MemoryVerb::Forget, {}, event}));
        if (what == 1) VERIFY_OK(talker.generator->editMemory({MemoryVerb::Wipe, "talk#1:user", 0}));
        if (what == 2) VERIFY_OK(talker.generator->editMemory({MemoryVerb::Pin, {}, event}));
        if (what == 3) {
            const std::string path = m_folder.filePath("another.memory").toStdString();
            VERIFY_OK(talker.generator->saveMemory(path));
            VERIFY_OK(talker.generator->loadMemory(path));
        }
        if (what == 4) {
            GenerateRequest other = request;
            other.source = "other";
            other.messages.back().content = "and now for something else";
            (void)ask(talker, other);
        }
        if (what == 5) talker = makeTalker();
        const auto look = [&](int64_t token) { return talker.generator->inspect(askedAt(request, whole, token), kNever); };
        const auto report = look(whole.numGiven + 20);
        VERIFY_OK(report);
        QVERIFY(report->saidWith == SaidWith::NotKept);
        const QString note = QString::fromStdString(report->note);
        QVERIFY2(note.contains("The state that this was said with is not kept"), qPrintable(note));
        QVERIFY2(note.contains("Generate the answer again"), qPrintable(note));
        QVERIFY(!report->attribution.empty() || !report->candidates.empty());
        InspectRequest maps = askedAt(request, whole, -1);
        maps.wantsOverview = true;
        const auto byItself = talker.generator->inspect(maps, kNever);
        VERIFY_OK(byItself);
        QVERIFY(byItself->saidWith == SaidWith::NotKept && !byItself->overview.empty());
        QVERIFY(QString::fromStdString(byItself->note).contains("Generate the answer again"));
        // And then it is there again. Its beginning, too: it was read anew.
        const Answer again = ask(talker, request);
        const auto found = talker.generator->inspect(askedAt(request, again, again.numGiven - 1), kNever);
        VERIFY_OK(found);
        QVERIFY(found->saidWith == SaidWith::State);
        QVERIFY(std::abs(saidIn(*found) - again.probabilities[0]) < 1e-5);
    }

    /// What was said before an edit is not what was said after it, though the text goes on.
    void anEditParts()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(true, 20);
        const Answer first = ask(talker, request);
        VERIFY_OK(talker.generator->editMemory({MemoryVerb::Pin, {}, memoryOf(talker).front().id}));
        GenerateRequest later = request;
        later.messages.push_back({"assistant", first.text});
        later.messages.push_back({"user", "and what then, do you think"});
        const Answer second = ask(talker, later);
        const auto looked = [&](int64_t token) { return talker.generator->inspect(askedAt(later, second, token), kNever); };
        const auto after = looked(second.numGiven + 3), before = looked(first.numGiven + 3);
        VERIFY_OK(after);
        VERIFY_OK(before);
        QVERIFY(after->saidWith == SaidWith::State);
        QVERIFY(std::abs(saidIn(*after) - second.probabilities[4]) < 1e-5);
        QVERIFY(before->saidWith == SaidWith::NotKept);
        // A map begins with the first state that is kept.
        InspectRequest asked = askedAt(later, second, -1);
        asked.heads = {{1, 1}};
        asked.wantsOverview = true;
        const auto maps = talker.generator->inspect(asked, kNever);
        VERIFY_OK(maps);
        QVERIFY(maps->saidWith == SaidWith::State);
        const AttentionMap &map = maps->maps.front();
        QVERIFY(map.firstRow > first.numGiven + 3 && map.firstRow < second.numGiven + 3);
        QCOMPARE(map.numColumns, second.numGiven + std::ssize(second.ids));
        const QString note = QString::fromStdString(maps->note);
        QVERIFY2(note.contains(QString("Rows are those of tokens %1 to ").arg(map.firstRow)), qPrintable(note));
        QVERIFY2(note.contains("the memory was changed there"), qPrintable(note));
    }

    void withoutAMemoryTheTextIsEnough()
    {
        RunSpec spec = test::tinySpec();
        spec.model.context = 128;
        LoadedModel loaded;
        loaded.model = test::tinyModel(spec, 42);
        loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
        loaded.data = spec.data;
        loaded.objective = spec.objective;
        loaded.info.name = "plain";
        Talker talker;
        talker.generator = std::make_unique<TextGenerator>(std::move(loaded));
        const GenerateRequest request = requestOf(false, 20);
        const Answer whole = ask(talker, request);
        InspectRequest asked = askedAt(request, whole, whole.numGiven + 4);
        asked.wantsAttribution = true;
        const auto report = talker.generator->inspect(asked, kNever);
        VERIFY_OK(report);
        QVERIFY(report->saidWith == SaidWith::Text && report->note.empty() && !report->attribution.empty());
        QVERIFY(std::abs(saidIn(*report) - whole.probabilities[5]) < 1e-5);
    }

    void refusesWhatWasNotSo()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(false, 10);
        const Answer whole = ask(talker, request);
        InspectRequest asked = askedAt(request, whole, 5);
        asked.withMemory = true;
        VERIFY_ERROR(talker.generator->inspect(asked, kNever), ErrorCode::InvalidInput,
                     "the token is asked about as it was said, and with what is remembered now, expected one of them");
        asked.withMemory = false;
        asked.ablated = {{0, 0}};
        VERIFY_ERROR(talker.generator->inspect(asked, kNever), ErrorCode::InvalidInput, "and without some heads");
        asked.ablated.clear();
        asked.token = 10'000;
        VERIFY_ERROR(talker.generator->inspect(asked, kNever), ErrorCode::InvalidInput, "token 10000 is asked for");
        asked.token = 5;
        const std::atomic<bool> cancelled{true};
        VERIFY_ERROR(talker.generator->inspect(asked, cancelled), ErrorCode::Cancelled, "it was cancelled");
    }
};

QTEST_GUILESS_MAIN(TestMemorySaid)
#include "tst_memory_said.moc"
