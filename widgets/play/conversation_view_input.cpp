// SPDX-License-Identifier: GPL-3.0-or-later
// Pointer and keys of the conversation view.
#include "widgets/play/conversation_view.h"

#include "widgets/play/turn_bar.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QScrollBar>

#include <algorithm>

namespace orrery::ui {

void ConversationView::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    // The turn at the top stays in sight when the lines break anew.
    const int row = m_isFollowing ? -1 : std::max(0, turnAt(0));
    const double before = row < 0 ? 0 : turnRect(row).top();
    relayout();
    if (row < 0 || row >= m_model.numTurns()) return;
    m_isScrollingItself = true;
    verticalScrollBar()->setValue(verticalScrollBar()->value() +
                                  static_cast<int>(turnRect(row).top() - before));
    m_isScrollingItself = false;
}

bool ConversationView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave) {
        // Onto the bar is not away.
        if (!m_bar->isVisible() || !m_bar->geometry().contains(viewport()->mapFromGlobal(QCursor::pos()))) {
            m_hoveredTurn = -1;
            updateBar();
        }
        if (!m_isLocked) setCurrentToken(-1, -1, false);
    }
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        showAttachmentTip(help->pos(), help->globalPos());
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void ConversationView::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    if (m_currentTurn < 0 && event->reason() != Qt::MouseFocusReason) setCurrentTurn(m_model.numTurns() - 1);
    updateBar();
    viewport()->update();
}

void ConversationView::focusOutEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusOutEvent(event);
    // The bar's buttons are the next stop of the focus: it must not go before they have it.
    if (event->reason() != Qt::TabFocusReason && event->reason() != Qt::PopupFocusReason) updateBar();
    viewport()->update();
}

void ConversationView::scrollContentsBy(int, int)
{
    updateBar();
    viewport()->update();
}

void ConversationView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return;
    m_pressedAt = event->position();
    m_isDragging = false;
    m_isAllSelected = false;
    m_selectedTurn = turnAt(event->position().y());
    m_anchor = m_selectionEnd =
        m_selectedTurn < 0 ? -1 : cellAt(scene(m_selectedTurn), event->position(), false);
    setCurrentTurn(m_selectedTurn);
    viewport()->update();
}

void ConversationView::mouseMoveEvent(QMouseEvent *event)
{
    if (event->buttons() & Qt::LeftButton) {
        if ((event->position() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance())
            m_isDragging = true;
        if (!m_isDragging || m_selectedTurn < 0) return;
        const int64_t cell = cellAt(scene(m_selectedTurn), event->position(), false);
        m_selectionEnd = cell >= m_anchor ? cell + 1 : cell;
        viewport()->update();
        return;
    }
    const int row = turnAt(event->position().y());
    if (row != m_hoveredTurn) {
        m_hoveredTurn = row;
        updateBar();
    }
    const bool isOnText = row >= 0 && cellAt(scene(row), event->position(), true) >= 0;
    viewport()->setCursor(isOnText ? Qt::IBeamCursor : Qt::ArrowCursor);
    if (!m_isLocked) setCurrentToken(row, row < 0 ? -1 : tokenAt(scene(row), event->position()), false);
}

void ConversationView::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || m_isDragging) return;
    m_anchor = m_selectionEnd = -1;
    m_selectedTurn = -1;
    const int row = turnAt(event->position().y());
    const int token = row < 0 ? -1 : tokenAt(scene(row), event->position());
    const bool unlocks = m_isLocked && m_token == TokenPlace{row, token};
    setCurrentToken(row, token, token >= 0 && !unlocks);
}

void ConversationView::mouseDoubleClickEvent(QMouseEvent *event)
{
    const int row = turnAt(event->position().y());
    if (row >= 0 && m_isEditable && m_model.turn(row).role != TurnRole::Assistant) Q_EMIT editRequested(row);
}

int ConversationView::answerFrom(int row, int by) const
{
    for (; row >= 0 && row < m_model.numTurns(); row += by)
        if (numTokens(row) > 0) return row;
    return -1;
}

void ConversationView::moveByToken(int by)
{
    if (m_token.turn < 0) {
        const int row = answerFrom(m_currentTurn >= 0 ? m_currentTurn : m_model.numTurns() - 1, -1);
        const int found = row >= 0 ? row : answerFrom(0, 1);
        if (found >= 0) setCurrentToken(found, by < 0 ? numTokens(found) - 1 : 0, true);
        return;
    }
    const int next = m_token.index + by;
    if (next >= 0 && next < numTokens(m_token.turn)) return setCurrentToken(m_token.turn, next, true);
    const int row = answerFrom(m_token.turn + by, by); // on into the next answer
    if (row >= 0) setCurrentToken(row, by < 0 ? numTokens(row) - 1 : 0, true);
}

void ConversationView::moveByLine(int by)
{
    const TokenScene shown = scene(m_token.turn);
    const QRectF area = ui::tokenRect(shown, m_token.index);
    const QPointF target(area.center().x(), area.center().y() + by * shown.layout.lineHeight());
    const int64_t cell = cellAt(shown, target, false);
    if (cell < 0 || cell >= static_cast<int64_t>(shown.cells.cells().size())) return;
    setCurrentToken(m_token.turn, std::max(0, shown.cells.cells()[static_cast<size_t>(cell)].firstToken),
                    true);
}

void ConversationView::moveByTurn(int by)
{
    if (m_model.numTurns() == 0) return;
    const int from = m_currentTurn < 0 ? (by < 0 ? m_model.numTurns() : -1) : m_currentTurn;
    setCurrentTurn(std::clamp(from + by, 0, m_model.numTurns() - 1));
    showRect(turnRect(m_currentTurn));
}

void ConversationView::showRect(const QRectF &area)
{
    QScrollBar *bar = verticalScrollBar();
    double by = 0;
    if (area.top() < 0 || area.height() > viewport()->height()) // what does not fit shows its beginning
        by = area.top() - 4;
    else if (area.bottom() > viewport()->height())
        by = area.bottom() - viewport()->height() + 4;
    bar->setValue(bar->value() + static_cast<int>(by));
}

void ConversationView::showToken(int row, int token)
{
    const QRectF area = tokenRect(row, token);
    if (!area.isNull()) showRect(area);
}

bool ConversationView::turnKey(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) {
        copy();
        return true;
    }
    if (event->matches(QKeySequence::SelectAll)) {
        selectAll();
        return true;
    }
    const int key = event->key();
    if (event->modifiers() == Qt::ControlModifier && (key == Qt::Key_Up || key == Qt::Key_Down)) {
        moveByTurn(key == Qt::Key_Up ? -1 : 1);
        return true;
    }
    if (event->modifiers() != Qt::NoModifier && event->modifiers() != Qt::KeypadModifier) return false;
    if (key == Qt::Key_Delete && m_isEditable && m_currentTurn >= 0) {
        Q_EMIT removeRequested(m_currentTurn);
        return true;
    }
    if ((key == Qt::Key_E || key == Qt::Key_F2) && m_isEditable && m_currentTurn >= 0 &&
        m_model.turn(m_currentTurn).role != TurnRole::Assistant) {
        Q_EMIT editRequested(m_currentTurn);
        return true;
    }
    return false;
}

bool ConversationView::moveKey(int key)
{
    const bool isUp = key == Qt::Key_Up;
    switch (key) {
    case Qt::Key_Left:
    case Qt::Key_Right:
        moveByToken(key == Qt::Key_Left ? -1 : 1);
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (m_token.turn < 0) {
            verticalScrollBar()->triggerAction(isUp ? QScrollBar::SliderSingleStepSub
                                                    : QScrollBar::SliderSingleStepAdd);
            return true;
        }
        moveByLine(isUp ? -1 : 1);
        break;
    case Qt::Key_Home:
    case Qt::Key_End:
        if (m_token.turn < 0) {
            verticalScrollBar()->triggerAction(key == Qt::Key_Home ? QScrollBar::SliderToMinimum
                                                                   : QScrollBar::SliderToMaximum);
            return true;
        }
        setCurrentToken(m_token.turn, key == Qt::Key_Home ? 0 : numTokens(m_token.turn) - 1, true);
        break;
    default:
        return false;
    }
    if (m_token.turn >= 0) showToken(m_token.turn, m_token.index);
    return true;
}

void ConversationView::keyPressEvent(QKeyEvent *event)
{
    if (turnKey(event)) return;
    const bool isPlain = !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier));
    if (isPlain && moveKey(event->key())) return;
    const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isPlain && isEnter && m_token.turn >= 0) {
        Q_EMIT entered();
        return;
    }
    if (isPlain && event->key() == Qt::Key_Escape && m_token.turn >= 0) return setCurrentToken(-1, -1, false);
    QAbstractScrollArea::keyPressEvent(event);
}

void ConversationView::contextMenuEvent(QContextMenuEvent *event)
{
    if (m_model.numTurns() == 0) return;
    const bool isByKey = event->reason() == QContextMenuEvent::Keyboard;
    const int row = isByKey ? m_currentTurn : turnAt(event->pos().y());
    if (!isByKey) setCurrentTurn(row);
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const int token = isByKey    ? (m_token.turn == row ? m_token.index : -1)
                      : row >= 0 ? tokenAt(scene(row), event->pos())
                                 : -1;
    if (token >= 0) {
        setCurrentToken(row, token, true); // what the menu is about stays in sight
        Q_EMIT menuRequested(menu, row, token);
        menu->addSeparator();
    }
    const bool hasSelection = m_isAllSelected || (m_selectedTurn >= 0 && m_anchor != m_selectionEnd);
    if (hasSelection)
        menu->addAction(tr("Copy selection"), this, &ConversationView::copy)->setShortcut(QKeySequence::Copy);
    if (row >= 0) {
        if (!hasSelection)
            menu->addAction(tr("Copy turn %1").arg(row + 1), this, [this, row] { Q_EMIT copyRequested(row); })
                ->setShortcut(QKeySequence::Copy);
        QAction *edit = menu->addAction(tr("Edit turn %1").arg(row + 1), this,
                                        [this, row] { Q_EMIT editRequested(row); });
        edit->setShortcut(QKeySequence(Qt::Key_E));
        edit->setEnabled(m_isEditable);
        edit->setVisible(m_model.turn(row).role != TurnRole::Assistant);
        QAction *remove = menu->addAction(tr("Delete turn %1").arg(row + 1), this,
                                          [this, row] { Q_EMIT removeRequested(row); });
        remove->setShortcut(QKeySequence::Delete);
        remove->setEnabled(m_isEditable);
        menu->addSeparator();
    }
    menu->addAction(tr("Copy conversation"), this, [this] { Q_EMIT copyAllRequested(false); });
    menu->addAction(tr("Copy conversation as JSON"), this, [this] { Q_EMIT copyAllRequested(true); });
    menu->popup(isByKey ? viewport()->mapToGlobal(turnRect(row).center().toPoint()) : event->globalPos());
}

} // namespace orrery::ui
