// SPDX-License-Identifier: Apache-2.0
// The parts of the memory panel without an engine: words, table, strip, exports, the levels of a spec.
#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/memory_accessible.h"
#include "plugins/memory/ui/memory_export.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/memory_text.h"
#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/tier_cards.h"
#include "plugins/memory/ui/token_names.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/command_host.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/contrast.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTemporaryDir>

#include <array>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

namespace {

/// Counts what a view asks for.
class CountingModel : public MemoryModel {
public:
    using MemoryModel::MemoryModel;
    QVariant data(const QModelIndex &index, int role) const override
    {
        ++numCalls;
        lastRow = std::max(lastRow, index.row());
        return MemoryModel::data(index, role);
    }
    mutable int64_t numCalls = 0;
    mutable int lastRow = -1;
};

std::vector<int64_t> shownIds(const MemoryModel &model)
{
    std::vector<int64_t> ids;
    for (int row = 0; row < model.rowCount(); ++row) ids.push_back(model.event(row).id);
    return ids;
}
using Ids = std::vector<int64_t>;

} // namespace

class TestMemoryPanelParts : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void saysWhereAnEventIsFrom_data()
    {
        QTest::addColumn<QByteArray>("source");
        QTest::addColumn<QString>("sentence");
        QTest::addColumn<QString>("title");
        QTest::newRow("user") << QByteArray("chat.json#2:user") << u"chat.json, the user's turn 2"_s
                              << u"chat.json · user 2"_s;
        QTest::newRow("assistant") << QByteArray("a#b#3:assistant") << u"a#b, the model's turn 3"_s
                                   << u"a#b · assistant 3"_s;
        QTest::newRow("system") << QByteArray("c#1:system") << u"c, the instructions in turn 1"_s
                                << u"c · system 1"_s;
        QTest::newRow("tool") << QByteArray("c#4:tool") << u"c, turn 4 (tool)"_s << u"c · tool 4"_s;
        QTest::newRow("text") << QByteArray("notes.txt#text") << u"notes.txt"_s << u"notes.txt"_s;
        QTest::newRow("answer") << QByteArray("notes.txt#answer") << u"what the model added to notes.txt"_s
                                << u"notes.txt · answer"_s;
        QTest::newRow("whole") << QByteArray("notes.txt") << u"notes.txt"_s << u"notes.txt"_s;
        QTest::newRow("odd part") << QByteArray("n#x:y") << u"n, part x:y"_s << u"n#x:y"_s;
        QTest::newRow("no name") << QByteArray("") << u"a text without a name"_s << QString();
    }
    void saysWhereAnEventIsFrom()
    {
        QFETCH(QByteArray, source);
        QFETCH(QString, sentence);
        QFETCH(QString, title);
        QCOMPARE(sourceSentence(source.toStdString()), sentence);
        QCOMPARE(sourceTitle(source.toStdString()), title);
    }
    void saysWhatTheNumbersMean()
    {
        MemoryEvent event = memoryEvent(9, "chat.json#2:user", 120, 141, "x", 0.42);
        QCOMPARE(provenanceText(event),
                 u"From chat.json, the user's turn 2, tokens 120–141, read at step 900."_s);
        event.step = 0;
        event.lastToken = 120;
        QCOMPARE(provenanceText(event),
                 u"From chat.json, the user's turn 2, token 120, read by weights whose step is not known."_s);
        QCOMPARE(
            usageSentence(event),
            u"Usage 0.42: written or read not long ago. When the memory is full, the tokens with the least usage go first."_s);
        event.isPinned = true;
        for (const auto &[usage, words] : {std::pair(1.0, "read often of late"),
                                           {0.05, "fading"},
                                           {0.001, "nearly forgotten"},
                                           {double(NAN), "not known"}}) {
            event.meanUsage = usage;
            QVERIFY2(usageSentence(event).contains(QString::fromUtf8(words)),
                     qPrintable(usageSentence(event)));
            QVERIFY(usageSentence(event).endsWith(u"Pinned: it stays, whatever comes."_s));
        }
        QCOMPARE(usageText(0.001), u"< 0.01"_s);
        QCOMPARE(usageText(0), u"0.00"_s);
        QCOMPARE(
            readSentence(lastReadOf(event)),
            u"Last read 310 tokens ago by [␣day], token 2,090 of chat.json, the user's turn 3, with weight "
            "0.42 in head 2.1."_s);
        SlotRead read = event.reads[0];
        read.age = 1;
        read.modality = Modality::Image;
        QVERIFY(readSentence(read).startsWith(u"Last read one token ago by [patch], token 2,090 of chat"_s));
        read.age = 0;
        QVERIFY(readSentence(read).startsWith(u"Last read just now by [patch], token 2,090 of chat"_s));
        read.age = SlotRead::kNever;
        QCOMPARE(readSentence(read), u"No text has read it yet."_s);
        QVERIFY(readSentence(SlotRead{}).contains(u"is not known"_s));
        event.reads[2].age = SlotRead::kNotKnown; // others are known
        QCOMPARE(lastReadOf(event).age, int64_t(310));
        event.age = 1'980;
        QCOMPARE(ageSentence(event), u"1,980 tokens were read since it began."_s);
        event.lastToken = 141;
        event.numSlots = 20;
        QCOMPARE(slotsSentence(event),
                 u"20 of its 22 tokens are stored; the others were evicted or skipped."_s);
        event.numSlots = 22;
        QCOMPARE(slotsSentence(event), u"All of its 22 tokens are stored."_s);
    }
    void saysHowFullItIs()
    {
        MemoryStatus status = sampleMemory().status;
        QCOMPARE(occupancyText(status), u"382 of 4,096 slots used, 40 pinned"_s);
        QCOMPARE(countsText(status), u"31 evicted · 12 skipped · 0 refused"_s);
        QCOMPARE(refusalText(status), QString());
        status.numRefused = 2;
        status.lastRefusal = "all 64 slots are pinned";
        QCOMPARE(refusalText(status), u"Last refusal: all 64 slots are pinned."_s);
        status.numPinned = status.capacity;
        QCOMPARE(refusalText(status),
                 u"Last refusal: all 64 slots are pinned. Unpin an event (P) or forget one, "
                 "and there is room again."_s);
        status.numRefused = -2; // one, behind a file that does not say how many before
        QCOMPARE(countsText(status), u"evicted, skipped, refused: not known, of an older file"_s);
        status.numPinned = 0;
        QCOMPARE(refusalText(status), u"Last refusal: all 64 slots are pinned."_s);
        status.numPinned = status.capacity;
        status.numRefused = 0; // it is seen before anything is refused
        QCOMPARE(refusalText(status),
                 u"All 4,096 slots are pinned: what is read next cannot be remembered. Unpin "
                 "an event (P) or forget one, and there is room again."_s);
    }
    void whiteSpaceIsSeen_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("shown");
        QTest::newRow("plain") << QByteArray("a b") << u"a b"_s;
        QTest::newRow("ends") << QByteArray(" a ") << u"␣a␣"_s;
        QTest::newRow("double") << QByteArray("a  b") << u"a␣␣b"_s;
        QTest::newRow("line") << QByteArray("a\n b\t") << u"a↵␣b⇥"_s;
        QTest::newRow("control") << QByteArray("a\r\x7f") << u"a␍␡"_s;
        QTest::newRow("utf8") << QByteArray("Łódź 🚲") << u"Łódź 🚲"_s;
        QTest::newRow("broken") << QByteArray("a\xc3") << u"a\uFFFD"_s;
        QTest::newRow("overlong") << QByteArray("\xc0\xaf") << u"\uFFFD\uFFFD"_s;
        QTest::newRow("surrogate") << QByteArray("\xed\xa0\x80z") << u"\uFFFDz"_s;
        QTest::newRow("cut") << QByteArray("0123456789ab") << u"0123456789…"_s;
        QTest::newRow("just fits") << QByteArray("0123456789") << u"0123456789"_s;
    }
    void whiteSpaceIsSeen()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, shown);
        QCOMPARE(visibleText(bytes.toStdString(), 10), shown);
    }

    void modelKeepsTheRules()
    {
        MemoryModel model;
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setEvents(sampleMemory().events);
        model.setFilter(u"the"_s);
        model.sort(MemoryModel::UsageColumn, Qt::DescendingOrder);
        model.setFilter({});
        model.setEvents({});
        QCOMPARE(model.rowCount(), 0);
    }
    void showsAnEventInItsRow()
    {
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        QCOMPARE(shownIds(model), (Ids{3, 4, 7, 8, 9, 12}));
        const auto cell = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(cell(2, MemoryModel::EventColumn), u"7"_s); // as all other parts call it
        QCOMPARE(cell(2, MemoryModel::SourceColumn), u"chat.json · user 1"_s);
        QCOMPARE(cell(2, MemoryModel::TokensColumn), u"0–39"_s);
        QCOMPARE(cell(1, MemoryModel::TextColumn), u"⇥Order:↵␣␣two lamps,␣␣one lens␣↵"_s);
        QCOMPARE(cell(2, MemoryModel::UsageColumn), u"1.62"_s);
        QCOMPARE(cell(2, MemoryModel::PinnedColumn), u"pinned"_s);
        QCOMPARE(cell(3, MemoryModel::PinnedColumn), QString());
        QCOMPARE(cell(0, MemoryModel::AgeColumn), u"2,100"_s);
        QCOMPARE(cell(0, MemoryModel::LastReadColumn), u"not known"_s);
        QCOMPARE(cell(1, MemoryModel::LastReadColumn), u"never"_s);
        QCOMPARE(cell(2, MemoryModel::LastReadColumn), u"330"_s);
        QVERIFY(model.index(2, MemoryModel::LastReadColumn)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(u"by [␣day], token 2,070"_s));
        QCOMPARE(cell(0, MemoryModel::SlotsColumn), u"30"_s);
        QCOMPARE(cell(0, MemoryModel::StepColumn), u"900"_s);
        QCOMPARE(model.index(3, MemoryModel::PinnedColumn).data(Qt::AccessibleTextRole).toString(),
                 u"Pinned: no"_s);
    }
    void sortsByEachKey_data()
    {
        QTest::addColumn<int>("column");
        QTest::addColumn<bool>("isDown");
        QTest::addColumn<Ids>("ids");
        QTest::newRow("place") << int(MemoryModel::TokensColumn) << false << Ids{3, 4, 7, 8, 9, 12};
        QTest::newRow("place down") << int(MemoryModel::TokensColumn) << true << Ids{12, 9, 8, 7, 4, 3};
        QTest::newRow("event down") << int(MemoryModel::EventColumn) << true << Ids{12, 9, 8, 7, 4, 3};
        QTest::newRow("usage down") << int(MemoryModel::UsageColumn) << true << Ids{7, 9, 8, 12, 3, 4};
        QTest::newRow("age") << int(MemoryModel::AgeColumn) << false << Ids{12, 9, 8, 4, 3, 7};
        QTest::newRow("last read") << int(MemoryModel::LastReadColumn) << false << Ids{12, 9, 8, 7, 4, 3};
        QTest::newRow("last read down") << int(MemoryModel::LastReadColumn) << true << Ids{3, 4, 7, 8, 9, 12};
        QTest::newRow("slots") << int(MemoryModel::SlotsColumn) << false << Ids{9, 3, 7, 4, 8, 12};
        QTest::newRow("pinned down") << int(MemoryModel::PinnedColumn) << true << Ids{7, 3, 4, 8, 9, 12};
        QTest::newRow("source") << int(MemoryModel::SourceColumn) << false << Ids{8, 7, 12, 9, 3, 4};
        QTest::newRow("text") << int(MemoryModel::TextColumn) << false << Ids{4, 7, 9, 3, 12, 8};
    }
    void sortsByEachKey()
    {
        QFETCH(int, column);
        QFETCH(bool, isDown);
        QFETCH(Ids, ids);
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        const QPersistentModelIndex pinned = model.index(2, 0);
        model.sort(column, isDown ? Qt::DescendingOrder : Qt::AscendingOrder);
        QCOMPARE(shownIds(model), ids);
        QCOMPARE(model.event(pinned.row()).id, int64_t(7));
    }
    void usageThatIsNoNumberIsTheLeast()
    {
        MemoryModel model;
        std::vector<MemoryEvent> events = sampleMemory().events;
        events[2].meanUsage = std::nan(""); // of event 7, which had the most
        events[4].meanUsage = std::nan(""); // of event 9
        model.setEvents(events);
        model.sort(MemoryModel::UsageColumn, Qt::AscendingOrder);
        QCOMPARE(shownIds(model), (Ids{7, 9, 4, 3, 12, 8}));
        model.sort(MemoryModel::UsageColumn, Qt::DescendingOrder);
        QCOMPARE(shownIds(model), (Ids{8, 12, 3, 4, 7, 9}));
        QCOMPARE(model.maxUsage(), 0.42);
    }
    void filtersByTextAndSource_data()
    {
        QTest::addColumn<QString>("needle");
        QTest::addColumn<Ids>("ids");
        QTest::newRow("text") << u"OTTILIE"_s << Ids{7};
        QTest::newRow("beyond ASCII") << u"łÓDŹ"_s << Ids{7};
        QTest::newRow("source") << u"2:assist"_s << Ids{12};
        QTest::newRow("across a line") << u"Order:\n"_s << Ids{4};
        QTest::newRow("repeated start") << u"nnam"_s << Ids{};
        QTest::newRow("both") << u"name"_s << Ids{7, 8};
        QTest::newRow("none") << u"zebra"_s << Ids{};
        QTest::newRow("all") << QString() << Ids{3, 4, 7, 8, 9, 12};
    }
    void filtersByTextAndSource()
    {
        QFETCH(QString, needle);
        QFETCH(Ids, ids);
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        model.setFilter(needle);
        QCOMPARE(shownIds(model), ids);
        for (const MemoryEvent &event : model.events())
            QCOMPARE(model.isShown(model.indexOfId(event.id)),
                     std::find(ids.begin(), ids.end(), event.id) != ids.end());
    }
    void textsStandOneBehindTheOther()
    {
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        QCOMPARE(model.texts().size(), size_t(2));
        QCOMPARE(model.texts()[1].name, std::string("chat.json"));
        QCOMPARE(model.texts()[1].offset, int64_t(100));
        QCOMPARE(model.length(), int64_t(400));
        QCOMPARE(model.placeOf(model.indexOfId(9)), int64_t(220));
    }

    void aHundredThousandEventsCostWhatIsSeen()
    {
        CountingModel model;
        MemoryTable table(&model);
        model.setEvents(manyEvents(100'000).events);
        table.resize(900, 400);
        table.show();
        QVERIFY(QTest::qWaitForWindowExposed(&table));
        const auto paint = [&] {
            model.numCalls = 0;
            (void)table.grab();
            return model.numCalls;
        };
        (void)paint();
        const int numVisible = table.viewport()->height() / table.rowHeight(0) + 2;
        const int64_t bound = int64_t(numVisible) * MemoryModel::kNumColumns * 12; // roles of a cell
        QVERIFY2(paint() <= bound, qPrintable(QString::number(model.numCalls)));
        QVERIFY(model.numCalls > 0);
        QVERIFY(model.lastRow < 2 * numVisible);
        model.numCalls = 0;
        model.sort(MemoryModel::UsageColumn, Qt::DescendingOrder); // reads events, not cells
        model.setFilter(u"event 9999 "_s);
        QCOMPARE(model.rowCount(), 1);
        model.setFilter({});
        table.selectEvent(99'999);
        QVERIFY2(paint() <= bound, qPrintable(QString::number(model.numCalls)));
        QCOMPARE(table.currentEvent(), 99'999);
        // The strip draws columns of pixels.
        MemoryStrip strip(&model);
        strip.resize(800, strip.sizeHint().height());
        QVERIFY(strip.numBlocks() > 500);
        QVERIFY2(strip.numBlocks() <= 800, qPrintable(QString::number(strip.numBlocks())));
        strip.zoom(100'000, strip.plotArea().center().x());
        QVERIFY(strip.numBlocks() <= 4);
        strip.fit();
        QVERIFY(strip.numBlocks() > 500);
    }

    void stripIsPaintedInEachTheme_data()
    {
        QTest::addColumn<int>("kind");
        QTest::newRow("light") << int(ThemeKind::Light);
        QTest::newRow("dark") << int(ThemeKind::Dark);
        QTest::newRow("contrast") << int(ThemeKind::HighContrast);
    }
    void stripIsPaintedInEachTheme()
    {
        QFETCH(int, kind);
        Theme::instance().apply(*qApp, static_cast<ThemeKind>(kind));
        const ThemeTokens tokens = Theme::instance().tokens();
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        MemoryStrip strip(&model);
        strip.resize(820, strip.sizeHint().height());
        const auto picture = [&] { return strip.grab().toImage(); };
        const auto colorOf = [&](const QImage &image, int64_t id, double height) {
            const QRectF bar = strip.blockRect(model.indexOfId(id));
            return image.pixelColor(int(bar.center().x()),
                                    int(strip.plotArea().bottom() - height * strip.plotArea().height()));
        };
        QImage image = picture();
        QCOMPARE(image.pixelColor(1, 1), tokens.surface);
        QCOMPARE(colorOf(image, 7, 0.9), tokens.accent); // the most used one is as high as the plot
        QCOMPARE(colorOf(image, 8, 0.2), tokens.accent);
        QCOMPARE(colorOf(image, 8, 0.5), tokens.surface); // 0.42 of 1.62
        const QRectF pinned = strip.blockRect(model.indexOfId(7));
        QCOMPARE(image.pixelColor(int(pinned.center().x() - 0.5), int(strip.plotArea().top()) - 7),
                 tokens.text);
        const QRectF plain = strip.blockRect(model.indexOfId(8));
        QCOMPARE(image.pixelColor(int(plain.center().x()), int(strip.plotArea().top()) - 7), tokens.surface);
        model.setFilter(u"Ottilie"_s);
        image = picture();
        QCOMPARE(colorOf(image, 8, 0.2), tokens.border); // filtered out
        QCOMPARE(colorOf(image, 7, 0.9), tokens.accent);
        QVERIFY(contrastRatio(tokens.accent, tokens.surface) >= 3);
        strip.setSelected(model.indexOfId(8));
        QCOMPARE(colorOf(picture(), 8, 0.8), tokens.selection);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
    void surpriseIsReadOverTheBlocks_data() { stripIsPaintedInEachTheme_data(); }
    void surpriseIsReadOverTheBlocks()
    {
        QFETCH(int, kind);
        Theme::instance().apply(*qApp, static_cast<ThemeKind>(kind));
        const ThemeTokens tokens = Theme::instance().tokens();
        MemoryModel model;
        model.setEvents({memoryEvent(1, "a.txt#text", 0, 29, "x", 1.6)});
        MemoryStrip strip(&model);
        strip.resize(600, strip.sizeHint().height());
        QVERIFY(strip.showsSurprise());
        const QImage image = strip.grab().toImage();
        const QRect bar = strip.blockRect(0).toRect().adjusted(20, 2, -20, -2); // the tokens' middles
        int numSeen = 0;
        for (int x = bar.left(); x < bar.right(); ++x)
            for (int y = bar.top(); y < bar.bottom(); ++y)
                if (contrastRatio(image.pixelColor(x, y), tokens.accent) >= 3) {
                    ++numSeen;
                    break;
                }
        QVERIFY2(numSeen > 0.95 * bar.width(), qPrintable(QString::number(numSeen)));
        QVERIFY(contrastRatio(tokens.warning, tokens.surface) >= 3); // of the line and its edges
        // It has a scale of its own at the right, from 0 to the highest.
        const auto hasInk = [&](double left, double right, double middle) {
            for (int x = qRound(left); x < qRound(right); ++x)
                for (int y = qRound(middle) - 3; y <= qRound(middle) + 3; ++y)
                    if (image.pixelColor(x, y) != tokens.surface) return true;
            return false;
        };
        const QRectF area = strip.plotArea();
        QVERIFY(hasInk(area.right() + 4, strip.width(), area.top()));
        QVERIFY(hasInk(area.right() + 4, strip.width(), area.bottom()));
        // A line parts the scale of the usage from the names of the texts.
        const double names = QFontMetrics(typeFont(TypeSize::Small)).height() / 2.0;
        QCOMPARE(image.pixelColor(int(area.left()) - 1, int(names)), tokens.border);
        QVERIFY(!hasInk(area.left(), area.left() + 5, names));
        QVERIFY(hasInk(area.left() + 5, area.left() + 20, names));
        // Nobody tells it: no scale takes room.
        std::vector<MemoryEvent> silent = model.events();
        silent[0].surprises.clear();
        model.setEvents(silent);
        QCOMPARE(strip.plotArea().right(), strip.width() - 6.0);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }
    void barShowsUsedAndPinned()
    {
        OccupancyBar bar;
        bar.resize(400, 10);
        MemoryStatus status;
        status.capacity = 100;
        status.numUsed = 50;
        status.numPinned = 25;
        bar.setStatus(status);
        const ThemeTokens tokens = Theme::instance().tokens();
        QImage image = bar.grab().toImage();
        QCOMPARE(image.pixelColor(150, 5), tokens.accent);
        QCOMPARE(image.pixelColor(300, 5), tokens.grid);
        int numDark = 0;
        for (int x = 10; x < 90; ++x) numDark += image.pixelColor(x, 5) == tokens.text ? 1 : 0;
        QVERIFY(numDark > 20 && numDark < 80); // hatched
        QVERIFY(bar.accessibleDescription().contains(u"50 of 100 slots used, 25 pinned"_s));
    }
    void stripIsWorkedByKeys()
    {
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        MemoryStrip strip(&model);
        QSignalSpy chosen(&strip, &MemoryStrip::eventChosen), activated(&strip, &MemoryStrip::eventActivated);
        strip.resize(600, strip.sizeHint().height());
        const auto press = [&](Qt::Key key) {
            QTest::keyClick(&strip, key);
            return strip.selected() < 0 ? int64_t(0) : model.events()[size_t(strip.selected())].id;
        };
        QCOMPARE(press(Qt::Key_Right), int64_t(3));
        QCOMPARE(press(Qt::Key_Right), int64_t(4));
        QCOMPARE(press(Qt::Key_End), int64_t(12));
        QCOMPARE(press(Qt::Key_Right), int64_t(12));
        QCOMPARE(press(Qt::Key_Left), int64_t(9));
        QCOMPARE(press(Qt::Key_Home), int64_t(3));
        QCOMPARE(press(Qt::Key_PageDown), int64_t(12));
        QCOMPARE(press(Qt::Key_PageUp), int64_t(3));
        model.setFilter(u"name"_s); // 7 and 8
        QCOMPARE(press(Qt::Key_Right), int64_t(7));
        QCOMPARE(press(Qt::Key_Right), int64_t(8));
        QCOMPARE(press(Qt::Key_Right), int64_t(8));
        QCOMPARE(chosen.count(), 9);
        press(Qt::Key_Return);
        QCOMPARE(activated.count(), 1);
        const double width = strip.blockRect(model.indexOfId(8)).width();
        press(Qt::Key_Plus);
        QVERIFY(strip.blockRect(model.indexOfId(8)).width() > 1.4 * width);
        press(Qt::Key_0);
        QCOMPARE(strip.blockRect(model.indexOfId(8)).width(), width);
    }
    void stripIsWorkedByMouse()
    {
        MemoryModel model;
        model.setEvents(sampleMemory().events);
        MemoryStrip strip(&model);
        strip.resize(600, strip.sizeHint().height());
        QSignalSpy chosen(&strip, &MemoryStrip::eventChosen);
        QTest::mouseClick(&strip, Qt::LeftButton, {}, strip.blockRect(model.indexOfId(9)).center().toPoint());
        QCOMPARE(chosen.count(), 1);
        QCOMPARE(chosen[0][0].toInt(), model.indexOfId(9));
        QCOMPARE(strip.eventAt(QPointF(0, 40)), -1);
    }
    void stripTellsAssistiveTools()
    {
        installMemoryAccessible();
        MemoryModel model;
        MemoryStrip strip(&model);
        QAccessibleInterface *told = QAccessible::queryAccessibleInterface(&strip);
        QVERIFY(told);
        QCOMPARE(told->role(), QAccessible::Chart);
        QCOMPARE(told->text(QAccessible::Value), u"Nothing is remembered."_s);
        QCOMPARE(told->text(QAccessible::Name), u"Events along the text"_s);
        model.setEvents(sampleMemory().events);
        strip.setSelected(model.indexOfId(7));
        QCOMPARE(
            told->text(QAccessible::Description),
            u"6 events along 400 tokens of 2 texts, 1 pinned. Selected: chat.json, the user's turn 1, tokens 0–39, usage 1.62, pinned."_s);
    }

    void exportsTextCsvAndJson()
    {
        const std::vector<MemoryEvent> events = {
            memoryEvent(4, "a,b#text", 30, 31, "one \"x\",\n two", 0.25, true)};
        QCOMPARE(exportedEvents(events, ExportFormat::Csv),
                 u"id,source,first_token,last_token,step,slots,usage,age,last_read,pinned,text\n"
                 "4,\"a,b#text\",30,31,900,2,0.25,2070,360,yes,\"one \"\"x\"\",\n two\"\n"_s);
        QCOMPARE(exportedEvents(events, ExportFormat::Text).section(u'\n', 1, 1),
                 u"4\ta,b#text\t30\t31\t900\t2\t0.25\t2070\t360\tyes\tone \"x\",↵␣two"_s);
        const QJsonObject json = QJsonDocument::fromJson(exportedEvents(events, ExportFormat::Json).toUtf8())
                                     .array()
                                     .at(0)
                                     .toObject();
        QCOMPARE(json.value(u"text"_s).toString(), u"one \"x\",\n two"_s);
        QCOMPARE(json.value(u"usage"_s).toDouble(), 0.25);
        QCOMPARE(json.value(u"pinned"_s).toBool(), true);
        const QJsonObject last = json.value(u"last_read"_s).toObject();
        QCOMPARE(last.value(u"age"_s).toInt(), 360);
        QCOMPARE(last.value(u"text"_s).toString(), u" day"_s);
        QVERIFY(std::abs(last.value(u"weight"_s).toDouble() - 0.42) < 1e-6);
    }
    void tellsWhenAFileCannotBeWritten()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"none/x.csv"_s);
        const Result<void> written = writeExport(path, {}, ExportFormat::Csv);
        QVERIFY(!written.ok());
        QCOMPARE(written.error().code, ErrorCode::Io);
        QVERIFY(
            QString::fromStdString(written.error().message).startsWith(u"Cannot write \"%1\": "_s.arg(path)));
        QVERIFY(!written.error().hint.empty());
        const QString good = folder.filePath(u"x.csv"_s);
        QVERIFY(writeExport(good, sampleMemory().events, ExportFormat::Csv).ok());
        QVERIFY(QFile(good).size() > 300);
    }
    void sayTheSameInATerminal()
    {
        QCOMPARE(listCommand({u"code-7M@8000"_s}), u"orrery-engine memory list code-7M@8000"_s);
        QCOMPARE(pinCommand({u"m"_s}, 7, true), u"orrery-engine memory pin m --event 7"_s);
        QCOMPARE(pinCommand({u"m"_s}, 7, false), u"orrery-engine memory unpin m --event 7"_s);
        QCOMPARE(forgetCommand({u"/a b/m"_s}, u"chat.json#2:user"_s),
                 u"orrery-engine memory wipe '/a b/m' --source 'chat.json#2:user'"_s);
        QCOMPARE(forgetCommand({u"m"_s}, u"-notes.txt"_s),
                 u"orrery-engine memory wipe m --source=-notes.txt"_s);
        QCOMPARE(learnCommand({u"m"_s}), u"orrery-engine memory consolidate m --out m-learned"_s);
        QCOMPARE(learnCommand({u"/a b/m@800"_s, u"/k"_s}),
                 u"orrery-engine memory consolidate '/a b/m@800' --memory /k --out m-800-learned"_s);
        ui::setCommandHost(u"lab"_s); // paths are that machine's
        QCOMPARE(learnCommand({u"m"_s}, u"/there/m-learned"_s),
                 u"orrery-engine memory consolidate m --out /there/m-learned --host lab"_s);
        ui::setCommandHost({});
        QCOMPARE(similarityCommand({u"m"_s, u"/k"_s}, 256),
                 u"orrery-engine memory similarity m --memory /k --max-events 256"_s);
        const std::vector<MemoryEdit> edits{
            {.verb = MemoryVerb::Forget, .event = 12},
            {.verb = MemoryVerb::Scale, .event = 12, .slot = 40, .factor = 0.5}};
        QCOMPARE(lookCommand({u"m"_s, u"/my memory"_s}, u"--key"_s, edits),
                 u"orrery-engine inspect memory m --prompt=--key --memory '/my memory' --edit 'forget 12' "
                 "--edit 'scale_slot 40 0.5'"_s);
    }

    void readsTheLevelsOfASpec()
    {
        Tiers tiers = tiersOfSpec(QString::fromUtf8(sampleSpec()));
        QCOMPARE(workingText(tiers), u"window of 256 tokens, 16 registers"_s);
        QCOMPARE(episodicText(tiers, {}), u"4,096 slots"_s);
        QCOMPARE(episodicText(tiers, sampleMemory().status), u"382 of 4,096 slots, 9.3 %"_s);
        QCOMPARE(semanticText(tiers), u"16,384 slots, 2 × 16 read a token"_s);
        QCOMPARE(semanticText(tiers, {0.13, 0.5}), u"16,384 slots, 2 × 16 read a token · 13 % read by a step, 50 % so far"_s);
        QCOMPARE(semanticText(tiers, {.used = 0.13}), semanticText(tiers)); // an engine that tells the one alone
        tiers = tiersOfSpec(uR"({"model":{"context":1024,"window":0},"plugins":{"use":["other@1.0.0"]}})"_s);
        QCOMPARE(workingText(tiers), u"all 1,024 tokens of the context, registers off"_s);
        QCOMPARE(episodicText(tiers, {}), u"off"_s);
        QCOMPARE(semanticText(tiers), u"off"_s);
        tiers = tiersOfSpec(u"{"_s);
        QCOMPARE(workingText(tiers), u"—"_s);
        QCOMPARE(semanticText(tiers), u"—"_s);
    }
    void listsWhatWasRead()
    {
        MemoryModel events;
        TokenNames names;
        ReadsModel model(events, names);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setReport(sampleReads());
        QCOMPARE(model.rowCount(), 6);
        const auto cell = [&](int row, int column) { return model.index(row, column).data().toString(); };
        QCOMPARE(cell(0, ReadsModel::HeadColumn), u"2.0 episodic"_s);
        QCOMPARE(cell(0, ReadsModel::GateColumn), u"0.310"_s);
        QCOMPARE(cell(0, ReadsModel::WhatColumn), u"2: The key[␣to]"_s);
        QCOMPARE(cell(0, ReadsModel::WeightColumn), u"0.700"_s);
        QCOMPARE(cell(1, ReadsModel::HeadColumn), QString()); // of the same head
        QCOMPARE(cell(1, ReadsModel::WhatColumn), u"1: The[␣key]"_s);
        QCOMPARE(cell(4, ReadsModel::HeadColumn), u"3.0 semantic"_s);
        QCOMPARE(cell(4, ReadsModel::WhatColumn), u"slot 12,345"_s);
        QCOMPARE(model.summary(),
                 u"At token 9 [␣key], 2 heads read from the episodic memory and 1 from the semantic one."_s);
        QCOMPARE(model.toText().split(u'\n').at(2), u"2.0 episodic\t0.310\t1: The[␣key]\t0.200"_s);
    }
    void whatHasNoTextIsCounted()
    {
        const std::string seen = std::string("See ") + std::string(16, '\0') + ": a" + std::string(1, '\0');
        QCOMPARE(visibleText(seen, 100), u"See ␀×16: a␀"_s);
        QCOMPARE(visibleText(seen, 5), u"See ␀×16…"_s);
        QCOMPARE(readableText("a\nb"), u"a\nb"_s);
        QCOMPARE(readableText(seen), u"See ␀×16: a␀"_s);
        QCOMPARE(wordlessText(1'200), u"␀×1,200"_s);
    }
    void picturesAreNamed()
    {
        MemoryEvent event = pictureEvent(20, 300);
        QCOMPARE(visibleText(event, 100), u"See[picture, 4 patches]!"_s);
        QCOMPARE(visibleText(event, 8), u"See[picture, 4 patches]…"_s);
        QCOMPARE(readableText(event), u"See[picture, 4 patches]!"_s);
        event.media = {{3, 1, Modality::Image}, {4, 2, Modality::Audio}, {6, 1, Modality::Audio}};
        QCOMPARE(readableText(event), u"See[picture, 1 patch][recording, 2 frames][recording, 1 frame]!"_s);
        event.media = {{4, 3, Modality::Unknown}};
        QCOMPARE(readableText(event), u"See␀␀×3!"_s);
        // It is found by what stands there, and has patches in place of tokens.
        MemoryModel events;
        std::vector<MemoryEvent> all = sampleMemory().events;
        all.push_back(pictureEvent(20, 300));
        events.setEvents(all);
        events.setFilter(u"Picture"_s);
        QCOMPARE(shownIds(events), (Ids{20}));
        TokenNames names;
        LastReads looks;
        SlotModel slotModel(names, looks, nullptr);
        QAbstractItemModelTester tester(&slotModel, QAbstractItemModelTester::FailureReportingMode::QtTest);
        slotModel.setEvent(all.back());
        const auto cell = [&](int row, int column) { return slotModel.index(row, column).data().toString(); };
        QCOMPARE(cell(3, SlotModel::TokenColumn), u"[patch]"_s);
        QCOMPARE(cell(3, SlotModel::LastReadColumn), u"never"_s);
        QCOMPARE(cell(1, SlotModel::LastReadColumn), u"201"_s);
        const auto hover = [&](int row) { return slotModel.index(row, 0).data(Qt::ToolTipRole).toString(); };
        QVERIFY2(hover(3).contains(u"No text has read it yet."_s), qPrintable(hover(3)));
        // What was read of it is a patch, too, and no name is asked for.
        ReadsModel reads(events, names);
        InspectReport report = sampleReads();
        report.reads[0].slots = {{20'004, 20, 304, 1.0}};
        reads.setReport(report);
        events.setFilter({});
        QCOMPARE(reads.index(0, ReadsModel::WhatColumn).data().toString(),
                 u"event 20: [%1][%2][%3][patch][patch]"_s.arg(all.back().tokenIds[0])
                     .arg(all.back().tokenIds[1])
                     .arg(all.back().tokenIds[2]));
        QCOMPARE(reads.tokenIds().size(), size_t(3));
        const QString json = exportedEvents({all.back()}, ExportFormat::Json);
        QVERIFY(json.contains(u"\"text\": \"See[picture, 4 patches]!\""_s));
        QVERIFY(json.contains(u"\"modality\": \"image\""_s) && json.contains(u"\"last_read\": null"_s));
    }
    void listsWhatWasReadOfTheMemory()
    {
        MemoryModel events;
        TokenNames names;
        ReadsModel model(events, names);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const auto what = [&](int row) { return model.index(row, ReadsModel::WhatColumn).data().toString(); };
        model.setReport(sampleMemoryReads());
        QCOMPARE(what(0), u"event 9, slot 9,002"_s); // no events yet
        events.setEvents(sampleMemory().events);
        const auto &ids = events.events()[4].tokenIds;
        QCOMPARE(what(0), u"event 9: [%1][%2][[%3]]"_s.arg(ids[0]).arg(ids[1]).arg(ids[2]));
        QCOMPARE(model.tokenIds(), std::vector<int32_t>(ids.begin(), ids.begin() + 3));
        InspectReport named;
        for (size_t i = 0; i < 3; ++i) {
            InspectedToken token;
            token.id = ids[i];
            token.bytes = std::array{"She", " is", " seven"}[i];
            named.tokens.push_back(token);
        }
        names.learn(named);
        model.namesChanged();
        QCOMPARE(what(0), u"event 9: She␣is[␣seven]"_s);
        QCOMPARE(what(1), u"event 5, slot 5,000"_s); // forgotten since
        QCOMPARE(what(2), u"1: The[␣key]"_s);        // of the text itself
        QCOMPARE(model.slotOf(0).event, int64_t(9));
        QCOMPARE(model.slotOf(2).event, int64_t(-1));
        QCOMPARE(model.slotOf(17).event, int64_t(-1));
        // A patch is called one.
        InspectReport seen = sampleReads();
        seen.tokens[2].bytes.assign(1, '\0');
        seen.tokens[2].modality = Modality::Image;
        seen.tokens[2].item = 0;
        seen.tokens[2].place = 5;
        model.setReport(seen);
        QCOMPARE(what(0), u"2: The key[image 0, patch 5]"_s);
    }
};

ORRERY_GUI_TEST_MAIN(TestMemoryPanelParts)
#include "tst_memory_panel_parts.moc"
