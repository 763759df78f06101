// SPDX-License-Identifier: Apache-2.0
// What is learned of a memory is what was written in one piece: no hole is closed, and nothing muted comes
// back.
#include "plugins/memory/engine/replay_texts.h"

#include "tests/base/check_result.h"

#include <QtTest>

using namespace orrery;
using namespace orrery::memory;

namespace {

using Texts = std::vector<std::vector<int32_t>>;

EpisodicStore storeOf(int64_t capacity)
{
    return EpisodicStore({.capacity = capacity, .surpriseGamma = 1, .blockMin = 2, .blockMax = 3});
}

TokenOrigin token(int64_t position, int32_t id, const std::string &source = "a",
                  Modality modality = Modality::Text)
{
    return {.source = source, .position = position, .tokenId = id, .modality = modality};
}

/// Token ids 1 … count at places 0 … count − 1, in events of three.
void write(EpisodicStore &store, int32_t count)
{
    for (int32_t i = 0; i < count; ++i) VERIFY_OK(store.write(token(i, i + 1)));
}

} // namespace

class TestReplayTexts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eventsThatTouchAreOneText()
    {
        EpisodicStore store = storeOf(20);
        QVERIFY(replayTexts(store).empty());
        write(store, 5);
        QCOMPARE(store.listEvents().size(), size_t(2));
        VERIFY_OK(store.write(token(9, 6)));       // alone: a text has two tokens
        VERIFY_OK(store.write(token(10, 7, "b"))); // behind it, of another source
        VERIFY_OK(store.write(token(11, 8, "b")));
        QCOMPARE(replayTexts(store), (Texts{{1, 2, 3, 4, 5}, {7, 8}}));
    }
    void aSourceThatIsReadAgainBeginsAnew()
    {
        EpisodicStore store = storeOf(20);
        write(store, 2);
        VERIFY_OK(store.write(token(0, 3)));
        VERIFY_OK(store.write(token(1, 4)));
        QCOMPARE(replayTexts(store), (Texts{{1, 2}, {3, 4}}));
    }
    void whatWasEvictedIsAHole()
    {
        EpisodicStore store = storeOf(7);
        write(store, 7);
        store.fade(1);
        for (const int64_t slot : {0, 1, 3, 5, 6}) store.noteRead(slot, 1);
        VERIFY_OK(store.write(token(7, 8))); // in the place of token 3
        VERIFY_OK(store.write(token(8, 9))); // and of token 5
        QCOMPARE(replayTexts(store), (Texts{{1, 2}, {6, 7, 8, 9}}));
    }
    void whatWasSkippedIsAHole()
    {
        EpisodicStore store = storeOf(9);
        VERIFY_OK(store.write(token(0, 1)));
        VERIFY_OK(store.write(token(1, 2)));
        store.skip(token(2, 3));
        VERIFY_OK(store.write(token(3, 4)));
        VERIFY_OK(store.write(token(4, 5)));
        QCOMPARE(replayTexts(store), (Texts{{1, 2}, {4, 5}}));
    }
    void whatIsMutedOrForgottenIsNotLearned()
    {
        EpisodicStore store = storeOf(9);
        write(store, 9);
        VERIFY_OK(store.scaleSlot(2, 0));
        VERIFY_OK(store.scaleSlot(3, 0.01));
        VERIFY_OK(store.forgetSlot(5));
        QCOMPARE(replayTexts(store), (Texts{{1, 2}, {4, 5}, {7, 8, 9}}));
        for (const MemoryEvent &event : store.listEvents()) VERIFY_OK(store.scaleEvent(event.id, 0));
        QVERIFY(replayTexts(store).empty());
    }
    void whatIsNoTextIsNotLearned()
    {
        EpisodicStore store = storeOf(9);
        const auto image = Modality::Image, unknown = Modality::Unknown; // of an old file: it may be a patch
        const std::vector<Modality> kinds = {Modality::Text, Modality::Text, image,         Modality::Text,
                                             Modality::Text, unknown,        Modality::Text};
        for (size_t i = 0; i < kinds.size(); ++i)
            VERIFY_OK(store.write(token(int64_t(i), int32_t(i), "a", kinds[i])));
        QCOMPARE(replayTexts(store), (Texts{{0, 1}, {3, 4}}));
    }
};

QTEST_GUILESS_MAIN(TestReplayTexts)
#include "tst_replay_texts.moc"
