// SPDX-License-Identifier: GPL-3.0-or-later
// Pointer and keys of the token view.
#include "widgets/play/token_view.h"

#include "widgets/common/plain_tool_tip.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>

namespace orrery::ui {

void TokenView::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    // The first visible cell stays in sight when the lines break anew.
    const auto line =
        static_cast<int64_t>(verticalScrollBar()->value() / std::max(1.0, m_layout.lineHeight()));
    const int64_t cell = m_layout.lineCells(line).first;
    relayout();
    updateScrollBar();
    if (m_isFollowing) return;
    m_isScrollingItself = true;
    verticalScrollBar()->setValue(
        static_cast<int>(static_cast<double>(m_layout.lineOfCell(cell)) * m_layout.lineHeight()));
    m_isScrollingItself = false;
}

void TokenView::changeEvent(QEvent *event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) relayout();
}

bool TokenView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave && !m_isLocked) setCurrentToken(-1, false);
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const bool isFork = m_fork >= 0 && tokenAt(help->pos()) == m_fork;
        if (isFork)
            QToolTip::showText(help->globalPos(), plainToolTip(m_forkTip), viewport());
        else
            QToolTip::hideText();
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void TokenView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return;
    m_pressedAt = event->position();
    m_isDragging = false;
    m_anchor = m_selectionEnd = cellAt(event->position());
    viewport()->update();
}

void TokenView::mouseMoveEvent(QMouseEvent *event)
{
    if (event->buttons() & Qt::LeftButton) {
        if ((event->position() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance())
            m_isDragging = true;
        if (!m_isDragging) return;
        const int64_t cell = cellAt(event->position());
        m_selectionEnd = cell >= m_anchor ? cell + 1 : cell;
        viewport()->update();
        return;
    }
    if (!m_isLocked) setCurrentToken(tokenAt(event->position()), false);
}

void TokenView::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || m_isDragging) return;
    m_anchor = m_selectionEnd = -1;
    const int token = tokenAt(event->position());
    const bool unlocks = m_isLocked && token == m_current;
    setCurrentToken(token, token >= 0 && !unlocks);
}

void TokenView::moveByLine(int by)
{
    const QRectF area = tokenRect(m_current);
    const QPointF target(area.center().x(), area.center().y() + by * m_layout.lineHeight());
    const int64_t cell = cellAt(target);
    const auto numCells = static_cast<int64_t>(m_cells.cells().size());
    if (cell < 0 || cell >= numCells) return;
    const bool isBehindTokens = cell >= numCells - m_cells.numSuffixCells();
    setCurrentToken(isBehindTokens ? numTokens() - 1
                                   : std::max(0, m_cells.cells()[static_cast<size_t>(cell)].firstToken),
                    true);
}

void TokenView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) {
        copy();
        return;
    }
    if (event->matches(QKeySequence::SelectAll)) {
        selectAll();
        return;
    }
    if (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier)) {
        QAbstractScrollArea::keyPressEvent(event);
        return;
    }
    switch (event->key()) {
    case Qt::Key_Left:
        setCurrentToken(m_current < 0 ? numTokens() - 1 : std::max(0, m_current - 1), true);
        break;
    case Qt::Key_Right:
        setCurrentToken(std::min(numTokens() - 1, m_current + 1), true);
        break;
    case Qt::Key_Up:
        if (m_current >= 0)
            moveByLine(-1);
        else
            verticalScrollBar()->triggerAction(QScrollBar::SliderSingleStepSub);
        break;
    case Qt::Key_Down:
        if (m_current >= 0)
            moveByLine(1);
        else
            verticalScrollBar()->triggerAction(QScrollBar::SliderSingleStepAdd);
        break;
    case Qt::Key_Home:
        setCurrentToken(0, true);
        break;
    case Qt::Key_End:
        setCurrentToken(numTokens() - 1, true);
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_current >= 0 && event->modifiers() == Qt::NoModifier) Q_EMIT entered(m_current);
        return;
    case Qt::Key_Escape:
        if (m_current < 0) {
            QAbstractScrollArea::keyPressEvent(event);
            return;
        }
        setCurrentToken(-1, false);
        return;
    default:
        QAbstractScrollArea::keyPressEvent(event);
        return;
    }
    showToken(m_current);
}

void TokenView::contextMenuEvent(QContextMenuEvent *event)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const bool isByKey = event->reason() == QContextMenuEvent::Keyboard;
    const int token = isByKey ? m_current : tokenAt(event->pos());
    if (token >= 0) {
        setCurrentToken(token, true); // what the menu is about stays in sight
        Q_EMIT menuRequested(menu, token);
        menu->addSeparator();
    }
    menu->addAction(m_anchor != m_selectionEnd ? tr("Copy selection") : tr("Copy all"), this,
                    &TokenView::copy)
        ->setShortcut(QKeySequence::Copy);
    menu->addAction(tr("Select all"), this, &TokenView::selectAll)->setShortcut(QKeySequence::SelectAll);
    menu->popup(isByKey && token >= 0 ? viewport()->mapToGlobal(tokenRect(token).bottomLeft().toPoint())
                                      : event->globalPos());
}

} // namespace orrery::ui
