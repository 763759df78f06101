// SPDX-License-Identifier: Apache-2.0
// Edits of what an episodic memory holds of a text: what a read gives then, what taking back restores, how
// alike events are, and what all that costs who edits nothing.
#include "core/base/counter_rng.h"
#include "plugins/memory/engine/episodic_state.h"
#include "tests/base/check_result.h"

#include <QTemporaryDir>

#include <torch/types.h>

#include <ATen/record_function.h>

#include <cmath>

using namespace orrery;
using namespace orrery::memory;

namespace {

constexpr int64_t kHeads = 2, kWidth = 4, kWindow = 3;

EpisodicSettings settingsOf(int64_t capacity)
{
    EpisodicSettings settings;
    settings.store = {.capacity = capacity, .surpriseGamma = 1, .blockMin = 4, .blockMax = 4};
    settings.topK = 100;
    return settings;
}

/// A memory that reads random tokens, and asks it one question.
class Fixture {
public:
    explicit Fixture(int64_t capacity = 40, uint64_t seed = 1)
        : state(settingsOf(capacity), {kHeads, kWidth, kWindow, at::kCPU}, 1),
          m_rng({.seed = seed, .purpose = RngPurpose::Sampling})
    {
        m_query = numbers({kHeads, 1, kWidth});
    }
    void read(int64_t numTokens, const std::string &source = "talk")
    {
        at::Tensor keys = numbers({1, kHeads, numTokens, kWidth});
        keys /= keys.norm(2, {-1}, true);
        state.append({.keys_BHTD = keys,
                      .values_BHTD = numbers({1, kHeads, numTokens, kWidth}),
                      .ids_BT = at::arange(numTokens, at::kLong).view({1, -1}),
                      .place = m_place,
                      .step = 9,
                      .source_T = std::vector<std::string>(static_cast<size_t>(numTokens), source)});
        m_place += numTokens;
        state.settle(m_place, at::full({1, numTokens}, 0.5F));
    }
    /// The last token, as behind a full context.
    void readAgain()
    {
        const at::Tensor nothing = at::zeros({1, kHeads, 1, kWidth});
        state.append({.keys_BHTD = nothing,
                      .values_BHTD = nothing,
                      .ids_BT = at::zeros({1, 1}, at::kLong),
                      .place = m_place - 1,
                      .step = 9,
                      .source_T = {"talk"}});
    }
    [[nodiscard]] at::Tensor asked() const
    {
        return readParts(m_query, state.parts(0), at::tensor({m_place}, at::kLong), at::full({kHeads}, 3.0F),
                         100)
            .values_HTD;
    }
    /// The same in plain loops over the slots, all that is stored being readable.
    [[nodiscard]] at::Tensor slowlyAsked() const
    {
        const auto parts = state.parts(0);
        std::vector<float> strengths(static_cast<size_t>(parts[0].keys_HSD.size(1)), 0);
        std::vector<bool> isTaken(strengths.size(), false);
        for (const MemoryEvent &event : state.listEvents())
            for (size_t i = 0; i < event.slots.size(); ++i) {
                strengths[static_cast<size_t>(event.slots[i])] = event.strengths[i];
                isTaken[static_cast<size_t>(event.slots[i])] = true;
            }
        at::Tensor out = at::zeros({kHeads, 1, kWidth});
        for (int64_t h = 0; h < kHeads; ++h) {
            double sum = 0;
            const auto weigh = [&](const ReadPart &part, int64_t s, double strength) {
                const double weight =
                    std::exp(3 * at::dot(m_query[h][0], part.keys_HSD[h][s]).item<double>());
                sum += weight;
                out[h][0] += part.values_HSD[h][s] * (weight * strength);
            };
            for (size_t s = 0; s < strengths.size(); ++s)
                if (isTaken[s]) weigh(parts[0], static_cast<int64_t>(s), double(strengths[s]));
            for (int64_t s = 0; s < parts[1].keys_HSD.size(1); ++s)
                if (parts[1].readableFrom_S[s].item<int64_t>() <= m_place) weigh(parts[1], s, 1);
            out[h] /= sum;
        }
        return out;
    }
    int64_t below(uint64_t limit) { return static_cast<int64_t>(m_rng.below(m_draw++, limit)); }

    EpisodicState state;

private:
    at::Tensor numbers(const std::vector<int64_t> &shape)
    {
        at::Tensor made = at::empty(shape);
        for (int64_t i = 0; i < made.numel(); ++i)
            made.data_ptr<float>()[i] = static_cast<float>(m_rng.normal(m_draw++));
        return made;
    }
    CounterRng m_rng;
    uint64_t m_draw = 0;
    int64_t m_place = 0;
    at::Tensor m_query;
};

/// What is listed: rows of slots and events are compared in tst_episodic_store_edits.
QString listed(const EpisodicState &state)
{
    QString text = QString::number(state.status().numUsed);
    for (const MemoryEvent &event : state.listEvents()) {
        text += QStringLiteral("\n%1 %2 %3").arg(event.id).arg(event.numSlots).arg(event.isPinned);
        for (size_t i = 0; i < event.slots.size(); ++i)
            text += QStringLiteral(" %1 %2 %3 %4")
                        .arg(event.slots[i])
                        .arg(double(event.usages[i]), 0, 'g', 9)
                        .arg(double(event.surprises[i]))
                        .arg(double(event.strengths[i]));
    }
    return text;
}

/// Everything that an edit may change, to the bit.
struct Seen {
    at::Tensor keys, values, readableFrom;
    QString events;
    explicit Seen(const EpisodicState &state) : events(listed(state))
    {
        const ReadPart part = state.parts(0).front();
        keys = part.keys_HSD.clone();
        values = part.values_HSD.clone();
        readableFrom = part.readableFrom_S.clone();
    }
    bool operator==(const Seen &other) const
    {
        return at::equal(keys, other.keys) && at::equal(values, other.values) &&
               at::equal(readableFrom, other.readableFrom) && events == other.events;
    }
};

MemoryEdit forgetEvent(int64_t event) { return {.verb = MemoryVerb::Forget, .event = event}; }
MemoryEdit forgetSlot(int64_t slot) { return {.verb = MemoryVerb::ForgetSlot, .slot = slot}; }
MemoryEdit scaled(int64_t event, int64_t slot, double factor)
{
    return {.verb = MemoryVerb::Scale, .event = event, .slot = slot, .factor = factor};
}
const MemoryEdit kUndo{.verb = MemoryVerb::Undo};

/// Names of the operations that LibTorch dispatches while f runs.
template <typename Function> std::vector<std::string> operationsOf(Function f)
{
    static std::vector<std::string> names;
    names.clear();
    const auto handle =
        at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction &what)
                                                                  -> std::unique_ptr<at::ObserverContext> {
                                       names.emplace_back(what.name());
                                       return nullptr;
                                   }).scopes({at::RecordScope::FUNCTION}));
    f();
    at::removeCallback(handle);
    return names;
}

} // namespace

class TestEpisodicEdits : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void strengthScalesWhatAReadGives()
    {
        Fixture memory;
        memory.read(20);
        const at::Tensor plain = memory.asked();
        QVERIFY(at::allclose(plain, memory.slowlyAsked(), 1e-5, 1e-6));
        VERIFY_OK(memory.state.change(scaled(2, -1, 0)));
        VERIFY_OK(memory.state.change(scaled(0, 1, 2.5)));
        const at::Tensor changed = memory.asked();
        QVERIFY(at::allclose(changed, memory.slowlyAsked(), 1e-5, 1e-6));
        QVERIFY((changed - plain).abs().max().item<float>() > 1e-3F);
        for (const MemoryEvent &event : memory.state.listEvents())
            VERIFY_OK(memory.state.change(scaled(event.id, -1, 0)));
        QVERIFY(at::allclose(memory.asked(), memory.slowlyAsked(), 1e-5, 1e-6));
    }

    void whoEditsNothingPaysNothing()
    {
        Fixture memory;
        memory.read(20);
        const at::Tensor plain = memory.asked();
        const auto operations = operationsOf([&] { (void)memory.asked(); });
        // Both parts: scores of two matmuls, and two that weigh values; nothing else multiplies values.
        QCOMPARE(std::count(operations.begin(), operations.end(), "aten::mul"), std::ptrdiff_t{0});
        QVERIFY(!memory.state.parts(0).front().strength_S.defined());
        VERIFY_OK(memory.state.change(scaled(1, -1, 2)));
        const auto edited = operationsOf([&] { (void)memory.asked(); });
        QVERIFY(edited.size() > operations.size());
        VERIFY_OK(memory.state.change(scaled(1, -1, 1)));
        QVERIFY(operationsOf([&] { (void)memory.asked(); }) == operations);
        QVERIFY(at::equal(memory.asked(), plain));
    }

    void whatIsForgottenIsNotRead()
    {
        Fixture memory;
        memory.read(20);
        const auto freed = memory.state.change(forgetEvent(2));
        VERIFY_OK(freed);
        QCOMPARE(freed.value(), int64_t(4));
        QCOMPARE(memory.state.change(forgetSlot(0)).value(), int64_t(1));
        QVERIFY(at::allclose(memory.asked(), memory.slowlyAsked(), 1e-5, 1e-6));
        const ReadPart part = memory.state.parts(0).front();
        QCOMPARE(part.keys_HSD.select(1, 5).abs().max().item<float>(), 0.0F);
        QCOMPARE(part.values_HSD.select(1, 0).abs().max().item<float>(), 0.0F);
    }

    void randomEditsAreTakenBackToTheBit()
    {
        int numEdits = 0;
        for (uint64_t seed = 1; seed <= 12; ++seed) {
            Fixture memory(14, seed);
            for (int round = 0; round < 5; ++round) {
                memory.read(1 + memory.below(9), round % 2 ? "talk" : "note");
                if (memory.state.listEvents().empty()) continue;
                std::vector<Seen> before;
                std::vector<at::Tensor> answers;
                for (int i = 0; i < 10; ++i) {
                    const auto events = memory.state.listEvents();
                    if (events.empty()) break;
                    const int64_t event = events[static_cast<size_t>(memory.below(events.size()))].id;
                    const MemoryEdit edit = std::vector<MemoryEdit>{
                        forgetEvent(event), forgetSlot(memory.below(14)), scaled(event, -1, 0.5),
                        scaled(0, memory.below(14), 2)}[static_cast<size_t>(memory.below(4))];
                    const Seen seen(memory.state);
                    const at::Tensor answer = memory.asked();
                    if (!memory.state.change(edit)) {
                        QVERIFY(Seen(memory.state) == seen);
                        continue;
                    }
                    before.push_back(seen);
                    answers.push_back(answer);
                    ++numEdits;
                }
                while (!before.empty()) {
                    VERIFY_OK(memory.state.change(kUndo));
                    QVERIFY(Seen(memory.state) == before.back());
                    QVERIFY(at::equal(memory.asked(), answers.back()));
                    before.pop_back();
                    answers.pop_back();
                }
                VERIFY_ERROR(memory.state.change(kUndo), ErrorCode::NotFound, "there is none to take back");
            }
        }
        QVERIFY(numEdits > 150);
    }

    void readingOnEndsWhatCanBeTakenBack()
    {
        const auto edited = [] {
            auto memory = std::make_unique<Fixture>();
            memory->read(20);
            (void)memory->state.change(forgetEvent(2));
            return memory;
        };
        auto memory = edited();
        QCOMPARE(qtext(memory->state.undoText()), QString("forgetting event 2"));
        memory->read(1);
        QVERIFY(memory->state.undoText().empty());
        VERIFY_ERROR(memory->state.change(kUndo), ErrorCode::NotFound, "until the model reads on");
        // A token again: whoever counts passes knows no other.
        memory = edited();
        memory->readAgain();
        QVERIFY(memory->state.undoText().empty());
        // Tokens that had waited may get what was freed.
        memory = edited();
        memory->state.settle(1000, {});
        QVERIFY(memory->state.undoText().empty());
        memory = edited();
        QCOMPARE(memory->state.wipe("nobody"), int64_t(0));
        QVERIFY(memory->state.undoText().empty());
        memory = edited();
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("memory").toStdString();
        VERIFY_OK(memory->state.save(path));
        QVERIFY(!memory->state.undoText().empty()); // saving changes nothing
        VERIFY_OK(memory->state.load(path));
        QVERIFY(memory->state.undoText().empty());
    }

    void onlyTheLastSixteenComeBack()
    {
        Fixture memory(60);
        memory.read(50);
        for (int64_t slot = 0; slot < 20; ++slot) VERIFY_OK(memory.state.change(forgetSlot(slot)));
        for (int i = 0; i < 16; ++i) VERIFY_OK(memory.state.change(kUndo));
        VERIFY_ERROR(memory.state.change(kUndo), ErrorCode::NotFound, "Cannot undo a change");
        QVERIFY(!memory.state.change(forgetSlot(3)).ok());
        VERIFY_OK(memory.state.change(forgetSlot(4)));
    }

    void refusesOtherVerbs()
    {
        Fixture memory;
        memory.read(20);
        VERIFY_ERROR(memory.state.change({.verb = MemoryVerb::List}), ErrorCode::InvalidInput,
                     "does not know \"list\"");
        VERIFY_ERROR(memory.state.change(scaled(1, -1, 5)), ErrorCode::InvalidInput, "the factor is 5");
        VERIFY_ERROR(memory.state.change(forgetEvent(77)), ErrorCode::NotFound, "Cannot forget event 77");
        VERIFY_ERROR(memory.state.change(forgetSlot(77)), ErrorCode::NotFound, "Cannot forget slot 77");
        QVERIFY(memory.state.undoText().empty());
        Fixture empty;
        VERIFY_ERROR(empty.state.change(forgetSlot(0)), ErrorCode::NotFound, "Cannot forget slot 0");
    }

    void aCloneIsAMemoryOfItsOwn()
    {
        Fixture memory;
        memory.read(20);
        VERIFY_OK(memory.state.change(scaled(1, -1, 0.5)));
        const auto copy = std::static_pointer_cast<EpisodicState>(memory.state.clone());
        QVERIFY(Seen(*copy) == Seen(memory.state));
        const Seen before(memory.state);
        VERIFY_OK(copy->change(forgetEvent(2)));
        VERIFY_OK(copy->change(kUndo));
        VERIFY_OK(copy->change(kUndo));
        QVERIFY(Seen(memory.state) == before);
        QCOMPARE(copy->listEvents().front().strengths.front(), 1.0F);
        VERIFY_OK(copy->change(forgetEvent(1)));
        QVERIFY(Seen(memory.state) == before);
        VERIFY_OK(memory.state.change(kUndo));
    }

    void aFileKeepsStrengths()
    {
        Fixture memory;
        memory.read(20);
        VERIFY_OK(memory.state.change(scaled(2, -1, 0)));
        VERIFY_OK(memory.state.change(forgetEvent(1)));
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("memory").toStdString();
        VERIFY_OK(memory.state.save(path));
        Fixture other;
        VERIFY_OK(other.state.load(path));
        const MemoryEvent event = other.state.listEvents().front();
        QCOMPARE(event.id, int64_t(2));
        QCOMPARE(event.strengths, std::vector<float>(4, 0));
        QCOMPARE(event.surprises, std::vector<float>(4, 0.5F));
        QCOMPARE(listed(other.state), listed(memory.state));
    }

    void tellsWhatStandsInEachKey()
    {
        Fixture memory(6);
        memory.read(11);
        VERIFY_OK(memory.state.change(forgetSlot(4)));
        const auto parts = memory.state.parts(0);
        const auto contents = memory.state.contents(0);
        QCOMPARE(contents.events_S.numel(), parts[0].keys_HSD.size(1) + parts[1].keys_HSD.size(1));
        std::map<int64_t, int64_t> eventOfSlot;
        for (const MemoryEvent &event : memory.state.listEvents())
            for (const int64_t slot : event.slots) eventOfSlot[slot] = event.id;
        for (int64_t s = 0; s < parts[0].keys_HSD.size(1); ++s)
            QCOMPARE(contents.events_S[s].item<int64_t>(), eventOfSlot.contains(s) ? eventOfSlot[s] : -1);
        for (int64_t p = 0; p < parts[1].keys_HSD.size(1); ++p) {
            const int64_t at = parts[0].keys_HSD.size(1) + p;
            QCOMPARE(contents.events_S[at].item<int64_t>(), int64_t(-1));
            QCOMPARE(contents.places_S[at].item<int64_t>(),
                     parts[1].readableFrom_S[p].item<int64_t>() - kWindow);
        }
    }

    void partReadsAreWhatReadPartsWeighs()
    {
        Fixture memory;
        memory.read(20);
        const auto parts = memory.state.parts(0);
        at::Tensor q = at::sin(at::arange(kHeads * 5 * kWidth, at::kFloat)).view({kHeads, 5, kWidth});
        const at::Tensor places = at::arange(3, 8, at::kLong), scale = at::full({kHeads}, 2.0F);
        for (const int64_t blockElements : {int64_t{1}, kBlockElements}) {
            const ReadResult whole = readParts(q, parts, places, scale, 3, {}, blockElements);
            const PastReads reads = partReads(q, parts, places, scale, 3, blockElements);
            QCOMPARE(reads.places_BHTK.sizes(), at::IntArrayRef({1, kHeads, 5, 3}));
            const at::Tensor values = at::cat({parts[0].values_HSD, parts[1].values_HSD}, 1);
            at::Tensor made = at::zeros_like(whole.values_HTD);
            for (int64_t h = 0; h < kHeads; ++h)
                for (int64_t t = 0; t < 5; ++t)
                    for (int64_t k = 0; k < 3; ++k) {
                        const int64_t at = reads.places_BHTK[0][h][t][k].item<int64_t>();
                        if (at >= 0) made[h][t] += reads.weights_BHTK[0][h][t][k] * values[h][at];
                    }
            QVERIFY(at::allclose(made, whole.values_HTD, 1e-5, 1e-6));
            QCOMPARE(reads.places_BHTK[0][0][0][1].item<int64_t>(), int64_t(-1)); // one key is to be read
        }
    }

    void similarityIsThatOfPlainLoops()
    {
        Fixture memory;
        memory.read(33);
        VERIFY_OK(memory.state.change(forgetSlot(2)));
        const auto listed = memory.state.listEvents();
        QVERIFY(listed.size() >= 7);
        std::vector<int64_t> events;
        const auto found = memory.state.similarity(5, events);
        VERIFY_OK(found);
        QCOMPARE(events.size(), size_t(5));
        QCOMPARE(events.back(), listed.back().id);
        const at::Tensor keys = memory.state.parts(0).front().keys_HSD;
        const auto meanOf = [&](const MemoryEvent &event, int64_t head) {
            at::Tensor mean = at::zeros({kWidth});
            for (const int64_t slot : event.slots) mean += keys[head][slot] / double(event.slots.size());
            return mean;
        };
        for (size_t i = 0; i < 5; ++i)
            for (size_t j = 0; j < 5; ++j) {
                const MemoryEvent &a = listed[listed.size() - 5 + i], &b = listed[listed.size() - 5 + j];
                double cosine = 0;
                for (int64_t head = 0; head < kHeads; ++head) {
                    const at::Tensor x = meanOf(a, head), y = meanOf(b, head);
                    cosine += (at::dot(x, y) / (x.norm() * y.norm())).item<double>() / kHeads;
                }
                QVERIFY(std::abs(double(found.value()[i * 5 + j]) - cosine) < 1e-5);
            }
        VERIFY_OK(memory.state.similarity(1024, events));
        QCOMPARE(events.size(), listed.size());
    }

    void similarityRefusesOtherNumbers()
    {
        Fixture memory;
        std::vector<int64_t> events{7};
        const auto none = memory.state.similarity(1, events);
        VERIFY_OK(none);
        QVERIFY(none->empty() && events.empty());
        for (const int64_t count : {int64_t{0}, int64_t{-5}, int64_t{1025}}) {
            const QByteArray text = "Cannot compare events: " + QByteArray::number(qlonglong(count)) +
                                    " of them, expected 1 to 1024";
            VERIFY_ERROR(memory.state.similarity(count, events), ErrorCode::InvalidInput, text.constData());
        }
    }
};

QTEST_GUILESS_MAIN(TestEpisodicEdits)
#include "tst_episodic_edits.moc"
