// SPDX-License-Identifier: GPL-3.0-or-later
// The panel as a person looks through it: empty states, overview, head and row, keys, three themes.
#include "tests/widgets/attention/attention_fixture.h"

#include "widgets/attention/modality_page.h"
#include "widgets/plots/plot_view.h"

using namespace orrery;
using namespace orrery::ui;

namespace {

/// The first control that is smaller than it must be or stands outside; empty: all are whole.
QString firstClipped(const AttentionPanel &panel)
{
    for (const QWidget *widget : panel.findChildren<QWidget *>()) {
        const bool isControl = widget->inherits("QPushButton") || widget->inherits("QToolButton") ||
                               widget->inherits("QRadioButton");
        if (!isControl || !widget->isVisible()) continue;
        const QSize least = widget->minimumSizeHint();
        const QRect place(widget->mapTo(&panel, QPoint()), widget->size());
        if (widget->width() < least.width() || widget->height() < least.height() ||
            !panel.rect().contains(place))
            return u"%1 is %2 × %3, needs %4 × %5"_s.arg(widget->objectName())
                .arg(widget->width())
                .arg(widget->height())
                .arg(least.width())
                .arg(least.height());
    }
    return {};
}

} // namespace

class TestAttentionPanel : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void withoutARunItSaysSo();
    void aRunWithoutFramesOffersToAsk();
    void sampleShowsAllHeadsAndTheirNumbers();
    void keysGoDownAndUpAgain();
    void backAndForwardAsInABrowser();
    void crumbsLeadUp();
    void pinnedRowIsListedAndTinted();
    void hoverReadsTheCell();
    void differenceIsTakenFromTheChosenStep();
    void headsAreSorted_data();
    void headsAreSorted();
    void severalHeadsOverEachOther();
    void wordsTakeFewerRows();
    void pooledCellsOfferMaxAndMeanButNoWords();
    void lettersOverTheMapAreNotTurned();
    void theOverviewLeavesTheNumbersOfAHeadToItsMap();
    void everyControlHasAName();
    void nothingIsClippedInAnyTheme_data();
    void nothingIsClippedInAnyTheme();
    void sentencesBesideTheMapAreWhole();
    void aLowPanelCutsNoLineOfItsMap();
    void narrowPagesNameTheirCurvesAbove();
};

void TestAttentionPanel::withoutARunItSaysSo()
{
    m_panel->show();
    m_panel->flush();
    QWidget *empty = child<QWidget>(m_panel.get(), "attentionEmpty");
    QVERIFY(empty->isVisible());
    QVERIFY(empty->accessibleName().contains(u"No run"_s));
    QSignalSpy wanted(m_panel.get(), &AttentionPanel::newRunRequested);
    QTest::mouseClick(child<QPushButton>(m_panel.get(), "emptyNewRun"), Qt::LeftButton);
    QCOMPARE(wanted.count(), 1);
    QVERIFY(!child<QPushButton>(m_panel.get(), "emptyAsk")->isVisible());
}

void TestAttentionPanel::aRunWithoutFramesOffersToAsk()
{
    addSampleFrames(*m_session, u"other"_s, {}, 0, 10, 1); // gives answers to questions
    m_session->specs[u"beta"_s] = m_session->specs[u"alpha"_s];
    m_panel->show();
    m_panel->setRun(u"beta"_s);
    auto *ask = child<QPushButton>(m_panel.get(), "emptyAsk");
    QTRY_VERIFY(ask->isVisible());
    QVERIFY(
        child<QWidget>(m_panel.get(), "attentionEmpty")->accessibleName().contains(u"kept no attention"_s));
    QTest::mouseClick(ask, Qt::LeftButton);
    QTRY_VERIFY(m_panel->snapshot());
    QCOMPARE(m_session->inspections.back().model, u"beta@12000"_s);
    QCOMPARE(m_session->inspections.back().request.input.prompt, std::string("int main(int argc"));
}

void TestAttentionPanel::sampleShowsAllHeadsAndTheirNumbers()
{
    open();
    QCOMPARE(overview()->scene().tiles().size(), size_t(36));
    QCOMPARE(shownStep(), 400);
    QVERIFY(overview()->isVisible());
    QVERIFY(overview()->summary().contains(u"Layer 0, head 0"_s));
    QVERIFY(overview()->sentenceOf({3, 2}).contains(u"entropy"_s));
    QCOMPARE(child<ToneLabel>(m_panel.get(), "stepLabel")->text(), u"Step 400"_s);
    QVERIFY(child<QWidget>(m_panel.get(), "attentionNote")->isVisible());
    // A known cell: on the screen as the map says.
    const QImage picture = m_panel->grab().toImage();
    const QRectF cell = map()->cellRect(5, 0);
    const QPoint at = map()->mapTo(m_panel.get(), cell.center().toPoint());
    const AttentionMap *shown = mapOf(*m_panel->snapshot(), {0, 0});
    const double weight = shown->mean[size_t(5 * shown->width())];
    HeatScale scale;
    QCOMPARE(picture.pixel(at), scale.color(weight, FigureStyle::ofTheme()));
}

void TestAttentionPanel::keysGoDownAndUpAgain()
{
    open();
    overview()->setFocus();
    QTest::keyClick(overview(), Qt::Key_Down);
    QTest::keyClick(overview(), Qt::Key_Right);
    QCOMPARE(overview()->current(), (HeadRef{1, 1}));
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
    QTest::keyClick(overview(), Qt::Key_Return);
    QCOMPARE(m_panel->place().level, StageLevel::Head);
    QCOMPARE(m_panel->place().head, (HeadRef{1, 1}));
    QTest::keyClick(map(), Qt::Key_Up);
    QTest::keyClick(map(), Qt::Key_Right);
    QCOMPARE(map()->cursor(), (CellPlace{29, 1})); // the first key shows where one is
    QTest::keyClick(map(), Qt::Key_Return);
    QCOMPARE(m_panel->place().pinnedToken, 29);
    m_panel->flush();
    QCOMPARE(m_panel->findChild<Breadcrumbs *>()->path().size(), 4);
    QTest::keyClick(map(), Qt::Key_Escape); // the cursor
    QCOMPARE(map()->cursor(), CellPlace{});
    QTest::keyClick(map(), Qt::Key_Escape); // the row
    QCOMPARE(m_panel->place().pinnedToken, -1);
    QTest::keyClick(map(), Qt::Key_Escape); // the head
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
    QTest::keyClick(overview(), Qt::Key_BracketRight);
    QCOMPARE(m_panel->place().head, (HeadRef{1, 2}));
}

void TestAttentionPanel::backAndForwardAsInABrowser()
{
    open();
    openHead({2, 3});
    openHead({4, 1});
    QTest::keyClick(map(), Qt::Key_Left, Qt::AltModifier);
    QCOMPARE(m_panel->place().head, (HeadRef{2, 3}));
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumbBack"), Qt::LeftButton);
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
    m_panel->flush();
    QVERIFY(!child<QToolButton>(m_panel.get(), "crumbBack")->isEnabled());
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumbForward"), Qt::LeftButton);
    m_panel->flush();
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumbForward"), Qt::LeftButton);
    QCOMPARE(m_panel->place().head, (HeadRef{4, 1}));
}

void TestAttentionPanel::crumbsLeadUp()
{
    open();
    openHead({3, 5});
    QCOMPARE(m_panel->findChild<Breadcrumbs *>()->path(),
             (QStringList{u"Attention"_s, u"Layer 3"_s, u"Head 5"_s}));
    QTest::mouseClick(child<QToolButton>(m_panel.get(), "crumb_0"), Qt::LeftButton);
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
    QCOMPARE(m_panel->place().head, (HeadRef{3, 5}));
}

void TestAttentionPanel::pinnedRowIsListedAndTinted()
{
    open();
    openHead({0, 0});
    QTest::mouseClick(map(), Qt::LeftButton, {}, map()->cellRect(14, 2).center().toPoint());
    QCOMPARE(map()->pinnedRow(), 14);
    m_panel->flush();
    map()->setCursorCell({});
    const AttentionMap *shown = mapOf(*m_panel->snapshot(), {0, 0});
    const auto begin = shown->mean.begin() + 14 * shown->width();
    const auto best = std::max_element(begin, begin + shown->width());
    const BarList *bars = m_panel->stage()->side()->rowBars();
    QCOMPARE(bars->rows().front().values.front(), double(*best));
    QCOMPARE(bars->rows().front().place, int(best - begin));
    QVERIFY(bars->rows().size() <= 10);
    QCOMPARE(m_panel->strip()->weights()[size_t(best - begin)], *best);
    QVERIFY((m_panel->strip()->active() == TokenRange{14, 15}));
    // A token of the text pins its row, again releases it.
    QTest::mouseClick(m_panel->strip()->viewport(), Qt::LeftButton, {},
                      m_panel->strip()->tokenRect(20).center().toPoint());
    m_panel->flush();
    QCOMPARE(map()->pinnedRow(), 20);
    QTest::mouseClick(m_panel->strip()->viewport(), Qt::LeftButton, {},
                      m_panel->strip()->tokenRect(20).center().toPoint());
    m_panel->flush();
    QCOMPARE(map()->pinnedRow(), -1);
}

void TestAttentionPanel::hoverReadsTheCell()
{
    open();
    openHead({0, 0});
    QTest::mouseMove(map(), map()->cellRect(13, 4).center().toPoint());
    map()->setCursorCell({13, 4});
    const QString reading = m_panel->stage()->head()->reading();
    QVERIFY2(reading.startsWith(u"token 13 “return” looks at token 4 “␣argc”: 0."_s), qPrintable(reading));
    map()->setCursorCell({});
    QVERIFY(!m_panel->stage()->head()->reading().contains(u"token 13"_s));
}

void TestAttentionPanel::differenceIsTakenFromTheChosenStep()
{
    open();
    openHead({0, 0});
    m_panel->feed()->setBase(4);
    QTest::keyClick(map(), Qt::Key_D);
    QTRY_VERIFY(!map()->figure().isEmpty() && map()->figure().content().heads.front().isDifference);
    QCOMPARE(map()->figure().content().baseStep, 50);
    QVERIFY(scaleTitle(map()->figure().legend()).contains(u"difference to step 50"_s));
    const float now = mapOf(*m_panel->snapshot(), {0, 0})->mean[0],
                base = mapOf(*m_panel->feed()->base(), {0, 0})->mean[0];
    QCOMPARE(map()->figure().content().heads.front().meanAt(0, 0), now - base);
    QVERIFY(overview()->scene().legend().scale.isDifference);
    QCOMPARE(overview()->scene().legend().baseStep, 50);
    QTest::keyClick(map(), Qt::Key_D);
    m_panel->flush();
    QVERIFY(!map()->figure().content().heads.front().isDifference);
}

void TestAttentionPanel::headsAreSorted_data()
{
    QTest::addColumn<int>("sort");
    QTest::newRow("entropy") << int(HeadSort::Entropy);
    QTest::newRow("distance") << int(HeadSort::Distance);
    QTest::newRow("change") << int(HeadSort::Difference);
}

void TestAttentionPanel::headsAreSorted()
{
    QFETCH(int, sort);
    open();
    auto *choice = child<QComboBox>(m_panel.get(), "headSort");
    choice->setCurrentIndex(choice->findData(sort));
    QTRY_VERIFY(HeadSort(sort) != HeadSort::Difference || m_panel->feed()->base());
    m_panel->flush();
    const auto key = [sort](const HeadTile &tile) {
        return HeadSort(sort) == HeadSort::Entropy    ? tile.summary.entropy
               : HeadSort(sort) == HeadSort::Distance ? tile.summary.distance
                                                      : tile.difference;
    };
    QTRY_VERIFY(std::isfinite(key(overview()->scene().tiles().front())));
    const auto &tiles = overview()->scene().tiles();
    for (size_t i = 1; i < tiles.size(); ++i) QVERIFY(key(tiles[i - 1]) >= key(tiles[i]));
    QVERIFY(key(tiles.front()) > key(tiles.back()));
}

void TestAttentionPanel::severalHeadsOverEachOther()
{
    open();
    overview()->setFocus();
    QTest::keyClick(overview(), Qt::Key_Space);
    for (int i = 0; i < 4; ++i) {
        QTest::keyClick(overview(), Qt::Key_Right);
        QTest::keyClick(overview(), Qt::Key_Space);
    }
    QCOMPARE(overview()->selected().size(), size_t(4)); // a fifth is refused
    QTest::keyClick(overview(), Qt::Key_O);
    QCOMPARE(m_panel->place().level, StageLevel::Head);
    QCOMPARE(map()->figure().content().heads.size(), size_t(4));
    QCOMPARE(map()->figure().legend().headNames.size(), 4);
    QVERIFY(map()->figure().reading({5, 0}).contains(u"Layer 0, head 3"_s));
    QCOMPARE(m_panel->stage()->side()->rowBars()->rows().front().values.size(), size_t(4));
}

void TestAttentionPanel::wordsTakeFewerRows()
{
    open();
    openHead({0, 0});
    const int tokens = map()->figure().numRows();
    child<SegmentedChoice>(m_panel.get(), "granularity")->button(u"line"_s)->click();
    m_panel->flush();
    QCOMPARE(map()->figure().numRows(), 4);
    QVERIFY(map()->figure().numRows() < tokens);
    QVERIFY(map()->figure().rowLabel(0).startsWith(u"int␣main"_s));
    // A cell is the sum over the line that is looked at, and is painted so.
    const HeadFigure &lines = map()->figure();
    const HeadMatrix &cells = lines.content().heads.front();
    const FigureStyle style = FigureStyle::ofTheme();
    int numSums = 0;
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column <= row; ++column) {
            QCOMPARE(lines.cellColor(row, column, style),
                     lines.legend().scale.color(cells.meanAt(row, column), style));
            numSums += cells.meanAt(row, column) > cells.maximumAt(row, column) ? 1 : 0;
        }
    QVERIFY(numSums > 0); // and no single weight
}

void TestAttentionPanel::pooledCellsOfferMaxAndMeanButNoWords()
{
    SampleModel model;
    model.tokensPerCell = 2;
    open(model);
    openHead({0, 0});
    QVERIFY(!child<SegmentedChoice>(m_panel.get(), "granularity")->isEnabled());
    auto *value = child<SegmentedChoice>(m_panel.get(), "valueChoice");
    QVERIFY(value->isVisible());
    const QRgb largest = map()->figure().cellColor(5, 0, FigureStyle::ofTheme());
    value->button(u"mean"_s)->click();
    m_panel->flush();
    QVERIFY(map()->figure().cellColor(5, 0, FigureStyle::ofTheme()) != largest);
    QVERIFY(map()->figure().reading({5, 0}).contains(u"in cell"_s));
    QVERIFY(map()->figure().reading({5, 0}).startsWith(u"tokens 10-11"_s));
}

void TestAttentionPanel::lettersOverTheMapAreNotTurned()
{
    open(SampleModel());
    openHead({0, 0});
    HeadContent content = map()->figure().content();
    const FigureStyle style = FigureStyle::ofTheme();
    const auto topOf = [&](const char *text) {
        for (InspectedToken &token : content.tokens) token.bytes = text;
        HeadFigure figure;
        figure.setContent(content);
        return figure.layout({600, 400}, {}, style).plot.top();
    };
    QVERIFY(topOf("w") <= std::ceil(QFontMetricsF(style.small).height())); // a line above the map
    QVERIFY(topOf("window") > topOf("w"));
}

void TestAttentionPanel::theOverviewLeavesTheNumbersOfAHeadToItsMap()
{
    open(SampleModel());
    const OverviewPage *page = m_panel->stage()->overview();
    const auto *reading = child<ElidedLabel>(m_panel.get(), "overviewReading");
    m_panel->resize(500, 700); // no room for the map beside
    QTRY_VERIFY(!m_panel->stage()->head()->isVisible());
    QVERIFY(reading->fullText().startsWith(u"Layer 0, head 0"_s));
    m_panel->resize(1'600, 900);
    QTRY_VERIFY(m_panel->stage()->head()->isVisible());
    auto *head = m_panel->stage()->head();
    const auto *numbers = child<QLabel>(m_panel.get(), "headSummary");
    QVERIFY(!numbers->text().startsWith(u"Layer"_s));
    head->resize(head->smallestWidth(), head->height()); // its choices take the room of its title
    QVERIFY2(numbers->text().startsWith(u"Layer 0, head 0 · "_s), qPrintable(numbers->text()));
    QCOMPARE(reading->fullText(), QString());
    Q_EMIT page->view()->hovered(u"Layer 1, head 1"_s);
    QCOMPARE(reading->fullText(), u"Layer 1, head 1"_s);
    Q_EMIT page->view()->hovered(QString());
    QCOMPARE(reading->fullText(), QString());
}

void TestAttentionPanel::everyControlHasAName()
{
    open();
    openHead({3, 2});
    for (QWidget *widget : m_panel->findChildren<QWidget *>()) {
        if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->inherits("QScrollBar"))
            continue;
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        QVERIFY2(
            interface && !interface->text(QAccessible::Name).isEmpty(),
            qPrintable(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName()));
    }
    for (QWidget *view : std::initializer_list<QWidget *>{overview(), map(), m_panel->strip()}) {
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(view);
        QVERIFY(!interface->text(QAccessible::Description).isEmpty());
    }
    QVERIFY(
        QAccessible::queryAccessibleInterface(map())->text(QAccessible::Description).contains(u"looks at"_s));
}

void TestAttentionPanel::nothingIsClippedInAnyTheme_data()
{
    QTest::addColumn<int>("theme");
    QTest::addColumn<int>("width");
    QTest::addColumn<double>("scale");
    for (const auto &[name, kind] : {std::pair("light", ThemeKind::Light),
                                     {"dark", ThemeKind::Dark},
                                     {"contrast", ThemeKind::HighContrast}})
        for (const int width : {640, 1000, 2540})
            for (const double scale : {1.0, 1.4})
                QTest::addRow("%s %d %.1f", name, width, scale) << int(kind) << width << scale;
}

void TestAttentionPanel::nothingIsClippedInAnyTheme()
{
    QFETCH(int, theme);
    QFETCH(int, width);
    QFETCH(double, scale);
    QFont larger = m_font;
    larger.setPointSizeF(m_font.pointSizeF() * scale);
    QApplication::setFont(larger);
    Theme::instance().apply(*qApp, ThemeKind(theme));
    open({}, 5);
    openHead({3, 2});
    m_panel->resize(width, 760);
    // Layouts settle over a few turns of the event loop.
    QTRY_COMPARE(firstClipped(*m_panel), QString());
    QCOMPARE(m_panel->width(), width); // it did not ask for more
    const QImage picture = m_panel->grab().toImage();
    QSet<QRgb> colors;
    for (int x = 0; x < picture.width(); x += 3)
        for (int y = 0; y < picture.height(); y += 3) colors.insert(picture.pixel(x, y));
    QVERIFY2(colors.size() > 60, qPrintable(QString::number(colors.size())));
    QVERIFY(picture.pixel(map()->mapTo(m_panel.get(), map()->cellRect(0, 0).center().toPoint())) ==
            ColorMaps::sequential(ColorMaps::themeGround()).at(1)); // the first token looks at itself alone
}

/// What is said of a head and of a cell goes on in further lines; the map does not move with each cell.
void TestAttentionPanel::sentencesBesideTheMapAreWhole()
{
    open(SampleModel());
    openHead({3, 2});
    HeadPage *page = m_panel->stage()->head();
    page->resize(page->smallestWidth(), 500);
    const auto *numbers = child<QLabel>(m_panel.get(), "headSummary");
    const auto *reading = child<QLabel>(m_panel.get(), "cellReading");
    for (const QLabel *one : {numbers, reading})
        QTRY_VERIFY2(!one->text().contains(u'…') && one->height() >= one->heightForWidth(one->width()),
                     qPrintable(one->text()));
    QVERIFY2(numbers->text().contains(u"itself"_s), qPrintable(numbers->text()));
    QVERIFY(numbers->height() > numbers->fontMetrics().height() * 1.5);
    const int height = reading->height();
    page->setReading(u"a looks at b: 0.1"_s);
    QTest::qWait(20);
    QCOMPARE(reading->height(), height);
}

/// As low as a dock below can make it.
void TestAttentionPanel::aLowPanelCutsNoLineOfItsMap()
{
    SampleModel model;
    model.words.front() = "<|image_start|>"; // a long label over the columns
    open(model);
    openHead({3, 2});
    m_panel->resize(860, m_panel->minimumSizeHint().height());
    const HeadPage *page = m_panel->stage()->head();
    auto *reading = child<QLabel>(m_panel.get(), "cellReading");
    QTRY_VERIFY(page->height() < 260);
    QVERIFY2(page->height() >= page->minimumSizeHint().height(),
             qPrintable(u"%1 < %2"_s.arg(page->height()).arg(page->minimumSizeHint().height())));
    QTRY_VERIFY(reading->geometry().bottom() < page->height() && reading->height() >= reading->sizeHint().height());
    QVERIFY(map()->geometry().bottom() < reading->geometry().top());
    QVERIFY2(map()->plotRect().height() >= 80, qPrintable(QString::number(map()->plotRect().height())));
}

/// One precision in all that the page says of a share, and no name on a curve.
void TestAttentionPanel::narrowPagesNameTheirCurvesAbove()
{
    SampleModel model;
    model.patches = 9;
    open(model, 12);
    QTest::keyClick(overview(), Qt::Key_M);
    m_panel->flush();
    ModalityPage *page = m_panel->stage()->modalities();
    QTRY_VERIFY(page->chart()->curves().size() > 0 && page->chart()->curves().front().line.size() == 12);
    const ModalityFlow *flow = flowOf(m_panel->snapshot()->report.flows, m_panel->place().head);
    const QString share =
        flowText(flowValue(*flow, FlowKind::Mass, Modality::Text, Modality::Text), FlowKind::Mass);
    QVERIFY2(page->chart()->accessibleSummary().contains(u"Text → Text %1 at step 120"_s.arg(share)),
             qPrintable(page->chart()->accessibleSummary()));
    m_panel->resize(1264, 784);
    QTRY_VERIFY(!page->chart()->hasLegend());
    m_panel->resize(660, 760);
    QTRY_VERIFY(page->chart()->hasLegend());
    const int line = QFontMetrics(Theme::instance().smallFont()).height();
    QTRY_VERIFY(page->chart()->height() >= 10 * line);
    page->chart()->flush();
    // Below the numbers of the axis there is still its title.
    QVERIFY(page->chart()->height() - page->chart()->plotArea().bottom() >= 2 * line);
    QVERIFY(page->chart()->plotArea().height() >= 3 * line);
    page->setKind(FlowKind::Learned);
    const QString factor =
        flowText(flowValue(*flow, FlowKind::Learned, Modality::Text, Modality::Text), FlowKind::Learned);
    QVERIFY2(page->chart()->accessibleSummary().contains(u"Text → Text %1 at step 120"_s.arg(factor)),
             qPrintable(page->chart()->accessibleSummary()));
}

ORRERY_GUI_TEST_MAIN(TestAttentionPanel)
#include "tst_attention_panel.moc"
