// SPDX-License-Identifier: Apache-2.0
// A memory beside what else a model can do: prompts that are read whole, holes, and learning for good what it
// remembers.
#include "core/infer/model_directory.h"
#include "memory_models.h"
#include "tests/base/check_result.h"
#include "tests/infer/lively_model.h"

#include <QTemporaryDir>

#include <cmath>
#include <fstream>

using namespace orrery;
using namespace orrery::memory;

namespace {

/// A model of both objectives; its registers speak up, which they begin without.
LoadedModel hybridModel(const Levels &levels)
{
    RunSpec spec = memorySpec(24);
    spec.objective.name = "hybrid";
    LoadedModel loaded = memoryModel(levels, spec);
    const at::NoGradGuard noGradients;
    torch::manual_seed(3);
    for (nn::Parameter &parameter : loaded.model->parameters())
        if (parameter.name.find("memory.registers.read.output") != std::string::npos) parameter.master.normal_(0, 0.5);
    loaded.model->mastersChanged();
    return loaded;
}

} // namespace

class TestMemoryHybrid : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    [[nodiscard]] std::filesystem::path file(const char *name) const { return m_folder.filePath(name).toStdString(); }

private Q_SLOTS:
    void registersReadPrefixes();
    void eventsReadNoPrefixes();
    void aHoleIsRemembered();
    void consolidationSaysWhatIsMissing();
    void whatWasLearnedIsNamed();
};

/// As the whole model reads it at once under its prefix mask, beyond the context too, where registers begin anew.
void TestMemoryHybrid::registersReadPrefixes()
{
    const Levels registers{.episodic = 0, .registers = 3};
    const auto whole = std::move(hybridModel(registers).model), silent = std::move(hybridModel(registers).model);
    for (nn::Parameter &parameter : silent->parameters())
        if (parameter.name.find("memory.registers.read.output") != std::string::npos) parameter.master.detach().zero_();
    silent->mastersChanged();
    TextGenerator generator(hybridModel(registers));
    for (const char *text : {"abcdefghijkl", "abcde", "a"}) {
        GenerateRequest request = prompt(text);
        request.mask = "prefix";
        request.sampling = {.maxTokens = 40, .temperature = 1, .seed = 5, .numAlternatives = 0};
        std::vector<int32_t> history = test::idsOf(text), seen = history;
        auto numVisible = std::ssize(seen);
        int numOverflows = 0;
        double mattered = 0;
        const auto summary = generator.generate(
            request,
            [&](const GeneratedToken &token) {
                const at::Tensor p_V = test::plainProbabilities(*whole, seen, numVisible);
                const double off = std::abs(p_V[token.id].item<double>() - token.probability);
                if (off > 1e-5) qFatal("token %zu is off by %g", history.size(), off);
                const at::Tensor plain_V = test::plainProbabilities(*silent, seen, numVisible);
                mattered = std::max(mattered, (p_V - plain_V).abs().max().item<double>());
                history.push_back(token.id);
                if (std::ssize(seen) < 24) {
                    seen.push_back(token.id);
                } else {
                    numVisible = 12;
                    seen.assign(history.end() - numVisible, history.end());
                    ++numOverflows;
                }
                return true;
            },
            kNever);
        VERIFY_OK(summary);
        QVERIFY(numOverflows >= 1 || summary->reason != FinishReason::MaxTokens);
        QVERIFY2(mattered > 1e-3, qPrintable(QString::number(mattered)));
    }
}

void TestMemoryHybrid::eventsReadNoPrefixes()
{
    TextGenerator generator(hybridModel({.registers = 3}));
    GenerateRequest request = prompt("abc");
    request.mask = "prefix";
    VERIFY_ERROR(generator.generate(request, {}, kNever), ErrorCode::InvalidInput, "it remembers events");
}

/// A hole and its sides are remembered as what they are, and what is said in it is what the whole model says.
void TestMemoryHybrid::aHoleIsRemembered()
{
    const Levels levels{.episodic = 1000};
    const auto whole = std::move(hybridModel(levels).model);
    TextGenerator generator(hybridModel(levels));
    GenerateRequest request = prompt("left side", "notes.txt");
    request.infill = "right";
    const auto tokenizer = std::move(Tokenizer::create({})).value();
    std::vector<int32_t> seen =
        renderHole(test::idsOf("left side"), test::idsOf("right"), 24, holeMarks(*tokenizer));
    const size_t numBefore = seen.size();
    const auto summary = generator.generate(
        request,
        [&](const GeneratedToken &token) {
            const at::NoGradGuard noGradients;
            const std::vector<int64_t> wide(seen.begin(), seen.end());
            const at::Tensor logits_BTV = whole->logits(at::tensor(wide, at::kLong).unsqueeze(0), {});
            const double p = at::softmax(logits_BTV[0][-1].to(at::kDouble), -1)[token.id].item<double>();
            if (std::abs(p - token.probability) > 1e-5) qFatal("%zu: %g, %g", seen.size(), p, token.probability);
            seen.push_back(token.id);
            return true;
        },
        kNever);
    VERIFY_OK(summary);
    const auto report = generator.editMemory({});
    VERIFY_OK(report);
    QCOMPARE(report->status.numRefused, int64_t(0));
    std::vector<int32_t> remembered;
    for (const MemoryEvent &event : report->events) {
        QCOMPARE(qtext(event.source), QString("notes.txt#hole"));
        remembered.insert(remembered.end(), event.tokenIds.begin(), event.tokenIds.end());
    }
    // What left the window, in the order in which it was read: marks, the side behind, the side before, the middle.
    QVERIFY2(std::ssize(remembered) >= static_cast<int64_t>(numBefore) - kWindow, qPrintable(QString::number(remembered.size())));
    seen.resize(std::min(seen.size(), remembered.size()));
    QCOMPARE(remembered, seen);
}

/// What the model lacks, then what it has read, then the data: nobody's data are read for nothing.
void TestMemoryHybrid::consolidationSaysWhatIsMissing()
{
    const ConsolidateRequest request{.dataPath = file("gone.txt").string(), .directory = file("never").string()};
    const Levels both{.semantic = 64};
    TextGenerator without(memoryModel()), empty(memoryModel(both)), generator(memoryModel(both));
    (void)ask(without, prompt("the number of the day is 17", "day.txt"));
    VERIFY_ERROR(without.consolidate(request, kNever), ErrorCode::NotFound, "has no semantic memory");
    VERIFY_ERROR(empty.consolidate(request, kNever), ErrorCode::InvalidInput, "no text of two tokens");
    (void)ask(generator, prompt("the number of the day is 17", "day.txt"));
    VERIFY_ERROR(generator.consolidate(request, kNever), ErrorCode::NotFound, "gone.txt");
    // Before that is looked for: what would make all of the work be for nothing.
    std::ofstream(file("a file")).flush();
    ConsolidateRequest elsewhere = request;
    elsewhere.directory = (file("a file") / "never").string();
    VERIFY_ERROR(generator.consolidate(elsewhere, kNever), ErrorCode::Io, "Cannot create folder");
    ConsolidateRequest noRate = request;
    noRate.settings.learningRate = std::nan("");
    VERIFY_ERROR(generator.consolidate(noRate, kNever), ErrorCode::InvalidInput,
                 "rate is NaN, expected 1e-09");
    const std::atomic<bool> cancel{true};
    std::ofstream(file("prose.txt")) << "a text of another kind, as long as a text has to be";
    VERIFY_ERROR(generator.consolidate({.dataPath = file("prose.txt").string()}, cancel), ErrorCode::Cancelled,
                 "cancelled");
    QVERIFY(!std::filesystem::exists(file("never")));
}

/// No wipe reaches weights: the new model says whose words it has learned, and says it on when it learns more.
void TestMemoryHybrid::whatWasLearnedIsNamed()
{
    std::ofstream(file("kept.txt")) << std::string(400, 'k') + " and the rest of what it knew";
    const auto learn = [&](const char *text, const char *source, std::vector<std::string> before, const char *name, int64_t numMore = 0) {
        LoadedModel loaded = memoryModel({.semantic = 64});
        loaded.learned = std::move(before);
        loaded.numLearnedMore = numMore;
        TextGenerator generator(std::move(loaded));
        const Answer first = ask(generator, prompt(text, source));
        ConsolidateRequest request{.dataPath = file("kept.txt").string(), .directory = file(name).string()};
        request.settings.numPasses = 2;
        const auto done = generator.consolidate(request, kNever);
        if (!done.ok()) qFatal("%s", done.error().text().c_str());
        // It goes on with the weights that it had.
        QVERIFY(ask(generator, prompt(text, source)).probabilities == first.probabilities);
    };
    const auto learnedIn = [&](const char *name) {
        const auto config = readModelConfig(file(name));
        if (!config.ok()) qFatal("%s", config.error().text().c_str());
        return config->learned;
    };
    learn("the number of the day is 17, of the night 23", "day.txt", {}, "once");
    std::vector<std::string> learned = learnedIn("once");
    QVERIFY(std::find(learned.begin(), learned.end(), "day.txt#text") != learned.end());
    QVERIFY(std::all_of(learned.begin(), learned.end(),
                        [](const std::string &name) { return isOfSource(name, "day.txt"); }));
    learn("another number, of another day, is 99", "later.txt", learned, "twice");
    for (const std::string &name : learnedIn("twice")) std::erase(learned, name);
    QVERIFY(learned.empty());
    const auto both = learnedIn("twice");
    QVERIFY(std::find(both.begin(), both.end(), "later.txt#text") != both.end());
    // More names than config.json has room for: the rest is counted, and no name is made of the count.
    std::vector<std::string> many;
    for (int i = 0; i < 1'100; ++i) many.push_back(std::string(996, 'a') + std::to_string(1'000 + i));
    learn("another number, of another day, is 99", "zoo.txt", many, "full", 5);
    const auto full = readModelConfig(file("full"));
    QVERIFY(full.ok());
    QCOMPARE(full->learned.size(), size_t{(1 << 20) / 1'000});
    QVERIFY(full->learned.back().starts_with("aaa"));
    const auto numAll = std::ssize(full->learned) + full->numLearnedMore;
    QVERIFY2(numAll > 1'105 && numAll < 1'115, qPrintable(QString::number(numAll))); // those of zoo.txt, too
    const std::string large = std::string(600, 'A') + ".txt"; // takes the place of another one
    learn("another number, of another day, is 99", large.c_str(), full->learned, "again", full->numLearnedMore);
    const auto again = readModelConfig(file("again"));
    QVERIFY(again.ok() && again->numLearnedMore > full->numLearnedMore);
    QVERIFY(std::all_of(again->learned.begin(), again->learned.end(),
                        [&](const std::string &name) { return name.starts_with("aaa") || name.starts_with(large); }));
}

QTEST_GUILESS_MAIN(TestMemoryHybrid)
#include "tst_memory_hybrid.moc"
