// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"
#include "widgets/theme/theme_tokens.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QFontDatabase>
#include <QFontMetricsF>
#include <QPixmap>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTest>

#include <cmath>

using namespace orrery::ui;

namespace {

struct Lab {
    double l, a, b;
};

/// CIE L*a*b* (D65), to tell whether two colours look different.
Lab toLab(const QColor &color)
{
    const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    const double r = linear(color.redF()), g = linear(color.greenF()), b = linear(color.blueF());
    const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116.0; };
    const double x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const double y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const double z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double labDistance(const QColor &first, const QColor &second)
{
    const Lab p = toLab(first), q = toLab(second);
    return std::hypot(p.l - q.l, p.a - q.a, p.b - q.b);
}

} // namespace

class TestTheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void contrastFollowsTheStandard();
    void textIsReadableOnEveryGround_data();
    void textIsReadableOnEveryGround();
    void runColorsAreDistinct_data();
    void runColorsAreDistinct();
    void runColorsStandOutOnDark();
    void runsBeyondTwelveAreDashed();
    void readableColorKeepsAReadableOne();
    void applyingAThemeReachesPaletteAndSheet();
    void everyIconDrawsSomething();
    void iconFollowsTheTheme();
    void figuresAreTabular();
    void fontsGrowWithTheApplication();
};

void TestTheme::contrastFollowsTheStandard()
{
    QCOMPARE(contrastRatio(Qt::black, Qt::white), 21.0);
    QCOMPARE(contrastRatio(Qt::white, Qt::white), 1.0);
    // Worked example: #777777 on white is the well-known near miss.
    QVERIFY(std::abs(contrastRatio(QColor(0x777777), Qt::white) - 4.48) < 0.01);
}

void TestTheme::textIsReadableOnEveryGround_data()
{
    QTest::addColumn<ThemeKind>("kind");
    QTest::newRow("light") << ThemeKind::Light;
    QTest::newRow("dark") << ThemeKind::Dark;
    QTest::newRow("high contrast") << ThemeKind::HighContrast;
}

void TestTheme::textIsReadableOnEveryGround()
{
    QFETCH(ThemeKind, kind);
    const ThemeTokens t = themeTokens(kind);
    const std::pair<const char *, QColor> fronts[] = {{"text", t.text},   {"secondary", t.secondary},
                                                      {"error", t.error}, {"warning", t.warning},
                                                      {"good", t.good},   {"accent", t.accent}};
    const std::pair<const char *, QColor> grounds[] = {
        {"window", t.window}, {"surface", t.surface}, {"raised", t.raised}, {"selection", t.selection}};
    for (const auto &[frontName, front] : fronts) {
        for (const auto &[groundName, ground] : grounds) {
            const double ratio = contrastRatio(front, ground);
            QVERIFY2(ratio >= kMinTextContrast,
                     qPrintable(QStringLiteral("%1 on %2: %3")
                                    .arg(QLatin1String(frontName), QLatin1String(groundName))
                                    .arg(ratio)));
        }
    }
    QVERIFY(contrastRatio(t.accentText, t.accent) >= kMinTextContrast);
}

void TestTheme::runColorsAreDistinct_data()
{
    QTest::addColumn<bool>("isDark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void TestTheme::runColorsAreDistinct()
{
    QFETCH(bool, isDark);
    for (int i = 0; i < kNumRunColors; ++i) {
        for (int j = 0; j < i; ++j) {
            const double distance = labDistance(runColorEntry(i, isDark), runColorEntry(j, isDark));
            QVERIFY2(distance > 14,
                     qPrintable(QStringLiteral("runs %1 and %2: %3").arg(i).arg(j).arg(distance)));
        }
    }
}

void TestTheme::runColorsStandOutOnDark()
{
    for (int i = 0; i < kNumRunColors; ++i)
        QVERIFY(contrastRatio(runColorEntry(i, true), themeTokens(ThemeKind::Dark).surface) >=
                kMinTextContrast);
}

void TestTheme::runsBeyondTwelveAreDashed()
{
    QCOMPARE(Theme::runPenStyle(0), Qt::SolidLine);
    QCOMPARE(Theme::runPenStyle(11), Qt::SolidLine);
    QVERIFY(Theme::runPenStyle(12) != Qt::SolidLine);
    QVERIFY(Theme::runPenStyle(24) != Theme::runPenStyle(12));
    QCOMPARE(Theme::instance().runColor(12), Theme::instance().runColor(0));
}

void TestTheme::readableColorKeepsAReadableOne()
{
    QCOMPARE(readableOn(QColor(0x0072B2), Qt::white), QColor(0x0072B2));
    const QColor orange = readableOn(QColor(0xE69F00u), Qt::white);
    QVERIFY(contrastRatio(orange, Qt::white) >= kMinTextContrast);
    QVERIFY(std::abs(orange.hsvHue() - QColor(0xE69F00u).hsvHue()) <= 2);
}

void TestTheme::applyingAThemeReachesPaletteAndSheet()
{
    Theme &theme = Theme::instance();
    QSignalSpy changes(&theme, &Theme::changed);
    theme.apply(*qApp, ThemeKind::Dark);
    QCOMPARE(changes.count(), 1);
    QVERIFY(theme.isDark());
    QCOMPARE(QApplication::palette().color(QPalette::Window), theme.tokens().window);
    QVERIFY(!qApp->styleSheet().isEmpty());
    // Every token of the sheet was filled in: what is left in braces are rules, which start with a blank or a
    // line end.
    QVERIFY(!qApp->styleSheet().contains(QRegularExpression(QStringLiteral("\\{[a-zA-Z]+\\}"))));
    theme.apply(*qApp, ThemeKind::Light);
    QVERIFY(!theme.isDark());
    QCOMPARE(QApplication::palette().color(QPalette::Window), theme.tokens().window);
}

void TestTheme::everyIconDrawsSomething()
{
    const QStringList files = QDir(QStringLiteral(":/orrery/icons")).entryList({QStringLiteral("*.svg")});
    QVERIFY(files.size() >= 25);
    for (const QString &file : files) {
        QVERIFY2(QSvgRenderer(QStringLiteral(":/orrery/icons/") + file).isValid(), qPrintable(file));
        const QIcon icon = Theme::instance().icon(file.chopped(4));
        const QImage image = icon.pixmap(QSize(16, 16), 2.0).toImage();
        QCOMPARE(image.size(), QSize(32, 32));
        int inked = 0;
        for (int y = 0; y < image.height(); ++y)
            for (int x = 0; x < image.width(); ++x) inked += qAlpha(image.pixel(x, y)) > 128;
        QVERIFY2(inked > 20, qPrintable(file));
    }
    QVERIFY(Theme::instance().icon(QStringLiteral("no-such-icon")).isNull());
}

void TestTheme::iconFollowsTheTheme()
{
    const QIcon icon = Theme::instance().icon(QStringLiteral("plus"));
    Theme::instance().apply(*qApp, ThemeKind::Light);
    const QColor onLight = icon.pixmap(16, 16).toImage().pixelColor(8, 8);
    Theme::instance().apply(*qApp, ThemeKind::Dark);
    const QColor onDark = icon.pixmap(16, 16).toImage().pixelColor(8, 8);
    Theme::instance().apply(*qApp, ThemeKind::Light);
    QVERIFY(onLight.lightness() < 80);
    QVERIFY(onDark.lightness() > 180);
    const QColor onAccent =
        Theme::instance().iconOnAccent(QStringLiteral("plus")).pixmap(16, 16).toImage().pixelColor(8, 8);
    QCOMPARE(onAccent.rgb(), Theme::instance().tokens().accentText.rgb());
    QVERIFY(icon.pixmap(QSize(16, 16), QIcon::Disabled).toImage() !=
            icon.pixmap(QSize(16, 16), QIcon::Normal).toImage());
}

void TestTheme::figuresAreTabular()
{
    if (!QFontDatabase::hasFamily(QStringLiteral("Noto Sans"))) QSKIP("Noto Sans is not installed here.");
    const QFontMetricsF metrics(Theme::instance().baseFont());
    for (char digit = '0'; digit <= '9'; ++digit)
        QCOMPARE(metrics.horizontalAdvance(QLatin1Char(digit)), metrics.horizontalAdvance(QLatin1Char('0')));
}

void TestTheme::fontsGrowWithTheApplication()
{
    const double before = Theme::instance().baseFont().pointSizeF();
    QFont larger = QApplication::font();
    const QFont normal = larger;
    larger.setPointSizeF(larger.pointSizeF() * 1.4);
    QApplication::setFont(larger);
    const double after = Theme::instance().baseFont().pointSizeF();
    QApplication::setFont(normal);
    QVERIFY(std::abs(after / before - 1.4) < 0.01);
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestTheme test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_theme.moc"
