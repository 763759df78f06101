// SPDX-License-Identifier: Apache-2.0
// Slots, events and eviction against a slow model of the same rules, over random operations.
#include "plugins/memory/engine/episodic_store.h"

#include "core/base/counter_rng.h"
#include "tests/base/check_result.h"

#include <algorithm>
#include <cmath>
#include <set>

using namespace orrery;
using namespace orrery::memory;

namespace {

StoreSettings settingsOf(int64_t capacity)
{
    return {.capacity = capacity, .surpriseGamma = 1, .blockMin = 2, .blockMax = 4};
}

TokenOrigin token(int64_t position, const std::string &source = "a", double surprise = 0)
{
    return {source, position, static_cast<int32_t>(position * 3 % 97), 5, surprise};
}

/// The rules in the plainest words: a list of tokens with their usage, no numbers of slots.
class SlowStore {
public:
    struct Row {
        int64_t position = 0, order = 0, event = 0;
        double usage = 0;
        std::string source;
    };
    explicit SlowStore(int64_t capacity) : m_capacity(capacity) {}
    /// @return false when everything is pinned
    bool write(const TokenOrigin &origin, int64_t event)
    {
        if (std::ssize(rows) == m_capacity) {
            auto worst = rows.end();
            for (auto row = rows.begin(); row != rows.end(); ++row) {
                if (pinned.contains(row->event)) continue;
                const bool isWorse = worst == rows.end() || row->usage < worst->usage ||
                                     (row->usage == worst->usage && row->order < worst->order);
                if (isWorse) worst = row;
            }
            if (worst == rows.end()) return false;
            rows.erase(worst);
        }
        rows.push_back({origin.position, m_order++, event, 1, origin.source});
        return true;
    }
    void fade(int64_t count)
    {
        for (Row &row : rows) row.usage *= std::pow(kUsageDecay, static_cast<double>(count));
    }
    std::vector<Row> rows;
    std::set<int64_t> pinned;

private:
    int64_t m_capacity = 0, m_order = 0;
};

int64_t slotAt(const EpisodicStore &store, int64_t position)
{
    for (size_t i = 0; i < store.slots().size(); ++i)
        if (store.slots()[i].event != 0 && store.slots()[i].position == position)
            return static_cast<int64_t>(i);
    return -1;
}

std::vector<int64_t> positions(const EpisodicStore &store)
{
    std::vector<int64_t> found;
    for (const Slot &slot : store.slots())
        if (slot.event != 0) found.push_back(slot.position);
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace

class TestEpisodicStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void evictsLikeTheSlowModel_data();
    void evictsLikeTheSlowModel();
    void amongEquallyUsedTheOldestGoes();
    void readingKeepsATokenAlive();
    void pinnedEventsStay();
    void refusesWhenEverythingIsPinned();
    void pinningWhatIsNotThereFails();
    void wipesOneSource();
    void surpriseEndsEvents();
    void picturesSurpriseNobody();
    void eventsKeepToTheirLengths();
    void anotherSourceIsAnotherEvent();
    void listsWhereATokenCameFrom();
    void keepsItsLastReads();
    void restoresItsImage();
    void whatWasNeverReadHasNoReader();
    void refusesBrokenImages_data();
    void refusesBrokenImages();
};

void TestEpisodicStore::evictsLikeTheSlowModel_data()
{
    QTest::addColumn<int>("capacity");
    for (const int capacity : {1, 2, 7, 40})
        for (int seed = 1; seed <= 3; ++seed) QTest::addRow("%d slots, seed %d", capacity, seed) << capacity;
}

void TestEpisodicStore::evictsLikeTheSlowModel()
{
    QFETCH(int, capacity);
    const CounterRng rng(
        {.seed = qHash(QByteArray(QTest::currentDataTag())), .purpose = RngPurpose::Sampling});
    EpisodicStore store(settingsOf(capacity));
    SlowStore slow(capacity);
    uint64_t draw = 0;
    const auto below = [&](uint64_t limit) { return static_cast<int64_t>(rng.below(draw++, limit)); };
    int numRefused = 0;
    for (int64_t position = 0; position < 600; ++position) {
        const std::string source = below(40) == 0 ? "b" : "a";
        const auto slot = store.write(token(position, source, static_cast<double>(below(5))));
        const int64_t event = slot ? store.slots()[static_cast<size_t>(*slot)].event : 0;
        QCOMPARE(slow.write(token(position, source), event), slot.ok());
        numRefused += !slot.ok();
        if (below(2) == 0) {
            store.fade(1 + position % 3);
            slow.fade(1 + position % 3);
        }
        if (below(3) == 0) { // some are read, by whole weights so that ties come up
            const auto row = static_cast<size_t>(below(slow.rows.size()));
            slow.rows[row].usage += 2;
            store.noteRead(slotAt(store, slow.rows[row].position), 2);
        }
        if (below(12) == 0) {
            const int64_t which = slow.rows[static_cast<size_t>(below(slow.rows.size()))].event;
            const bool isPinned = below(2) == 0;
            VERIFY_OK(store.pin(which, isPinned));
            if (isPinned)
                slow.pinned.insert(which);
            else
                slow.pinned.erase(which);
        }
        if (below(90) == 0) {
            slow.rows.erase(std::remove_if(slow.rows.begin(), slow.rows.end(),
                                           [](const auto &row) { return row.source == "b"; }),
                            slow.rows.end());
            store.wipe("b");
        }
        if (below(25) == 0) {
            for (const int64_t which : slow.pinned) (void)store.pin(which, false);
            slow.pinned.clear();
        }
        std::vector<int64_t> expected;
        for (const auto &row : slow.rows) expected.push_back(row.position);
        std::sort(expected.begin(), expected.end());
        QCOMPARE(positions(store), expected);
        QCOMPARE(store.status().numUsed, std::ssize(slow.rows));
        for (const auto &row : slow.rows) {
            const Slot &found = store.slots()[static_cast<size_t>(slotAt(store, row.position))];
            QVERIFY(std::abs(found.usage - row.usage) < 1e-9 * (1 + row.usage));
            QCOMPARE(found.isPinned, slow.pinned.contains(row.event));
        }
    }
    QCOMPARE(store.status().numRefused, int64_t(numRefused));
    QVERIFY(capacity > 7 || store.status().numEvicted > 50);
}

void TestEpisodicStore::amongEquallyUsedTheOldestGoes()
{
    EpisodicStore store(settingsOf(3));
    for (int64_t position = 0; position < 5; ++position) VERIFY_OK(store.write(token(position)));
    QCOMPARE(positions(store), (std::vector<int64_t>{2, 3, 4}));
}

void TestEpisodicStore::readingKeepsATokenAlive()
{
    EpisodicStore store(settingsOf(3));
    for (int64_t position = 0; position < 3; ++position) VERIFY_OK(store.write(token(position)));
    store.noteRead(slotAt(store, 0), 0.5);
    store.fade(10);
    for (int64_t position = 3; position < 5; ++position) VERIFY_OK(store.write(token(position)));
    QCOMPARE(positions(store), (std::vector<int64_t>{0, 3, 4}));
    QVERIFY(std::abs(store.slots()[static_cast<size_t>(slotAt(store, 0))].usage - 1.5 * std::pow(0.99, 10)) <
            1e-12);
}

void TestEpisodicStore::pinnedEventsStay()
{
    EpisodicStore store(settingsOf(6)); // events of 4 tokens
    for (int64_t position = 0; position < 6; ++position) VERIFY_OK(store.write(token(position)));
    const auto events = store.listEvents();
    QCOMPARE(events.size(), size_t(2));
    VERIFY_OK(store.pin(events[0].id, true));
    QCOMPARE(store.status().numPinned, int64_t(4));
    for (int64_t position = 6; position < 60; ++position) VERIFY_OK(store.write(token(position)));
    QCOMPARE(positions(store), (std::vector<int64_t>{0, 1, 2, 3, 58, 59}));
    QVERIFY(store.listEvents()[0].isPinned);
    VERIFY_OK(store.pin(events[0].id, false));
    VERIFY_OK(store.write(token(60)));
    QCOMPARE(positions(store), (std::vector<int64_t>{1, 2, 3, 58, 59, 60}));
}

void TestEpisodicStore::refusesWhenEverythingIsPinned()
{
    EpisodicStore store(settingsOf(4));
    for (int64_t position = 0; position < 4; ++position) VERIFY_OK(store.write(token(position)));
    VERIFY_OK(store.pin(store.listEvents()[0].id, true));
    VERIFY_ERROR(store.write(token(4)), ErrorCode::OutOfMemory, "all of its 4 slots are pinned");
    VERIFY_ERROR(store.write(token(5)), ErrorCode::OutOfMemory, "Unpin an event, wipe a source");
    QCOMPARE(positions(store), (std::vector<int64_t>{0, 1, 2, 3}));
    const MemoryStatus status = store.status();
    QCOMPARE(status.numRefused, int64_t(2));
    QCOMPARE(status.numSkipped, int64_t(0));
    QVERIFY(status.lastRefusal.find("4 slots") != std::string::npos);
    EpisodicStore again(settingsOf(4)); // what a file keeps of it goes on
    VERIFY_OK(again.restore(store.image()));
    VERIFY_ERROR(again.write(token(6)), ErrorCode::OutOfMemory, "all of its 4 slots are pinned");
    QCOMPARE(again.status().numRefused, int64_t(3));
    QCOMPARE(again.status().numSkipped, int64_t(0));
    VERIFY_OK(store.pin(store.listEvents()[0].id, false));
    VERIFY_OK(store.write(token(6)));
    QCOMPARE(positions(store), (std::vector<int64_t>{1, 2, 3, 6}));
}

void TestEpisodicStore::pinningWhatIsNotThereFails()
{
    EpisodicStore store(settingsOf(4));
    VERIFY_ERROR(store.pin(1, true), ErrorCode::NotFound,
                 "Cannot pin event 1: the memory has none of that number, expected one that it lists.");
    VERIFY_ERROR(store.pin(1, false), ErrorCode::NotFound, "Cannot unpin event 1: ");
    store.skip(token(0)); // an event, but none of its tokens is stored
    VERIFY_ERROR(store.pin(1, true), ErrorCode::NotFound, "Cannot pin event 1");
    VERIFY_ERROR(store.pin(0, true), ErrorCode::NotFound, "Cannot pin event 0"); // free slots are of it
}

void TestEpisodicStore::wipesOneSource()
{
    EpisodicStore store(settingsOf(9));
    for (int64_t position = 0; position < 9; ++position)
        VERIFY_OK(store.write(token(position, position < 5 ? "private" : "public")));
    VERIFY_OK(store.pin(store.listEvents()[0].id, true));
    QCOMPARE(store.wipe("private").size(), size_t(5)); // pinned or not
    QCOMPARE(positions(store), (std::vector<int64_t>{5, 6, 7, 8}));
    for (const MemoryEvent &event : store.listEvents()) QCOMPARE(qtext(event.source), QString("public"));
    for (const Slot &slot : store.slots())
        if (slot.event == 0) QVERIFY(slot.tokenId == 0 && slot.position == 0 && slot.usage == 0);
    QVERIFY(store.wipe("nobody").empty());
    for (int64_t position = 9; position < 14; ++position) VERIFY_OK(store.write(token(position, "public")));
    QCOMPARE(store.status().numEvicted, int64_t(0)); // the freed slots are used first
    store.wipe("public");
    QVERIFY(store.listEvents().empty());
    VERIFY_OK(store.write(token(20, "public"))); // the text goes on, in an event of its own
    QCOMPARE(store.listEvents()[0].firstToken, int64_t(20));
}

void TestEpisodicStore::surpriseEndsEvents()
{
    EventSegmenter segmenter(1.0, 2, 100);
    // mean and deviation of what came before; the first token begins an event whatever it is.
    // The 9s: the first ends an event of 5, the second comes too early. 6 is below mean 3.33 + deviation
    // 3.09 of what came before, 6.7 above 3.6 + 3.04.
    const std::vector<double> surprises = {1, 3, 2, 2, 2, 9, 9, 1, 1, 6, 6.7};
    std::vector<bool> begins;
    for (const double surprise : surprises) begins.push_back(segmenter.begins(surprise));
    QCOMPARE(begins,
             (std::vector<bool>{true, false, false, false, false, true, false, false, false, false, true}));
}

void TestEpisodicStore::picturesSurpriseNobody()
{
    // The same text with and without a picture in it: its events begin with the same tokens.
    const std::vector<double> surprises = {1, 1.2, 0.9, 1.1, 1, 3, 1, 1.2, 1, 4, 1, 1};
    const auto beginsOf = [&](int numPatches) {
        EpisodicStore store({.capacity = 40, .surpriseGamma = 1, .blockMin = 2, .blockMax = 100});
        int64_t position = 0;
        for (size_t i = 0; i < surprises.size(); ++i) {
            for (int patch = 0; i == 3 && patch < numPatches; ++patch)
                (void)store.write(
                    {.source = "a", .position = position++, .surprise = 9, .modality = Modality::Image});
            (void)store.write({.source = "a",
                               .position = position++,
                               .tokenId = static_cast<int32_t>(i),
                               .surprise = surprises[i]});
        }
        std::vector<int32_t> begins;
        for (const MemoryEvent &event : store.listEvents()) begins.push_back(event.tokenIds.front());
        return begins;
    };
    QCOMPARE(beginsOf(0), (std::vector<int32_t>{0, 5, 9}));
    QCOMPARE(beginsOf(4), beginsOf(0));
}

void TestEpisodicStore::eventsKeepToTheirLengths()
{
    EventSegmenter calm(1.0, 2, 5), wild(0.0, 3, 50);
    int64_t length = 0;
    const CounterRng rng({.seed = 3, .purpose = RngPurpose::Sampling});
    for (int i = 0; i < 50; ++i) QCOMPARE(calm.begins(0), i % 5 == 0);
    for (uint64_t i = 0; i < 500; ++i) {
        const bool begins = wild.begins(rng.normal(i));
        QVERIFY(!begins || length == 0 || length >= 3);
        length = begins ? 1 : length + 1;
        QVERIFY(length <= 50);
    }
}

void TestEpisodicStore::anotherSourceIsAnotherEvent()
{
    EpisodicStore store(settingsOf(9));
    VERIFY_OK(store.write(token(0, "a")));
    VERIFY_OK(store.write(token(0, "b")));
    VERIFY_OK(store.write(token(1, "a")));
    QCOMPARE(store.listEvents().size(), size_t(3));
}

void TestEpisodicStore::listsWhereATokenCameFrom()
{
    EpisodicStore store(settingsOf(9));
    for (int64_t position = 10; position < 13; ++position) VERIFY_OK(store.write(token(position, "book")));
    store.skip(token(13, "book"));
    store.fade(4);
    store.advance(4);
    store.noteRead(slotAt(store, 11), 3);
    const MemoryEvent event = store.listEvents().at(0);
    QCOMPARE(event.id, int64_t(1));
    QCOMPARE(qtext(event.source), QString("book"));
    QCOMPARE(event.firstToken, int64_t(10));
    QCOMPARE(event.lastToken, int64_t(13));
    QCOMPARE(event.numSlots, int64_t(3));
    QCOMPARE(event.age, int64_t(4));
    QCOMPARE(event.tokenIds, (std::vector<int32_t>{30, 33, 36}));
    QVERIFY(std::abs(event.meanUsage - (std::pow(0.99, 4) + 1)) < 1e-12);
    QVERIFY(!event.isPinned);
    const Slot &slot = store.slots()[static_cast<size_t>(slotAt(store, 11))];
    QCOMPARE(qtext(store.sourceOf(slot)), QString("book"));
    QCOMPARE(slot.step, int64_t(5));
    QCOMPARE(store.status().numSkipped, int64_t(1));
}

void TestEpisodicStore::keepsItsLastReads()
{
    EpisodicStore store(settingsOf(9));
    for (int64_t position = 0; position < 3; ++position) VERIFY_OK(store.write(token(position, "book")));
    store.tick(10);
    const int32_t talk = store.readerOf("chat#1:user"), other = store.readerOf("other");
    QCOMPARE(store.readerOf("chat#1:user"), talk);
    QCOMPARE(store.readerOf(""), -1);
    const LastRead late{.at = 9, .place = 40, .tokenId = 65, .reader = talk, .head = 1, .weight = 0.5F};
    store.noteLastRead(0, late);
    store.noteLastRead(0, {.at = 7, .place = 38, .tokenId = 66, .reader = other, .head = 0, .weight = 1});
    store.noteLastRead(0, {.at = 9, .place = 40, .tokenId = 65, .reader = talk, .head = 0, .weight = 0.2F});
    store.noteLastRead(2, {.at = 4,
                           .place = 35,
                           .tokenId = 0,
                           .reader = other,
                           .head = 0,
                           .weight = 0.1F,
                           .modality = Modality::Image});
    const MemoryEvent event = store.listEvents().at(0);
    QCOMPARE(event.reads.size(), size_t(3));
    QCOMPARE(event.reads[0].age, int64_t(1)); // the newest, and of it the head with the most weight
    QCOMPARE(event.reads[0].place, int64_t(40));
    QCOMPARE(event.reads[0].tokenId, 65);
    QCOMPARE(event.reads[0].head, int64_t(1));
    QCOMPARE(event.reads[0].weight, 0.5F);
    QCOMPARE(qtext(event.reads[0].source), QString("chat#1:user"));
    QCOMPARE(event.reads[1].age, SlotRead::kNever);
    QCOMPARE(event.reads[2].age, int64_t(6));
    QCOMPARE(event.reads[2].modality, Modality::Image);
    QCOMPARE(lastReadOf(event).age, int64_t(1));
    // They come back with an image, which has no name that no slot needs.
    (void)store.readerOf("nobody");
    const EpisodicStore::Image image = store.image();
    QCOMPARE(image.readers, (std::vector<std::string>{"chat#1:user", "other"}));
    EpisodicStore restored(settingsOf(9));
    VERIFY_OK(restored.restore(image));
    QCOMPARE(restored.listEvents().at(0).reads, event.reads);
    // Of a source that is wiped nothing is left, not even what it read: it is not known any more.
    store.wipe("chat");
    const auto reads = store.listEvents().at(0).reads;
    QCOMPARE(reads[0], SlotRead{});
    QCOMPARE(reads[1].age, SlotRead::kNever);
    QCOMPARE(reads[2].age, int64_t(6));
    QCOMPARE(store.image().readers, std::vector<std::string>{"other"});
    // Taking back what was forgotten takes its reads back; a slot that is given again begins anew.
    const auto record = store.forgetSlot(2);
    VERIFY_OK(record);
    store.revert(*record);
    QCOMPARE(store.listEvents().at(0).reads, reads);
    VERIFY_OK(store.forgetSlot(2));
    VERIFY_OK(store.write(token(3, "book")));
    QCOMPARE(store.listEvents().at(0).reads.back().age, SlotRead::kNever);
}

void TestEpisodicStore::restoresItsImage()
{
    EpisodicStore store(settingsOf(6));
    for (int64_t position = 0; position < 8; ++position)
        VERIFY_OK(store.write(token(position, position < 3 ? "a" : "b")));
    VERIFY_OK(store.pin(store.listEvents().back().id, true));
    store.fade(7);
    store.advance(7);
    EpisodicStore other(settingsOf(7));
    VERIFY_OK(other.restore(store.image()));
    QCOMPARE(positions(other), positions(store));
    QCOMPARE(other.listEvents().size(), store.listEvents().size());
    QCOMPARE(other.listEvents().back().isPinned, true);
    for (const Slot &slot : other.slots())
        QCOMPARE(slot.isPinned, slot.event == other.listEvents().back().id);
    QCOMPARE(other.listEvents().back().age, store.listEvents().back().age);
    QCOMPARE(other.slots()[0].usage, store.slots()[0].usage);
    VERIFY_OK(other.write(token(8, "b")));
    QVERIFY(other.listEvents().back().id > store.listEvents().back().id); // never given twice
}

void TestEpisodicStore::whatWasNeverReadHasNoReader()
{
    EpisodicStore store(settingsOf(6));
    for (int64_t position = 0; position < 4; ++position) VERIFY_OK(store.write(token(position)));
    EpisodicStore::Image image = store.image();
    image.readers = {"a"};
    image.slots[0].read = {.at = LastRead::kNever, .place = -7, .reader = 0, .weight = NAN};
    image.slots[1].read = {.at = LastRead::kNotKnown, .place = -7, .reader = 0, .weight = NAN};
    VERIFY_OK(store.restore(image));
    for (const Slot &slot : store.slots())
        QVERIFY(slot.read.reader == -1 && slot.read.place == 0 && slot.read.weight == 0);
    QCOMPARE(store.slots()[1].read.at, LastRead::kNotKnown);
    QVERIFY(store.image().readers.empty());
}

void TestEpisodicStore::refusesBrokenImages_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("too many slots") << "7 slots, expected at most 6";
    QTest::newRow("slot of no event") << "slot 1 of event 99";
    QTest::newRow("usage below 0") << "slot 1 of event 1";
    QTest::newRow("usage no number") << "slot 1 of event 1";
    QTest::newRow("usage of the far future") << "slot 1 of event 1";
    QTest::newRow("serial of the future") << "slot 1 of event 1";
    QTest::newRow("event twice") << "event 1 with tokens 0 to";
    QTest::newRow("event backwards") << "event 1 with tokens 9 to";
    QTest::newRow("event 0") << "event 0 with tokens";
    QTest::newRow("event without slots") << "event 50 without slots";
    QTest::newRow("negative count") << "a count of -1";
    QTest::newRow("count of the far future") << "a count of 9223372036854775807";
    QTest::newRow("event of the far future") << "event 9223372036854775807 with tokens";
    QTest::newRow("event before the text") << "event 1 with tokens -1 to";
    QTest::newRow("event begun later") << "begun at 5000, expected each event once";
    QTest::newRow("token below 0") << "slot 1 of event 1";
    QTest::newRow("place below 0") << "slot 1 of event 1";
    QTest::newRow("step below 0") << "slot 1 of event 1";
    const char *read = "slot 1 was last read when";
    QTest::newRow("read in the future") << "slot 1 was last read when 8 tokens had been read";
    QTest::newRow("read before all") << read;
    QTest::newRow("read at no place") << read;
    QTest::newRow("read by no token") << read;
    QTest::newRow("read by nobody")
        << "slot 1 was read by source 1, expected −1 (none) or one of the 1 that are named";
    QTest::newRow("never read, reader 9") << "slot 1 was read by source 9, expected";
    QTest::newRow("read_at −1, reader 9") << "slot 1 was read by source 9, expected";
    QTest::newRow("never read, reader −2") << "slot 1 was read by source -2, expected";
    QTest::newRow("free, reader 9") << "slot 4 was read by source 9, expected";
    QTest::newRow("read with too much") << "with weight 2.000000, expected 7 tokens at most";
    QTest::newRow("read with no number") << read;
    QTest::newRow("read by what is nothing") << read;
    QTest::newRow("of no modality") << "slot 1 of modality 9, expected text, image or audio";
}

void TestEpisodicStore::refusesBrokenImages()
{
    QFETCH(QString, text);
    EpisodicStore store(settingsOf(6));
    for (int64_t position = 0; position < 4; ++position) VERIFY_OK(store.write(token(position)));
    const QByteArray what = QTest::currentDataTag();
    store.tick(7);
    store.noteLastRead(1, {.at = 7, .reader = store.readerOf("a"), .head = 0, .weight = 1});
    EpisodicStore::Image image = store.image();
    LastRead &read = image.slots[1].read;
    if (what == "read in the future") read.at = 8;
    if (what == "read before all") read.at = -2;
    if (what == "read at no place") read.place = -1;
    if (what == "read by no token") read.tokenId = -1;
    if (what == "read by nobody") read.reader = 1;
    if (what == "never read, reader 9") read = {.at = LastRead::kNever, .reader = 9};
    if (what == "read_at −1, reader 9") read = {.at = LastRead::kNotKnown, .reader = 9};
    if (what == "never read, reader −2") read = {.at = LastRead::kNever, .reader = -2};
    if (what == "free, reader 9") image.slots.push_back({.read = {.reader = 9}});
    if (what == "read with too much") read.weight = 2;
    if (what == "read with no number") read.weight = NAN;
    if (what == "read by what is nothing") read.modality = static_cast<Modality>(9);
    if (what == "of no modality") image.slots[1].modality = static_cast<Modality>(9);
    if (what == "too many slots") image.slots.resize(7);
    if (what == "slot of no event") image.slots[1].event = 99;
    if (what == "usage below 0") image.slots[1].usage = -1;
    if (what == "usage no number") image.slots[1].usage = NAN;
    if (what == "usage of the far future") image.slots[1].usage = 1e300;
    if (what == "serial of the future") image.slots[1].serial = image.serial;
    if (what == "event twice") image.events.push_back(image.events[0]);
    if (what == "event backwards") image.events[0].first = 9;
    if (what == "event 0") image.events[0].id = 0;
    if (what == "event without slots") image.events.push_back({.id = 50, .source = "x"});
    if (what == "negative count") image.numRead = -1;
    if (what == "count of the far future") image.serial = INT64_MAX;
    if (what == "event of the far future") {
        image.events[0].id = INT64_MAX;
        for (Slot &slot : image.slots) slot.event = INT64_MAX;
    }
    if (what == "event before the text") image.events[0].first = -1;
    if (what == "event begun later") image.events[0].begun = 5000;
    if (what == "token below 0") image.slots[1].tokenId = -1;
    if (what == "place below 0") image.slots[1].position = -1;
    if (what == "step below 0") image.slots[1].step = -1;
    VERIFY_ERROR(store.restore(image), ErrorCode::InvalidInput, text.toUtf8().constData());
    QCOMPARE(positions(store), (std::vector<int64_t>{0, 1, 2, 3})); // as it was
    QCOMPARE(store.listEvents().size(), size_t(1));
}

QTEST_GUILESS_MAIN(TestEpisodicStore)
#include "tst_episodic_store.moc"
