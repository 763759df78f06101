// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/token_view.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
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
    const bool isSpecial = isSpecialToken(bytes, id);
    const auto isPlain = [](char byte) { return byte >= ' ' && byte <= '~'; };
    // Most tokens are; tables have ten thousands of them.
    if (!isSpecial && std::all_of(bytes.begin(), bytes.end(), isPlain))
        return QString::fromLatin1(bytes.data(), std::ssize(bytes)).replace(u' ', u'␣');
    TokenCells cells;
    cells.appendToken(bytes, isSpecial);
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
    m_current = m_fork = m_firstOwn = -1;
    m_numShared = 0;
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

TokenScene TokenView::scene() const
{
    return {.cells = m_cells,
            .layout = m_layout,
            .probabilities = m_probabilities,
            .origin = {kMargin, kMargin - verticalScrollBar()->value()},
            .givenColor = Theme::instance().tokens().secondary,
            .isColored = m_isColored,
            .selectedFrom = std::min(m_anchor, m_selectionEnd),
            .selectedTo = std::max(m_anchor, m_selectionEnd),
            .numShared = m_numShared,
            .firstOwn = m_firstOwn};
}

void TokenView::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    painter.fillRect(event->rect(), Theme::instance().tokens().surface);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(typeFont(TypeSize::Mono));
    // A hover changes a line here and one there; what stands in both must not be painted twice.
    for (const QRect &part : event->region()) {
        painter.setClipRect(part);
        paintTokenLines(painter, scene(), part.top(), part.bottom());
    }
    painter.setClipping(false);
    paintForkMark(painter, scene(), m_fork);
    paintTokenOutline(painter, scene(), m_current, m_isLocked);
}

void TokenView::setForkMark(int token, const QString &toolTip)
{
    m_fork = token;
    m_forkTip = toolTip;
    viewport()->update();
}

void TokenView::setDifference(int numShared, int firstOwn)
{
    if (numShared == m_numShared && firstOwn == m_firstOwn) return;
    m_numShared = numShared;
    m_firstOwn = firstOwn;
    viewport()->update();
}

QRectF TokenView::tokenRect(int token) const { return ui::tokenRect(scene(), token); }

int64_t TokenView::cellAt(const QPointF &position) const { return ui::cellAt(scene(), position, false); }

int TokenView::tokenAt(const QPointF &position) const { return ui::tokenAt(scene(), position); }

void TokenView::setCurrentToken(int token, bool isLocked)
{
    if (token < 0 || token >= numTokens()) {
        token = -1;
        isLocked = false;
    }
    if (token == m_current && isLocked == m_isLocked) return;
    updateToken(m_current);
    m_current = token;
    m_isLocked = isLocked;
    updateToken(m_current);
    Q_EMIT currentTokenChanged(token, isLocked);
    if (QAccessible::isActive()) {
        QAccessibleValueChangeEvent event(this, summary());
        QAccessible::updateAccessibility(&event);
    }
}

void TokenView::updateToken(int token)
{
    const auto [first, last] = m_cells.cellsOfToken(token);
    if (first < 0) return;
    const double height = m_layout.lineHeight(), top = kMargin - verticalScrollBar()->value();
    const auto from = static_cast<double>(m_layout.lineOfCell(first));
    const auto to = static_cast<double>(m_layout.lineOfCell(last) + 1);
    // The outline is a little larger than the line.
    viewport()->update(
        QRectF(0, top + from * height - 2, viewport()->width(), (to - from) * height + 4).toAlignedRect());
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
    if (m_firstOwn >= 0) text += u' ' + tr("Differs from the others at token %1.").arg(integerText(m_firstOwn));
    if (m_fork >= 0) text += u' ' + tr("Parts from another version at token %1.").arg(integerText(m_fork));
    return text;
}

} // namespace orrery::ui
