// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/banner.h"
#include "widgets/common/elided_combo_box.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/filter_popup.h"
#include "widgets/common/glossary.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/run_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/common/wrap_row.h"
#include "widgets/theme/theme.h"

#include <QAbstractItemView>
#include <QClipboard>
#include <QComboBox>
#include <QFile>
#include <QFileInfo>
#include <QHelpEvent>
#include <QImage>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTextDocument>
#include <QToolButton>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

class TestUiCommon : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void roundsToSignificantDigits_data();
    void roundsToSignificantDigits();
    void saysTimesAsPeopleDo();
    void unknownNumbersAreADash();
    void timeLeftFollowsTheAverageSpeed();
    void stateLinesSayWhatHappened_data();
    void stateLinesSayWhatHappened();
    void aFailedRunIsMarkedInTheColourOfErrors();
    void aSilentRunIsStale();
    void runColoursAreKeptWhenOthersGo();
    void commandsAreQuotedForAShell();
    void stopTextsThatAreBytesAreKept();
    void controlCommandsUseTheCommandLinesWords();
    void turnsNameTheirFilesInOrder();
    void elidedLabelKeepsItsWholeText();
    void hoversAreNoHtml();
    void bannerCopiesMessageAndHint();
    void bannerFitsIntoANarrowDock();
    void gridCopiesAllRows();
    void gridRowsSayWhatTheyMean();
    void everySeriesIsExplained();
    void glossaryIsInOrder();
    void settingsSayWhatIsGood();
    void segmentsSignalOnlyChoicesOfAPerson();
    void aRowGoesOnInAFurtherOne();
    void anEmptyPlaceIsAsHighAsItsWords();
    void pathsAreShownFromTheirBeginning();
    void whatHasNoRoomIsSeenWhole();
    void editorShowsDefaultAsPlaceholder();
    void aPopupOfChoicesHasAFrame();
    void aNarrowBoxShowsTheShortText();
    void readsBothShapesOfSpecJson_data();
    void readsBothShapesOfSpecJson();
    void settingsAreWrittenAsInTheForm();
};

void TestUiCommon::roundsToSignificantDigits_data()
{
    QTest::addColumn<double>("value");
    QTest::addColumn<int>("numDigits");
    QTest::addColumn<QString>("expected");
    QTest::newRow("loss") << 1.41234 << 4 << u"1.412"_s;
    QTest::newRow("small loss") << 0.0421349 << 4 << u"0.04213"_s;
    QTest::newRow("carries into the next decade") << 9.99996 << 4 << u"10.00"_s;
    QTest::newRow("zeros stay") << 1.5 << 4 << u"1.500"_s;
    QTest::newRow("rate") << 6.2e-4 << 3 << u"6.20 × 10⁻⁴"_s;
    QTest::newRow("large") << 1234567.0 << 3 << u"1.23 × 10⁶"_s;
    QTest::newRow("whole") << 12345.0 << 3 << u"12,345"_s;
    QTest::newRow("negative") << -0.5 << 2 << u"−0.50"_s;
    QTest::newRow("zero") << 0.0 << 4 << u"0"_s;
    QTest::newRow("infinite") << std::numeric_limits<double>::infinity() << 4 << u"∞"_s;
    QTest::newRow("not a number") << std::numeric_limits<double>::quiet_NaN() << 4 << u"NaN"_s;
}

void TestUiCommon::roundsToSignificantDigits()
{
    QFETCH(double, value);
    QFETCH(int, numDigits);
    QTEST(significantText(value, numDigits), "expected");
}

void TestUiCommon::saysTimesAsPeopleDo()
{
    QCOMPARE(relativeTimeText(0.42), u"0.4 s ago"_s);
    QCOMPARE(relativeTimeText(42), u"42 s ago"_s);
    QCOMPARE(relativeTimeText(60 * 12 + 5), u"12 min ago"_s);
    QCOMPARE(relativeTimeText(3600 * 5), u"5 h ago"_s);
    QCOMPARE(relativeTimeText(86400 * 3), u"3 days ago"_s);
    QCOMPARE(relativeTimeText(86400 * 729), u"729 days ago"_s);
    QCOMPARE(relativeTimeText(86400 * 1108.0), u"3 years ago"_s);
    QCOMPARE(relativeTimeText(-3), u"0.0 s ago"_s); // clocks of two programs differ a little
    QCOMPARE(timeLeftText(42 * 60), u"about 42 min left"_s);
    QCOMPARE(integerText(8210), u"8,210"_s);
    QCOMPARE(percentText(0.31), u"0.3 %"_s);
    QCOMPARE(percentText(41.4), u"41 %"_s);
}

void TestUiCommon::unknownNumbersAreADash()
{
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const QString &text : {lossText(nan), rateText(nan), speedText(nan), percentText(nan),
                                timeLeftText(nan), clockTimeText(0)})
        QCOMPARE(text, unknownText());
}

void TestUiCommon::timeLeftFollowsTheAverageSpeed()
{
    QCOMPARE(secondsLeft(25, 100, 50), 150.0);
    QVERIFY(std::isnan(secondsLeft(0, 100, 50)));
    QVERIFY(std::isnan(secondsLeft(100, 100, 50)));
}

void TestUiCommon::stateLinesSayWhatHappened_data()
{
    QTest::addColumn<RunState>("state");
    QTest::addColumn<QString>("error");
    QTest::addColumn<QString>("expected");
    QTest::newRow("running") << RunState::Running << QString() << u"training 41 %"_s;
    QTest::newRow("paused") << RunState::Paused << QString() << u"paused at 8,210"_s;
    QTest::newRow("held") << RunState::Paused << u"The disk is full. Make room."_s
                          << u"paused at 8,210: The disk is full. Make room."_s;
    QTest::newRow("failed") << RunState::Failed << u"loss is NaN"_s << u"stopped: loss is NaN"_s;
    QTest::newRow("crashed") << RunState::Crashed << QString() << u"crashed at 8,210, can be resumed"_s;
    QTest::newRow("unreadable") << RunState::Unreadable << u"spec_version is 9"_s
                                << u"not readable: spec_version is 9"_s;
    QTest::newRow("finished") << RunState::Finished << QString() << u"finished, 8,210 steps"_s;
    QTest::newRow("created") << RunState::Created << QString() << u"not started"_s;
}

void TestUiCommon::stateLinesSayWhatHappened()
{
    QFETCH(RunState, state);
    QFETCH(QString, error);
    RunStatus status;
    status.state = state;
    status.step = 8'210;
    status.totalSteps = 20'000;
    status.error = toStd(error);
    status.lastReportAt = kTestNow;
    if (state == RunState::Crashed) // nothing is promised that is not there
        QCOMPARE(runStateLine(status, kTestNow), u"crashed at 8,210"_s);
    status.lastCheckpointStep = 8'000;
    QTEST(runStateLine(status, kTestNow), "expected");
}

void TestUiCommon::aFailedRunIsMarkedInTheColourOfErrors()
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const auto colorOf = [](RunState state) {
        QImage image(21, 21, QImage::Format_ARGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        paintRunState(painter, QRectF(0, 0, 21, 21), state, Qt::blue);
        painter.end();
        return image.pixelColor(10, 10);
    };
    for (const RunState state : {RunState::Failed, RunState::Crashed, RunState::Unreadable})
        QCOMPARE(colorOf(state).rgb(), tokens.error.rgb());
    QCOMPARE(colorOf(RunState::Running).rgb(), QColor(Qt::blue).rgb());
}

void TestUiCommon::aSilentRunIsStale()
{
    RunStatus status;
    status.state = RunState::Running;
    status.lastReportAt = 1'000;
    QVERIFY(!isStale(status, 1'000 + kStaleAfterSeconds));
    QVERIFY(isStale(status, 1'000 + 120));
    QCOMPARE(runStateLine(status, 1'120), u"no report for 2 min"_s);
    status.state = RunState::Paused;
    QVERIFY(!isStale(status, 1'120)); // a paused run has nothing to say
}

void TestUiCommon::runColoursAreKeptWhenOthersGo()
{
    std::vector<RunStatus> runs(3);
    for (size_t i = 0; i < runs.size(); ++i) {
        runs[i].id = "colour-" + std::to_string(i);
        runs[i].createdAt = static_cast<double>(i);
    }
    std::reverse(runs.begin(), runs.end()); // by age, not by place in the list
    assignRunColors(runs);
    QCOMPARE(runColorIndex(u"colour-0"_s), 0);
    QCOMPARE(runColorIndex(u"colour-2"_s), 2);
    runs.erase(runs.begin() + 1); // colour-1
    assignRunColors(runs);
    QCOMPARE(runColorIndex(u"colour-2"_s), 2);
    QCOMPARE(runColorIndex(u"colour-new"_s), 1); // free again
}

void TestUiCommon::commandsAreQuotedForAShell()
{
    QCOMPARE(shellQuoted(u"plain-1.txt"_s), u"plain-1.txt"_s);
    QCOMPARE(shellQuoted(u"it's $HOME"_s), u"'it'\\''s $HOME'"_s);
    QCOMPARE(shellQuoted(u"line\n"_s), u"'line\n'"_s);
    QCOMPARE(shellQuoted(QString()), u"''"_s);
    GenerateRequest request{"Once\nupon", {}};
    request.sampling.topK = 40;
    QCOMPARE(
        generateCommand(u"run@8000"_s, request),
        u"orrery-engine generate run@8000 --prompt 'Once\nupon' --max-tokens 200 --temperature 0.8 --top-k 40 --seed 0"_s);
    // A branch, by its exact tokens.
    request.prompt.clear();
    request.promptIds = {12, 260};
    request.answerIds = {7};
    QVERIFY(generateCommand(u"r"_s, request)
                .startsWith(u"orrery-engine generate r --prompt-ids 12,260 --answer-ids 7 --max-tokens"_s));
}

void TestUiCommon::stopTextsThatAreBytesAreKept()
{
    QCOMPARE(byteQuoted("a'\\\n\xff"
                        "7"),
             u"$'a\\'\\\\\\012\\3777'"_s);
    GenerateRequest request{"a", {}};
    request.sampling.stop = {"\xff", "-\xc3", "ü", "--"};
    const QString command = generateCommand(u"r"_s, request);
    QVERIFY2(command.contains(u" --stop $'\\377'"_s), qPrintable(command));
    QVERIFY2(command.contains(u" --stop=$'-\\303'"_s), qPrintable(command));
    QVERIFY2(command.contains(u" --stop 'ü'"_s), qPrintable(command));
    QVERIFY2(command.contains(u" --stop=--"_s), qPrintable(command));
    QVERIFY2(!command.contains(QChar::ReplacementCharacter), qPrintable(command));
}

void TestUiCommon::controlCommandsUseTheCommandLinesWords()
{
    QCOMPARE(controlCommand(u"r"_s, u"continue"_s), u"orrery-engine control r resume"_s);
    QCOMPARE(controlCommand(u"r"_s, u"step"_s, 10), u"orrery-engine control r step 10"_s);
    QCOMPARE(settingCommand(u"r"_s, u"lr_factor"_s, u"0.5"_s),
             u"orrery-engine control r set lr_factor=0.5"_s);
}

void TestUiCommon::turnsNameTheirFilesInOrder()
{
    const std::string png("\x89PNG\r\n\x1a\n"), wav("RIFF....WAVE");
    const auto jsonOf = [](const ChatMessage &message) { return messagesJson({message}); };
    QCOMPARE(jsonOf({"user", "hi", {{png, "a.png", 0}, {png, "b.png", 0}}}),
             uR"({"messages":[{"content":"hi","images":["a.png","b.png"],"role":"user"}]})"_s);
    QCOMPARE(
        jsonOf({"user", "hi", {{wav, "a.wav", 0}, {png, "b", 0}}}),
        uR"({"messages":[{"content":[{"audio":"a.wav"},{"image":"b"},{"text":"hi"}],"role":"user"}]})"_s);
    QCOMPARE(
        jsonOf({"user", "see ?", {{png, "a.png", 4}}}),
        uR"({"messages":[{"content":[{"text":"see "},{"image":"a.png"},{"text":"?"}],"role":"user"}]})"_s);
    // Files that are gone are what their endings say.
    QCOMPARE(jsonOf({"user", "", {{"", "a.JPG", 0}}}),
             uR"({"messages":[{"content":"","images":["a.JPG"],"role":"user"}]})"_s);
    QCOMPARE(jsonOf({"user", "", {{"", "a.wav", 0}, {"", "b.jpeg", 0}}}),
             uR"({"messages":[{"content":[{"audio":"a.wav"},{"image":"b.jpeg"}],"role":"user"}]})"_s);
}

void TestUiCommon::elidedLabelKeepsItsWholeText()
{
    const QString name = QString(u"a-very-long-name-"_s).repeated(20);
    ElidedLabel label(name);
    label.resize(80, 20);
    label.show();
    QVERIFY(label.QLabel::text().endsWith(u'…'));
    QCOMPARE(label.fullText(), name);
    QCOMPARE(label.toolTip(), name);
    QCOMPARE(label.accessibleName(), name);
    QVERIFY(label.minimumSizeHint().width() < 120);
}

void TestUiCommon::hoversAreNoHtml()
{
    QCOMPARE(plainToolTip(u"/a & b/c.png"_s), u"/a & b/c.png"_s);
    const QString shown = plainToolTip(u"<b>.png\nPNG"_s);
    QTextDocument document;
    document.setHtml(shown);
    QVERIFY(Qt::mightBeRichText(shown)); // Qt takes it for what it is
    QCOMPARE(document.toPlainText(), u"<b>.png\nPNG"_s);
    ElidedLabel label(QString(u"<b>bold</b> "_s).repeated(20));
    label.resize(80, 20);
    label.show();
    QVERIFY2(label.toolTip().contains(u"&lt;b&gt;bold"_s), qPrintable(label.toolTip()));
}

void TestUiCommon::bannerCopiesMessageAndHint()
{
    Banner banner;
    banner.showError(Error{ErrorCode::Io, "Cannot save.", "Free some space."}, u"Retry"_s);
    QVERIFY(!banner.isHidden());
    child<QToolButton>(&banner, "bannerCopy")->click();
    QCOMPARE(QGuiApplication::clipboard()->text(), u"Cannot save. Free some space."_s);
    QSignalSpy retried(&banner, &Banner::retryRequested);
    child<QPushButton>(&banner, "bannerRetry")->click();
    QCOMPARE(retried.count(), 1);
    child<QToolButton>(&banner, "bannerClose")->click();
    QVERIFY(banner.isHidden());
}

void TestUiCommon::bannerFitsIntoANarrowDock()
{
    constexpr int kDock = 236; // the list of runs, as it stands at first
    QWidget dock;
    auto *layout = new QVBoxLayout(&dock);
    layout->setContentsMargins(0, 0, 0, 0);
    auto *banner = new Banner(&dock);
    layout->addWidget(banner);
    layout->addStretch(1);
    dock.resize(kDock, 300);
    dock.show();
    banner->showMessage(BannerKind::Info, u"Moved “fox-1” to the trash."_s, {}, u"Undo"_s);
    QVERIFY2(layout->totalMinimumSize().width() <= kDock, qPrintable(QString::number(layout->totalMinimumSize().width())));
    QTRY_COMPARE(banner->width(), kDock);
    const auto *undo = child<QPushButton>(banner, "bannerRetry");
    const auto *close = child<QToolButton>(banner, "bannerClose");
    QVERIFY(undo->geometry().top() >= close->geometry().bottom()); // under the text
    dock.resize(900, 300);
    QTRY_VERIFY(undo->geometry().top() < close->geometry().bottom() && undo->geometry().right() < close->geometry().left());
}

void TestUiCommon::gridCopiesAllRows()
{
    KeyValueGrid grid;
    grid.setValue(u"Loss"_s, u"1.412"_s);
    grid.setValue(u"Speed"_s, u"12 k tokens/s"_s);
    grid.setValue(u"Loss"_s, u"1.400"_s); // changes, does not add
    QCOMPARE(grid.toText(), u"Loss\t1.400\nSpeed\t12 k tokens/s\n"_s);
}

/// The hover of a name that is cut off says the whole name first, and the meaning stays when there is room again.
void TestUiCommon::gridRowsSayWhatTheyMean()
{
    KeyValueGrid grid;
    grid.explain(u"Gradient norm"_s, u"grad_norm"_s);
    grid.setValue(u"Gradient norm"_s, u"0.61"_s);
    grid.setValue(u"Loss"_s, u"1.4"_s, u"nats per token"_s);
    grid.explain(u"Loss"_s, u"loss"_s);
    grid.resize(400, 80);
    grid.show();
    const auto label = [&](const QString &text) {
        const auto labels = grid.findChildren<ElidedLabel *>();
        return *std::find_if(labels.begin(), labels.end(), [&](const ElidedLabel *one) { return one->fullText() == text; });
    };
    const QString meaning = glossaryHover(u"grad_norm"_s);
    QCOMPARE(label(u"Gradient norm"_s)->toolTip(), meaning);
    QCOMPARE(label(u"Loss"_s)->toolTip(), glossaryHover(u"loss"_s));
    grid.resize(70, 80);
    QTRY_VERIFY(label(u"Gradient norm"_s)->text() != u"Gradient norm"_s);
    QVERIFY(label(u"Gradient norm"_s)->toolTip().contains(u"Gradient norm"_s));
    grid.resize(400, 80);
    QTRY_COMPARE(label(u"Gradient norm"_s)->toolTip(), meaning);
    grid.setValue(u"Gradient norm"_s, u"0.62"_s);
    QCOMPARE(label(u"Gradient norm"_s)->toolTip(), meaning);
}

/// All that trainings write, by the header that names them and by what is made of places.
void TestUiCommon::everySeriesIsExplained()
{
    QFile header(QStringLiteral(ORRERY_TEST_DATA "/../../core/spec/run_records.h"));
    QVERIFY(header.open(QIODevice::ReadOnly));
    QString text = QString::fromUtf8(header.readAll());
    text = text.section(u"namespace series {"_s, 1).section(u"} // namespace series"_s, 0, 0);
    QStringList names;
    static const QRegularExpression constant(u"k[A-Za-z]+ = \"([^\"]+)\""_s);
    for (auto it = constant.globalMatch(text); it.hasNext();) names << it.next().captured(1);
    QVERIFY(names.size() >= 9);
    names << u"stage"_s << u"val_loss/stage2"_s << u"stage_loss/1"_s << u"forgetting"_s << u"backward_transfer"_s
          << u"head/2.1/entropy"_s << u"head/2.1/distance"_s << u"head/2.1/first"_s << u"head/2.1/change"_s
          << u"part/episodic/occupancy"_s << u"part/firing_rate"_s << u"probe/norm.layer0"_s;
    for (const QString &name : names) {
        const auto entry = glossaryEntry(name);
        QVERIFY2(entry, qPrintable(name));
        QVERIFY2(!entry->title.isEmpty() && !entry->meaning.isEmpty(), qPrintable(name));
    }
    QVERIFY(glossaryEntry(u"attention/head"_s));
    QCOMPARE(glossaryEntry(u"part/episodic/occupancy"_s)->title, u"How full the memory is"_s);
    QVERIFY(!glossaryEntry(u"somebody's own"_s));
    QVERIFY(!glossaryEntry(QString()));
    QCOMPARE(glossaryHover(u"somebody's own"_s), QString());
}

void TestUiCommon::glossaryIsInOrder()
{
    const FieldTable &table = *FieldTable::builtIn();
    for (const GlossaryEntry &entry : glossary()) {
        // None is hidden behind one with a star that stands before it.
        QCOMPARE(glossaryEntry(entry.term)->term, entry.term);
        QVERIFY2(entry.page.isEmpty() || QFileInfo::exists(QStringLiteral(ORRERY_TEST_DATA "/../../") + entry.page),
                 qPrintable(entry.page));
        if (entry.term.contains(u'.') && !entry.term.contains(u'/'))
            QVERIFY2(table.find(entry.term.toStdString()), qPrintable(entry.term));
        for (const QString &line : glossaryHover(entry.term).split(u'\n')) QVERIFY2(line.size() <= 80, qPrintable(line));
        for (const QString &text : {entry.meaning, entry.good})
            QVERIFY2(text.isEmpty() || text.endsWith(u'.'), qPrintable(text));
    }
}

void TestUiCommon::settingsSayWhatIsGood()
{
    const FieldTable &table = *FieldTable::builtIn();
    const QString hover = fieldToolTip(*table.find("optimizer.lr"));
    QVERIFY2(hover.contains(u"Good: 0.001 to start with"_s) && hover.contains(u"Key: optimizer.lr"_s), qPrintable(hover));
    QVERIFY(!fieldToolTip(*table.find("data.path")).contains(u"Good:"_s));
}

void TestUiCommon::aRowGoesOnInAFurtherOne()
{
    QWidget place;
    auto *row = new WrapRow(Qt::AlignRight, &place);
    QWidget first, second, third;
    for (QWidget *widget : {&first, &second, &third}) {
        widget->setFixedSize(80, 24);
        row->addWidget(widget);
    }
    const int gap = row->spacing();
    QCOMPARE(row->sizeHint(), QSize(3 * 80 + 2 * gap, 24));
    QCOMPARE(row->minimumSize().width(), 80);
    place.resize(300, 60);
    place.show();
    QTRY_COMPARE(third.geometry().right(), 299); // right, in one row
    QCOMPARE(first.y(), third.y());
    place.resize(2 * 80 + gap, 60);
    QTRY_COMPARE(third.y(), 24 + gap);
    QCOMPARE(first.x(), 0);
    QCOMPARE(row->heightForWidth(2 * 80 + gap), 2 * 24 + gap);
    QTRY_COMPARE(row->minimumSize().height(), 2 * 24 + gap); // who lays out around it knows
    second.hide();
    QTRY_COMPARE(third.y(), 0); // what is hidden takes no room
    // One that expands takes what is left of its row.
    third.setMinimumSize(40, 24);
    third.setMaximumSize(QWIDGETSIZE_MAX, 24);
    third.setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    place.resize(200, 60);
    QTRY_COMPARE(third.geometry(), QRect(80 + gap, 0, 200 - 80 - gap, 24));
    row->removeWidget(&first);
    QCOMPARE(row->count(), 2);
    for (QWidget *widget : {&first, &second, &third}) widget->setParent(nullptr);
}

void TestUiCommon::anEmptyPlaceIsAsHighAsItsWords()
{
    EmptyState empty(u"Nothing yet"_s, u"What comes here is said in a sentence that is longer than the place is wide, by far."_s);
    QPushButton *button = empty.addButton(u"Make it"_s), *other = empty.addButton(u"Open it"_s);
    empty.resize(140, 400);
    empty.show();
    QTRY_VERIFY(other->y() > button->y()); // no room beside each other
    const int narrow = empty.minimumSizeHint().height();
    empty.resize(600, 400);
    QTRY_COMPARE(other->y(), button->y());
    QTRY_VERIFY(empty.minimumSizeHint().height() < narrow);
    QVERIFY(empty.minimumSizeHint().width() < 2 * button->width());
}

void TestUiCommon::segmentsSignalOnlyChoicesOfAPerson()
{
    SegmentedChoice choice;
    choice.addChoice(u"a"_s, u"A"_s);
    choice.addChoice(u"b"_s, u"B"_s);
    choice.show();
    QSignalSpy chosen(&choice, &SegmentedChoice::chosen);
    choice.setCurrent(u"a"_s);
    QCOMPARE(chosen.count(), 0);
    QVERIFY(choice.button(u"a"_s)->isChecked());
    QTest::keyClick(choice.button(u"a"_s), Qt::Key_Right);
    QCOMPARE(chosen.count(), 1);
    QCOMPARE(choice.current(), u"b"_s);
    choice.setCurrent(u"a"_s);
    QVERIFY(!choice.button(u"b"_s)->isChecked());
}

void TestUiCommon::pathsAreShownFromTheirBeginning()
{
    FieldEditor editor(*findField("data.path"));
    editor.show();
    auto *line = qobject_cast<QLineEdit *>(editor.control());
    QVERIFY(line);
    editor.setGivenText(u"gen:shapes?count=20000&max_shapes=2&colors=4&shapes=4"_s);
    QCOMPARE(line->cursorPosition(), 0);
    line->setFocus();
    QVERIFY(QTest::qWaitForWindowActive(&editor));
    typeText(line, u"/a/path/that/is/much/longer/than/its/field"_s); // is seen where one types
    QCOMPARE(line->cursorPosition(), line->text().size());
    line->clearFocus();
    QCOMPARE(line->cursorPosition(), 0);
}

void TestUiCommon::whatHasNoRoomIsSeenWhole()
{
    const QString path = u"gen:shapes?count=20000&max_shapes=2&colors=4&shapes=4"_s;
    FieldEditor editor(*findField("data.path"));
    editor.resize(200, editor.sizeHint().height());
    editor.show();
    auto *line = qobject_cast<UnitLineEdit *>(editor.control());
    QVERIFY(line);
    line->clearFocus();
    const auto hover = [line] {
        QToolTip::hideText();
        QHelpEvent event(QEvent::ToolTip, line->rect().center(), line->mapToGlobal(line->rect().center()));
        QApplication::sendEvent(line, &event);
        return QToolTip::text();
    };
    editor.setGivenText(u"gen:shapes"_s);
    QVERIFY(!line->isCut());
    QCOMPARE(hover(), line->toolTip());
    editor.setGivenText(path);
    QVERIFY(line->isCut());
    QVERIFY2(hover().startsWith(path + u'\n'), qPrintable(hover()));
    QVERIFY(hover().contains(fieldToolTip(*findField("data.path"))));
    // Where "…" stands nothing reaches into the upper half, as letters would.
    editor.setGivenText(QString(100, u'W'));
    const QImage image = line->grab().toImage();
    const double ratio = image.devicePixelRatio();
    const QColor ground = Theme::instance().tokens().surface;
    const int end = int(ratio * (line->width() - 12)), dots = int(ratio * line->fontMetrics().horizontalAdvance(u'…'));
    int numInked = 0;
    for (int x = end - dots / 2; x < end; ++x)
        for (int y = image.height() / 3; y < image.height() / 2; ++y)
            numInked += std::abs(image.pixelColor(x, y).lightness() - ground.lightness()) > 60;
    QCOMPARE(numInked, 0);
    editor.setGivenText(path);
    editor.resize(900, editor.height());
    QTRY_VERIFY(!line->isCut());
    QCOMPARE(hover(), line->toolTip());
    editor.resize(200, editor.height());
    QTRY_VERIFY(line->isCut());
    editor.setGivenText(u"<b>/a/path/that/is/much/longer/than/its/field</b>/of/a/form"_s);
    QVERIFY(hover().contains(u"&lt;b&gt;"_s)); // a name is no HTML
}

void TestUiCommon::editorShowsDefaultAsPlaceholder()
{
    FieldEditor editor(*findField("train.steps"));
    editor.setDefaultText(u"2000"_s);
    auto *line = qobject_cast<QLineEdit *>(editor.control());
    QVERIFY(line);
    QCOMPARE(line->placeholderText(), u"2000"_s);
    QVERIFY(!editor.givenText());
    QCOMPARE(editor.effectiveText(), u"2000"_s);
    // A number that stands for words is said in words, and stays the number.
    FieldEditor patience(*findField("train.patience"));
    patience.setDefaultText(u"0"_s);
    QCOMPARE(qobject_cast<QLineEdit *>(patience.control())->placeholderText(), u"0, never"_s);
    QCOMPARE(patience.effectiveText(), u"0"_s);
    auto *patienceLine = qobject_cast<UnitLineEdit *>(patience.control());
    QCOMPARE(patienceLine->unit(), QString()); // words are no number of anything
    patience.setGivenText(u"4"_s);
    QCOMPARE(patienceLine->unit(), u"evaluations"_s);
    typeText(patienceLine, u"0"_s); // in place of the unit, where it is given
    QCOMPARE(patienceLine->unit(), u"never"_s);
    QCOMPARE(patience.givenText(), u"0"_s);
    QCOMPARE(fieldValueWords(*findField("probes.overview_every"), u"-1"_s), u"-1, automatic"_s);
    QCOMPARE(fieldValueWords(*findField("probes.starred"), u"[]"_s), u"none"_s);
    QCOMPARE(fieldValueWords(*findField("probes.starred"), u"[\"0.1\"]"_s), u"[\"0.1\"]"_s);
    // Beside each other: with the unit, which is one of one.
    QCOMPARE(fieldValueWithUnit(*findField("train.steps"), u"200"_s), u"200 steps"_s);
    QCOMPARE(fieldValueWithUnit(*findField("train.steps"), u"1"_s), u"1 step"_s);
    QCOMPARE(fieldValueWithUnit(*findField("train.eval_tokens"), u"65536"_s), u"65,536 tokens"_s);
    QCOMPARE(fieldValueWithUnit(*findField("optimizer.lr"), u"0.0005"_s), u"0.0005"_s);
    QCOMPARE(fieldValueWithUnit(*findField("model.window"), u"0"_s), u"0, all of the context"_s);
    QCOMPARE(fieldValueWithUnit(*findField("schedule.warmup_steps"), u"-1"_s), u"-1, by the schedule"_s);
    QCOMPARE(fieldValueWithUnit(*findField("model.preset"), u"tiny"_s), u"tiny"_s);
    FieldEditor choice(*findField("train.dtype"));
    choice.setDefaultText(u"fp32"_s);
    QVERIFY(choice.control()->property("isDefault").toBool()); // grey, too
    choice.setGivenText(u"bf16"_s);
    QVERIFY(!choice.control()->property("isDefault").toBool());
    QSignalSpy edited(&editor, &FieldEditor::edited);
    QTest::keyClicks(line, u"50"_s);
    QCOMPARE(edited.count(), 2);
    QCOMPARE(editor.givenText().value_or(QString()), u"50"_s);
    typeText(line, QString());
    QVERIFY(!editor.givenText()); // an empty line stands at its default
}

void TestUiCommon::aPopupOfChoicesHasAFrame()
{
    QComboBox box;
    box.addItems({u"one"_s, u"two"_s});
    box.show();
    FilterPopup popup(*box.model(), 0, u"Filter"_s, &box);
    popup.setAttribute(Qt::WA_DeleteOnClose, false);
    popup.showUnder(box);
    popup.line()->setText(u"neither"_s);
    const QImage image = popup.grab().toImage();
    const QRgb border = Theme::instance().tokens().border.rgb();
    for (const QPoint place : {QPoint(0, 20), QPoint(image.width() - 1, 20), QPoint(40, 0), QPoint(40, image.height() - 1)})
        QCOMPARE(image.pixel(place), border);
    popup.close();
}

void TestUiCommon::aNarrowBoxShowsTheShortText()
{
    ElidedComboBox box;
    box.addItem(u"20,000  ·  val 1.412  ·  best"_s);
    box.addItem(u"a text that has no short one"_s);
    box.setItemData(0, u"20,000"_s, ElidedComboBox::kShortTextRole);
    box.setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box.setMinimumWidth(1);
    box.resize(600, box.sizeHint().height());
    box.show();
    QCOMPARE(box.shownText(), box.itemText(0));
    box.resize(box.fontMetrics().horizontalAdvance(u"20,000"_s) + 64, box.height());
    QCOMPARE(box.shownText(), u"20,000"_s);
    // What can be chosen is to be read whole, however narrow the box is.
    box.showPopup();
    const int needed = box.fontMetrics().horizontalAdvance(box.itemText(0));
    QTRY_VERIFY(box.view()->isVisible());
    QVERIFY2(box.view()->viewport()->width() >= needed, qPrintable(QString::number(box.view()->viewport()->width())));
    box.hidePopup();
    box.setCurrentIndex(1);
    QVERIFY(box.shownText().endsWith(u'…'));
}

void TestUiCommon::readsBothShapesOfSpecJson_data()
{
    QTest::addColumn<QString>("json");
    QTest::newRow("nested") << uR"({"spec": {"spec_version": 1, "train": {"steps": 7}}, "digest": "abc"})"_s;
    QTest::newRow("side by side") << uR"({"spec_version": 1, "train": {"steps": 7}, "digest": "abc"})"_s;
}

void TestUiCommon::readsBothShapesOfSpecJson()
{
    QFETCH(QString, json);
    const Result<QString> text = specTextOfRun(json);
    QVERIFY(text.ok());
    SpecBuilder builder;
    QVERIFY(builder.setJson(toStd(*text)).ok());
    QCOMPARE(builder.preview().train.steps, 7);
    QStringList keys;
    for (const SpecEntry &entry : specEntries(json)) keys << entry.key;
    QVERIFY(keys.contains(u"train.steps"_s));
    QVERIFY(keys.contains(u"digest"_s));
    QVERIFY(!specTextOfRun(u"[1"_s).ok());
}

void TestUiCommon::settingsAreWrittenAsInTheForm()
{
    QStringList values;
    for (const SpecEntry &entry :
         specEntries(uR"({"spec": {"optimizer": {"lr": 0.0005, "eps": 1e-8}, "train": {"steps": 2000}}})"_s))
        values << entry.value;
    QCOMPARE(values, QStringList({u"2000 steps"_s, u"0.0005"_s, u"1e-08"_s})); // 0.0005, not 5e-04
}

ORRERY_GUI_TEST_MAIN(TestUiCommon)
#include "tst_ui_common.moc"
