// SPDX-License-Identifier: GPL-3.0-or-later
// How a reading table is painted: what is outlined is seen, and what belongs together stands together.
#include "tests/widgets/common/gui_test.h"
#include "widgets/microscope/table_figure.h"
#include "widgets/theme/contrast.h"

#include <QPainter>

#include <algorithm>

using namespace orrery::ui;
using namespace Qt::StringLiterals;

namespace {

QImage painted(const TableFigure &figure, int width)
{
    const FigureStyle style = FigureStyle::ofTheme();
    QImage image(width, int(figure.height()) + 1, QImage::Format_RGB32);
    image.fill(style.tokens.surface);
    QPainter painter(&image);
    figure.paint(painter, style, -1, 0, image.height());
    return image;
}

} // namespace

class TestTableFigure : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { Theme::instance().apply(*qApp, ThemeKind::Light); }
    void outlinesAreSeenOnEveryColor_data();
    void outlinesAreSeenOnEveryColor();
    void wordsBeginInOneColumn();
};

void TestTableFigure::outlinesAreSeenOnEveryColor_data()
{
    QTest::addColumn<int>("theme");
    QTest::addColumn<double>("value");
    for (const auto &[theme, name] : {std::pair(ThemeKind::Light, "light"), {ThemeKind::Dark, "dark"}})
        for (const double value : {0.0, 0.2, 0.4, 0.6, 0.8, 1.0})
            QTest::addRow("%s %.1f", name, value) << int(theme) << value;
}

/// Inwards from the edge: the accent, and beside it something that it can be told from.
void TestTableFigure::outlinesAreSeenOnEveryColor()
{
    QFETCH(const int, theme);
    QFETCH(const double, value);
    Theme::instance().apply(*qApp, ThemeKind(theme));
    ReadingTable table;
    table.columns = {{.title = {}, .kind = ColumnKind::Heat, .share = 1}};
    table.rows = {{.cells = {{.text = u"a"_s, .value = value, .number = u"0.5"_s, .isOutlined = true}}}};
    const TableFigure figure(table, 200, FigureStyle::ofTheme());
    const QImage image = painted(figure, 200);
    const QColor accent = Theme::instance().tokens().accent;
    int y = 0;
    while (y < image.height() && image.pixelColor(100, y) != accent) ++y;
    while (y < image.height() && image.pixelColor(100, y) == accent) ++y;
    QVERIFY2(y < image.height() / 2, "no outline");
    const double contrast = contrastRatio(accent, image.pixelColor(100, y));
    QVERIFY2(contrast >= 3, qPrintable(QString::number(contrast)));
}

void TestTableFigure::wordsBeginInOneColumn()
{
    ReadingTable table;
    table.columns = {{.title = {}, .kind = ColumnKind::Word}};
    table.rows = {{.cells = {{.text = u"MM"_s}}}, {.cells = {{.text = u"MM"_s}}}};
    table.rows[0].picture = QImage(8, 8, QImage::Format_RGB32);
    const TableFigure figure(table, 200, FigureStyle::ofTheme());
    const QImage image = painted(figure, 200);
    const int side = int(figure.rowRect(0).height()) - 4; // of the picture
    const auto textLeft = [&](int row) {
        const QRect cell = figure.cellRect(row, 0).toRect();
        for (int x = cell.left() + (row == 0 ? side + 1 : 0); x < cell.right(); ++x)
            for (int y = cell.top() + 3; y < cell.bottom() - 2; ++y)
                if (contrastRatio(image.pixelColor(x, y), Theme::instance().tokens().surface) > 2) return x;
        return -1;
    };
    QVERIFY(textLeft(0) > side);
    QCOMPARE(textLeft(1), textLeft(0));
}

ORRERY_GUI_TEST_MAIN(TestTableFigure)
#include "tst_table_figure.moc"
