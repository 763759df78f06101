// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_view.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/probability_color.h"
#include "widgets/play/token_view_accessible.h"
#include "widgets/theme/theme.h"

#include <QAccessible>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kMargin = 10;
constexpr int kMaxLineCharacters = 120; // longer lines are hard to read

} // namespace

bool isSpecialToken(std::string_view bytes, int32_t id)
{
    return id >= 256 && bytes.size() > 4 && bytes.starts_with("<|") && bytes.ends_with("|>");
}

QString visibleTokenText(std::string_view bytes, int32_t id)
{
    TokenCells cells;
    cells.appendToken(bytes, isSpecialToken(bytes, id));
    cells.finish();
    QString text;
    for (const Cell &cell : cells.cells()) {
        switch (cell.kind) {
        case CellKind::Space:
            text += u'␣';
            break;
        case CellKind::Newline:
            text += u'↵';
            break;
        case CellKind::Tab:
            text += u'⇥';
            break;
        default:
            text += cells.cellText(cell);
        }
    }
    return text;
}

TokenView::TokenView(QWidget *parent) : QAbstractScrollArea(parent)
{
    installTokenViewAccessible();
    setObjectName(u"tokenView"_s);
    setAccessibleName(tr("Generated text"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    viewport()->setCursor(Qt::IBeamCursor);
    setMinimumSize(120, 60);
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (!m_isScrollingItself) m_isFollowing = value >= followValue();
    });
    connect(&Theme::instance(), &Theme::changed, this, &TokenView::relayout);
    relayout();
}

void TokenView::clear() { setPrompt({}); }

void TokenView::setPrompt(std::string_view bytes)
{
    m_cells.setPrompt(bytes);
    m_probabilities.clear();
    m_current = -1;
    m_isLocked = false;
    m_anchor = m_selectionEnd = -1;
    m_isFollowing = true;
    m_cells.takeFirstChanged();
    layoutFrom(0);
    Q_EMIT currentTokenChanged(-1, false);
}

void TokenView::setSuffix(std::string_view bytes)
{
    m_cells.setSuffix(bytes);
    m_cells.takeFirstChanged();
    layoutFrom(0);
}

void TokenView::appendTokens(const std::vector<GeneratedToken> &tokens)
{
    for (const GeneratedToken &token : tokens) {
        m_cells.appendToken(token.bytes, isSpecialToken(token.bytes, token.id));
        m_probabilities.push_back(static_cast<float>(token.probability));
    }
    m_cells.showSuffix();
    layoutFrom(m_cells.takeFirstChanged());
}

void TokenView::finish()
{
    m_cells.finish();
    layoutFrom(m_cells.takeFirstChanged());
}

void TokenView::setColored(bool isColored)
{
    m_isColored = isColored;
    viewport()->update();
}

void TokenView::relayout()
{
    const QFont font = typeFont(TypeSize::Mono);
    const double measure = kMaxLineCharacters * QFontMetricsF(font).horizontalAdvance(u'0');
    if (m_layout.setGeometry(font, std::min(viewport()->width() - 2 * kMargin, measure))) layoutFrom(0);
    viewport()->update();
}

void TokenView::layoutFrom(int64_t firstChanged)
{
    m_layout.update(m_cells, firstChanged);
    updateScrollBar();
    viewport()->update();
}

void TokenView::updateScrollBar()
{
    m_isScrollingItself = true;
    const auto height = static_cast<int>(
        std::ceil(static_cast<double>(m_layout.numLines()) * m_layout.lineHeight() + 2 * kMargin));
    verticalScrollBar()->setSingleStep(static_cast<int>(m_layout.lineHeight()));
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setRange(0, std::max(0, height - viewport()->height()));
    if (m_isFollowing) verticalScrollBar()->setValue(followValue());
    m_isScrollingItself = false;
}

int TokenView::followValue() const
{
    const int end = verticalScrollBar()->maximum();
    if (m_cells.numSuffixCells() == 0) return end;
    constexpr int64_t kLinesBelow = 3; // of what stands behind the hole
    const auto numCells = static_cast<int64_t>(m_cells.cells().size());
    const int64_t line = m_layout.lineOfCell(numCells - m_cells.numSuffixCells()) + kLinesBelow;
    const double bottom = static_cast<double>(line + 1) * m_layout.lineHeight() + kMargin;
    return std::clamp(static_cast<int>(std::ceil(bottom)) - viewport()->height(), 0, end);
}

double TokenView::top(int64_t line) const
{
    return static_cast<double>(line) * m_layout.lineHeight() + kMargin - verticalScrollBar()->value();
}

void TokenView::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    painter.fillRect(event->rect(), Theme::instance().tokens().surface);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(typeFont(TypeSize::Mono));
    const double lineHeight = m_layout.lineHeight();
    const auto first = std::max<int64_t>(
        0, static_cast<int64_t>((verticalScrollBar()->value() - kMargin + event->rect().top()) / lineHeight));
    for (int64_t line = first; line < m_layout.numLines() && top(line) <= event->rect().bottom(); ++line)
        paintLine(painter, line, top(line));
    paintCurrent(painter);
}

void TokenView::paintLine(QPainter &painter, int64_t line, double y)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const auto [first, last] = m_layout.lineCells(line);
    const int64_t selectedFrom = std::min(m_anchor, m_selectionEnd),
                  selectedTo = std::max(m_anchor, m_selectionEnd);
    double x = kMargin;
    // Plain neighbours of one style are drawn in one call; a line has hundreds of cells.
    QString run;
    double runLeft = 0;
    QColor runColor;
    auto flush = [&] {
        if (run.isEmpty()) return;
        painter.setPen(runColor);
        painter.drawText(QPointF(runLeft, y + m_layout.baseline()), run);
        run.clear();
    };
    for (int64_t index = first; index < last; ++index) {
        const Cell &cell = m_cells.cells()[static_cast<size_t>(index)];
        const QRectF area(x, y, m_layout.cellWidth(index), m_layout.lineHeight());
        x += area.width();
        if (m_isColored && cell.firstToken >= 0 && m_cells.cells()[static_cast<size_t>(index)].numTokens > 0)
            paintGround(painter, cell, area);
        if (index >= selectedFrom && index < selectedTo) painter.fillRect(area, tokens.selection);
    }
    x = kMargin;
    for (int64_t index = first; index < last; ++index) {
        const Cell &cell = m_cells.cells()[static_cast<size_t>(index)];
        const QRectF area(x, y, m_layout.cellWidth(index), m_layout.lineHeight());
        x += area.width();
        const QColor color = cell.firstToken < 0 ? tokens.secondary : tokens.text;
        switch (cell.kind) {
        case CellKind::Text: {
            const QStringView text = m_cells.cellText(cell);
            const bool isPlain = text.size() == 1 && text[0].unicode() < 0x7F;
            if (!run.isEmpty() && (!isPlain || color != runColor)) flush();
            if (!isPlain) {
                painter.setPen(color);
                painter.drawText(QPointF(area.left(), y + m_layout.baseline()), text.toString());
                break;
            }
            if (run.isEmpty()) {
                runLeft = area.left();
                runColor = color;
            }
            run += text;
            break;
        }
        case CellKind::Space:
            if (!run.isEmpty()) run += u' ';
            break;
        case CellKind::Newline:
            flush();
            if (m_isColored && cell.firstToken >= 0) {
                painter.setPen(tokens.secondary);
                painter.drawText(QPointF(area.left(), y + m_layout.baseline()), u"↵"_s);
            }
            break;
        case CellKind::Tab:
            flush();
            break;
        case CellKind::InvalidByte:
        case CellKind::Control:
        case CellKind::Special:
            flush();
            paintChip(painter, cell, area);
            break;
        }
    }
    flush();
}

void TokenView::paintGround(QPainter &painter, const Cell &cell, const QRectF &area)
{
    // A character made of several tokens shows the colour of each, side by side.
    painter.setRenderHint(QPainter::Antialiasing, false);
    const double width = area.width() / cell.numTokens;
    for (int i = 0; i < cell.numTokens; ++i) {
        const auto token = static_cast<size_t>(cell.firstToken + i);
        const QRectF band(area.left() + i * width, area.top() + 1, width, area.height() - 2);
        painter.fillRect(band, probabilityColor(m_probabilities[token]));
    }
    painter.setRenderHint(QPainter::Antialiasing);
}

void TokenView::paintChip(QPainter &painter, const Cell &cell, const QRectF &area)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const bool isWarning = cell.kind == CellKind::InvalidByte;
    painter.setPen(QPen(isWarning ? tokens.warning : tokens.border, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(area.adjusted(1.5, 1.5, -1.5, -1.5), 3, 3);
    painter.setPen(isWarning ? tokens.warning : tokens.secondary);
    painter.drawText(QPointF(area.left() + 1 + m_layout.chipPadding(), area.top() + m_layout.baseline()),
                     m_cells.cellText(cell).toString());
}

void TokenView::paintCurrent(QPainter &painter)
{
    const auto [first, last] = m_cells.cellsOfToken(m_current);
    if (first < 0) return;
    const ThemeTokens &tokens = Theme::instance().tokens();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(tokens.accent, m_isLocked ? 2 : 1.2));
    for (int64_t cell = first; cell <= last;) { // one outline per line
        const int64_t line = m_layout.lineOfCell(cell);
        const int64_t end = std::min(last + 1, m_layout.lineCells(line).second);
        double width = 0;
        for (int64_t i = cell; i < end; ++i) width += m_layout.cellWidth(i);
        painter.drawRoundedRect(
            QRectF(kMargin + m_layout.cellLeft(cell), top(line), width, m_layout.lineHeight())
                .adjusted(-0.5, 0.5, 0.5, -0.5),
            1.5, 1.5);
        cell = std::max(end, cell + 1);
    }
}

QRectF TokenView::tokenRect(int token) const
{
    const int64_t cell = m_cells.cellsOfToken(token).first;
    if (cell < 0) return {};
    const Cell &found = m_cells.cells()[static_cast<size_t>(cell)];
    const double width = m_layout.cellWidth(cell) / std::max(1, found.numTokens);
    return {kMargin + m_layout.cellLeft(cell) + (token - found.firstToken) * width,
            top(m_layout.lineOfCell(cell)), width, m_layout.lineHeight()};
}

int64_t TokenView::cellAt(const QPointF &position, bool isExact) const
{
    auto line = static_cast<int64_t>(
        std::floor((position.y() - kMargin + verticalScrollBar()->value()) / m_layout.lineHeight()));
    if (isExact && (line < 0 || line >= m_layout.numLines())) return -1;
    line = std::clamp<int64_t>(line, 0, m_layout.numLines() - 1);
    const int64_t cell = m_layout.cellAt(line, position.x() - kMargin);
    if (!isExact) return cell < 0 ? m_layout.lineCells(line).first : cell;
    if (cell < 0 || position.x() < kMargin ||
        position.x() > kMargin + m_layout.cellLeft(cell) + m_layout.cellWidth(cell))
        return -1;
    return cell;
}

int TokenView::tokenAt(const QPointF &position) const
{
    const int64_t index = cellAt(position, true);
    if (index < 0) return -1;
    const Cell &cell = m_cells.cells()[static_cast<size_t>(index)];
    if (cell.firstToken < 0) return -1;
    const double share =
        (position.x() - kMargin - m_layout.cellLeft(index)) / std::max(1.0, m_layout.cellWidth(index));
    return cell.firstToken +
           std::clamp(static_cast<int>(share * cell.numTokens), 0, std::max(0, cell.numTokens - 1));
}

void TokenView::setCurrentToken(int token, bool isLocked)
{
    if (token < 0 || token >= numTokens()) {
        token = -1;
        isLocked = false;
    }
    if (token == m_current && isLocked == m_isLocked) return;
    m_current = token;
    m_isLocked = isLocked;
    viewport()->update();
    Q_EMIT currentTokenChanged(token, isLocked);
    if (QAccessible::isActive()) {
        QAccessibleValueChangeEvent event(this, summary());
        QAccessible::updateAccessibility(&event);
    }
}

void TokenView::showToken(int token)
{
    const QRectF area = tokenRect(token);
    if (area.isNull()) return;
    if (area.top() < 0)
        verticalScrollBar()->setValue(verticalScrollBar()->value() + static_cast<int>(area.top()) - 4);
    if (area.bottom() > viewport()->height())
        verticalScrollBar()->setValue(verticalScrollBar()->value() + static_cast<int>(area.bottom()) -
                                      viewport()->height() + 4);
}

QString TokenView::copyText() const
{
    if (m_anchor != m_selectionEnd)
        return m_cells.plainText(std::min(m_anchor, m_selectionEnd), std::max(m_anchor, m_selectionEnd));
    return m_cells.plainText(0, static_cast<int64_t>(m_cells.cells().size()));
}

void TokenView::copy() const { copyToClipboard(copyText()); }

void TokenView::selectAll()
{
    m_anchor = 0;
    m_selectionEnd = static_cast<int64_t>(m_cells.cells().size());
    viewport()->update();
}

QString TokenView::summary() const
{
    const bool isHole = m_cells.numSuffixCells() > 0;
    if (numTokens() == 0) return isHole ? tr("An empty hole.") : tr("No tokens yet.");
    QString text = numTokens() == 1 ? tr("1 token.") : tr("%1 tokens.").arg(integerText(numTokens()));
    if (isHole) text += u' ' + tr("They fill a hole.");
    if (m_current >= 0) {
        const auto [first, last] = m_cells.cellsOfToken(m_current);
        const QString shown = first < 0 ? QString() : m_cells.plainText(first, last + 1);
        text += u' ' + tr("Token %1 “%2”, probability %3.")
                           .arg(integerText(m_current), shown,
                                probabilityText(m_probabilities[static_cast<size_t>(m_current)]));
    }
    return text;
}

} // namespace orrery::ui
