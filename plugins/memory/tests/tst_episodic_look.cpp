// SPDX-License-Identifier: Apache-2.0
// A look at a text behind an episodic memory: the text begins as any text does, whatever was read before it,
// and what stands in a slot that was read keeps the place where it was read.
#include "plugins/memory/tests/memory_talker.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::memory;

namespace {

TextGenerator makeGenerator()
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = 64;
    spec.model.window = 4;
    nn::attentionSourceRegistry().add("episodic", [](nn::BuildContext &build) {
        EpisodicSettings settings;
        settings.store = {.capacity = 1000, .surpriseGamma = 1, .blockMin = 2, .blockMax = 8};
        settings.gateBias = 0;
        return makeEpisodicMemory(build, settings);
    });
    nn::residualModuleRegistry().add(
        "registers", [](nn::BuildContext &build) { return makeRegisters(build, {.count = 3}); });
    auto model = test::tinyModel(spec, 42);
    nn::attentionSourceRegistry().remove("episodic");
    nn::residualModuleRegistry().remove("registers");
    return TextGenerator(livelyTalker(std::move(model), spec));
}

void read(TextGenerator &generator, const std::string &text)
{
    VERIFY_OK(generator.generate(
        {.prompt = text, .sampling = {.maxTokens = 2, .temperature = 0}, .source = "note"}, {}, kNever));
}

InspectReport look(TextGenerator &generator, const std::string &text)
{
    InspectRequest request;
    request.input.prompt = text;
    request.input.sampling.numAlternatives = 5;
    request.wantsOverview = false;
    request.withMemory = true;
    auto report = generator.inspect(request, kNever);
    if (!report) qFatal("%s", report.error().text().c_str());
    return std::move(report).value();
}

} // namespace

class TestEpisodicLook : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    [[nodiscard]] std::filesystem::path file() const { return m_folder.filePath("memory").toStdString(); }

private Q_SLOTS:
    void whatWasReadBeforeMovesNoSegment()
    {
        for (const char *text :
             {"abcde", "abcdef", "what is longer than one context of the model, by a few letters"}) {
            TextGenerator generator = makeGenerator(), loaded = makeGenerator();
            read(generator, text);
            VERIFY_OK(generator.saveMemory(file()));
            VERIFY_OK(loaded.loadMemory(file())); // nothing was read: the text begins at place 0
            const InspectReport behindText = look(generator, "where was it?"),
                                behindFile = look(loaded, "where was it?");
            QCOMPARE(behindText.candidates.size(), size_t(5));
            for (size_t i = 0; i < 5; ++i) {
                QCOMPARE(behindText.candidates[i].id, behindFile.candidates[i].id);
                QVERIFY(std::abs(behindText.candidates[i].probability -
                                 behindFile.candidates[i].probability) < 1e-5);
            }
            QCOMPARE(behindText.reads.size(), behindFile.reads.size());
        }
    }

    void slotsKeepThePlaceWhereTheyWereRead()
    {
        TextGenerator writer = makeGenerator(), generator = makeGenerator();
        std::string text;
        for (int i = 0; i < 50; ++i) text += "n" + std::to_string(i) + ", ";
        read(writer, text);
        VERIFY_OK(writer.saveMemory(file()));
        VERIFY_OK(generator.loadMemory(file()));
        VERIFY_OK(generator.generate({.prompt = "hello", .sampling = {.maxTokens = 2}, .source = "talk"}, {},
                                     kNever));
        std::map<int64_t, std::pair<int64_t, int64_t>> placesOf;
        const auto listed = generator.editMemory({});
        VERIFY_OK(listed);
        for (const MemoryEvent &event : listed->events)
            placesOf[event.id] = {event.firstToken, event.lastToken};
        const InspectReport report = look(generator, "and so on, to the end");
        int numFarSlots = 0, numOwnSlots = 0;
        for (const MemoryRead &one : report.reads)
            for (const MemoryRead::Slot &slot : one.slots) {
                if (slot.event < 0) {
                    QVERIFY(slot.token >= 0 && slot.token < std::ssize(report.tokens) - 4);
                    ++numOwnSlots;
                } else if (const auto places = placesOf.find(slot.event); places != placesOf.end()) {
                    QVERIFY(slot.token >= places->second.first && slot.token <= places->second.second);
                    numFarSlots += slot.token > 100;
                }
            }
        QVERIFY2(numFarSlots > 0 && numOwnSlots > 0,
                 qPrintable(QString("%1 and %2").arg(numFarSlots).arg(numOwnSlots)));
    }
};

QTEST_GUILESS_MAIN(TestEpisodicLook)
#include "tst_episodic_look.moc"
