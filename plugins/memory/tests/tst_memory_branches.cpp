// SPDX-License-Identifier: Apache-2.0
// Answers of a model with a memory that are branched: they go on from a state that was kept, with the tokens
// and the memory that they had, and little is read again.
#include "core/infer/stream_snapshots.h"
#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "plugins/memory/engine/episodic_memory.h"
#include "plugins/memory/engine/registers.h"
#include "tests/base/check_result.h"
#include "tests/infer/tiny_run.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <cmath>

using namespace orrery;
using namespace orrery::memory;

namespace {

const std::atomic<bool> kNever{false};

/// Counts the tokens of passes with a cache, and adds nothing.
class Counter final : public nn::ResidualModule {
public:
    explicit Counter(std::shared_ptr<int64_t> count) : m_count(std::move(count)) {}
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        if (context.cache) *m_count += x_BTC.size(1);
        return at::zeros_like(x_BTC);
    }

private:
    std::shared_ptr<int64_t> m_count;
};

struct Talker {
    std::shared_ptr<int64_t> numRead = std::make_shared<int64_t>(0);
    std::unique_ptr<TextGenerator> generator;
};

Talker makeTalker(int64_t context = 256, int64_t capacity = 1000)
{
    Talker talker;
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = context;
    spec.model.window = 8;
    nn::attentionSourceRegistry().add("episodic", [capacity](nn::BuildContext &build) {
        EpisodicSettings settings;
        settings.store = {.capacity = capacity, .surpriseGamma = 1, .blockMin = 2, .blockMax = 8};
        return makeEpisodicMemory(build, settings);
    });
    nn::residualModuleRegistry().add(
        "registers", [](nn::BuildContext &build) { return makeRegisters(build, {.count = 3}); });
    nn::residualModuleRegistry().add("counter", [&talker](nn::BuildContext &build) {
        return build.layer == 0 ? std::make_unique<Counter>(talker.numRead) : nullptr;
    });
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 42);
    nn::attentionSourceRegistry().remove("episodic");
    nn::residualModuleRegistry().remove("registers");
    nn::residualModuleRegistry().remove("counter");
    const at::NoGradGuard noGradients;
    for (nn::Parameter &parameter : loaded.model->parameters()) {
        at::Tensor &weights = parameter.master;
        if (parameter.decays) weights.mul_(8);
        if (parameter.name.find("registers.read.output") != std::string::npos)
            weights.copy_(at::sin(at::arange(weights.numel(), at::kFloat)).view(weights.sizes()));
    }
    loaded.model->mastersChanged();
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "talker";
    talker.generator = std::make_unique<TextGenerator>(std::move(loaded));
    return talker;
}

struct Answer {
    std::vector<int32_t> ids;
    std::string text;
    std::vector<double> probabilities;
    int64_t numRead = 0, numReused = 0;
};

Answer ask(const Talker &talker, const GenerateRequest &request)
{
    Answer answer;
    const int64_t before = *talker.numRead;
    const auto summary = talker.generator->generate(
        request,
        [&](const GeneratedToken &token) {
            answer.ids.push_back(token.id);
            answer.text += token.bytes;
            answer.probabilities.push_back(token.probability);
            return true;
        },
        kNever);
    if (!summary.ok()) qFatal("%s", summary.error().text().c_str());
    answer.numRead = *talker.numRead - before;
    answer.numReused = summary->reusedTokens;
    return answer;
}

GenerateRequest requestOf(bool isChat, int64_t numTokens)
{
    GenerateRequest request;
    request.sampling = {.maxTokens = numTokens, .temperature = 0.9, .seed = 11, .numAlternatives = 0};
    request.source = "talk";
    if (isChat)
        request.messages = {{"system", "be brief"}, {"user", "what was it that you saw, and when"}};
    else
        request.prompt = "a prompt that is longer than a few windows";
    return request;
}

/// The rest of an answer behind its first `count` tokens.
GenerateRequest restOf(GenerateRequest request, const Answer &whole, size_t count)
{
    request.answerIds.assign(whole.ids.begin(), whole.ids.begin() + static_cast<std::ptrdiff_t>(count));
    request.sampling.maxTokens -= static_cast<int64_t>(count);
    return request;
}

std::vector<MemoryEvent> memoryOf(const Talker &talker)
{
    auto report = talker.generator->editMemory({});
    if (!report.ok()) qFatal("%s", report.error().text().c_str());
    return report->events;
}

/// All of it, to the bit.
void compareMemories(const std::vector<MemoryEvent> &found, const std::vector<MemoryEvent> &expected)
{
    QCOMPARE(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
        const MemoryEvent &one = found[i], &other = expected[i];
        QCOMPARE(one.id, other.id);
        QCOMPARE(one.source, other.source);
        QCOMPARE(one.text, other.text);
        QCOMPARE(one.firstToken, other.firstToken);
        QCOMPARE(one.age, other.age);
        QCOMPARE(one.slots, other.slots);
        QVERIFY(one.usages == other.usages && one.surprises == other.surprises && one.reads == other.reads);
    }
}

} // namespace

class TestMemoryBranches : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Threads that wait for one another take most of the time of so small a model.
    void initTestCase() { at::set_num_threads(1); }

    void goesOnAsTheAnswerDid_data()
    {
        QTest::addColumn<bool>("isChat");
        QTest::addColumn<int>("context");
        QTest::addColumn<int>("capacity");
        QTest::newRow("prompt") << false << 256 << 1000;
        QTest::newRow("conversation") << true << 256 << 1000;
        QTest::newRow("several contexts") << false << 40 << 1000;
        QTest::newRow("a full memory") << true << 64 << 30;
    }
    void goesOnAsTheAnswerDid()
    {
        QFETCH(bool, isChat);
        QFETCH(int, context);
        QFETCH(int, capacity);
        const Talker talker = makeTalker(context, capacity);
        const GenerateRequest request = requestOf(isChat, 60);
        const Answer whole = ask(talker, request);
        QVERIFY(whole.ids.size() > 40);
        const auto memory = memoryOf(talker);
        QVERIFY(!memory.empty());
        // Forwards, backwards, and from one branch into another.
        for (const size_t count :
             {size_t{1}, size_t{39}, size_t{7}, size_t{22}, size_t{8}, whole.ids.size() - 1}) {
            GenerateRequest other = restOf(request, whole, count);
            other.answerIds.back() = other.answerIds.back() == 'x' ? 'y' : 'x';
            other.sampling.maxTokens = 9;
            const Answer branch = ask(talker, other);
            QVERIFY2(branch.numRead <= 4 + 9 || context < 256, qPrintable(QString::number(branch.numRead)));
            const Answer rest = ask(talker, restOf(request, whole, count));
            const auto tail = whole.ids.begin() + static_cast<std::ptrdiff_t>(count);
            QCOMPARE(rest.ids, std::vector<int32_t>(tail, whole.ids.end()));
            for (size_t i = 0; i < rest.ids.size(); ++i)
                QCOMPARE(rest.probabilities[i], whole.probabilities[count + i]); // to the bit
            compareMemories(memoryOf(talker), memory);
        }
    }

    void isWhatReadingAnewGives()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(true, 50);
        const Answer whole = ask(talker, request);
        GenerateRequest other = restOf(request, whole, 30);
        other.answerIds.back() = other.answerIds.back() == 'x' ? 'y' : 'x';
        other.sampling.maxTokens = 20;
        const Answer branch = ask(talker, other);
        const Talker fresh = makeTalker();
        const Answer anew = ask(fresh, other);
        QCOMPARE(branch.ids, anew.ids);
        for (size_t i = 0; i < anew.ids.size(); ++i)
            QVERIFY(std::abs(branch.probabilities[i] - anew.probabilities[i]) < 1e-4);
        QVERIFY(branch.numRead < 20 + 5);
        QVERIFY(anew.numRead > 20 + 30 + 40);
        QVERIFY(branch.numReused > anew.numReused);
        const auto found = memoryOf(talker), expected = memoryOf(fresh);
        QCOMPARE(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i) {
            QCOMPARE(found[i].text, expected[i].text);
            QCOMPARE(found[i].source, expected[i].source);
            QCOMPARE(found[i].firstToken, expected[i].firstToken);
        }
    }

    void anEditedTurnGoesOnFromWhatBothBeginWith()
    {
        const Talker talker = makeTalker();
        GenerateRequest request = requestOf(true, 12);
        const Answer first = ask(talker, request);
        request.messages.push_back({"assistant", first.text});
        request.messages.push_back({"user", "and what then, do you think"});
        (void)ask(talker, request);
        request.messages.back().content = "and what else was there to see";
        const Answer edited = ask(talker, request);
        const Talker fresh = makeTalker();
        const Answer anew = ask(fresh, request);
        QCOMPARE(edited.ids, anew.ids);
        QVERIFY2(edited.numRead + 50 < anew.numRead,
                 qPrintable(QString("%1 of %2").arg(edited.numRead).arg(anew.numRead)));
        std::string found, expected;
        for (const MemoryEvent &event : memoryOf(talker)) found += event.text;
        for (const MemoryEvent &event : memoryOf(fresh)) expected += event.text;
        QCOMPARE(found, expected);
    }

    void anEditLeavesNothingToGoBackTo()
    {
        const Talker talker = makeTalker();
        const GenerateRequest request = requestOf(false, 40);
        const Answer whole = ask(talker, request);
        const GenerateRequest rest = restOf(request, whole, 20);
        QVERIFY(ask(talker, rest).numRead < 30);
        // What was kept holds the source still: it must not come back out of it.
        VERIFY_OK(talker.generator->editMemory({MemoryVerb::Wipe, "talk#text", 0}));
        QVERIFY(ask(talker, rest).numRead > 60);
        const int64_t event = memoryOf(talker).front().id;
        VERIFY_OK(talker.generator->editMemory({MemoryVerb::Forget, {}, event}));
        QVERIFY(ask(talker, rest).numRead > 60);
        VERIFY_OK(talker.generator->editMemory({MemoryVerb::Pin, {}, event}));
        QVERIFY(ask(talker, rest).numRead > 60);
        // Another text under another name is another text; a plain prompt is read anew.
        GenerateRequest renamed = rest;
        renamed.source = "other";
        QVERIFY(ask(talker, renamed).numRead > 60);
        QVERIFY(ask(talker, request).numRead > 60);
    }

    void statesMakeRoom()
    {
        const auto state = [](int64_t size, int32_t last) {
            StreamSnapshot made{.text = std::vector<int32_t>(static_cast<size_t>(size), 1),
                                .media = nullptr,
                                .sources = {},
                                .windows = {},
                                .length = size,
                                .parts = {},
                                .logits_V = {},
                                .surprise_BT = {},
                                .lastLogits_BV = {},
                                .numPartBytes = 10};
            made.text.back() = last;
            return made;
        };
        StreamSnapshots kept(60, 5);
        kept.add(state(3, 7)); // of another text: the first to go
        for (const int64_t size : {4, 8, 12, 16, 20, 24}) kept.add(state(size, 1));
        QCOMPARE(kept.count(), size_t(5));
        const auto nearestTo = [&](int64_t size) {
            const std::vector<int32_t> text(static_cast<size_t>(size), 1);
            const StreamSnapshot *found = kept.nearest({text}, {});
            return found ? std::ssize(found->text) : 0;
        };
        QCOMPARE(nearestTo(30), int64_t(24));
        QCOMPARE(nearestTo(5), int64_t(4)); // the beginning stays
        QCOMPARE(nearestTo(3), int64_t(0));
        // Of other sources is another text.
        const std::vector<int32_t> text(30, 1);
        QVERIFY(!kept.nearest({text}, {{0, "other"}}));
        // Rows are copied once, for those behind what is written over, and count.
        nn::KvCache cache;
        cache.keys = {at::ones({1, 1, 32, 2})};
        cache.values = {at::ones({1, 1, 32, 2})};
        kept.keepRows(cache, 4);
        QCOMPARE(kept.numBytes(), int64_t(50 + 2 * 24 * 2 * 4));
        cache.keys[0].zero_();
        kept.keepRows(cache, 4);
        QCOMPARE(kept.nearest({text}, {})->rows->keys[0].sum().item<float>(), 48.0F);
        QVERIFY(!kept.nearest({std::span(text).first(4)}, {})->rows);
        kept.add(state(28, 1)); // the copy alone has no room: they go until all have
        QVERIFY(kept.numBytes() <= 60);
        StreamSnapshots none(5, 5);
        none.add(state(4, 1));
        QCOMPARE(none.count(), size_t(0));
    }
};

QTEST_GUILESS_MAIN(TestMemoryBranches)
#include "tst_memory_branches.moc"
