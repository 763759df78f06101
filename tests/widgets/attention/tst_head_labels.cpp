// SPDX-License-Identifier: GPL-3.0-or-later
// What stands at the sides of a map: no text that nobody wrote, and nothing under pictures. And the numbers
// of a scale.
#include "tests/widgets/attention/letter_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/modality_flow.h"

#include <QPainter>

using namespace orrery;
using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

using Axis = HeadFigure::Axis;
constexpr QSizeF kSmall(520, 420), kLarge(1200, 1000);

QStringList namesOf(const HeadFigure &figure, const HeadLayout &layout, Axis axis)
{
    QStringList names;
    for (const QString &name : figure.namesShown(layout, axis, FigureStyle::ofTheme())) names << name;
    return names;
}

QImage paint(const HeadFigure &figure, const HeadLayout &layout, const QSizeF &size,
             const HeadFigure::Marks &marks = {})
{
    const FigureStyle style = FigureStyle::ofTheme();
    QImage image(size.toSize(), QImage::Format_RGB32);
    image.fill(style.tokens.surface);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    figure.paint(painter, layout, marks, style);
    return image;
}

/// A map of the same tokens without pictures: what the letters alone are painted like.
HeadContent withoutPictures(HeadContent content)
{
    for (QImage &one : content.pictures) one = QImage();
    return content;
}

} // namespace

class TestHeadLabels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void smallCellsAreNamedByWords();
    void largeCellsAreNamedEach();
    void zoomedCellsAreNamedEach();
    void wordsWithoutRoomAreLeftOutWhole();
    void everyWordHasItsLine();
    void picturesCoverNoLabel_data();
    void picturesCoverNoLabel();
    void markedLetterStandsAlone();
    void scalesKeepTheirNeutralNumber();
};

void TestHeadLabels::smallCellsAreNamedByWords()
{
    HeadFigure figure;
    figure.setContent(letterContent());
    const HeadLayout layout = figure.layout(kSmall, {}, FigureStyle::ofTheme());
    QVERIFY(layout.hasWords && layout.cell < 10);
    for (const Axis axis : {Axis::Rows, Axis::Columns}) {
        const QStringList names = namesOf(figure, layout, axis);
        QCOMPARE(names.size(), 1 + 16 + 4);
        QCOMPARE(names.first(), u"<|image_start|>"_s);
        QCOMPARE(names.mid(17).join(QString()), u"caption:␣blue␣circle"_s); // none of a word is missing
    }
}

void TestHeadLabels::largeCellsAreNamedEach()
{
    HeadFigure figure;
    figure.setContent(letterContent());
    const HeadLayout layout = figure.layout(kLarge, {}, FigureStyle::ofTheme());
    QVERIFY(!layout.hasWords);
    QCOMPARE(namesOf(figure, layout, Axis::Rows).size(), figure.numRows());
    QCOMPARE(namesOf(figure, layout, Axis::Rows).mid(17, 7).join(QString()), u"caption"_s);
}

void TestHeadLabels::zoomedCellsAreNamedEach()
{
    HeadFigure figure;
    figure.setContent(letterContent());
    const HeadLayout layout =
        figure.layout(kSmall, {.factor = 4, .origin = {18, 18}}, FigureStyle::ofTheme());
    QVERIFY(!layout.hasWords);
    QCOMPARE(namesOf(figure, layout, Axis::Rows).join(QString()).left(7), u"aption:"_s);
}

/// Six words of one letter each: there is room for some of them.
void TestHeadLabels::wordsWithoutRoomAreLeftOutWhole()
{
    HeadFigure figure;
    figure.setContent(letterContent("see a b c d e f so"));
    const HeadLayout layout = figure.layout(kSmall, {}, FigureStyle::ofTheme());
    const QStringList words{u"see"_s, u"␣a"_s, u"␣b"_s, u"␣c"_s, u"␣d"_s, u"␣e"_s, u"␣f"_s, u"␣so"_s};
    const QStringList names = namesOf(figure, layout, Axis::Rows).mid(17);
    for (const QString &name : names) QVERIFY2(words.contains(name), qPrintable(name));
    HeadFigure tiny;
    tiny.setContent(letterContent("see a b c d e f so"));
    const QStringList few =
        namesOf(tiny, tiny.layout(QSizeF(420, 260), {}, FigureStyle::ofTheme()), Axis::Rows);
    for (const QString &name : few)
        QVERIFY2(words.contains(name) || name.startsWith(u"patch"_s) || name == u"<|image_start|>"_s,
                 qPrintable(name));
    QVERIFY(few.size() < words.size() + 17);
}

/// Between the names and the map, as long as the word: also where its name has no room.
void TestHeadLabels::everyWordHasItsLine()
{
    HeadFigure figure;
    figure.setContent(letterContent());
    const HeadLayout layout = figure.layout(kSmall, {}, FigureStyle::ofTheme());
    const QImage image = paint(figure, layout, kSmall);
    const QRgb ground = FigureStyle::ofTheme().tokens.surface.rgb();
    const int x = int(std::round(layout.plot.left())) - 3, y = int(std::round(layout.plot.top())) - 3;
    const auto isInked = [&](double cells) {
        const int down = int(layout.origin.y() + cells * layout.cell),
                  right = int(layout.origin.x() + cells * layout.cell);
        return std::pair(image.pixel(x, down) != ground, image.pixel(right, y) != ground);
    };
    QCOMPARE(isInked(17 + 3.5), std::pair(true, true)); // within "caption"
    QCOMPARE(isInked(17 + 6), std::pair(true, true));   // between two of its letters
    const int edge = int(std::round(layout.origin.y() + (17 + 8) * layout.cell)); // before "␣blue"
    bool hasGap = false;
    for (int at = edge - 2; at <= edge + 1; ++at) hasGap = hasGap || image.pixel(x, at) == ground;
    QVERIFY(hasGap);
}

void TestHeadLabels::picturesCoverNoLabel_data()
{
    QTest::addColumn<QSizeF>("size");
    QTest::newRow("words") << kSmall;
    QTest::newRow("narrow") << QSizeF(440, 360);
    QTest::newRow("each") << QSizeF(760, 640);
    QTest::newRow("large") << kLarge;
}

/// Letters are painted where a map without pictures has nothing else: no picture's area may have their ink
/// under it.
void TestHeadLabels::picturesCoverNoLabel()
{
    QFETCH(QSizeF, size);
    const FigureStyle style = FigureStyle::ofTheme();
    HeadFigure figure;
    figure.setContent(letterContent());
    const HeadLayout layout = figure.layout(size, {}, style);
    // Without what the pictures are painted with, the labels alone are left.
    const QImage whole = paint(figure, layout, size);
    HeadContent clear = letterContent();
    for (QImage &one : clear.pictures)
        if (!one.isNull()) one = QImage(8, 8, QImage::Format_ARGB32_Premultiplied), one.fill(Qt::transparent);
    HeadFigure letters;
    letters.setContent(clear);
    const QImage under = paint(letters, letters.layout(size, {}, style), size);
    for (const Axis axis : {Axis::Rows, Axis::Columns})
        for (int i = 1; i <= 16; ++i) {
            if (!namesOf(figure, layout, axis).contains(u"patch %1"_s.arg(i - 1))) continue; // no room for it
            const QRect inside =
                figure.pictureRect(layout, axis, i, style).adjusted(1.5, 1.5, -1.5, -1.5).toRect();
            QVERIFY(!inside.isEmpty());
            for (int y = inside.top(); y <= inside.bottom(); ++y)
                for (int x = inside.left(); x <= inside.right(); ++x)
                    QVERIFY2(under.pixel(x, y) == style.tokens.surface.rgb(),
                             qPrintable(u"%1 at %2, %3"_s.arg(i).arg(x).arg(y)));
            QCOMPARE(qRed(whole.pixel(inside.center())), 255);
        }
}

/// The letter under the pointer stands in place of its word, which would look out behind it.
void TestHeadLabels::markedLetterStandsAlone()
{
    HeadFigure figure;
    figure.setContent(withoutPictures(letterContent()));
    const HeadLayout layout = figure.layout(kSmall, {}, FigureStyle::ofTheme());
    const int row = 17 + 3; // "t", in the middle of "caption"
    const QImage image = paint(figure, layout, kSmall, {.cursor = {row, -1}});
    const QRgb ground = FigureStyle::ofTheme().tokens.surface.rgb();
    const int middle = int(layout.origin.y() + (row + 0.5) * layout.cell);
    int numInked = 0;
    for (int x = 0; x < int(layout.plot.left()) - 20; ++x)
        for (int y = middle - 4; y <= middle + 4; ++y) numInked += image.pixel(x, y) != ground;
    QCOMPARE(numInked, 0);
}

void TestHeadLabels::scalesKeepTheirNeutralNumber()
{
    const FigureStyle style = FigureStyle::ofTheme();
    const FlowScale learned{.kind = FlowKind::Learned, .limit = 2}, mass{.kind = FlowKind::Mass};
    const FlowScaleNumbers wide = flowScaleNumbers(learned, 220, style);
    QCOMPARE(wide.middle, u"1 = neutral"_s);
    QVERIFY(!wide.least.isEmpty() && !wide.most.isEmpty());
    const FlowScaleNumbers narrow = flowScaleNumbers(learned, 80, style);
    QCOMPARE(narrow.middle, u"1"_s);
    QCOMPARE(narrow.most, wide.most);
    QVERIFY(narrow.least.isEmpty()); // one divided by the other
    QCOMPARE(flowScaleNumbers(mass, 220, style).middle, u"50 %"_s);
    QVERIFY(flowScaleNumbers(mass, 70, style).middle.isEmpty()); // between two numbers of a linear scale
    QCOMPARE(flowScaleNumbers(mass, 70, style).least, u"0 %"_s);
}

ORRERY_GUI_TEST_MAIN(TestHeadLabels)
#include "tst_head_labels.moc"
