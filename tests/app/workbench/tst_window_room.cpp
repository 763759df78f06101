// SPDX-License-Identifier: GPL-3.0-or-later
// All texts of the window have room, in English and in a language that is 40 % longer, and pass tr(): in every page, dock,
// choice and dialog, at 1280 × 800. QT_SCALE_FACTOR says at which scale; the tests of 1.5 and 2 are this program, too.
#include "tests/app/workbench/text_checks.h"
#include "tests/app/workbench/window_case.h"

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

/// What stands in the window and is nobody's text: of the sample; of the engine, which says errors and alarms in one
/// language as in a terminal; commands; names of presets, values of settings and plugins.
const QRegularExpression kData(u"^(Cannot |ssh |orrery-engine |The loss jumped|Update the engine|Text: Cannot ).*|This computer|Once upon a time|"
                               "The quick brown fox|Answer 1|[\\w/.]+ [<>]=? [\\d.]+|" // the title of an answer, a breakpoint
                               "int␣sum.*|Orrery|a-run-with-a-name|alpha|beta|gamma|Hello|loss|Once|Squared ReLU|Scale|"
                               "\\w+: \\d+ layers.*|\\b(tiny|small|llama|cpu|cuda|hybrid|scaled|portfolio|cosine|constant|baseline|dog)\\b.*"_s,
                               QRegularExpression::DotMatchesEverythingOption);

} // namespace

class TestWindowRoom : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        // Used here, so that the linker takes the widgets that the library looks for in this program.
        MemorySession session;
        memory_ui::MemoryPanel panel(session);
    }
    void cleanup()
    {
        QCoreApplication::removeTranslator(&m_longer);
        m_problems.clear();
        m_told.clear();
    }
    void everyTextHasRoom_data();
    void everyTextHasRoom();

private:
    void look(const QWidget &root, const QString &place, bool isLonger);

    LongerTexts m_longer;
    QStringList m_problems;
    QSet<QString> m_told;
    qsizetype m_numTexts = 0;
};

void TestWindowRoom::everyTextHasRoom_data()
{
    QTest::addColumn<QString>("data");
    QTest::addColumn<bool>("isLonger");
    QTest::newRow("sample, English") << u"sample"_s << false;
    if (qEnvironmentVariableIsSet("QT_SCALE_FACTOR")) return; // words are as long at every scale
    QTest::newRow("sample, longer") << u"sample"_s << true;
    QTest::newRow("empty, longer") << u"empty"_s << true;
}

void TestWindowRoom::look(const QWidget &root, const QString &place, bool isLonger)
{
    const auto add = [this, &place](const QString &what, const QStringList &widgets) {
        for (const QString &widget : widgets) {
            if (m_told.contains(what + widget)) continue; // the first place that has it is told
            m_told.insert(what + widget);
            m_problems << u"%1: %2: %3"_s.arg(place, what, widget);
        }
    };
    QStringList widgets = clippedControls(root, kWindowSize) + cutTexts(root);
    erase_if(widgets, [this](const QString &widget) { return m_told.contains(widget); });
    if (!widgets.isEmpty()) { // on a busy machine it may be on its way to its place: what is cut stays cut
        QTest::qWait(500);
        const QStringList again = clippedControls(root, kWindowSize) + cutTexts(root);
        erase_if(widgets, [&again](const QString &widget) { return !again.contains(widget); });
    }
    for (const QString &widget : std::as_const(widgets)) {
        if (m_told.contains(widget)) continue;
        m_told.insert(widget);
        m_problems << u"%1: cut off: %2"_s.arg(place, widget);
    }
    m_numTexts += textsOf(root).size();
    if (isLonger) add(u"not translated"_s, untranslated(root, kData));
}

void TestWindowRoom::everyTextHasRoom()
{
    QFETCH(QString, data);
    QFETCH(bool, isLonger);
    if (isLonger) QCoreApplication::installTranslator(&m_longer);
    WindowCase one(data);
    one.open();
    const QString folder = qEnvironmentVariable("ORRERY_PICTURES");
    const auto take = [&](QWidget &root, const QString &place) {
        if (folder.isEmpty()) return;
        root.grab().save(u"%1/%2x %3 %4.png"_s.arg(folder, qEnvironmentVariable("QT_SCALE_FACTOR", u"1"_s),
                                                 QLatin1String(QTest::currentDataTag()).toString(), place));
    };
    for (const QString &place : WindowCase::places()) {
        one.goTo(place);
        one.window().resize(kWindowSize); // it may have grown for what stood there on the way
        one.settle();
        one.explore(one.window(), [&](const QString &way) {
            look(one.window(), place + way, isLonger);
            take(one.window(), QString(place + way).replace(u'/', u'_'));
        });
        one.window().resize(kWindowSize); // where it has grown
    }
    for (const QString &name : WindowCase::dialogs()) {
        QWidget *dialog = one.openDialog(name);
        if (!dialog) continue;
        if (qobject_cast<QFileDialog *>(dialog)) { // Qt gives its own the room that they have
            dialog->close();
            continue;
        }
        one.explore(*dialog, [&](const QString &way) {
            look(*dialog, name + way, isLonger);
            take(*dialog, name + way);
        });
        dialog->close();
    }
    for (const QString &problem : std::as_const(m_problems))
        qInfo("%s", qPrintable(problem)); // a failure is cut off
    qInfo("%d texts", int(m_numTexts));
    QVERIFY2(m_problems.isEmpty(), qPrintable(u"%1 problems"_s.arg(m_problems.size())));
}

ORRERY_GUI_TEST_MAIN(TestWindowRoom)
#include "tst_window_room.moc"
