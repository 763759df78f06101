// SPDX-License-Identifier: Apache-2.0
// Answers of a model with a memory that are branched: they go on from a state that was kept, with the tokens
// and the memory that they had, and little is read again.
#include "core/infer/stream_snapshots.h"
#include "plugins/memory/tests/memory_talker.h"
#include "tests/base/check_result.h"

#include <ATen/Parallel.h>

#include <cmath>

using namespace orrery;
using namespace orrery::memory;

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
