// SPDX-License-Identifier: GPL-3.0-or-later
// Colours, type and spacing of every panel, in light, dark and high contrast. GUI thread only. Panels ask for
// tokens by meaning, never for a literal colour, and repaint on Theme::changed().
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QObject>
#include <QString>

class QApplication;

namespace orrery::ui {

enum class ThemeKind : uint8_t { System, Light, Dark, HighContrast };

struct ThemeTokens {
    QColor window, surface, raised, border, grid, text, secondary, accent, accentText, good, warning, error,
        selection;
};

namespace space {
inline constexpr int kHalf = 4, kOne = 8, kTwo = 16, kThree = 24;
}

class Theme : public QObject {
    Q_OBJECT
public:
    /// The application's theme; made on first use, after QApplication.
    static Theme &instance();
    /// Fusion style, palette, style sheet and fonts of the whole application.
    void apply(QApplication &application, ThemeKind kind);
    [[nodiscard]] ThemeKind kind() const { return m_kind; }
    [[nodiscard]] bool isDark() const { return m_isDark; }
    [[nodiscard]] const ThemeTokens &tokens() const { return m_tokens; }
    /// Colour of the n-th run, from a 12-entry colour-blind-safe list with lighter twins for dark grounds.
    [[nodiscard]] QColor runColor(int index) const;
    /// Solid for the first 12 runs, then dash patterns.
    [[nodiscard]] static Qt::PenStyle runPenStyle(int index);
    [[nodiscard]] QFont baseFont() const;    ///< 9.5 pt with tabular figures
    [[nodiscard]] QFont smallFont() const;   ///< secondary lines
    [[nodiscard]] QFont headingFont() const; ///< panel titles, demi-bold
    [[nodiscard]] QFont monoFont() const;
    /// Line icon from resources, tinted for text, disabled and accent states. Name without path or ending.
    [[nodiscard]] QIcon icon(const QString &name) const;
    /// The same for a button that is filled with the accent colour.
    [[nodiscard]] QIcon iconOnAccent(const QString &name) const;

Q_SIGNALS:
    void changed();

private:
    Theme() = default;
    ThemeKind m_kind = ThemeKind::System;
    bool m_isDark = false;
    ThemeTokens m_tokens;
};

} // namespace orrery::ui
