// SPDX-License-Identifier: Apache-2.0
// A memory that is edited, and a text read behind a copy of it: with a part that remembers all tokens it
// reads, one event for each source, and says their sum.
#include "tiny_run.h"

#include "core/infer/text_generator.h"
#include "core/nn/extension_points.h"
#include "core/tensorfile/memory_file.h"
#include "core/tensorfile/memory_file_lock.h"
#include "core/tensorfile/safetensors.h"
#include "tests/base/check_result.h"

#include <QFile>
#include <QTemporaryDir>

#include <cmath>
#include <functional>

using namespace orrery;

namespace {

const std::atomic<bool> kNever{false};

class Diary final : public nn::PartState, public MemoryControl {
public:
    MemoryControl *memory() override { return this; }
    [[nodiscard]] std::shared_ptr<nn::PartState> clone() const override
    {
        return std::make_shared<Diary>(*this);
    }
    void endText(const nn::KvCache &) override
    {
        ++numEnded;
        settle();
    }
    static inline int numEnded = 0;
    static inline std::function<void()> onChange;

    /// Tokens of the pass before are kept when the next one begins.
    void settle()
    {
        for (const auto &[source, token] : waiting) {
            auto event = std::find_if(events.begin(), events.end(),
                                      [&](const MemoryEvent &known) { return known.source == source; });
            if (event == events.end()) {
                events.push_back({.id = nextId++, .source = source});
                event = events.end() - 1;
            }
            event->tokenIds.push_back(token);
            event->slots.push_back(nextSlot++);
            event->strengths.push_back(1);
            event->numSlots = std::ssize(event->slots);
            undo.clear();
        }
        waiting.clear();
    }
    [[nodiscard]] double said() const
    {
        double sum = 0;
        for (const MemoryEvent &event : events)
            for (size_t i = 0; i < event.tokenIds.size(); ++i)
                sum += static_cast<double>(event.strengths[i]) * event.tokenIds[i];
        return std::sin(sum / 50);
    }

    [[nodiscard]] MemoryStatus status() const override
    {
        MemoryStatus status{.capacity = 1000};
        for (const MemoryEvent &event : events) status.numUsed += event.numSlots;
        return status;
    }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override { return events; }
    Result<void> pin(int64_t, bool) override { return {}; }
    int64_t wipe(const std::string &source) override
    {
        return std::erase_if(events,
                             [&](const MemoryEvent &event) { return isOfSource(event.source, source); });
    }
    [[nodiscard]] Result<void> save(const std::filesystem::path &path) const override
    {
        const std::vector<int32_t> none{0};
        const auto written = writeSafetensors(
            path,
            {{.name = "none", .type = TensorType::I32, .shape = {1}, .data = std::as_bytes(std::span(none))}},
            {{"format", kMemoryFileFormat}});
        return written.ok() ? Result<void>() : written.error();
    }
    /// Any file holds one event of two tokens.
    Result<void> load(const std::filesystem::path &path) override
    {
        if (!std::filesystem::exists(path))
            return Error{ErrorCode::NotFound, "Cannot open \"" + path.string() + "\": it is not there.",
                         "Look."};
        events = {{.id = 7,
                   .source = "file",
                   .numSlots = 2,
                   .tokenIds = {'a', 'b'},
                   .slots = {3, 4},
                   .strengths = {1, 1}}};
        nextId = 8;
        nextSlot = 5;
        return {};
    }
    Result<int64_t> change(const MemoryEdit &edit) override
    {
        if (onChange) onChange();
        if (edit.verb == MemoryVerb::Undo) {
            if (undo.empty()) return Error{ErrorCode::NotFound, "Cannot undo: nothing was edited.", "Edit."};
            events = undo.back();
            undo.pop_back();
            return int64_t(0);
        }
        std::vector<MemoryEvent> before = events;
        const bool isSlot = edit.slot >= 0;
        for (MemoryEvent &event : events) {
            const auto slot = std::find(event.slots.begin(), event.slots.end(), edit.slot);
            if (isSlot ? slot == event.slots.end() : event.id != edit.event) continue;
            for (size_t i = 0; i < event.slots.size(); ++i)
                if (!isSlot || event.slots[i] == edit.slot)
                    event.strengths[i] = edit.verb == MemoryVerb::Scale ? static_cast<float>(edit.factor) : 0;
            undo.push_back(std::move(before));
            return edit.verb == MemoryVerb::Scale ? 0 : isSlot ? 1 : event.numSlots;
        }
        return Error{ErrorCode::NotFound, "Cannot edit: no such event or slot.", "List them."};
    }
    [[nodiscard]] std::string undoText() const override { return undo.empty() ? "" : "an edit"; }
    Result<std::vector<float>> similarity(int64_t maxEvents, std::vector<int64_t> &ids) const override
    {
        for (const MemoryEvent &event : events)
            if (std::ssize(ids) < maxEvents) ids.push_back(event.id);
        return std::vector<float>(ids.size() * ids.size(), 0.5F);
    }

    std::vector<MemoryEvent> events;
    std::vector<std::vector<MemoryEvent>> undo;
    std::vector<std::pair<std::string, int32_t>> waiting;
    int64_t nextId = 1, nextSlot = 0;
};

class Writer final : public nn::ResidualModule {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &context) override
    {
        at::Tensor added_BTC = at::zeros_like(x_BTC);
        if (!context.cache) return added_BTC;
        auto &diary = static_cast<Diary &>(*context.cache->parts.at("diary"));
        diary.settle();
        const int64_t first = context.cache->origin + context.cache->length;
        added_BTC.select(2, 0).fill_(3 * diary.said());
        for (int64_t t = 0; t < x_BTC.size(1); ++t)
            diary.waiting.emplace_back(context.cache->sourceAt(first + t),
                                       context.ids_BT[0][t].item<int32_t>());
        return added_BTC;
    }
    [[nodiscard]] bool remembers() const override { return true; }
    void beginText(nn::KvCache &cache, int64_t) override { cache.parts["diary"] = std::make_shared<Diary>(); }
};

TextGenerator makeGenerator(bool hasMemory = true, const std::filesystem::path &memoryFile = {})
{
    RunSpec spec = test::tinySpec();
    spec.model.layers = 2;
    spec.model.context = 48;
    if (hasMemory)
        nn::residualModuleRegistry().add("writer", [](nn::BuildContext &build) {
            return build.layer == 0 ? std::make_unique<Writer>() : nullptr;
        });
    LoadedModel loaded;
    loaded.model = test::tinyModel(spec, 100);
    nn::residualModuleRegistry().remove("writer");
    loaded.tokenizer = std::move(Tokenizer::create(spec.data)).value();
    loaded.data = spec.data;
    loaded.objective = spec.objective;
    loaded.info.name = "writer";
    loaded.memoryFile = memoryFile;
    return TextGenerator(std::move(loaded));
}

void read(TextGenerator &generator, const std::string &text, int64_t maxTokens = 1)
{
    GenerateRequest request{
        .prompt = text, .sampling = {.maxTokens = maxTokens, .temperature = 0}, .source = "note"};
    VERIFY_OK(generator.generate(request, {}, kNever));
}

InspectRequest lookAt(const std::string &text, std::vector<MemoryEdit> edits = {})
{
    InspectRequest request;
    request.input.prompt = text;
    request.wantsOverview = false;
    request.withMemory = true;
    request.memoryEdits = std::move(edits);
    return request;
}

InspectReport look(TextGenerator &generator, const InspectRequest &request)
{
    auto report = generator.inspect(request, kNever);
    if (!report) qFatal("%s", report.error().text().c_str());
    return std::move(report).value();
}

MemoryReport edit(TextGenerator &generator, const MemoryEdit &edit)
{
    auto report = generator.editMemory(edit);
    if (!report) qFatal("%s", report.error().text().c_str());
    return std::move(report).value();
}

bool isSame(const std::vector<TokenAlternative> &one, const std::vector<TokenAlternative> &other)
{
    for (size_t i = 0; i < std::min(one.size(), other.size()); ++i)
        if (one[i].id != other[i].id || std::abs(one[i].probability - other[i].probability) > 1e-6)
            return false;
    return true;
}

} // namespace

class TestMemoryEdits : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    [[nodiscard]] std::string path(const char *name) const { return m_folder.filePath(name).toStdString(); }

private Q_SLOTS:
    void initTestCase() { VERIFY_OK(Diary().save(path("saved"))); }

    void readsBehindTheMemoryOfTheLastText()
    {
        TextGenerator generator = makeGenerator(), other = makeGenerator();
        InspectRequest without = lookAt("what?");
        without.withMemory = false;
        const InspectReport empty = look(generator, lookAt("what?"));
        QVERIFY(isSame(empty.candidates, look(generator, without).candidates)); // nothing to say yet
        read(generator, "a secret");
        Diary::numEnded = 0;
        const InspectReport known = look(generator, lookAt("what?"));
        QCOMPARE(Diary::numEnded, 1); // what waits in the window of that text is remembered, too
        QVERIFY(!isSame(known.candidates, empty.candidates));
        QVERIFY(isSame(look(generator, without).candidates, empty.candidates));
        QVERIFY(known.changed.empty());
        read(other, "another!");
        QVERIFY(!isSame(look(other, lookAt("what?")).candidates, known.candidates));
        // A look leaves nothing behind: neither of its own text nor of its copy.
        QCOMPARE(edit(generator, {}).status.numUsed, int64_t(8));
        QVERIFY(isSame(look(generator, lookAt("what?")).candidates, known.candidates));
    }

    void aStopTextIsNotRemembered()
    {
        TextGenerator generator = makeGenerator(), other = makeGenerator();
        std::string text;
        GenerateRequest request{.prompt = "a secret",
                                .sampling = {.maxTokens = 12, .temperature = 1, .seed = 3},
                                .source = "note"};
        const auto keep = [&](const GeneratedToken &token) {
            text += token.bytes;
            return true;
        };
        VERIFY_OK(generator.generate(request, keep, kNever));
        request.sampling.stop = {text.substr(5, 4)};
        const auto stopped = generator.generate(request, {}, kNever);
        VERIFY_OK(stopped);
        QCOMPARE(stopped->reason, FinishReason::StopText);
        request.sampling.stop.clear();
        request.sampling.maxTokens = stopped->generatedTokens;
        VERIFY_OK(other.generate(request, {}, kNever));
        const auto candidates = [](TextGenerator &of) { return look(of, lookAt("what?")).candidates; };
        QVERIFY(isSame(candidates(generator), candidates(other)));
    }

    void readsBehindALoadedFile()
    {
        TextGenerator generator = makeGenerator();
        const InspectReport empty = look(generator, lookAt("what?"));
        VERIFY_OK(generator.editMemory({.verb = MemoryVerb::Save, .path = path("saved")}));
        const MemoryReport loaded = edit(generator, {.verb = MemoryVerb::Load, .path = path("saved")});
        QCOMPARE(loaded.events.size(), size_t(1));
        QCOMPARE(loaded.events[0].text, std::string("ab"));
        QVERIFY(!isSame(look(generator, lookAt("what?")).candidates, empty.candidates));
    }

    void readsBehindANamedFileAlone()
    {
        TextGenerator generator = makeGenerator(), loaded = makeGenerator();
        (void)edit(loaded, {.verb = MemoryVerb::Load, .path = path("saved")});
        const InspectReport empty = look(generator, lookAt("what?")), wanted = look(loaded, lookAt("what?"));
        read(generator, "a secret");
        const InspectReport his = look(generator, lookAt("what?"));
        const MemoryEdit file{.verb = MemoryVerb::Load, .path = path("saved")}, nothing{.verb = MemoryVerb::Load};
        QVERIFY(isSame(look(generator, lookAt("what?", {file})).candidates, wanted.candidates));
        QVERIFY(look(generator, lookAt("what?", {file})).changed.empty()); // it is no edit
        QVERIFY(isSame(look(generator, lookAt("what?", {nothing})).candidates, empty.candidates));
        const MemoryEdit forget{.verb = MemoryVerb::Forget, .event = 7};
        const InspectReport changed = look(generator, lookAt("what?", {file, forget}));
        QVERIFY(isSame(changed.candidates, wanted.candidates));
        QVERIFY(isSame(changed.changed, look(loaded, lookAt("what?", {forget})).changed));
        // Who talks with the model goes on with what his texts have.
        QVERIFY(isSame(look(generator, lookAt("what?")).candidates, his.candidates));
        QCOMPARE(edit(generator, {}).status.numUsed, int64_t(8));
        VERIFY_ERROR(generator.inspect(lookAt("what?", {{.verb = MemoryVerb::Load, .path = path("gone")}}), kNever), ErrorCode::NotFound, "gone");
        VERIFY_ERROR(generator.inspect(lookAt("what?", {{.verb = MemoryVerb::Load, .path = "saved"}}), kNever), ErrorCode::InvalidInput,
                     "\"saved\": expected an absolute path");
        VERIFY_ERROR(generator.inspect(lookAt("what?", {forget, file}), kNever), ErrorCode::InvalidInput, "edited by \"load\", expected wipe");
        TextGenerator plain = makeGenerator(false);
        for (const MemoryEdit &one : {file, nothing})
            VERIFY_ERROR(plain.inspect(lookAt("what?", {one}), kNever), ErrorCode::NotFound, "memory");
    }

    void aLookSaysThatItIsWithoutTheMemory()
    {
        const std::string without = "Read without the memory that texts begin with.";
        InspectRequest plain = lookAt("what?");
        plain.withMemory = false;
        TextGenerator own = makeGenerator(true, path("saved")), none = makeGenerator(true, path("not there"));
        QCOMPARE(look(own, plain).note, without); // nobody has opened the file yet
        QCOMPARE(look(own, lookAt("what?")).note, std::string());
        QCOMPARE(look(own, plain).note, without); // now it is open
        QCOMPARE(look(none, plain).note, std::string());
        read(none, "a secret"); // of that text alone
        QCOMPARE(look(none, plain).note, std::string());
        VERIFY_OK(none.loadMemory(path("saved")));
        QCOMPARE(look(none, plain).note, without);
        VERIFY_OK(none.loadMemory({}));
        QCOMPARE(look(none, plain).note, std::string());
        // Of a longer text, both.
        plain.input.prompt = std::string(80, 'x');
        const std::string note = look(own, plain).note;
        QVERIFY2(
            note.ends_with("its context is 48. Read without the memory that texts begin with, and without "
                           "what it remembered beside this window."),
            note.c_str());
    }

    void saysWhatWouldChange()
    {
        TextGenerator generator = makeGenerator();
        const InspectReport empty = look(generator, lookAt("what?"));
        VERIFY_OK(generator.loadMemory(path("saved")));
        const InspectReport report =
            look(generator, lookAt("what?", {{.verb = MemoryVerb::Forget, .event = 7}}));
        QVERIFY(report.changedDivergence > 1e-6);
        QVERIFY(
            isSame(report.changed,
                   look(generator, lookAt("what?", {{.verb = MemoryVerb::Wipe, .source = "file"}})).changed));
        for (const TokenAlternative &candidate : report.changed)
            for (const TokenAlternative &plain : empty.candidates)
                if (plain.id == candidate.id)
                    QVERIFY(std::abs(plain.probability - candidate.probability) < 1e-6);
        // One after the other, and nothing of it stays.
        const InspectReport twice =
            look(generator, lookAt("what?", {{.verb = MemoryVerb::Scale, .event = 7, .factor = 2},
                                             {.verb = MemoryVerb::ForgetSlot, .slot = 3}}));
        QVERIFY(!isSame(twice.changed, report.changed));
        QVERIFY(isSame(twice.candidates, report.candidates));
        QVERIFY(edit(generator, {}).undoText.empty());
        // Together with a head.
        InspectRequest both = lookAt("what?", {{.verb = MemoryVerb::Forget, .event = 7}});
        both.ablated = {{1, 0}};
        QVERIFY(!isSame(look(generator, both).changed, report.changed));
        both.memoryEdits.clear();
        QVERIFY(!isSame(look(generator, both).changed, report.candidates));
    }

    void editsReachWhatTextsBeginWith()
    {
        TextGenerator generator = makeGenerator();
        VERIFY_OK(generator.loadMemory(path("saved")));
        read(generator, "hello");
        const auto strengthOf = [](const MemoryReport &report) {
            return report.events.at(0).strengths.at(0);
        };
        const MemoryReport scaled = edit(generator, {.verb = MemoryVerb::Scale, .event = 7, .factor = 3});
        QCOMPARE(scaled.undoText, std::string("an edit"));
        QCOMPARE(strengthOf(scaled), 3.F);
        QCOMPARE(edit(generator, {.verb = MemoryVerb::Undo}).undoText, std::string());
        read(generator, "again");
        QCOMPARE(strengthOf(edit(generator, {})), 1.F);
        QCOMPARE(edit(generator, {.verb = MemoryVerb::Forget, .event = 7}).numFreed, int64_t(2));
        read(generator, "and again");
        QCOMPARE(strengthOf(edit(generator, {})), 0.F);
        // What came with this text alone is taken back alone.
        const int64_t own = edit(generator, {}).events.back().id;
        QVERIFY(own != 7);
        (void)edit(generator, {.verb = MemoryVerb::Forget, .event = own});
        (void)edit(generator, {.verb = MemoryVerb::Undo});
        read(generator, "once more");
        QCOMPARE(strengthOf(edit(generator, {})), 0.F);
    }

    void aSlotOfAnotherTextIsLeftAlone()
    {
        TextGenerator generator = makeGenerator();
        VERIFY_OK(generator.loadMemory(path("saved")));
        read(generator, "hello");
        // Slots 5 … are of this text; 3 is of the file.
        QCOMPARE(edit(generator, {.verb = MemoryVerb::ForgetSlot, .slot = 5}).numFreed, int64_t(1));
        QCOMPARE(edit(generator, {.verb = MemoryVerb::ForgetSlot, .slot = 3}).numFreed, int64_t(1));
        read(generator, "again");
        const MemoryReport report = edit(generator, {});
        QCOMPARE(report.events.at(0).strengths, (std::vector<float>{0, 1}));
        for (const float strength : report.events.at(1).strengths) QCOMPARE(strength, 1.F);
    }

    void knowsWhatLeftWithTheLastToken()
    {
        // Nothing comes behind the one token that is asked for: the list reads it.
        TextGenerator generator = makeGenerator();
        read(generator, "abc", 1);
        QCOMPARE(edit(generator, {}).status.numUsed, int64_t(3));
    }

    void requestsThatReadNothingLoseNothing()
    {
        TextGenerator refused = makeGenerator(), ended = makeGenerator();
        read(refused, "abc", 1);
        VERIFY_ERROR(refused.generate({.promptIds = {1'000'000}}, {}, kNever), ErrorCode::InvalidInput,
                     "token 1000000");
        QCOMPARE(edit(refused, {}).status.numUsed, int64_t(3));
        read(ended, "abc", 1);
        const auto nothing = ended.generate({.prompt = "d", .answerIds = {256}}, {}, kNever);
        VERIFY_OK(nothing);
        QCOMPARE(nothing->reason, FinishReason::EndOfText);
        QCOMPARE(edit(ended, {}).status.numUsed, int64_t(3));
    }

    void editsCanBeCancelled()
    {
        TextGenerator generator = makeGenerator();
        VERIFY_OK(generator.loadMemory(path("saved")));
        const MemoryEdit scale{.verb = MemoryVerb::Scale, .event = 7, .factor = 2};
        std::atomic<bool> cancel = false;
        int numChanges = 0;
        Diary::onChange = [&] { cancel = ++numChanges == 2; };
        VERIFY_ERROR(generator.inspect(lookAt("what?", {5, scale}), cancel), ErrorCode::Cancelled,
                     "it was cancelled");
        Diary::onChange = {};
        QCOMPARE(numChanges, 2);
    }

    void comparesEvents()
    {
        TextGenerator generator = makeGenerator();
        VERIFY_OK(generator.loadMemory(path("saved")));
        const MemoryReport report = edit(generator, {.verb = MemoryVerb::Similarity, .maxEvents = 5});
        QCOMPARE(report.similarEvents, std::vector<int64_t>{7});
        QCOMPARE(report.similarity, std::vector<float>{0.5F});
        QVERIFY(edit(generator, {}).similarity.empty());
    }

    void savesOverItsOwnFilesOnly()
    {
        TextGenerator generator = makeGenerator();
        VERIFY_OK(generator.editMemory({.verb = MemoryVerb::Save, .path = path("saved")}));
        VERIFY_OK(generator.editMemory({.verb = MemoryVerb::Save, .path = path("saved")}));
        QFile letter(m_folder.filePath("letter"));
        QVERIFY(letter.open(QIODevice::WriteOnly));
        letter.write("dear");
        letter.close();
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Save, .path = path("letter")}),
                     ErrorCode::InvalidInput, "it is no memory file");
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Save, .path = m_folder.path().toStdString()}),
                     ErrorCode::InvalidInput, "it is no memory file");
        QVERIFY(letter.open(QIODevice::ReadOnly));
        QCOMPARE(letter.readAll(), QByteArray("dear"));
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Save, .path = "saved"}),
                     ErrorCode::InvalidInput, "the file is \"saved\", expected an absolute path");
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Load, .path = "saved"}), ErrorCode::InvalidInput,
                     "the file is \"saved\", expected an absolute path");
        VERIFY_OK(generator.editMemory({.verb = MemoryVerb::Load, .path = ""})); // of no file: with nothing
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Load, .path = path("nothing")}),
                     ErrorCode::NotFound, "it is not there");
    }

    /// Loaded, edited and written in one go: who talks with the model keeps what he has.
    void editsAFileForItself()
    {
        TextGenerator generator = makeGenerator();
        read(generator, "abc");
        QFile file(m_folder.filePath("for itself"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.close();
        const std::string place = path("for itself");
        const MemoryReport listed = edit(generator, {.file = place});
        QCOMPARE(listed.events.size(), size_t{1});
        QCOMPARE(listed.events[0].text, std::string("ab"));
        QVERIFY(!isMemoryFile(place)); // looking writes nothing
        QCOMPARE(edit(generator, {.verb = MemoryVerb::Wipe, .source = "nobody", .file = place}).numFreed, int64_t(0));
        QVERIFY(!isMemoryFile(place)); // nor does what changes nothing
        QCOMPARE(edit(generator, {.verb = MemoryVerb::Forget, .event = 7, .file = place}).numFreed, int64_t(2));
        QVERIFY(isMemoryFile(place));
        const MemoryReport copied = edit(generator, {.verb = MemoryVerb::Save, .path = path("copied"), .file = place});
        QVERIFY(isMemoryFile(path("copied")) && copied.events.size() == 1);
        QCOMPARE(edit(generator, {.verb = MemoryVerb::Similarity, .maxEvents = 5, .file = place}).similarEvents, std::vector<int64_t>{7});
        QCOMPARE(edit(generator, {}).status.numUsed, int64_t(3)); // "abc", as before
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Pin, .event = 7, .file = "saved"}), ErrorCode::InvalidInput,
                     "the file is \"saved\", expected an absolute path");
        VERIFY_ERROR(generator.editMemory({.file = path("nothing")}), ErrorCode::NotFound, "it is not there");
        {
            const auto held = MemoryFileLock::acquire(place, "generate");
            VERIFY_OK(held);
            VERIFY_ERROR(
                generator.editMemory({.verb = MemoryVerb::Scale, .event = 7, .factor = 2, .file = place}),
                ErrorCode::Conflict, "for itself.lock\": \"generate\" (process ");
            VERIFY_OK(generator.editMemory({.file = place}));
        }
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Load, .path = place, .file = place}), ErrorCode::InvalidInput,
                     "what to do is not said");
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Save, .path = "copied", .file = place}), ErrorCode::InvalidInput,
                     "the file is \"copied\"");
    }
    /// Texts that begin with that very file begin with what it has become, whatever was read meanwhile.
    void textsBeginWithTheEditedFile()
    {
        const auto used = [](TextGenerator &generator) { return edit(generator, {}).status.numUsed; };
        TextGenerator generator = makeGenerator(true, path("saved")), empty = makeGenerator(true, path("yet to come"));
        read(generator, "abc");
        read(empty, "abc");
        QCOMPARE(used(generator), int64_t(5)); // two of the file
        QCOMPARE(used(empty), int64_t(3));
        VERIFY_OK(Diary().save(path("another")));
        (void)edit(generator, {.verb = MemoryVerb::Scale, .event = 7, .factor = 2, .file = path("another")});
        QCOMPARE(used(generator), int64_t(5));
        (void)edit(generator, {.verb = MemoryVerb::Scale, .event = 7, .factor = 2, .file = m_folder.path().toStdString() + "/./saved"});
        QCOMPARE(used(generator), int64_t(2));
        (void)edit(empty, {.verb = MemoryVerb::Save, .path = path("yet to come"), .file = path("saved")}); // as import does
        QCOMPARE(used(empty), int64_t(2));
    }

    void saysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("words");
        QTest::addColumn<bool>("isNotFound");
        QTest::newRow("no memory") << "no memory"
                                   << "the model has no episodic memory" << true;
        QTest::newRow("edits alone") << "edits alone"
                                     << "the text is read without one" << false;
        QTest::newRow("attribution") << "attribution"
                                     << "which has no gradient" << false;
        QTest::newRow("pin") << "pin"
                             << "edited by \"pin\", expected wipe, forget, forget_slot or scale" << false;
        QTest::newRow("save") << "save"
                              << "edited by \"save\"" << false;
        QTest::newRow("too many") << "too many"
                                  << "1025 edits of the memory are asked for, expected at most 1024" << false;
        QTest::newRow("event") << "event"
                               << "no such event" << true;
        QTest::newRow("source") << "source"
                                << "the source \"nobody\": the memory has nothing of it" << true;
    }
    void saysWhatIsWrong()
    {
        QFETCH(QString, kind);
        QFETCH(QString, words);
        QFETCH(bool, isNotFound);
        TextGenerator generator = makeGenerator(kind != u"no memory");
        InspectRequest request = lookAt("what?");
        if (kind == u"edits alone") request.withMemory = false;
        if (kind == u"edits alone" || kind == u"event")
            request.memoryEdits = {{.verb = MemoryVerb::Forget, .event = 99}};
        if (kind == u"attribution") request.wantsAttribution = true;
        if (kind == u"pin") request.memoryEdits = {{.verb = MemoryVerb::Pin, .event = 1}};
        if (kind == u"too many") request.memoryEdits.assign(1025, {.verb = MemoryVerb::Forget, .event = 7});
        if (kind == u"save") request.memoryEdits = {{.verb = MemoryVerb::Save, .path = "/tmp/x"}};
        if (kind == u"source") request.memoryEdits = {{.verb = MemoryVerb::Wipe, .source = "nobody"}};
        VERIFY_ERROR(generator.inspect(request, kNever),
                     isNotFound ? ErrorCode::NotFound : ErrorCode::InvalidInput, words.toUtf8());
    }
    void saysWhatCannotBeEdited()
    {
        TextGenerator generator = makeGenerator(), plain = makeGenerator(false);
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Forget, .event = 99}), ErrorCode::NotFound,
                     "no such event");
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Undo}), ErrorCode::NotFound,
                     "nothing was edited");
        VERIFY_ERROR(generator.editMemory({.verb = MemoryVerb::Unknown}), ErrorCode::InvalidInput,
                     "what to do is not said");
        for (const MemoryVerb verb : {MemoryVerb::Forget, MemoryVerb::Scale, MemoryVerb::Undo,
                                      MemoryVerb::Similarity, MemoryVerb::Save, MemoryVerb::Load})
            VERIFY_ERROR(plain.editMemory({.verb = verb}), ErrorCode::NotFound, "the model has none");
    }
};

QTEST_APPLESS_MAIN(TestMemoryEdits)
#include "tst_memory_edits.moc"
