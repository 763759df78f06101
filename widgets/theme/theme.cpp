// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme/theme.h"

#include "widgets/theme/contrast.h"
#include "widgets/theme/theme_icons.h"
#include "widgets/theme/theme_tokens.h"

#include <QApplication>
#include <QFile>
#include <QFontDatabase>
#include <QPalette>
#include <QStyleFactory>

#include <array>
#include <utility>

// In the global namespace because the macro declares a function there.
static void initOrreryResources() { Q_INIT_RESOURCE(orrery); }

namespace orrery::ui {
namespace {

/// The desktop's own palette, before ours replaced it.
const QPalette &systemPalette()
{
    static const QPalette palette = QGuiApplication::palette();
    return palette;
}

bool systemIsDark()
{
    const QPalette &palette = systemPalette();
    return relativeLuminance(palette.color(QPalette::Window)) <
           relativeLuminance(palette.color(QPalette::WindowText));
}

/// Colours derived from tokens, which only the style sheet and the palette need.
struct Derived {
    QColor hover, strongBorder, disabled, disabledGround, disabledOnGround, accentHover, placeholder;
};

/// Fainter than other text, and still to be read on each of the grounds that such text stands on.
QColor disabledText(const ThemeTokens &tokens)
{
    QColor text = mixed(tokens.secondary, tokens.window, 0.6);
    for (const QColor &ground : {tokens.window, tokens.surface, tokens.raised, tokens.selection})
        text = readableOn(text, ground, kMinDisabledContrast);
    return text;
}

Derived derive(const ThemeTokens &tokens)
{
    // The borders of the high contrast are as light as text.
    const bool isBorderBright = contrastRatio(tokens.border, tokens.secondary) < kMinDisabledContrast;
    const QColor disabledGround = isBorderBright ? tokens.grid : tokens.border;
    return {.hover = mixed(tokens.text, tokens.surface, 0.06),
            .strongBorder = mixed(tokens.secondary, tokens.border, 0.45),
            .disabled = disabledText(tokens),
            .disabledGround = disabledGround,
            .disabledOnGround = readableOn(mixed(tokens.secondary, disabledGround, 0.75), disabledGround,
                                           kMinDisabledContrast),
            .accentHover = mixed(tokens.text, tokens.accent, 0.12),
            // Where other faint text is nearly as light as what was typed, what was not typed is fainter.
            .placeholder = isBorderBright ? mixed(tokens.secondary, tokens.surface, 0.7) : tokens.secondary};
}

QPalette makePalette(const ThemeTokens &tokens)
{
    const Derived derived = derive(tokens);
    QPalette palette;
    palette.setColor(QPalette::Window, tokens.window);
    palette.setColor(QPalette::WindowText, tokens.text);
    palette.setColor(QPalette::Base, tokens.surface);
    palette.setColor(QPalette::AlternateBase, tokens.window);
    palette.setColor(QPalette::Text, tokens.text);
    palette.setColor(QPalette::PlaceholderText, derived.placeholder);
    palette.setColor(QPalette::Button, tokens.surface);
    palette.setColor(QPalette::ButtonText, tokens.text);
    palette.setColor(QPalette::BrightText, tokens.error);
    palette.setColor(QPalette::ToolTipBase, tokens.raised);
    palette.setColor(QPalette::ToolTipText, tokens.text);
    palette.setColor(QPalette::Highlight, tokens.accent);
    palette.setColor(QPalette::HighlightedText, tokens.accentText);
    palette.setColor(QPalette::Link, tokens.accent);
    palette.setColor(QPalette::LinkVisited, tokens.accent);
    palette.setColor(QPalette::Light, tokens.raised);
    palette.setColor(QPalette::Midlight, tokens.grid);
    palette.setColor(QPalette::Mid, tokens.border);
    palette.setColor(QPalette::Dark, derived.strongBorder);
    palette.setColor(QPalette::Shadow, mixed(Qt::black, tokens.window, 0.5));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::PlaceholderText})
        palette.setColor(QPalette::Disabled, role, derived.disabled);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, derived.disabledGround);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, derived.disabledOnGround);
    return palette;
}

QString makeStyleSheet(const ThemeTokens &tokens, const QString &kindName)
{
    QFile file(QStringLiteral(":/orrery/themes/style.qss"));
    if (!file.open(QIODevice::ReadOnly)) return {};
    QString sheet = QString::fromUtf8(file.readAll());
    const Derived derived = derive(tokens);
    const std::array<std::pair<const char *, QColor>, 19> colors = {{
        {"{window}", tokens.window},
        {"{surface}", tokens.surface},
        {"{raised}", tokens.raised},
        {"{border}", tokens.border},
        {"{grid}", tokens.grid},
        {"{text}", tokens.text},
        {"{secondary}", tokens.secondary},
        {"{accent}", tokens.accent},
        {"{accentText}", tokens.accentText},
        {"{good}", tokens.good},
        {"{warning}", tokens.warning},
        {"{error}", tokens.error},
        {"{selection}", tokens.selection},
        {"{hover}", derived.hover},
        {"{strongBorder}", derived.strongBorder},
        {"{disabled}", derived.disabled},
        {"{disabledGround}", derived.disabledGround},
        {"{disabledOnGround}", derived.disabledOnGround},
        {"{accentHover}", derived.accentHover},
    }};
    for (const auto &[name, color] : colors) sheet.replace(QLatin1String(name), color.name());
    return sheet.replace(QLatin1String("{kind}"), kindName);
}

/// Noto Sans has tabular figures by default, so columns of numbers line up without font features.
QString baseFamily()
{
    static const QString family = [] {
        const QString noto = QStringLiteral("Noto Sans");
        return QFontDatabase::hasFamily(noto)
                   ? noto
                   : QFontDatabase::systemFont(QFontDatabase::GeneralFont).family();
    }();
    return family;
}

constexpr double kBasePoints = 9.5;

QFont makeFont(double points, QFont::Weight weight = QFont::Normal)
{
    QFont font(baseFamily());
    // A desktop that asks for larger text gets it: sizes are ratios to the application's base size.
    font.setPointSizeF(points * QApplication::font().pointSizeF() / kBasePoints);
    font.setWeight(weight);
    return font;
}

} // namespace

Theme &Theme::instance()
{
    static Theme theme;
    [[maybe_unused]] static const bool isReady = [] {
        initOrreryResources();
        theme.m_tokens = themeTokens(ThemeKind::Light);
        return true;
    }();
    return theme;
}

void Theme::apply(QApplication &application, ThemeKind kind)
{
    const QPalette &before = systemPalette();
    Q_UNUSED(before)
    m_kind = kind;
    const ThemeKind shown =
        kind == ThemeKind::System ? (systemIsDark() ? ThemeKind::Dark : ThemeKind::Light) : kind;
    m_isDark = shown != ThemeKind::Light;
    m_tokens = themeTokens(shown);

    static bool isFirst = true;
    if (std::exchange(isFirst, false)) {
        QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
        QFont font(baseFamily());
        font.setPointSizeF(kBasePoints);
        QApplication::setFont(font);
    }
    QApplication::setPalette(makePalette(m_tokens));
    const QString kindName = shown == ThemeKind::Light  ? QStringLiteral("light")
                             : shown == ThemeKind::Dark ? QStringLiteral("dark")
                                                        : QStringLiteral("contrast");
    application.setStyleSheet(makeStyleSheet(m_tokens, kindName));
    Q_EMIT changed();
}

QColor Theme::runColor(int index) const
{
    return runColorEntry(std::max(index, 0) % kNumRunColors, m_isDark);
}

Qt::PenStyle Theme::runPenStyle(int index)
{
    constexpr std::array kStyles = {Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine,
                                    Qt::DashDotDotLine};
    return kStyles[size_t(std::max(index, 0) / kNumRunColors) % kStyles.size()];
}

QFont Theme::baseFont() const { return makeFont(kBasePoints); }
QFont Theme::smallFont() const { return makeFont(8.5); }
QFont Theme::headingFont() const { return makeFont(kBasePoints, QFont::DemiBold); }

QFont Theme::monoFont() const
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    if (QFontDatabase::hasFamily(QStringLiteral("Noto Sans Mono")))
        font.setFamily(QStringLiteral("Noto Sans Mono"));
    font.setPointSizeF(makeFont(9.0).pointSizeF());
    return font;
}

QIcon Theme::icon(const QString &name) const
{
    return hasLineIcon(name) ? QIcon(new LineIconEngine(name)) : QIcon();
}

QIcon Theme::iconOnAccent(const QString &name) const
{
    return hasLineIcon(name) ? QIcon(new LineIconEngine(name, IconGround::Accent)) : QIcon();
}

} // namespace orrery::ui
