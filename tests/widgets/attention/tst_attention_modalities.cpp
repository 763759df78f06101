// SPDX-License-Identifier: GPL-3.0-or-later
// Which modality looks at which: the page, its numbers, the training, and frames of older programs; and where the
// pictures and recordings of kept documents are seen.
#include "tests/widgets/attention/attention_fixture.h"

#include "widgets/attention/flow_history.h"
#include "widgets/attention/media_patches.h"
#include "widgets/attention/modality_page.h"
#include "widgets/common/view_link.h"
#include "widgets/plots/plot_view.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QScrollArea>

#include <set>

using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr int kSide = 4; ///< patches a side of a picture

/// Of the patch at a place: no two are alike.
QColor colorOf(int place, int document)
{
    return QColor(60 + 60 * (place % kSide), 60 + 60 * (place / kSide), document * 100);
}

QString pictureOf(int document)
{
    QImage picture(8 * kSide, 8 * kSide, QImage::Format_RGB32);
    for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x)
            picture.setPixelColor(x, y, colorOf(y / 8 * kSide + x / 8, document));
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    picture.save(&buffer, "PNG");
    return QString::fromLatin1(png.toBase64());
}

RunEvent sampleEvent(int64_t id, int64_t step, const QJsonObject &media, int32_t attempt = 1)
{
    QJsonObject payload = media;
    payload[u"prompt"_s] = u"validation 0: [image: 16 patches] "_s;
    payload[u"text"_s] = u"a red star"_s;
    return {.id = id,
            .step = step,
            .wallTime = double(id),
            .attempt = attempt,
            .kind = EventKind::Sample,
            .text = "a red star",
            .payload = QJsonDocument(payload).toJson(QJsonDocument::Compact).toStdString()};
}

RunEvent pictureEvent(int64_t id, int64_t step, int document, int32_t attempt = 1)
{
    return sampleEvent(id, step, {{u"pictures"_s, QJsonArray{pictureOf(document)}}}, attempt);
}

} // namespace

class TestAttentionModalities : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void textAloneHasNoSuchPage();
    void sharesAreThoseOfTheStep();
    void colorsStandForTheirNumbers();
    void bothTablesHaveTheirScale();
    void ninePairsHaveRoomWhereItIsNarrow();
    void keysGoThroughTheHeadsAndOpenOne();
    void theTrainingIsACurve();
    void learnedFactorsAreACurveToo();
    void manyKeptStepsAreSampled();
    void framesOfVersion1SaySo();
    void exportsAreFiguresAndNumbers();
    void keptDocumentsAreNoPrompts();
    void documentsAreKnownByTheSpec();
    void nothingIsReadWhileNobodyLooks();
    void keptStepsShowThePicturesOfTheSamples();
    void samplesOfAnotherAttemptBeginWithTheFirstDocument();
    void picturesStandOnTheirWeight();
    void everyPictureStandsBesideItsRow();
    void picturesComeWithTheFirstSample();
    void whyThereAreNoPicturesIsSaid_data();
    void whyThereAreNoPicturesIsSaid();
    void samplesThatCannotBeReadAreReadAgain();
    void recordingsOfSamplesAreTheirLoudness();
    void recordingsOfSamplesAreTheirSpectrogram();
    void theSourceOfRecordingsIsTold_data();
    void theSourceOfRecordingsIsTold();
    void whatIsNoThumbnailIsLeftOut();

private:
    void openDocuments(const QString &probes, std::vector<RunEvent> events, Modality modality = Modality::Image)
    {
        m_session->specs[u"alpha"_s] =
            uR"({"attention":{"num_modalities":2},"probes":%1})"_s.arg(probes);
        m_session->events[u"alpha"_s] = std::move(events);
        SampleModel model;
        model.layers = model.heads = 2;
        model.patches = kSide * kSide;
        model.partsAre = modality;
        if (probes.contains(u"\"b\""_s)) // two documents
            m_session->frameInfos[u"alpha"_s].push_back(
                {.id = 90, .step = 30, .wallTime = 9'000, .kind = FrameKind::Overview, .prompt = 1});
        open(model, 6);
        openHead({1, 1});
    }
    [[nodiscard]] QColor patch(int place) const
    {
        const QImage picture = map()->figure().picture({place, place + 1});
        return picture.isNull() ? QColor() : picture.pixelColor(picture.width() / 2, picture.height() / 2);
    }
    [[nodiscard]] ElidedLabel *note() const { return child<ElidedLabel>(m_panel.get(), "mediaNote"); }
    [[nodiscard]] ModalityPage *page() const { return m_panel->stage()->modalities(); }
    /// @param sounds tokens of a recording behind the picture
    void openMixed(bool isOfVersion1 = false, int frames = 12, int64_t sounds = 0)
    {
        SampleModel model;
        model.frames = sounds;
        model.layers = 3;
        model.heads = 2;
        model.patches = 9;
        model.isOfVersion1 = isOfVersion1;
        open(model, frames);
        QTest::keyClick(overview(), Qt::Key_M);
        QCOMPARE(m_panel->place().level, StageLevel::Modalities);
        m_panel->flush();
        QVERIFY(page()->isVisible() && !overview()->isVisible());
    }
};

void TestAttentionModalities::textAloneHasNoSuchPage()
{
    open();
    QVERIFY(!child<QWidget>(m_panel.get(), "headsOrModalities")->isVisible());
    QTest::keyClick(overview(), Qt::Key_M);
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
}

void TestAttentionModalities::sharesAreThoseOfTheStep()
{
    openMixed();
    const ModalityFlow *flow = flowOf(m_panel->snapshot()->report.flows, {1, 1});
    QVERIFY(flow);
    const double seen = flowValue(*flow, FlowKind::Mass, Modality::Text, Modality::Image);
    QVERIFY(seen > 0 && seen < 1);
    QVERIFY(std::abs(seen + flowValue(*flow, FlowKind::Mass, Modality::Text, Modality::Text) - 1) < 1e-4);
    // A picture that stands before the text cannot look at it.
    QCOMPARE(flowValue(*flow, FlowKind::Mass, Modality::Image, Modality::Text), 0.0);
    const QString sentence = page()->view()->sentenceOf({1, 1});
    QVERIFY2(sentence.contains(u"Image %1"_s.arg(flowText(seen, FlowKind::Mass))), qPrintable(sentence));
    QVERIFY(!sentence.contains(u"Audio"_s)); // none was read
    QVERIFY(page()->view()->summary().startsWith(u"6 heads"_s));
    QVERIFY(child<ToneLabel>(m_panel.get(), "learnedTitle")->text().contains(u"1 is neutral"_s));
}

void TestAttentionModalities::colorsStandForTheirNumbers()
{
    const FigureStyle style = FigureStyle::ofTheme();
    const FlowScale mass{.kind = FlowKind::Mass};
    QCOMPARE(mass.color(1, style), style.sequential().at(1));
    QCOMPARE(mass.color(0.5, style), style.sequential().at(0.5));
    const FlowScale learned{.kind = FlowKind::Learned, .limit = 2};
    QCOMPARE(learned.color(1, style), style.diverging().at(0.5)); // neutral
    QCOMPARE(learned.color(2, style), style.diverging().at(1));
    QCOMPARE(learned.color(0.5, style), style.diverging().at(0));
    QVERIFY(std::abs(learned.position(std::sqrt(2.0)) - 0.75) < 1e-9);
    QCOMPARE(
        flowScale({{.head = {0, 0}, .mass = {}, .weights = {1, 1.4F, 0.9F, 1}}}, FlowKind::Learned).limit,
        1.5);
    openMixed();
    const QImage picture = page()->view()->grab().toImage();
    const ModalityFlow *flow = flowOf(m_panel->snapshot()->report.flows, {2, 0});
    const QRectF tile = page()->view()->tileRect({2, 0});
    const QPoint at = page()->view()->viewport()->mapTo(
        page()->view(), (tile.topLeft() + QPointF(tile.width() * 0.75, tile.height() * 0.25)).toPoint());
    QCOMPARE(picture.pixel(at),
             mass.color(flowValue(*flow, FlowKind::Mass, Modality::Text, Modality::Image), style));
}

void TestAttentionModalities::bothTablesHaveTheirScale()
{
    openMixed();
    const QList<FlowTable *> tables = page()->findChildren<FlowTable *>();
    QCOMPARE(tables.size(), 2);
    for (FlowTable *table : tables) {
        const QImage image = table->grab().toImage();
        const int y = table->height() - int(kFlowScaleHeight) + 5;
        std::set<QRgb> colors; // of the bar, from its least to its most
        for (int x = 0; x < image.width(); ++x) colors.insert(image.pixel(x, y));
        QVERIFY2(colors.size() > 20, qPrintable(u"%1: %2"_s.arg(table->accessibleName()).arg(colors.size())));
    }
}

void TestAttentionModalities::ninePairsHaveRoomWhereItIsNarrow()
{
    openMixed(false, 12, 6);
    QTRY_COMPARE(page()->chart()->curves().size(), size_t{9});
    const QList<FlowTable *> tables = page()->findChildren<FlowTable *>();
    const auto numShown = [&tables] {
        return std::count_if(tables.begin(), tables.end(), [](auto *one) { return one->isVisible(); });
    };
    m_panel->resize(1264, 784);
    QTRY_COMPARE(numShown(), 2);
    for (const QSize size : {QSize(660, 760), QSize(660, 500)}) {
        m_panel->resize(size);
        QTRY_COMPARE(numShown(), 1);
        QTRY_VERIFY(page()->chart()->hasLegend()); // nine names at the ends would lie on the curves
        const QWidget *side = child<QScrollArea>(page(), "modalitySide")->widget();
        QTRY_VERIFY(side->rect().contains(page()->chart()->geometry()));
        QVERIFY(page()->chart()->height() >= page()->chart()->minimumHeight());
        for (FlowTable *table : tables) {
            if (!table->isVisible()) continue;
            const QSize least = table->minimumSizeHint();
            QTRY_VERIFY2(table->size().expandedTo(least) == table->size(),
                         qPrintable(u"%1 × %2"_s.arg(least.height() - table->height()).arg(least.width() - table->width())));
        }
    }
    QVERIFY(tables[0]->isVisible());
    child<SegmentedChoice>(m_panel.get(), "flowKind")->button(u"learned"_s)->click();
    QTRY_VERIFY(tables[1]->isVisible() && !tables[0]->isVisible());
}

void TestAttentionModalities::keysGoThroughTheHeadsAndOpenOne()
{
    openMixed();
    ModalityView *view = page()->view();
    QVERIFY(view->hasFocus());
    QTest::keyClick(view, Qt::Key_Down);
    QTest::keyClick(view, Qt::Key_Right);
    QTest::keyClick(view, Qt::Key_Right); // there are two
    QCOMPARE(m_panel->place().head, (HeadRef{1, 1}));
    m_panel->flush();
    QCOMPARE(child<ToneLabel>(m_panel.get(), "modalityHead")->text(), u"Layer 1, head 1"_s);
    QCOMPARE(m_panel->findChild<Breadcrumbs *>()->path().last(), u"Modalities"_s);
    QTest::keyClick(view, Qt::Key_Return);
    QCOMPARE(m_panel->place().level, StageLevel::Head);
    QTest::keyClick(map(), Qt::Key_Left, Qt::AltModifier);
    QCOMPARE(m_panel->place().level, StageLevel::Modalities);
    m_panel->flush();
    QTest::keyClick(view, Qt::Key_Escape);
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
    child<SegmentedChoice>(m_panel.get(), "headsOrModalities")->button(u"modalities"_s)->click();
    QCOMPARE(m_panel->place().level, StageLevel::Modalities);
    child<SegmentedChoice>(m_panel.get(), "modalityPages")->button(u"heads"_s)->click();
    QCOMPARE(m_panel->place().level, StageLevel::Overview);
}

void TestAttentionModalities::theTrainingIsACurve()
{
    openMixed();
    const auto curveOf = [this](const QString &name) -> const PlotCurve * {
        for (const PlotCurve &curve : page()->chart()->curves())
            if (curve.name == name) return &curve;
        return nullptr;
    };
    QTRY_VERIFY(curveOf(u"Text → Image"_s) && curveOf(u"Text → Image"_s)->line.size() == 12);
    const PlotCurve *curve = curveOf(u"Text → Image"_s);
    QCOMPARE(curve->line.front().x(), 10.0);
    QCOMPARE(curve->line.back().x(), 120.0);
    const ModalityFlow *flow = flowOf(m_panel->snapshot()->report.flows, m_panel->place().head);
    QCOMPARE(curve->line.back().y(), 100 * flowValue(*flow, FlowKind::Mass, Modality::Text, Modality::Image));
    QVERIFY(child<ToneLabel>(m_panel.get(), "chartNote")->text().contains(u"12 kept steps"_s));
    QVERIFY(!curveOf(u"Text → Audio"_s));
}

void TestAttentionModalities::learnedFactorsAreACurveToo()
{
    openMixed();
    QTRY_VERIFY(page()->chart()->curves().size() > 0 && page()->chart()->curves().front().line.size() == 12);
    QVERIFY(!page()->chart()->isLogY());
    child<SegmentedChoice>(m_panel.get(), "flowKind")->button(u"learned"_s)->click();
    const ModalityFlow *flow = flowOf(m_panel->snapshot()->report.flows, m_panel->place().head);
    const PlotCurve &curve = page()->chart()->curves().front();
    QCOMPARE(curve.name, u"Text → Text"_s);
    QCOMPARE(curve.line.size(), size_t{12});
    QCOMPARE(curve.line.back().y(), flowValue(*flow, FlowKind::Learned, Modality::Text, Modality::Text));
    QVERIFY(page()->chart()->isLogY());
    QVERIFY(child<ToneLabel>(m_panel.get(), "chartTitle")->text().contains(u"Learned factors"_s));
    QVERIFY(child<ToneLabel>(m_panel.get(), "chartNote")->text().contains(u"neutral"_s));
    // The link has it, and another head stays with it.
    const QVariantMap state = parseViewLink(m_panel->viewLink())->state;
    QCOMPARE(state.value(u"kind"_s).toString(), u"learned"_s);
    child<SegmentedChoice>(m_panel.get(), "flowKind")->button(u"mass"_s)->click();
    QVERIFY(!page()->chart()->isLogY());
    QVERIFY(!m_panel->view().state().contains(u"kind"_s));
    m_panel->view().restore(state);
    QTRY_VERIFY(page()->chart()->isLogY());
    QTest::keyClick(page()->view(), Qt::Key_Right);
    m_panel->flush();
    QVERIFY(page()->chart()->isLogY());
}

void TestAttentionModalities::manyKeptStepsAreSampled()
{
    openMixed(false, 500);
    QTRY_VERIFY_WITH_TIMEOUT(page()->chart()->curves().size() > 0 &&
                                 page()->chart()->curves().front().line.size() >=
                                     size_t(FlowHistory::kMaxPoints) - 2,
                             20'000);
    const std::vector<QPointF> &line = page()->chart()->curves().front().line;
    QVERIFY(line.size() <= size_t(FlowHistory::kMaxPoints) + 2);
    QVERIFY(line.front().x() <= 100 && line.back().x() >= 4'900); // over the whole training
    for (size_t i = 1; i < line.size(); ++i) QVERIFY(line[i].x() > line[i - 1].x());
}

void TestAttentionModalities::framesOfVersion1SaySo()
{
    openMixed(true);
    auto *empty = child<ToneLabel>(m_panel.get(), "modalityEmpty");
    QVERIFY(empty->isVisible());
    QVERIFY2(empty->text().contains(u"older program"_s), qPrintable(empty->text()));
    QVERIFY(!page()->view()->isVisible());
}

void TestAttentionModalities::exportsAreFiguresAndNumbers()
{
    openMixed();
    QTRY_VERIFY(page()->chart()->curves().size() == 4 && page()->chart()->curves().front().line.size() == 12);
    const QString table = m_panel->table();
    QVERIFY(table.startsWith(u"step,layer,head,from,to,mass,learned_factor\n"_s));
    QCOMPARE(table.count(u'\n'), 1 + 12 * 6 * 4);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"flows.svg"_s);
    QVERIFY(m_panel->save(path).ok());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray bytes = file.readAll();
    QVERIFY(bytes.size() < 300'000);
    QVERIFY(bytes.contains("attention between modalities"));
    QVERIFY(bytes.contains("Learned factor before the softmax. Rows and columns: Text, Image"));
}

void TestAttentionModalities::keptDocumentsAreNoPrompts()
{
    openMixed();
    // The frames of such a run are of documents with a picture, in the places of its prompts.
    const PromptBar *bar = m_panel->promptBar();
    const auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    QCOMPARE(choice->itemText(0), u"Document 0: ) {↵  return argc;↵}↵int sum(int argc, char **a…"_s);
    QCOMPARE(choice->itemText(1), u"Document 1"_s); // not seen yet
    QCOMPARE(bar->title(), u"Document 0"_s);
    QVERIFY(bar->text().startsWith(u")"_s) && bar->canAsk());
    QVERIFY(choice->toolTip().startsWith(u"A document of the run's validation data"_s));
    m_panel->setRun(u"beta"_s);
    QTRY_COMPARE(choice->count(), 1);
    m_session->frameInfos.clear(); // and of the next run they are prompts again
    m_panel->setRun(u"alpha"_s);
    QTRY_COMPARE(choice->itemText(0), u"Prompt 0: int main(int argc"_s);
}

void TestAttentionModalities::documentsAreKnownByTheSpec()
{
    m_session->specs[u"alpha"_s] =
        uR"({"attention":{"num_modalities":2},"probes":{"prompts":["int main(int argc","template <"]}})"_s;
    m_panel->show();
    m_panel->setRun(u"alpha"_s); // nothing was kept yet
    const PromptBar *bar = m_panel->promptBar();
    const auto *choice = child<QComboBox>(m_panel.get(), "promptChoice");
    QTRY_COMPARE(choice->itemText(0), u"Document 0"_s);
    QCOMPARE(bar->title(), u"Document 0"_s);
    QTRY_COMPARE(bar->model(), u"alpha@live"_s);
    const auto *ask = child<QPushButton>(m_panel.get(), "askModel");
    QTRY_VERIFY(ask->isEnabled());
    m_panel->askModel(); // the training itself knows it
    QCOMPARE(m_session->inspections.back().request.input.source, std::string("probe:0"));
    QTRY_VERIFY(!m_session->isAnswering());
    // And so does who loads a saved step: it is in the run's data.
    m_panel->promptBar()->setModel(u"alpha@8000"_s);
    QTRY_VERIFY(ask->isEnabled());
    m_panel->askModel();
    QCOMPARE(m_session->inspections.back().model, u"alpha@8000"_s);
    QCOMPARE(m_session->inspections.back().request.input.source, std::string("probe:0"));
    QTRY_VERIFY(!m_session->isAnswering());
    m_panel->promptBar()->setOwnText(u"text"_s);
    Q_EMIT m_panel->promptBar()->promptChosen(PromptBar::kOwnText);
    QTRY_VERIFY(ask->isEnabled());
}

void TestAttentionModalities::nothingIsReadWhileNobodyLooks()
{
    SampleModel model;
    model.layers = model.heads = 2;
    model.patches = 9;
    open(model, 200);
    QTest::qWait(60);
    QTRY_VERIFY(!m_session->isAnswering());
    QVERIFY(m_session->fetchedFrames.size() < 30); // the step that is shown and its neighbours
}

/// Frames hold no files; samples are drawn of the same documents in the same order.
void TestAttentionModalities::keptStepsShowThePicturesOfTheSamples()
{
    openDocuments(uR"({"prompts":["a","b"],"every":200})"_s,
                  {pictureEvent(1, 200, 2), pictureEvent(2, 200, 2), // whatever was drawn before
                   {.id = 3, .step = 300, .kind = EventKind::Checkpoint, .text = "saved", .payload = {}},
                   pictureEvent(4, 400, 0), pictureEvent(5, 400, 1)});
    QTRY_COMPARE(patch(5), colorOf(5, 0)); // second row, second column
    QCOMPARE(patch(3), colorOf(3, 0));
    QVERIFY(note()->isHidden());
    // In the text, too.
    const QPoint middle = m_panel->strip()->viewport()->mapTo(
        m_panel->strip(), m_panel->strip()->tokenRect(12).center().toPoint());
    QCOMPARE(m_panel->strip()->grab().toImage().pixelColor(middle), colorOf(12, 0));
    m_panel->choosePrompt(1);
    QTRY_COMPARE(patch(5), colorOf(5, 1));
    // Asked of the training, which has its files, it is the same document.
    m_panel->askModel();
    QTRY_VERIFY(m_panel->snapshot() && !m_panel->snapshot()->isKept);
    m_panel->flush();
    QCOMPARE(patch(6), colorOf(6, 1));
}

void TestAttentionModalities::samplesOfAnotherAttemptBeginWithTheFirstDocument()
{
    openDocuments(uR"({"prompts":["a","b"],"every":200})"_s,
                  {pictureEvent(1, 200, 2), pictureEvent(2, 200, 2), pictureEvent(3, 200, 0, 2),
                   pictureEvent(4, 200, 1, 2)});
    QTRY_COMPARE(patch(0), colorOf(0, 0));
    m_panel->choosePrompt(1);
    QTRY_COMPARE(patch(0), colorOf(0, 1));
}

/// Under a picture, as wide as it: a white patch does not look like a large weight.
void TestAttentionModalities::picturesStandOnTheirWeight()
{
    openDocuments(uR"({"prompts":["a"]})"_s, {pictureEvent(1, 30, 0)});
    QTRY_COMPARE(patch(5), colorOf(5, 0));
    m_panel->flush();
    map()->setCursorCell({14, 12});
    TokenStrip *strip = m_panel->strip();
    const QRectF place = strip->tokenRect(12).translated(strip->viewport()->pos());
    const QImage image = strip->grab().toImage();
    const QRgb color = map()->figure().legend().scale.color(strip->weights().at(12), FigureStyle::ofTheme());
    for (int y = int(place.bottom()) - 4; y < int(place.bottom()); ++y)
        for (int x = int(place.left()) + 3; x < int(place.right()) - 3; ++x)
            QCOMPARE(image.pixel(x, y), color);
}

void TestAttentionModalities::everyPictureStandsBesideItsRow()
{
    openDocuments(uR"({"prompts":["a"]})"_s, {pictureEvent(1, 30, 0)});
    QTRY_COMPARE(patch(5), colorOf(5, 0));
    m_panel->flush();
    const HeadFigure &figure = map()->figure();
    const FigureStyle style = FigureStyle::ofTheme();
    int edge = 100;
    while (figure.layout(QSizeF(edge, edge), {}, style).cell < 8) ++edge;
    const HeadLayout layout = figure.layout(QSizeF(edge, edge), {}, style);
    QImage image(edge, edge, QImage::Format_RGB32);
    image.fill(style.tokens.surface);
    QPainter painter(&image);
    figure.paint(painter, layout, {}, style);
    painter.end();
    for (int i = 0; i < kSide * kSide; ++i) {
        const double along = (i + 0.5) * layout.cell, away = 6 + (layout.cell - 1) / 2; // from the map
        QCOMPARE(image.pixelColor(int(layout.plot.left() - away), int(layout.origin.y() + along)),
                 colorOf(i, 0));
        QCOMPARE(image.pixelColor(int(layout.origin.x() + along), int(layout.plot.top() - away)),
                 colorOf(i, 0));
    }
}

void TestAttentionModalities::picturesComeWithTheFirstSample()
{
    openDocuments(uR"({"prompts":["a","b"],"every":200})"_s, {});
    QTRY_VERIFY(note()->isVisible());
    QTRY_COMPARE(
        note()->fullText(),
        u"The pictures of this document are seen from the run's first sample on, at step 200 (probes.every)."_s);
    QVERIFY(!patch(5).isValid());
    QCOMPARE(map()->figure().rowLabel(5), u"patch 5"_s);
    m_session->sendUpdate(m_session->statusOf(u"alpha"_s), {pictureEvent(7, 200, 0)});
    QTRY_COMPARE(patch(5), colorOf(5, 0));
    QVERIFY(note()->isHidden());
    // A text has none to wait for.
    m_panel->promptBar()->setOwnText(u"int main"_s);
    Q_EMIT m_panel->promptBar()->promptChosen(PromptBar::kOwnText);
    m_panel->flush();
    QVERIFY(note()->isHidden());
}

void TestAttentionModalities::whyThereAreNoPicturesIsSaid_data()
{
    QTest::addColumn<QString>("probes");
    QTest::addColumn<bool>("isEnded");
    QTest::addColumn<QString>("reason");
    QTest::newRow("never drawn") << uR"({"prompts":["a"],"every":0})"_s << false << u"probes.every is 0"_s;
    QTest::newRow("no prompts") << uR"({"prompts":[],"every":200})"_s << false << u"probes.prompts is empty"_s;
    QTest::newRow("ended") << uR"({"prompts":["a"],"every":200})"_s << true << u"it ended before it drew one"_s;
}

void TestAttentionModalities::whyThereAreNoPicturesIsSaid()
{
    QFETCH(QString, probes);
    QFETCH(bool, isEnded);
    QFETCH(QString, reason);
    openDocuments(probes, {});
    RunStatus status = m_session->statusOf(u"alpha"_s);
    if (isEnded) status.state = RunState::Finished;
    m_session->sendUpdate(status);
    m_panel->feed()->goToStep(30); // drawn anew
    QTRY_VERIFY2(note()->fullText().contains(reason), qPrintable(note()->fullText()));
    QVERIFY(note()->isVisible());
}

void TestAttentionModalities::samplesThatCannotBeReadAreReadAgain()
{
    m_session->failNext[u"listEvents"_s] =
        Error{ErrorCode::Unavailable, "Cannot list events.", "Start the engine."};
    openDocuments(uR"({"prompts":["a"],"every":200})"_s, {pictureEvent(1, 200, 0)});
    QTRY_VERIFY2(note()->fullText().contains(u"could not be read"_s), qPrintable(note()->fullText()));
    m_session->setConnection(ConnectionState::Connected);
    QTRY_COMPARE(patch(5), colorOf(5, 0));
    QVERIFY(note()->isHidden());
}

void TestAttentionModalities::recordingsOfSamplesAreTheirLoudness()
{
    std::vector<InspectedToken> tokens(6);
    for (int64_t i = 0; i < 3; ++i) tokens[size_t(i) + 1] = {.modality = Modality::Audio, .item = 0, .place = i};
    tokens[5] = {.modality = Modality::Image, .item = 1, .place = 0};
    SampleMedia sample;
    sample.recordings = {{1, 1, 1, 1, 0, 0, 0, 0, 0.5, 0.5, 0.5, 1}};
    sample.pictures = {QImage(8, 8, QImage::Format_RGB32)};
    sample.pictures.front().fill(Qt::red);
    const std::vector<QImage> seen = mediaThumbnails(sample, tokens);
    QCOMPARE(seen.size(), tokens.size());
    QVERIFY(seen[0].isNull() && seen[4].isNull());
    QCOMPARE(seen[1].width(), 4); // frames of a token
    QVERIFY(qRed(seen[1].pixel(0, 0)) > 200);
    QCOMPARE(qRed(seen[2].pixel(0, seen[2].height() - 1)), 0);
    QCOMPARE(qRed(seen[3].pixel(1, 2)), 0);
    QVERIFY(qRed(seen[3].pixel(1, seen[3].height() - 2)) > 200 && qRed(seen[3].pixel(3, 2)) > 200);
    QCOMPARE(seen[5].pixelColor(3, 3), QColor(Qt::red)); // of the pictures the first, of the text's media the second
    sample.recordings = {{1, 1, 1, 1, 0}}; // of no whole number of frames
    QVERIFY(mediaThumbnails(sample, tokens)[1].isNull());
}

void TestAttentionModalities::recordingsOfSamplesAreTheirSpectrogram()
{
    std::vector<InspectedToken> tokens(3);
    for (int64_t i = 0; i < 2; ++i) tokens[size_t(i)] = {.modality = Modality::Audio, .item = 0, .place = i};
    SampleMedia sample;
    sample.recordings = {{1, 1, 1, 1, 1, 1, 1, 1}};
    sample.spectrograms = {QImage(8, 32, QImage::Format_RGB32)};
    sample.spectrograms.front().fill(Qt::black);
    sample.spectrograms.front().setPixelColor(5, 30, QColor(204, 204, 204));
    std::vector<QImage> seen = mediaThumbnails(sample, tokens);
    QCOMPARE(seen[0].size(), QSize(4, 32)); // four frames a token, as of files
    QCOMPARE(qRed(seen[0].pixel(0, 31)), 0);
    QCOMPARE(qRed(seen[1].pixel(1, 30)), 204);
    sample.spectrograms.front() = QImage(9, 32, QImage::Format_RGB32); // of no whole number of frames
    seen = mediaThumbnails(sample, tokens);
    QVERIFY(qRed(seen[0].pixel(0, 0)) > 200); // the loudness is there
}

void TestAttentionModalities::theSourceOfRecordingsIsTold_data()
{
    QTest::addColumn<bool>("hasSpectrogram");
    QTest::addColumn<QString>("said");
    QTest::addColumn<int>("seen");
    QTest::newRow("spectrogram") << true << u"Spectrograms"_s << 51;
    QTest::newRow("of an older program") << false << u"the loudness is seen"_s << 230;
}

/// A line says what is seen, and of which step.
void TestAttentionModalities::theSourceOfRecordingsIsTold()
{
    QFETCH(const bool, hasSpectrogram);
    QFETCH(const QString, said);
    QFETCH(const int, seen);
    QImage bands(4 * kSide * kSide, 32, QImage::Format_RGB32);
    bands.fill(QColor(51, 51, 51));
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    bands.save(&buffer, "PNG");
    QJsonArray levels;
    for (int i = 0; i < bands.width(); ++i) levels.append(1);
    QJsonObject media{{u"recordings"_s, QJsonArray{levels}}};
    if (hasSpectrogram) media[u"spectrograms"_s] = QJsonArray{QString::fromLatin1(png.toBase64())};
    openDocuments(uR"({"prompts":["a"],"every":200})"_s, {sampleEvent(1, 1'200, media)}, Modality::Audio);
    QTRY_VERIFY2(note()->fullText().contains(said), qPrintable(note()->fullText()));
    QVERIFY(note()->fullText().contains(u"step 1,200"_s) && note()->isVisible());
    m_panel->flush();
    QCOMPARE(patch(5).red(), seen);
}

/// An event may come from another computer.
void TestAttentionModalities::whatIsNoThumbnailIsLeftOut()
{
    QImage large(600, 8, QImage::Format_RGB32);
    large.fill(Qt::red);
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    large.save(&buffer, "PNG");
    const QJsonObject payload{
        {u"pictures"_s, QJsonArray{QString::fromLatin1(png.toBase64()), u"nonsense"_s, 7, pictureOf(1)}},
        {u"recordings"_s, QJsonArray{QJsonArray{0.5, 9, -1}, u"x"_s}},
        {u"spectrograms"_s, QJsonArray{QString::fromLatin1(png.toBase64()), u"nonsense"_s, pictureOf(1)}}};
    const SampleMedia media = sampleMedia(payload);
    QCOMPARE(media.pictures.size(), 4); // each in its place
    QVERIFY(media.pictures[0].isNull() && media.pictures[1].isNull() && media.pictures[2].isNull());
    QCOMPARE(media.pictures[3].size(), QSize(8 * kSide, 8 * kSide));
    QCOMPARE(media.recordings, (QList<QList<double>>{{0.5, 1, 0}, {}}));
    QCOMPARE(media.spectrograms.size(), 3);
    QCOMPARE(media.spectrograms[0].size(), QSize(600, 8)); // a recording is longer than a picture is wide
    QVERIFY(media.spectrograms[1].isNull() && !media.spectrograms[2].isNull());
    QVERIFY(sampleMedia(std::string_view("{broken")).isEmpty());
}

ORRERY_GUI_TEST_MAIN(TestAttentionModalities)
#include "tst_attention_modalities.moc"
