// SPDX-License-Identifier: GPL-3.0-or-later
// How the strip is drawn: axes, blocks, and over them how surprising the tokens were.
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_strip.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"
#include "widgets/theme/theme_tokens.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr double kSurpriseRoom = 2; ///< pixels a token
constexpr double kNameInset = 6;
constexpr double kLineWidth = 1.5, kEdgedWidth = 4; ///< of the line alone, and with its edges

/// 1, 2 or 5 times a power of ten, at least `least`.
double niceStep(double least)
{
    const double power = std::pow(10.0, std::floor(std::log10(std::max(least, 1.0))));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= least) return factor * power;
    return 10 * power;
}

const ui::ThemeTokens &paperTokens()
{
    static const ui::ThemeTokens s_tokens = ui::themeTokens(ui::ThemeKind::Light);
    return s_tokens;
}

} // namespace

void MemoryStrip::paintAxes(QPainter &painter) const
{
    const ui::ThemeTokens &tokens = colors();
    const QRectF area = plotArea();
    painter.setFont(ui::typeFont(ui::TypeSize::Small));
    const QFontMetricsF metrics(painter.font());
    const int height = labelHeight();
    painter.setPen(tokens.secondary);
    const QRectF scale(0, 0, area.left() - 4, height);
    painter.drawText(scale.translated(0, area.top() - height / 2.0), Qt::AlignRight | Qt::AlignVCenter,
                     ui::significantText(m_model->maxUsage(), 2));
    painter.drawText(scale.translated(0, area.bottom() - height / 2.0), Qt::AlignRight | Qt::AlignVCenter,
                     u"0"_s);
    painter.drawText(scale, Qt::AlignRight | Qt::AlignVCenter, tr("usage"));
    // Else the word reads as one with the name of the first text.
    painter.fillRect(QRectF(area.left() - 1, 0, 1, area.bottom()), tokens.border);
    painter.fillRect(QRectF(area.left(), area.top(), area.width(), 1), tokens.grid);
    painter.fillRect(QRectF(area.left(), area.bottom(), area.width(), 1), tokens.border);

    const double perToken = area.width() / (m_to - m_from);
    const double step = niceStep(std::max(1.0, (metrics.horizontalAdvance(u"100,000"_s) + 16) / perToken));
    const QString unit = tr("tokens");
    const double unitLeft = area.right() - metrics.horizontalAdvance(unit);
    painter.drawText(QRectF(unitLeft - 4, area.bottom() + 6, area.right() - unitLeft + 8, height),
                     Qt::AlignRight | Qt::AlignTop, unit);
    double nameEnd = -1, labelEnd = -1, namesEnd = area.right();
    if (showsSurprise()) {
        const QRectF own(area.right() + 4, 0, width() - area.right() - 4, height);
        painter.drawText(own.translated(0, area.top() - height / 2.0), Qt::AlignLeft | Qt::AlignVCenter,
                         ui::significantText(m_model->maxSurprise(), 2));
        painter.drawText(own.translated(0, area.bottom() - height / 2.0), Qt::AlignLeft | Qt::AlignVCenter,
                         u"0"_s);
        const QString legend = tr("surprise, nats");
        namesEnd -= metrics.horizontalAdvance(legend) + 24;
        painter.drawText(QRectF(namesEnd, 0, area.right() - namesEnd, height),
                         Qt::AlignRight | Qt::AlignVCenter, legend);
        painter.fillRect(QRectF(namesEnd + 6, height / 2.0 - 1, 12, 2), tokens.warning);
    }
    for (const MemoryModel::Text &text : m_model->texts()) {
        const auto begin = static_cast<double>(text.offset),
                   end = static_cast<double>(text.offset + text.length);
        if (end <= m_from || begin >= m_to) continue;
        const double left = std::max(area.left(), pixelOf(begin)),
                     right = std::min(area.right(), pixelOf(end));
        if (begin > m_from) painter.fillRect(QRectF(left, 0, 1, area.bottom()), tokens.border);
        const double nameRoom = std::min(right, namesEnd) - left;
        if (nameRoom > 24 && left > nameEnd) {
            const QString name = text.name.empty() ? tr("no name") : ui::fromStd(text.name);
            const QString shown = metrics.elidedText(name, Qt::ElideMiddle, nameRoom - 2 * kNameInset);
            painter.setPen(tokens.secondary);
            painter.drawText(QRectF(left + kNameInset, 0, nameRoom - kNameInset, height),
                             Qt::AlignLeft | Qt::AlignVCenter, shown);
            nameEnd = left + kNameInset + metrics.horizontalAdvance(shown);
        }
        const double first = std::ceil(std::max(0.0, m_from - begin) / step) * step;
        for (double tick = first; tick < end - begin; tick += step) {
            const double x = pixelOf(begin + tick);
            if (x > area.right()) break;
            const QString label = integerText(qRound64(tick));
            const double width = metrics.horizontalAdvance(label);
            const double at = std::max(area.left() - 2, x - width / 2);
            if (at < labelEnd + 6 || at + width > unitLeft - 8) continue;
            painter.fillRect(QRectF(x, area.bottom() + 1, 1, 4), tokens.border);
            painter.setPen(tokens.secondary);
            painter.drawText(QRectF(at, area.bottom() + 6, width + 2, height), Qt::AlignLeft | Qt::AlignTop,
                             label);
            labelEnd = at + width;
        }
    }
}

void MemoryStrip::paintBlocks(QPainter &painter) const
{
    const ui::ThemeTokens &tokens = colors();
    const QRectF area = plotArea();
    for (const Block &block : blocks()) {
        const double height = heightOf(block.usage);
        // Wide neighbours are kept apart by a pixel of the ground.
        const double gap = block.right - block.left >= kOwnBlock ? 1 : 0;
        const QRectF bar(block.left, area.bottom() - height, block.right - block.left - gap, height);
        painter.fillRect(bar, !block.isShown             ? tokens.border
                              : block.index == m_hovered ? tokens.text
                                                         : tokens.accent);
        if (!block.isPinned) continue;
        if (gap == 0) { // marks of neighbours would run into a beam
            painter.fillRect(QRectF(block.left, area.top() - 5, block.right - block.left, 3), tokens.text);
            continue;
        }
        const double x = (block.left + block.right - gap) / 2;
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(tokens.text);
        painter.drawEllipse(QPointF(x, area.top() - 7), 3, 3);
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.fillRect(QRectF(x - 0.5, area.top() - 5, 1, 5), tokens.text);
    }
}

bool MemoryStrip::showsSurprise() const
{
    return m_model->maxSurprise() > 0 && plotArea().width() >= kSurpriseRoom * (m_to - m_from);
}

void MemoryStrip::paintSurprise(QPainter &painter) const
{
    const QRectF area = plotArea();
    painter.setRenderHint(QPainter::Antialiasing);
    QPolygonF line;
    const auto draw = [&] {
        if (line.size() == 1) line << line.front() + QPointF(1, 0);
        // With edges of the ground: no colour of a line stands out from the blocks and from the ground.
        for (const auto &[color, width] :
             {std::pair(colors().surface, kEdgedWidth), std::pair(colors().warning, kLineWidth)}) {
            painter.setPen(QPen(color, width, Qt::SolidLine, Qt::FlatCap, Qt::RoundJoin));
            if (!line.isEmpty()) painter.drawPolyline(line);
        }
        line.clear();
    };
    for (const Block &block : blocks()) {
        const MemoryEvent &event = m_model->events()[static_cast<size_t>(block.index)];
        if (!block.isShown || event.surprises.empty()) continue;
        // Exact where all tokens are stored; else those that are stand in their order.
        const auto begin = static_cast<double>(m_model->placeOf(block.index));
        const double perSlot = static_cast<double>(event.lastToken - event.firstToken + 1) /
                               static_cast<double>(event.surprises.size());
        for (size_t i = 0; i < event.surprises.size(); ++i) {
            const double x = pixelOf(begin + (static_cast<double>(i) + 0.5) * perSlot);
            if (x < area.left() || x > area.right()) continue;
            if (event.surprises[i] > 0)
                line << QPointF(x, area.bottom() - static_cast<double>(event.surprises[i]) /
                                                       m_model->maxSurprise() * area.height());
            else
                draw(); // nobody knows
        }
        draw();
    }
    painter.setRenderHint(QPainter::Antialiasing, false);
}

const ui::ThemeTokens &MemoryStrip::colors() const
{
    return m_isPaper ? paperTokens() : ui::Theme::instance().tokens();
}

double MemoryStrip::figureHeight() const { return sizeHint().height(); }

void MemoryStrip::paintFigure(QPainter &painter, double width) const
{
    MemoryStrip paper(m_model); // of another width, without a place that is chosen
    paper.m_isPaper = true;
    paper.resize(qRound(width), qRound(figureHeight()));
    paper.m_from = m_from;
    paper.m_to = m_to;
    paper.paintContent(painter);
}

void MemoryStrip::paintContent(QPainter &painter) const
{
    paintAxes(painter);
    paintBlocks(painter);
    if (showsSurprise()) paintSurprise(painter);
}

void MemoryStrip::paintEvent(QPaintEvent *)
{
    const ui::ThemeTokens &tokens = colors();
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    const QRectF area = plotArea();
    if (m_selected >= 0) {
        const QRectF bar = blockRect(m_selected);
        const QRectF column =
            QRectF(bar.left() - 2, area.top() - kPinLane, bar.width() + 4, area.height() + kPinLane)
                .intersected(area.adjusted(-2, -kPinLane, 2, 0));
        if (!column.isEmpty()) painter.fillRect(column, tokens.selection);
    }
    paintContent(painter);
    if (m_selected >= 0) {
        const QRectF bar = blockRect(m_selected).intersected(area.adjusted(-2, -2, 2, 2));
        if (!bar.isEmpty()) {
            painter.setPen(QPen(tokens.text, 1));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(bar.adjusted(-1.5, -1.5, 0.5, 0.5));
        }
    }
    if (hasFocus()) {
        painter.setPen(QPen(tokens.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

} // namespace orrery::memory_ui
