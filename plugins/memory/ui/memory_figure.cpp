// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_figure.h"

#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/attention/bar_list.h"
#include "widgets/common/paper_figure.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"
#include "widgets/theme/theme_tokens.h"

#include <QPainter>

#include <functional>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

constexpr double kWidth = 680, kMargin = 16, kGap = 8;

/// Draws downwards, and measures by drawing nothing.
class Page {
public:
    explicit Page(QPainter *painter) : m_painter(painter), m_tokens(ui::themeTokens(ui::ThemeKind::Light)) {}
    [[nodiscard]] double height() const { return m_top + kMargin; }

    void text(const QString &text, ui::TypeSize size, bool isSecondary)
    {
        const QFont font = ui::typeFont(size);
        const QRectF room(kMargin, m_top, width(), 10'000);
        const int flags = Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap;
        const double height = QFontMetricsF(font).boundingRect(room, flags, text).height();
        if (m_painter) {
            m_painter->setFont(font);
            m_painter->setPen(isSecondary ? m_tokens.secondary : m_tokens.text);
            m_painter->drawText(QRectF(room.topLeft(), QSizeF(width(), height)), flags, text);
        }
        m_top += height + kGap;
    }
    void part(double height, const std::function<void(QPainter &, double)> &paint)
    {
        if (m_painter) {
            m_painter->save();
            m_painter->translate(kMargin, m_top);
            paint(*m_painter, width());
            m_painter->restore();
        }
        m_top += height + kGap;
    }

private:
    static double width() { return kWidth - 2 * kMargin; }

    QPainter *m_painter;
    ui::ThemeTokens m_tokens;
    double m_top = kMargin;
};

void layOut(const MemoryFigure &figure, Page &page)
{
    page.text(figure.title, ui::TypeSize::Heading, false);
    const MemoryStrip &strip = *figure.strip;
    page.part(strip.figureHeight(), [&strip](QPainter &painter, double width) { strip.paintFigure(painter, width); });
    if (!figure.whatIf) return;
    const WhatIfPane &whatIf = *figure.whatIf;
    page.text(whatIf.title(), ui::TypeSize::Heading, false);
    page.text(whatIf.question(), ui::TypeSize::Base, true);
    page.text(whatIf.summary(), ui::TypeSize::Base, false);
    page.part(whatIf.bars()->figureHeight(),
              [&whatIf](QPainter &painter, double width) { whatIf.bars()->paintFigure(painter, width); });
    page.text(whatIf.legend(), ui::TypeSize::Small, true);
}

ui::PaperFigure paperOf(const MemoryFigure &figure)
{
    Page measured(nullptr);
    layOut(figure, measured);
    return {.title = figure.title, .size = QSizeF(kWidth, measured.height()), .paint = [figure](QPainter &painter) {
                Page page(&painter);
                layOut(figure, page);
            }};
}

} // namespace

QImage memoryImage(const MemoryFigure &figure) { return ui::paperImage(paperOf(figure)); }

Result<void> saveMemoryFigure(const MemoryFigure &figure, const QString &path)
{
    return ui::savePaper(paperOf(figure), path);
}

} // namespace orrery::memory_ui
