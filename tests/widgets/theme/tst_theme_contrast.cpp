// SPDX-License-Identifier: GPL-3.0-or-later
// All texts of the style sheet and the palette can be read, in every theme and state: plain ones at 4.5 : 1,
// those of what cannot be used now at 3 : 1 (the standard asks for nothing there).
#include "widgets/theme/color_map.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"
#include "widgets/theme/theme_tokens.h"

#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QMap>
#include <QPalette>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QStyle>
#include <QStyleOptionComboBox>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace orrery::ui;

namespace {

struct Look {
    QColor text, ground; ///< invalid: not said
};

/// "QPushButton[primary="true"]:disabled" and what its rule says of colours.
using Sheet = QMap<QString, Look>;

QColor colorOf(const QString &body, const QString &property)
{
    const QRegularExpression wanted(u"(?:^|[;{\\s])"_s + property + u"\\s*:\\s*(#[0-9a-f]{6})\\b"_s);
    const QRegularExpressionMatch match = wanted.match(body);
    return match.hasMatch() ? QColor(match.captured(1)) : QColor();
}

Sheet readSheet(QString sheet)
{
    sheet.remove(QRegularExpression(u"/\\*.*?\\*/"_s, QRegularExpression::DotMatchesEverythingOption));
    Sheet rules;
    static const QRegularExpression rule(u"([^{}]+)\\{([^{}]*)\\}"_s);
    for (auto found = rule.globalMatch(sheet); found.hasNext();) {
        const QRegularExpressionMatch match = found.next();
        for (const QString &selector : match.captured(1).split(u','))
            for (auto [property, part] :
                 {std::pair("(?<!-)color", &Look::text), std::pair("background", &Look::ground)})
                if (const QColor color = colorOf(match.captured(2), QLatin1String(property)); color.isValid())
                    rules[selector.trimmed()].*part = color;
    }
    return rules;
}

/// Selectors that this one adds to, the nearest first: without a state, then without properties.
QStringList fallbacks(const QString &selector)
{
    static const QRegularExpression state(u"(?<!:):(?!:)[a-z-]+$"_s), property(u"\\[[^\\]]*\\]"_s);
    QStringList list{selector};
    for (QString one = selector; state.match(one).hasMatch();) list << one.remove(state);
    QString plain = list.last();
    while (property.match(plain).hasMatch()) {
        plain.remove(property);
        const QString stateText = state.match(selector).captured(0);
        if (!stateText.isEmpty()) list << plain + stateText;
        list << plain;
    }
    list.removeDuplicates();
    return list;
}

} // namespace

class TestThemeContrast : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data()
    {
        QTest::addColumn<ThemeKind>("kind");
        QTest::newRow("light") << ThemeKind::Light;
        QTest::newRow("dark") << ThemeKind::Dark;
        QTest::newRow("high contrast") << ThemeKind::HighContrast;
    }
    void init()
    {
        QFETCH_GLOBAL(ThemeKind, kind);
        Theme::instance().apply(*qApp, kind);
    }
    void cleanupTestCase() { Theme::instance().apply(*qApp, ThemeKind::Light); }
    void rulesAreFound();
    void textsOfTheSheetAreReadable();
    void textsOfThePaletteAreReadable();
    void placeholdersAreReadable();
    void choicesHaveRoomForTheirText();
    void namesOfRunsAreReadable();
    void numbersInMapsAreReadable();
};

void TestThemeContrast::rulesAreFound()
{
    const Sheet sheet = readSheet(qApp->styleSheet());
    QVERIFY(sheet.size() > 60);
    const Look primary = sheet[u"QPushButton[primary=\"true\"]:disabled"_s];
    QVERIFY(primary.text.isValid() && primary.ground.isValid());
    QVERIFY(sheet[u"QPushButton:disabled"_s].text.isValid());
    QCOMPARE(fallbacks(u"QToolBar QToolButton[primary=\"true\"]:hover"_s),
             (QStringList{u"QToolBar QToolButton[primary=\"true\"]:hover"_s,
                          u"QToolBar QToolButton[primary=\"true\"]"_s, u"QToolBar QToolButton:hover"_s,
                          u"QToolBar QToolButton"_s}));
}

void TestThemeContrast::textsOfTheSheetAreReadable()
{
    const Sheet sheet = readSheet(qApp->styleSheet());
    const ThemeTokens &tokens = Theme::instance().tokens();
    int numTexts = 0;
    for (auto rule = sheet.begin(); rule != sheet.end(); ++rule) {
        Look look;
        for (const QString &selector : fallbacks(rule.key())) {
            const Look known = sheet.value(selector);
            if (!look.text.isValid()) look.text = known.text;
            if (!look.ground.isValid()) look.ground = known.ground;
        }
        if (!look.text.isValid()) continue; // a bar, a handle
        const double least = rule.key().contains(u":disabled"_s) ? kMinDisabledContrast : kMinTextContrast;
        // What has no ground of its own stands on a panel, a window or a menu.
        const QList<QColor> grounds = look.ground.isValid()
                                          ? QList<QColor>{look.ground}
                                          : QList<QColor>{tokens.window, tokens.surface, tokens.raised};
        for (const QColor &ground : grounds) {
            const double ratio = contrastRatio(look.text, ground);
            QVERIFY2(ratio >= least, qPrintable(u"%1: %2 on %3 has %4, expected %5"_s
                                                    .arg(rule.key(), look.text.name(), ground.name())
                                                    .arg(ratio)
                                                    .arg(least)));
        }
        ++numTexts;
    }
    QVERIFY(numTexts > 30);
}

void TestThemeContrast::textsOfThePaletteAreReadable()
{
    const QPalette palette = QApplication::palette();
    const std::pair<QPalette::ColorRole, QPalette::ColorRole> pairs[] = {
        {QPalette::WindowText, QPalette::Window},         {QPalette::Text, QPalette::Base},
        {QPalette::Text, QPalette::AlternateBase},        {QPalette::ButtonText, QPalette::Button},
        {QPalette::HighlightedText, QPalette::Highlight}, {QPalette::ToolTipText, QPalette::ToolTipBase},
        {QPalette::PlaceholderText, QPalette::Base},      {QPalette::Link, QPalette::Base}};
    for (const QPalette::ColorGroup group : {QPalette::Active, QPalette::Inactive, QPalette::Disabled}) {
        const double least = group == QPalette::Disabled ? kMinDisabledContrast : kMinTextContrast;
        for (const auto &[text, ground] : pairs) {
            const double ratio = contrastRatio(palette.color(group, text), palette.color(group, ground));
            QVERIFY2(ratio >= least, qPrintable(u"role %1 on %2 in group %3 has %4"_s.arg(int(text))
                                                    .arg(int(ground))
                                                    .arg(int(group))
                                                    .arg(ratio)));
        }
    }
}

/// The style sheet makes it of the colour of the text, half transparent, where a rule gives one.
void TestThemeContrast::placeholdersAreReadable()
{
    QLineEdit line;
    QPlainTextEdit text;
    const QColor ground = Theme::instance().tokens().surface;
    for (QWidget *edit : {static_cast<QWidget *>(&line), static_cast<QWidget *>(&text)}) {
        edit->ensurePolished();
        const QColor color = edit->palette().color(QPalette::PlaceholderText);
        QVERIFY(contrastRatio(mixed(color, ground, color.alphaF()), ground) >= kMinTextContrast);
        QVERIFY(contrastRatio(edit->palette().color(QPalette::Text), ground) >= kMinTextContrast);
        // What was not typed is told from what was.
        QVERIFY(contrastRatio(edit->palette().color(QPalette::Text), color) >= 2);
    }
}

/// The text has all that the arrow leaves, in the width that the box asks for and in a narrower one.
void TestThemeContrast::choicesHaveRoomForTheirText()
{
    QComboBox box;
    box.addItem(u"newest, 8,000"_s);
    box.ensurePolished();
    const int text = box.fontMetrics().horizontalAdvance(box.currentText());
    const int around = box.sizeHint().width() - text;
    QVERIFY2(around >= 24 && around <= 50, qPrintable(QString::number(around)));
    for (const int width : {box.sizeHint().width(), 90}) {
        box.resize(width, box.sizeHint().height());
        QStyleOptionComboBox option;
        option.initFrom(&box);
        option.subControls = QStyle::SC_All;
        const QRect field = box.style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, &box);
        const QRect arrow = box.style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxArrow, &box);
        QVERIFY(!field.intersects(arrow));
        QVERIFY2(field.width() >= std::min(text, width - 36), qPrintable(u"%1 of %2"_s.arg(field.width()).arg(width)));
    }
}

/// A name in the colour of its run (at the end of a curve) stands on the ground of a panel, a row or a selected row.
void TestThemeContrast::namesOfRunsAreReadable()
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    for (int run = 0; run < kNumRunColors; ++run)
        for (const QColor &ground : {tokens.window, tokens.surface, tokens.raised, tokens.selection}) {
            const QColor text = readableOn(Theme::instance().runColor(run), ground);
            const double ratio = contrastRatio(text, ground);
            QVERIFY2(ratio >= kMinTextContrast, qPrintable(u"run %1, %2 on %3: %4"_s.arg(run).arg(text.name(), ground.name()).arg(ratio)));
        }
}

/// A number in a cell is black or white, whichever is read better.
void TestThemeContrast::numbersInMapsAreReadable()
{
    const MapGround ground = ColorMaps::themeGround();
    for (const ColorMap *map : {&ColorMaps::sequential(ground), &ColorMaps::diverging(ground)})
        for (const QRgb rgb : map->colors()) {
            const QColor cell = QColor::fromRgb(rgb);
            QVERIFY(std::max(contrastRatio(Qt::black, cell), contrastRatio(Qt::white, cell)) >= kMinTextContrast);
        }
}

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    Theme::instance().apply(application, ThemeKind::Light);
    TestThemeContrast test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_theme_contrast.moc"
