// SPDX-License-Identifier: GPL-3.0-or-later
// The large map: more cells of a part of it, zoom, links to a view, what an export of many tokens weighs.
#include "tests/widgets/attention/attention_fixture.h"
#include "tests/widgets/attention/long_samples.h"

#include "widgets/attention/attention_export.h"
#include "widgets/common/view_link.h"

#include <QWheelEvent>

using namespace orrery;
using namespace orrery::ui;

class TestAttentionMap : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void zoomBringsExactCells();
    void movingOutOfThemShowsTheWholeAgain();
    void keysGoOnWhereTheyEnd();
    void anotherHeadIsAskedForTheSamePart();
    void hoverPaintsOnlyMarks();
    void stripAndListShowWhatTheMapShows();
    void aLinkFindsTheViewAgain();
    void aLinkToAnAskedTextNamesItsTokens();
    void brokenLinksLeaveTheRestAlone();
    void linksHoldNoMoreHeadsThanCanBeToldApart();
    void keysThatAreThereTwiceAreLeftAlone();
    void aLinkIsNeverTooLongToBeOpened();
    void figuresOfManyTokensStaySmall();
    void figuresThatCannotBeSavedSayWhy();
    void aDoubleClickShowsAllAndKeepsTheRow();

private:
    void openLong()
    {
        const SampleModel model = longModel(120, 4);
        open(model, 5);
        answerInParts(*m_session, model, 4);
        openHead({1, 1});
        m_panel->askModel();
        QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
        m_panel->flush();
        QCOMPARE(map()->figure().numRows(), 30);
    }
    void zoomIn()
    {
        map()->setZoom(4, map()->plotRect().center());
        QTRY_VERIFY(map()->isFine());
    }
};

void TestAttentionMap::zoomBringsExactCells()
{
    openLong();
    const size_t before = m_session->inspections.size();
    map()->setZoom(4, map()->plotRect().center());
    const QRectF seen = map()->shownTokens();
    QVERIFY(seen.width() < 40);
    QVERIFY(!map()->isFine());
    QTRY_VERIFY(map()->isFine());
    QCOMPARE(m_session->inspections.size(), before + 1);
    const InspectRequest &request = m_session->inspections.back().request;
    QVERIFY(!request.wantsOverview);
    QVERIFY(double(request.rows.begin) <= seen.top() && double(request.rows.end) >= seen.bottom());
    QVERIFY(double(request.columns.begin) <= seen.left() && double(request.columns.end) >= seen.right());
    QVERIFY(request.rows.end - request.rows.begin < 100); // a part of the text
    QVERIFY(request.input.promptIds.size() == 120);
    // The same part is seen, with a cell for each token.
    const QRectF after = map()->shownTokens();
    QVERIFY(std::abs(after.left() - seen.left()) < 3 && std::abs(after.top() - seen.top()) < 3);
    QVERIFY(!map()->figure().content().heads.front().isPooled());
    const HeadMatrix &cells = map()->figure().content().heads.front();
    const std::vector<float> exact = sampleWeights(longModel(120, 4), 1, 1, 0.8);
    const int64_t row = cells.rows[8].begin, column = cells.columns[5].begin;
    QCOMPARE(cells.meanAt(8, 5), exact[size_t(row * 120 + column)]);
    QVERIFY(map()->figure().reading({8, 5}).startsWith(u"token %1 "_s.arg(row)));
    // The list says that it knows these tokens alone.
    m_panel->flush();
    map()->setCursorCell({8, 5});
    bool isSaid = false;
    for (const ToneLabel *label : m_panel->stage()->side()->findChildren<ToneLabel *>())
        isSaid = isSaid || label->text().contains(u"alone"_s);
    QVERIFY(isSaid);
}

void TestAttentionMap::movingOutOfThemShowsTheWholeAgain()
{
    openLong();
    zoomIn();
    const QRectF area = map()->fine().tokenArea();
    map()->fit();
    QVERIFY(!map()->isFine());
    QCOMPARE(map()->shownTokens(), QRectF(0, 0, 120, 120));
    map()->showTokens(area.adjusted(2, 2, -2, -2)); // they are still there
    QVERIFY(map()->isFine());
    map()->setZoom(0.2, map()->plotRect().center()); // further out than they reach
    QVERIFY(!map()->isFine());
}

void TestAttentionMap::keysGoOnWhereTheyEnd()
{
    openLong();
    zoomIn();
    const int64_t first = int64_t(map()->fine().tokenArea().top());
    QVERIFY(first > 0);
    map()->setCursorCell({0, 0});
    QTest::keyClick(map(), Qt::Key_Up);
    QVERIFY(!map()->isFine());
    const TokenRange row = map()->figure().content().heads.front().rows[size_t(map()->cursor().row)];
    QVERIFY(row.begin <= first - 1 && first - 1 < row.end);
}

void TestAttentionMap::anotherHeadIsAskedForTheSamePart()
{
    openLong();
    zoomIn();
    const QRectF seen = map()->shownTokens();
    m_panel->goTo({.level = StageLevel::Head, .head = {0, 1}});
    QTRY_VERIFY(map()->isFine() && map()->figure().content().heads.front().head == (HeadRef{0, 1}));
    const QRectF after = map()->shownTokens();
    QVERIFY(std::abs(after.left() - seen.left()) < 6 && std::abs(after.top() - seen.top()) < 6);
}

void TestAttentionMap::hoverPaintsOnlyMarks()
{
    open();
    m_panel->goTo({.level = StageLevel::Head, .head = {0, 0}, .overlay = {{0, 0}, {1, 1}, {2, 2}}});
    m_panel->flush();
    const QImage before = map()->grab().toImage();
    map()->setCursorCell({12, 6});
    QVERIFY(map()->grab().toImage() != before);
    map()->setCursorCell({});
    QCOMPARE(map()->grab().toImage(), before);
    // Every cell as it is computed for itself.
    const FigureStyle style = FigureStyle::ofTheme();
    for (int row = 0; row < 30; row += 7)
        for (int column = 0; column < 30; column += 5)
            QCOMPARE(before.pixel(map()->cellRect(row, column).center().toPoint()),
                     map()->figure().cellColor(row, column, style));
}

void TestAttentionMap::stripAndListShowWhatTheMapShows()
{
    SampleModel model;
    model.tokensPerCell = 2;
    open(model);
    openHead({0, 0});
    map()->setCursorCell({9, 3});
    const HeadMatrix &cells = map()->figure().content().heads.front();
    QVERIFY(cells.maximumAt(9, 3) > cells.meanAt(9, 3));
    QCOMPARE(m_panel->strip()->weights()[6], cells.maximumAt(9, 3));
    const auto valueOf = [this](int place) {
        for (const BarRow &row : m_panel->stage()->side()->rowBars()->rows())
            if (row.place == place) return row.values.front();
        return -1.0;
    };
    const int best = m_panel->stage()->side()->rowBars()->rows().front().place;
    QCOMPARE(valueOf(best), double(cells.maximumAt(9, best)));
    child<SegmentedChoice>(m_panel.get(), "valueChoice")->button(u"mean"_s)->click();
    m_panel->flush();
    map()->setCursorCell({9, 3});
    QCOMPARE(m_panel->strip()->weights()[6], map()->figure().content().heads.front().meanAt(9, 3));
}

void TestAttentionMap::aLinkFindsTheViewAgain()
{
    open();
    m_panel->feed()->goToStep(250);
    QTRY_COMPARE(shownStep(), 250);
    m_panel->feed()->setBase(4);
    m_panel->setDifference(true);
    QTRY_VERIFY(m_panel->feed()->base());
    m_panel->setLook(
        {.granularity = Granularity::Word, .scale = ScaleKind::Linear, .value = CellValue::Mean});
    m_panel->goTo({.level = StageLevel::Head, .head = {4, 1}, .pinnedToken = 17});
    m_panel->flush();
    map()->setZoom(2, map()->plotRect().center());
    const QString link = m_panel->viewLink();
    QVERIFY2(link.startsWith(u"orrery:attention?"_s), qPrintable(link));
    const QRectF seen = map()->shownTokens();
    // In another window.
    AttentionPanel other(*m_session);
    other.resize(m_panel->size());
    other.show();
    const Result<ViewLink> parsed = parseViewLink(link);
    QVERIFY(parsed.ok());
    other.view().restore(parsed->state);
    const auto withoutZoom = [](QVariantMap state) {
        state.remove(u"zoom"_s); // compared below: a pixel of another size is not another view
        return state;
    };
    QTRY_VERIFY(other.view().state().contains(u"zoom"_s));
    QTRY_COMPARE(withoutZoom(other.view().state()), withoutZoom(m_panel->view().state()));
    QCOMPARE(other.run(), u"alpha"_s);
    QCOMPARE(other.snapshot()->report.step, 250);
    QCOMPARE(other.feed()->baseIndex(), 4);
    QVERIFY(other.isDifference());
    QCOMPARE(other.place().head, (HeadRef{4, 1}));
    QCOMPARE(other.place().pinnedToken, 17);
    const QRectF again = other.stage()->head()->view()->shownTokens();
    QVERIFY(std::abs(again.left() - seen.left()) < 0.5 && std::abs(again.width() - seen.width()) < 0.5);
    // Several heads, all modalities.
    m_panel->goTo({.level = StageLevel::Head, .head = {1, 1}, .overlay = {{1, 1}, {2, 2}}});
    m_panel->flush();
    other.view().restore(parseViewLink(m_panel->viewLink())->state);
    QVERIFY((other.place().overlay == std::vector<HeadRef>{{1, 1}, {2, 2}}));
}

void TestAttentionMap::aLinkToAnAskedTextNamesItsTokens()
{
    open();
    openHead({2, 2});
    m_panel->askModel();
    QTRY_VERIFY(!m_panel->snapshot()->isKept);
    m_panel->flush();
    const QString link = m_panel->viewLink();
    AttentionPanel other(*m_session);
    other.show();
    other.view().restore(parseViewLink(link)->state);
    QTRY_VERIFY(other.snapshot() && !other.snapshot()->isKept);
    other.flush();
    QCOMPARE(m_session->inspections.back().model, u"alpha@live"_s);
    QCOMPARE(m_session->inspections.back().request.input.promptIds.size(), size_t(30));
    QCOMPARE(other.place().head, (HeadRef{2, 2}));
    QCOMPARE(other.promptBar()->title(), u"Probe prompt 0"_s);
    QTRY_COMPARE(other.viewLink(), link);
}

void TestAttentionMap::brokenLinksLeaveTheRestAlone()
{
    open();
    openHead({2, 2});
    m_panel->view().restore({{u"ids"_s, u"1,x,3"_s},
                             {u"heads"_s, u"nonsense"_s},
                             {u"sort"_s, u"99"_s},
                             {u"zoom"_s, u"a"_s},
                             {u"step"_s, u"?"_s}});
    m_panel->flush();
    QVERIFY(m_panel->snapshot());
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
    QCOMPARE(m_session->inspections.size(), size_t(0));
}

void TestAttentionMap::linksHoldNoMoreHeadsThanCanBeToldApart()
{
    open();
    const QStringList heads{u"1.1"_s, u"1.1"_s, u"2.2"_s, u"0.0"_s, u"2.2"_s, u"3.1"_s, u"3.2"_s, u"4.0"_s};
    m_panel->view().restore({{u"level"_s, u"head"_s}, {u"heads"_s, heads}});
    const std::vector<HeadRef> expected{{1, 1}, {2, 2}, {0, 0}, {3, 1}};
    QVERIFY(m_panel->place().overlay == expected);
    QVERIFY(overview()->selected() == expected);
    m_panel->flush();
    // The same head twice is one.
    m_panel->view().restore({{u"level"_s, u"head"_s}, {u"heads"_s, QStringList{u"2.1"_s, u"2.1"_s}}});
    QVERIFY(m_panel->place().overlay.empty() && overview()->selected().empty());
    QCOMPARE(m_panel->place().head, (HeadRef{2, 1}));
    overview()->setSelected({{0, 1}, {0, 2}, {0, 1}, {0, 3}, {1, 0}, {1, 1}});
    QVERIFY((overview()->selected() == std::vector<HeadRef>{{0, 1}, {0, 2}, {0, 3}, {1, 0}}));
}

void TestAttentionMap::keysThatAreThereTwiceAreLeftAlone()
{
    open();
    const Result<ViewLink> link = parseViewLink(
        u"orrery:attention?run=beta&run=alpha&level=head&heads=2.1&token=3&token=4&against=10&against=20"
        u"&zoom=nan&zoom=0&zoom=inf&zoom=4"_s);
    QVERIFY(link.ok());
    m_panel->view().restore(link->state);
    m_panel->flush();
    QCOMPARE(m_panel->run(), u"alpha"_s);
    QVERIFY(m_panel->snapshot());
    QCOMPARE(m_panel->place().head, (HeadRef{2, 1}));
    QCOMPARE(m_panel->place().pinnedToken, -1);
    QVERIFY(!m_panel->isDifference());
    QVERIFY(m_panel->view().state()[u"zoom"_s].isNull());
    for (const QString &token : {u"9223372036854775807"_s, u"2147483647"_s, u"-7"_s, u"x"_s}) {
        m_panel->view().restore({{u"token"_s, token}});
        QCOMPARE(m_panel->place().pinnedToken, -1);
    }
    m_panel->view().restore({{u"run"_s, u""_s}});
    QCOMPARE(m_panel->run(), u"alpha"_s);
}

void TestAttentionMap::aLinkIsNeverTooLongToBeOpened()
{
    open();
    m_session->isHolding = true; // its tokens are not known
    m_panel->view().restore({{u"text"_s, u"short"_s}});
    QCOMPARE(m_panel->view().state()[u"text"_s].toString(), u"short"_s);
    m_panel->view().restore({{u"text"_s, QString(kMaxLinkLength / 9 + 1, u'\u2192')}});
    QVERIFY(m_panel->promptBar()->text().size() > 1'000);
    const QString link = m_panel->viewLink();
    QVERIFY(link.size() <= kMaxLinkLength);
    const Result<ViewLink> parsed = parseViewLink(link);
    QVERIFY(parsed.ok());
    QVERIFY(!parsed->state.contains(u"text"_s));
    QCOMPARE(parsed->state[u"run"_s].toString(), u"alpha"_s);
}

void TestAttentionMap::figuresOfManyTokensStaySmall()
{
    const SampleModel model = longModel(128, 1);
    HeadContent content;
    content.tokens = sampleTokenList(model);
    SampleModel exact = model;
    content.heads = {toMatrix(samplePooled(exact, {1, 0}, sampleWeights(model, 1, 0, 0.9)))};
    FigurePage page{.title = u"Layer 1, head 0"_s};
    page.head = &content;
    QTemporaryDir folder;
    for (const QString &ending : {u"svg"_s, u"pdf"_s, u"png"_s}) {
        const QString path = folder.filePath(u"figure."_s + ending);
        QVERIFY(saveFigure(page, path).ok());
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray bytes = file.readAll();
        QVERIFY2(bytes.size() > 5'000 && bytes.size() <= 300'000,
                 qPrintable(ending + u' ' + QString::number(bytes.size())));
        if (ending != u"svg"_s) continue;
        // One picture with a pixel a cell, labels as outlines that keep their words.
        const qsizetype at = bytes.indexOf("data:image/png;base64,");
        QVERIFY(at > 0 && bytes.contains("image-rendering:pixelated"));
        const qsizetype from = at + 22, to = bytes.indexOf('"', from);
        const QImage image = QImage::fromData(QByteArray::fromBase64(bytes.mid(from, to - from)));
        QCOMPARE(image.size(), QSize(128, 128));
        QVERIFY(bytes.count("aria-label=") > 30 && !bytes.contains("<text"));
    }
}

void TestAttentionMap::figuresThatCannotBeSavedSayWhy()
{
    open();
    QTemporaryDir folder;
    const Result<void> ending = m_panel->save(folder.filePath(u"map.gif"_s));
    QVERIFY(!ending.ok());
    QVERIFY(ending.error().code == ErrorCode::InvalidInput);
    QCOMPARE(ending.error().message,
             std::string("Cannot save \"map.gif\": ending \"gif\" found, expected png, svg or pdf."));
    for (const QString &name : {u"map.svg"_s, u"map.csv"_s}) {
        const Result<void> missing = m_panel->save(folder.filePath(u"nowhere/"_s + name));
        QVERIFY(!missing.ok());
        QVERIFY(missing.error().code == ErrorCode::Io);
        QVERIFY(
            QString::fromStdString(missing.error().message).startsWith(u"Cannot save \"%1\": "_s.arg(name)));
    }
}

void TestAttentionMap::aDoubleClickShowsAllAndKeepsTheRow()
{
    open();
    openHead({3, 2});
    map()->setZoom(2, map()->plotRect().center());
    QVERIFY(map()->zoom() > 1.5);
    const QPoint middle = map()->plotRect().center().toPoint();
    QTest::mouseClick(map(), Qt::LeftButton, {}, middle); // the first half, which keeps a row
    QVERIFY(m_panel->place().pinnedToken >= 0);
    QMouseEvent second(QEvent::MouseButtonDblClick, middle, map()->mapToGlobal(middle), Qt::LeftButton,
                       Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(map(), &second);
    QTest::mouseRelease(map(), Qt::LeftButton, {}, middle);
    QCOMPARE(map()->zoom(), 1.0);
    QCOMPARE(m_panel->place().pinnedToken, -1); // that was not meant
}

ORRERY_GUI_TEST_MAIN(TestAttentionMap)
#include "tst_attention_map.moc"
