// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/theme/theme_tokens.h"

#include <array>

namespace orrery::ui {
namespace {

// Good and warning are one shade darker than the first sketches: those had 4.0:1 on the window colour.
const ThemeTokens kLight = {.window = 0xF6F7F9,
                            .surface = 0xFFFFFF,
                            .raised = 0xFFFFFF,
                            .border = 0xDADDE3,
                            .grid = 0xECEEF2,
                            .text = 0x1B1F27,
                            .secondary = 0x5B6472,
                            .accent = 0x2457D6,
                            .accentText = 0xFFFFFF,
                            .good = 0x19774E,
                            .warning = 0x965900,
                            .error = 0xC02A37,
                            .selection = 0xE3EAFB};
const ThemeTokens kDark = {.window = 0x14171C,
                           .surface = 0x1B1F26,
                           .raised = 0x232830,
                           .border = 0x2D333D,
                           .grid = 0x252A33,
                           .text = 0xE7EAF0,
                           .secondary = 0x9AA3B2,
                           .accent = 0x6C9BFF,
                           .accentText = 0x10141B,
                           .good = 0x4CC38A,
                           .warning = 0xE5A445,
                           .error = 0xFF6B75,
                           .selection = 0x26314A};
const ThemeTokens kHighContrast = {.window = Qt::black,
                                   .surface = Qt::black,
                                   .raised = 0x0E0E0E,
                                   .border = 0xC8C8C8,
                                   .grid = 0x4A4A4A,
                                   .text = 0xFFFFFF,
                                   .secondary = 0xE2E2E2,
                                   .accent = 0x7CC4FF,
                                   .accentText = Qt::black,
                                   .good = 0x66F2A8,
                                   .warning = 0xFFC75C,
                                   .error = 0xFF9096,
                                   .selection = 0x123E66};

constexpr std::array<QRgb, kNumRunColors> kRunsOnLight = {0x0072B2, 0xE69F00, 0x009E73, 0xCC79A7,
                                                          0x56B4E9, 0xD55E00, 0x8C6BB1, 0x117733,
                                                          0x882255, 0x44AA99, 0xDDCC77, 0x7F7F7F};
constexpr std::array<QRgb, kNumRunColors> kRunsOnDark = {0x4A9FE8, 0xFFB92E, 0x17C994, 0xEB9FC8,
                                                         0x9AD8FF, 0xFF7A2E, 0xB292E0, 0x58B368,
                                                         0xE36A9F, 0x6FDCCB, 0xF0E4A0, 0xA8A8A8};

} // namespace

ThemeTokens themeTokens(ThemeKind kind)
{
    switch (kind) {
    case ThemeKind::Dark:
        return kDark;
    case ThemeKind::HighContrast:
        return kHighContrast;
    case ThemeKind::System:
    case ThemeKind::Light:
        break;
    }
    return kLight;
}

QColor runColorEntry(int entry, bool isDark)
{
    return QColor((isDark ? kRunsOnDark : kRunsOnLight)[size_t(entry)]);
}

} // namespace orrery::ui
