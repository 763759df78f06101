// SPDX-License-Identifier: Apache-2.0
// Forgetting, weakening and taking it back, over random edits, against copies of the store and plain columns.
#include "plugins/memory/engine/episodic_store.h"

#include "core/base/counter_rng.h"
#include "tests/base/check_result.h"

#include <cmath>
#include <map>

using namespace orrery;
using namespace orrery::memory;

namespace {

/// All that a store tells of itself.
QString told(const EpisodicStore &store)
{
    QString text;
    const auto add = [&text](auto value) { text += QString::number(value, 'g', 17) + u' '; };
    const auto addInteger = [&text](int64_t value) { text += QString::number(value) + u' '; };
    for (const Slot &slot : store.slots()) {
        for (const int64_t value : {slot.event, slot.serial, slot.position, slot.step, int64_t{slot.tokenId}})
            addInteger(value);
        add(slot.usage);
        add(double(slot.surprise));
        add(double(slot.strength));
        text += u'\n';
    }
    for (const MemoryEvent &event : store.listEvents()) {
        for (const int64_t value : {event.id, event.firstToken, event.lastToken, event.numSlots, event.age,
                                    int64_t{event.isPinned}})
            addInteger(value);
        for (const int64_t slot : event.slots) addInteger(slot);
        text += qtext(event.source) + u'\n';
    }
    const MemoryStatus status = store.status();
    addInteger(status.numUsed);
    addInteger(status.numPinned);
    addInteger(store.hasStrengths());
    return text;
}

/// Random reading and edits of one store.
class Chance {
public:
    explicit Chance(uint64_t seed) : m_rng({.seed = seed, .purpose = RngPurpose::Sampling}) {}
    int64_t below(uint64_t limit) { return static_cast<int64_t>(m_rng.below(m_draw++, limit)); }
    /// Numbers are drawn first, so that two stores may get the same tokens.
    void readOn(std::vector<EpisodicStore *> stores, int numTokens)
    {
        for (int i = 0; i < numTokens; ++i, ++m_position) {
            const TokenOrigin origin{below(9) == 0 ? "b" : "a", m_position, static_cast<int32_t>(below(50)),
                                     3, static_cast<double>(below(5)) / 2};
            const bool isSkipped = below(6) == 0;
            for (EpisodicStore *store : stores) {
                store->fade(1);
                if (isSkipped)
                    store->skip(origin);
                else
                    (void)store->write(origin);
            }
        }
    }
    Result<EpisodicStore::EditRecord> edit(EpisodicStore &store)
    {
        const auto slot = below(store.slots().size());
        const auto events = store.listEvents();
        const int64_t event = events[static_cast<size_t>(below(events.size()))].id;
        const double factor = static_cast<double>(below(9)) / 2;
        switch (below(4)) {
        case 0:
            return store.forget(event);
        case 1:
            return store.forgetSlot(slot);
        case 2:
            return store.scaleEvent(event, factor);
        default:
            return store.scaleSlot(slot, factor);
        }
    }

private:
    CounterRng m_rng;
    uint64_t m_draw = 0;
    int64_t m_position = 0;
};

EpisodicStore filled(int numTokens = 10)
{
    EpisodicStore store({.capacity = 12, .surpriseGamma = 1, .blockMin = 4, .blockMax = 4});
    for (int i = 0; i < numTokens; ++i) (void)store.write({i < 8 ? "a" : "b", i, i + 60, 3, 0.25 * i});
    return store;
}

} // namespace

class TestEpisodicStoreEdits : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsTakenBackWasNeverDone()
    {
        int numEdits = 0, numRefused = 0;
        for (uint64_t seed = 1; seed <= 30; ++seed) {
            Chance chance(seed);
            EpisodicStore store({.capacity = 25, .surpriseGamma = 1, .blockMin = 2, .blockMax = 6});
            for (int round = 0; round < 12; ++round) {
                chance.readOn({&store}, 1 + static_cast<int>(chance.below(20)));
                EpisodicStore untouched = store;
                std::vector<std::pair<QString, EpisodicStore::EditRecord>> done;
                for (int i = 0; i < 8 && !store.listEvents().empty(); ++i) {
                    const QString before = told(store);
                    auto record = chance.edit(store);
                    if (record) done.emplace_back(before, std::move(record.value()));
                    if (!record) QCOMPARE(told(store), before);
                    numRefused += !record;
                }
                numEdits += static_cast<int>(done.size());
                for (; !done.empty(); done.pop_back()) {
                    store.revert(done.back().second);
                    QCOMPARE(told(store), done.back().first);
                }
                // Also what nobody is told: which slots are given next, and when an event ends.
                chance.readOn({&store, &untouched}, 7);
                QCOMPARE(told(store), told(untouched));
            }
        }
        QVERIFY(numEdits > 1000 && numRefused > 30);
    }

    void strengthsAreThoseOfAPlainList()
    {
        Chance chance(7);
        EpisodicStore store({.capacity = 30, .surpriseGamma = 1, .blockMin = 2, .blockMax = 6});
        std::map<int64_t, float> strengths; // by serial; not there: 1
        for (int round = 0; round < 300; ++round) {
            chance.readOn({&store}, static_cast<int>(chance.below(3)));
            if (store.listEvents().empty()) continue;
            if (round % 40 == 39) (void)store.wipe("b");
            const auto slot = chance.below(store.slots().size());
            const double factor = static_cast<double>(chance.below(9)) / 2;
            const Slot at = store.slots()[static_cast<size_t>(slot)];
            if (round % 2 == 0 && at.event != 0) {
                for (const Slot &other : store.slots())
                    if (other.event == at.event) strengths[other.serial] = static_cast<float>(factor);
                VERIFY_OK(store.scaleEvent(at.event, factor));
            } else if (at.event != 0) {
                strengths[at.serial] = static_cast<float>(factor);
                VERIFY_OK(store.scaleSlot(slot, factor));
            }
            bool hasAny = false;
            for (const Slot &other : store.slots()) {
                const auto known = strengths.find(other.serial);
                const float expected = other.event == 0 || known == strengths.end() ? 1 : known->second;
                QCOMPARE(other.strength, expected); // also in a slot that was evicted and given again
                hasAny = hasAny || other.strength != 1;
            }
            QCOMPARE(store.hasStrengths(), hasAny);
        }
    }

    void listsTheColumnsOfAnEvent()
    {
        EpisodicStore store = filled();
        store.noteRead(5, 2);
        VERIFY_OK(store.scaleSlot(6, 0.5));
        VERIFY_OK(store.forgetSlot(4));
        const MemoryEvent event = store.listEvents().at(1);
        QCOMPARE(event.tokenIds, (std::vector<int32_t>{65, 66, 67}));
        QCOMPARE(event.slots, (std::vector<int64_t>{5, 6, 7}));
        QCOMPARE(event.usages, (std::vector<float>{3, 1, 1}));
        QCOMPARE(event.surprises, (std::vector<float>{1.25, 1.5, 1.75}));
        QCOMPARE(event.strengths, (std::vector<float>{1, 0.5, 1}));
        QCOMPARE(event.numSlots, int64_t(3));
    }

    void surpriseOfBrokenNumbersIsNotKnown()
    {
        EpisodicStore store({.capacity = 4});
        for (const double surprise : {std::nan(""), double(INFINITY), -1.0, 2.5})
            VERIFY_OK(store.write({"a", 0, 1, 3, surprise}));
        const std::vector<float> expected = {0, 0, 0, 2.5};
        for (size_t i = 0; i < 4; ++i) QCOMPARE(store.slots()[i].surprise, expected[i]);
    }

    void aPinnedEventIsForgottenAndComesBackPinned()
    {
        EpisodicStore store = filled();
        VERIFY_OK(store.pin(1, true));
        auto record = store.forget(1);
        VERIFY_OK(record);
        QCOMPARE(qtext(record->text), QString("forgetting event 1"));
        QCOMPARE(record->slots.size(), size_t(4));
        QCOMPARE(store.status().numPinned, int64_t(0));
        QCOMPARE(store.listEvents().size(), size_t(2));
        store.revert(*record);
        QVERIFY(store.listEvents().front().isPinned);
        QCOMPARE(store.status().numPinned, int64_t(4));
    }

    /// A slot that comes back is pinned as its event is by then: nothing evicts it, or something does.
    void aSlotComesBackAsItsEventIs()
    {
        for (const bool isPinned : {true, false}) {
            EpisodicStore store = filled(12); // full
            VERIFY_OK(store.pin(1, !isPinned));
            const auto record = store.forgetSlot(0);
            VERIFY_OK(record);
            VERIFY_OK(store.pin(1, isPinned));
            store.revert(*record);
            QCOMPARE(store.status().numPinned, int64_t(isPinned ? 4 : 0));
            const auto taken = store.write({"b", 12, 72, 3, 0});
            VERIFY_OK(taken);
            QCOMPARE(*taken, int64_t(isPinned ? 4 : 0)); // the oldest of all, or of those behind event 1
        }
    }

    void saysWhatWasDone()
    {
        EpisodicStore store = filled();
        QCOMPARE(qtext(store.scaleEvent(2, 0)->text), QString("the strength of event 2"));
        QCOMPARE(qtext(store.scaleSlot(9, 4)->text), QString("the strength of slot 9 of event 3"));
        QCOMPARE(qtext(store.forgetSlot(0)->text), QString("forgetting slot 0 of event 1"));
        QVERIFY(store.scaleEvent(2, 0)->slots.empty()); // it was 0 already
    }

    void refusesWhatIsNotThere()
    {
        EpisodicStore store = filled();
        VERIFY_OK(store.forgetSlot(2));
        const QString before = told(store);
        VERIFY_ERROR(store.forget(9), ErrorCode::NotFound, "Cannot forget event 9: the memory has none");
        VERIFY_ERROR(store.forget(0), ErrorCode::NotFound, "Cannot forget event 0");
        VERIFY_ERROR(store.scaleEvent(-1, 1), ErrorCode::NotFound,
                     "strength of event -1: the memory has none");
        for (const int64_t slot : {int64_t{2}, int64_t{-1}, int64_t{10}, int64_t{1} << 60}) {
            const QByteArray number = QByteArray::number(qlonglong(slot));
            VERIFY_ERROR(store.forgetSlot(slot), ErrorCode::NotFound,
                         ("Cannot forget slot " + number + ": no token stands there").constData());
            VERIFY_ERROR(store.scaleSlot(slot, 1), ErrorCode::NotFound,
                         ("strength of slot " + number + ": no token stands there").constData());
        }
        for (const double factor : {-0.1, 4.1, std::nan(""), -double(INFINITY)}) {
            VERIFY_ERROR(store.scaleEvent(1, factor), ErrorCode::InvalidInput, ", expected 0 to 4.");
            VERIFY_ERROR(store.scaleSlot(1, factor), ErrorCode::InvalidInput, "of slot 1: the factor is ");
        }
        QCOMPARE(told(store), before);
        VERIFY_OK(store.scaleEvent(1, 4));
        VERIFY_OK(store.scaleEvent(1, 0));
    }

    void anImageKeepsThem()
    {
        EpisodicStore store = filled();
        VERIFY_OK(store.scaleEvent(2, 0.5));
        EpisodicStore other({.capacity = 12});
        VERIFY_OK(other.restore(store.image()));
        QCOMPARE(told(other), told(store));
        EpisodicStore::Image image = store.image();
        const auto refuse = [&](auto change, const char *text) {
            EpisodicStore::Image broken = image;
            change(broken.slots[3]);
            VERIFY_ERROR(other.restore(broken), ErrorCode::InvalidInput, text);
            QCOMPARE(told(other), told(store));
        };
        refuse([](Slot &slot) { slot.strength = -1; }, "slot 3 with strength -1");
        refuse([](Slot &slot) { slot.strength = 4.5F; }, "slot 3 with strength 4.5");
        refuse([](Slot &slot) { slot.strength = std::nanf(""); }, "a factor from 0 to 4");
        refuse([](Slot &slot) { slot.surprise = -1; }, "slot 3 with surprise -1");
        refuse([](Slot &slot) { slot.surprise = INFINITY; }, "slot 3 with surprise inf");
        image.slots[11 - 2].event = 0; // a free slot may say what it likes: nobody reads it
        image.slots[11 - 2].strength = std::nanf("");
        std::erase_if(image.events, [&](const auto &row) { return row.id == 3; });
        image.slots[8].event = 0;
        VERIFY_OK(other.restore(image));
        QCOMPARE(other.slots()[9].strength, 1.0F);
    }
};

QTEST_GUILESS_MAIN(TestEpisodicStoreEdits)
#include "tst_episodic_store_edits.moc"
