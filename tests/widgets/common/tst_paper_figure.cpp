// SPDX-License-Identifier: GPL-3.0-or-later
// Figures on paper: an SVG shows its text on a computer that has none of our fonts, and keeps the words.
#include "tests/widgets/common/gui_test.h"

#include "widgets/common/paper_figure.h"
#include "widgets/common/svg_text_paths.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QXmlStreamReader>

#include <cmath>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

constexpr QSizeF kSize(360, 200);

/// Text in the ways that figures have it: sizes, weights, turned, coloured, accents, other scripts, signs of XML.
void paintTexts(QPainter &painter)
{
    painter.fillRect(QRectF(QPointF(), kSize), Qt::white);
    QFont font(u"Noto Sans"_s);
    font.setPointSizeF(9);
    painter.setFont(font);
    painter.setPen(QColor(u"#1B1F27"_s));
    painter.drawText(QPointF(40, 30), u"Loss (nats/token)  1,234.5 × 10−6"_s);
    font.setWeight(QFont::DemiBold);
    font.setPointSizeF(13.5);
    painter.setFont(font);
    painter.drawText(QPointF(40, 60), u"a < b & \"c\" > d: Größe, Öl"_s);
    font.setItalic(true);
    painter.setFont(font);
    painter.setPen(QColor(198, 47, 59, 128));
    painter.drawText(QPointF(40, 90), u"потеря, απώλεια"_s);
    painter.save();
    painter.translate(20, 180);
    painter.rotate(-90);
    painter.setPen(Qt::black);
    painter.drawText(QPointF(0, 0), u"turned axis"_s);
    painter.restore();
    painter.setFont(QFont(u"Noto Sans Mono"_s, 10));
    painter.drawText(QRectF(40, 100, 300, 40), Qt::AlignRight, u"at the right"_s);
    painter.drawText(QPointF(40, 160), u"   "_s);
}

PaperFigure figure() { return {u"A <figure>"_s, kSize, [](QPainter &painter) { paintTexts(painter); }}; }

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// How much ink there is in each cell of 10 × 10 pixels.
std::vector<double> inkOf(const QImage &image)
{
    constexpr int kCell = 10;
    const int columns = image.width() / kCell;
    std::vector<double> ink(size_t(columns * (image.height() / kCell)));
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            ink[std::min(ink.size() - 1, size_t(y / kCell * columns + x / kCell))] += (255 - qGray(image.pixel(x, y))) / 255.0;
    return ink;
}

} // namespace

class TestPaperFigure : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anSvgNamesNoFont();
    void itsWordsAreKept();
    void itLooksAsWithItsFonts();
    void aGlyphIsThereOnce();
    void whatHasNoOutlineStaysText();
    void withoutTextItHasATitle();
};

void TestPaperFigure::anSvgNamesNoFont()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"a.svg"_s);
    QVERIFY(savePaper(figure(), path).ok());
    const QByteArray svg = contentOf(path);
    for (const char *part : {"<text", "font-family", "font-size", "font-weight", "Noto"}) QVERIFY2(!svg.contains(part), part);
    QVERIFY(svg.contains("<use xlink:href=\"#g0\""));
    QVERIFY2(svg.size() < 30'000, qPrintable(QString::number(svg.size())));
}

void TestPaperFigure::itsWordsAreKept()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"a.svg"_s);
    QVERIFY(savePaper(figure(), path).ok());
    QXmlStreamReader xml(contentOf(path));
    QString title, description;
    QStringList labels;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement) continue;
        if (xml.attributes().hasAttribute(u"aria-label"_s)) labels << xml.attributes().value(u"aria-label"_s).toString();
        if (xml.name() == u"title") title = xml.readElementText();
        if (xml.name() == u"desc") description = xml.readElementText();
    }
    QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    QCOMPARE(title, u"A <figure>"_s);
    // In the order of the drawing; signs and scripts of one line are drawn apart, and read together.
    QCOMPARE(description, u"Loss (nats/token)  1,234.5 × 10−6 · a < b & \"c\" > d: Größe, Öl · потеря, απώλεια · turned axis · at the right"_s);
    for (const QString &words : {u"a < b & \"c\" > d: Größe, Öl"_s, u"turned axis"_s, u"at the right"_s})
        QVERIFY2(labels.contains(words), qPrintable(labels.join(u'|')));
}

/// Rendered by somebody else, beside the pixels that Qt paints of the same figure.
void TestPaperFigure::itLooksAsWithItsFonts()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"a.svg"_s);
    QVERIFY(savePaper(figure(), path).ok());
    QSvgRenderer renderer(path);
    QVERIFY(renderer.isValid());
    const QImage direct = paperImage(figure());
    QImage drawn(direct.size(), QImage::Format_RGB32);
    drawn.fill(Qt::white);
    QPainter painter(&drawn);
    renderer.render(&painter);
    painter.end();
    const std::vector<double> ink = inkOf(drawn), wanted = inkOf(direct);
    double different = 0, all = 0;
    for (size_t i = 0; i < ink.size(); ++i) {
        different += std::abs(ink[i] - wanted[i]);
        all += wanted[i];
    }
    QVERIFY(all > 500);
    QVERIFY2(different < 0.25 * all, qPrintable(u"%1 of %2"_s.arg(different).arg(all)));
}

void TestPaperFigure::aGlyphIsThereOnce()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"a.svg"_s);
    QVERIFY(savePaper({u"x"_s, kSize,
                       [](QPainter &painter) {
                           for (int size = 8; size < 20; ++size) {
                               painter.setFont(QFont(u"Noto Sans"_s, size));
                               painter.drawText(QPointF(10, 10 * size), u"loss"_s);
                           }
                       }},
                      path)
                .ok());
    const QByteArray svg = contentOf(path);
    QCOMPARE(svg.count("<path id="), 3); // l, o, s
    QCOMPARE(svg.count("<use "), 4 * 12);
}

void TestPaperFigure::whatHasNoOutlineStaysText()
{
    const QByteArray odd = "<svg><g font-size=\"9\">\n<text fill=\"#000\" x=\"1\" >no size</text>\n"
                           "<text fill=\"#000000\" fill-opacity=\"1\" x=\"1\" y=\"2\" font-family=\"Noto Sans\" font-size=\"12\" "
                           "font-weight=\"400\" font-style=\"normal\" \n >loss</text></g></svg>";
    const QByteArray made = withTextAsPaths(odd, u"x"_s);
    QVERIFY(made.contains("<text fill=\"#000\" x=\"1\" >no size</text>")); // nothing is lost
    QVERIFY(made.contains("aria-label=\"loss\""));
    QCOMPARE(made.count("<text"), 1);
}

void TestPaperFigure::withoutTextItHasATitle()
{
    const QByteArray svg = "<svg>\n<title>Qt</title>\n<desc>Qt</desc>\n<defs>\n</defs><g font-size=\"9\"><path d=\"M0 0\"/></g></svg>";
    QCOMPARE(withTextAsPaths(svg, u"a < b"_s),
             QByteArray("<svg>\n<title>a &lt; b</title>\n\n<defs>\n</defs><g><path d=\"M0 0\"/></g></svg>"));
    QCOMPARE(withTextAsPaths("no picture", u"x"_s), QByteArray("no picture"));
}

ORRERY_GUI_TEST_MAIN(TestPaperFigure)
#include "tst_paper_figure.moc"
