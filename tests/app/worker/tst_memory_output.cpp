// SPDX-License-Identifier: Apache-2.0
// A memory in words, and what was done to it.
#include "app/worker/memory_change.h"
#include "app/worker/memory_output.h"
#include "app/worker/token_output.h"
#include "core/base/text.h"
#include "tests/base/check_result.h"

#include <nlohmann/json.hpp>

#include <QtTest>

using namespace orrery;
using namespace orrery::worker;

namespace {

MemoryEvent eventOf(int64_t id, const std::string &source, std::vector<int64_t> slots, bool isPinned)
{
    MemoryEvent event;
    event.id = id;
    event.source = source;
    event.numSlots = std::ssize(slots);
    event.isPinned = isPinned;
    event.strengths.assign(slots.size(), 1.F);
    event.tokenIds.assign(slots.size(), 7);
    event.slots = std::move(slots);
    event.text = "text";
    return event;
}

MemoryReport sample()
{
    MemoryReport report;
    report.events = {eventOf(1, "chat.json#0:user", {0, 1, 2}, true),
                     eventOf(2, "chat.json#1:assistant", {3, 4}, false),
                     eventOf(5, "note.txt#text", {6}, true)};
    report.status.capacity = 9;
    report.status.numUsed = 6;
    report.status.numPinned = 4;
    return report;
}

} // namespace

class TestMemoryOutput : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void showsWhatIsMutedOrScaled()
    {
        MemoryReport report = sample();
        for (const std::string &line : memoryLines(report, "f")) QVERIFY(!qtext(line).contains("strength"));
        report.events[0].strengths = {0, 0, 0};
        report.events[1].strengths = {1, 0.5F};
        const auto lines = memoryLines(report, "f");
        QVERIFY2(qtext(lines[1]).contains("  strength 0  "), lines[1].c_str());
        QVERIFY2(qtext(lines[2]).contains("  strength 0.500-1.00  "), lines[2].c_str());
        QVERIFY2(!qtext(lines[3]).contains("strength"), lines[3].c_str());
    }
    void noEscapeSequenceOfAFileReachesATerminal()
    {
        MemoryReport report = sample();
        report.events[0].source = "a\x1b[31m\x7f\xc2\x9b"
                                  "1m#text";
        report.events[0].text = "b\n\xc2\x9b"
                                "2J\xc3\xa9";
        const auto lines = memoryLines(report, "f");
        QVERIFY2(qtext(lines[1]).contains("  a [31m  1m#text  "), lines[1].c_str());
        QVERIFY2(qtext(lines[1]).endsWith(QString::fromUtf8("  b  2J\xc3\xa9")), lines[1].c_str());
        const auto table = tokensTable({{.id = 3,
                                         .bytes = "\xc2\x9b"
                                                  "1\xc2\xa0"}});
        const QString shown = qtext(joinText(table, "\n"));
        QVERIFY2(shown.contains(QString::fromUtf8("\"\\xc2\\x9b1\xc2\xa0\"")), qPrintable(shown));
    }
    void aCountThatNobodyKnowsIsNull()
    {
        MemoryReport report = sample();
        report.status.numEvicted = 7;
        report.status.numSkipped = -1;
        report.status.numRefused = -3;
        const auto json = memoryJson(report, "f");
        QCOMPARE(json["evicted"].get<int64_t>(), int64_t(7));
        QVERIFY(json["skipped"].is_null() && json["refused"].is_null());
    }
    void saysWhatAnEditDid_data()
    {
        QTest::addColumn<MemoryEdit>("edit");
        QTest::addColumn<QString>("line");
        QTest::addColumn<int>("numSlots");
        QTest::addColumn<int>("numPinned");
        const auto row = [](const char *line, const MemoryEdit &edit, int numSlots, int numPinned) {
            QTest::newRow(line) << edit << QString(line) << numSlots << numPinned;
        };
        row("pinned event 2, 2 slots", {.verb = MemoryVerb::Pin, .event = 2}, 2, 0);
        row("unpinned event 5, 1 slot", {.verb = MemoryVerb::Unpin, .event = 5}, 1, 1);
        row("forgot event 2, 2 slots", {.verb = MemoryVerb::Forget, .event = 2}, 2, 0);
        row("forgot event 1, 3 slots, all of them pinned", {.verb = MemoryVerb::Forget, .event = 1}, 3, 3);
        row("forgot slot 6 of event 5, which was pinned", {.verb = MemoryVerb::ForgetSlot, .slot = 6}, 1, 1);
        row("scaled event 1, 3 slots, to strength 0", {.verb = MemoryVerb::Scale, .event = 1, .factor = 0}, 3,
            3);
        row("scaled slot 4 of event 2 to strength 1.50",
            {.verb = MemoryVerb::Scale, .slot = 4, .factor = 1.5}, 1, 0);
        row("wiped 5 slots of source \"chat.json\", 3 of them pinned",
            {.verb = MemoryVerb::Wipe, .source = "chat.json"}, 5, 3);
        row("wiped 2 slots of source \"chat.json#1:assistant\"",
            {.verb = MemoryVerb::Wipe, .source = "chat.json#1:assistant"}, 2, 0);
        row("wiped 0 slots of source \"r \", which had only read",
            {.verb = MemoryVerb::Wipe, .source = "r\xc2\x9b"}, 0, 0);
    }
    void saysWhatAnEditDid()
    {
        QFETCH(MemoryEdit, edit);
        QFETCH(QString, line);
        QFETCH(int, numSlots);
        QFETCH(int, numPinned);
        const MemoryChange change = editChange(edit, sample());
        QCOMPARE(qtext(change.line), line);
        nlohmann::ordered_json json;
        addChange(change, json);
        QCOMPARE(qtext(json.dump()),
                 QString(R"({"changed":{"slots":%1,"pinned":%2}})").arg(numSlots).arg(numPinned));
    }
    void aLookDidNothing()
    {
        nlohmann::ordered_json json = nlohmann::ordered_json::object();
        const MemoryChange change = editChange({}, sample());
        addChange(change, json);
        QVERIFY(change.line.empty() && json.empty());
    }
    void saysWhatAnImportReplaced()
    {
        MemoryReport now;
        now.status.numUsed = 1;
        MemoryReport old = sample();
        QCOMPARE(qtext(importChange(now, "f", {}).line), QString("imported 1 slot of \"f\""));
        QCOMPARE(qtext(importChange(now, "f", old).line),
                 QString("imported 1 slot of \"f\"; replaced 6 slots of \"chat.json\", \"note.txt\", 4 of "
                         "them pinned"));
        QCOMPARE(qtext(importChange(now, "f", MemoryReport()).line),
                 QString("imported 1 slot of \"f\"; replaced 0 slots"));
        for (const char *name : {"x#text", "y#text"}) old.events.push_back(eventOf(9, name, {8}, false));
        QVERIFY(qtext(importChange(now, "f", old).line)
                    .contains("of \"chat.json\", \"note.txt\", \"x\" and 1 more, 4"));
        const MemoryChange broken = importChange(now, "f", Error{ErrorCode::InvalidInput, "broken", ""});
        QCOMPARE(qtext(broken.line),
                 QString("imported 1 slot of \"f\"; replaced a file that could not be read"));
        nlohmann::ordered_json json;
        addChange(broken, json);
        QCOMPARE(qtext(json.dump()),
                 QString(R"({"changed":{"slots":1,"replaced":null,"replaced_pinned":null}})"));
    }
    void saysWhatAnExportWrote()
    {
        QCOMPARE(qtext(exportChange(sample(), "f", false).line), QString("exported 6 slots to \"f\""));
        QCOMPARE(qtext(exportChange(sample(), "f", true).line),
                 QString("exported 6 slots to \"f\", over the memory file that was there"));
    }
};

QTEST_GUILESS_MAIN(TestMemoryOutput)
#include "tst_memory_output.moc"
