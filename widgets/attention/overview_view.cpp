// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/overview_view.h"

#include "widgets/common/counted.h"
#include "widgets/common/number_text.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {

OverviewView::OverviewView(QWidget *parent) : QAbstractScrollArea(parent)
{
    setObjectName(u"attentionOverview"_s);
    setAccessibleName(tr("All heads"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    setMinimumSize(220, 140);
    connect(&Theme::instance(), &Theme::changed, this, [this] { setContent(m_content); });
}

void OverviewView::setContent(const OverviewContent &content)
{
    m_content = content;
    m_scene.setContent(content, FigureStyle::ofTheme());
    if (m_scene.indexOf(m_marks.current) < 0 && !m_scene.tiles().empty())
        m_marks.current = m_scene.tiles().front().head;
    m_marks.hasCurrent = !m_scene.tiles().empty();
    if (m_marks.hovered >= std::ssize(m_scene.tiles())) m_marks.hovered = -1;
    relayout();
    announceSummary(this);
}

void OverviewView::relayout()
{
    const FigureStyle style = FigureStyle::ofTheme();
    // Scroll bars take room only when they are needed.
    const QSizeF space = maximumViewportSize();
    m_layout = m_scene.layout(space, style);
    const bool isTall = m_layout.size.height() > space.height() + 0.5;
    const bool isWide = m_layout.size.width() > space.width() + 0.5;
    verticalScrollBar()->setPageStep(int(space.height()));
    horizontalScrollBar()->setPageStep(int(space.width()));
    const int barWidth = verticalScrollBar()->sizeHint().width();
    verticalScrollBar()->setRange(
        0, isTall ? int(std::ceil(m_layout.size.height() - space.height() + (isWide ? barWidth : 0))) : 0);
    horizontalScrollBar()->setRange(
        0, isWide ? int(std::ceil(m_layout.size.width() - space.width() + (isTall ? barWidth : 0))) : 0);
    verticalScrollBar()->setSingleStep(int(m_layout.tile));
    horizontalScrollBar()->setSingleStep(int(m_layout.tile));
    viewport()->update();
}

QPointF OverviewView::offset() const
{
    return {double(horizontalScrollBar()->value()), double(verticalScrollBar()->value())};
}

QRectF OverviewView::tileRect(const HeadRef &head) const
{
    const int index = m_scene.indexOf(head);
    return index < 0 ? QRectF() : m_scene.tileRect(m_layout, index).translated(-offset());
}

void OverviewView::setCurrent(const HeadRef &head)
{
    if (m_scene.indexOf(head) < 0 || head == m_marks.current) return;
    m_marks.current = head;
    viewport()->update();
    announceSummary(this);
}

void OverviewView::setStarred(const std::vector<HeadRef> &heads)
{
    if (std::exchange(m_marks.starred, heads) == heads) return;
    viewport()->update();
    announceSummary(this);
}

void OverviewView::setSelected(const std::vector<HeadRef> &heads)
{
    std::vector<HeadRef> selected;
    for (const HeadRef &head : heads)
        if (std::ssize(selected) < kMaxSelected && std::ranges::find(selected, head) == selected.end())
            selected.push_back(head);
    m_marks.selected = std::move(selected);
    viewport()->update();
}

void OverviewView::toggle(const HeadRef &head)
{
    auto &selected = m_marks.selected;
    const auto found = std::find(selected.begin(), selected.end(), head);
    if (found != selected.end())
        selected.erase(found);
    else if (std::ssize(selected) < kMaxSelected)
        selected.push_back(head);
    else
        return; // a fifth colour could not be told from the others
    viewport()->update();
    Q_EMIT selectionChanged();
}

QString OverviewView::sentenceOf(const HeadRef &head) const
{
    const int index = m_scene.indexOf(head);
    if (index < 0) return {};
    const HeadTile &tile = m_scene.tiles()[size_t(index)];
    QString sentence = headTitle(head);
    if (std::ranges::find(m_marks.starred, head) != m_marks.starred.end()) sentence += tr(" · starred");
    if (tile.hasSummary) sentence += u" · "_s + summarySentence(tile.summary);
    if (std::isfinite(tile.difference)) sentence += tr(" · difference %1").arg(significantText(tile.difference, 2));
    return sentence;
}

QString OverviewView::summary() const
{
    if (m_scene.tiles().empty()) return tr("No heads yet");
    return counted(std::ssize(m_scene.tiles()), tr("1 head. "), tr("%1 heads. ")) +
           sentenceOf(m_marks.current);
}

void OverviewView::moveTo(int index)
{
    if (index < 0 || index >= std::ssize(m_scene.tiles())) return;
    const QRectF tile = m_scene.tileRect(m_layout, index);
    const QRectF whole =
        tile.adjusted(-m_layout.labelWidth - 4, -m_layout.headerHeight - 4, 6, m_layout.captionHeight + 6);
    const auto show = [](QScrollBar *bar, double from, double to, double page) {
        if (from < bar->value())
            bar->setValue(int(from));
        else if (to > bar->value() + page)
            bar->setValue(int(std::ceil(to - page)));
    };
    show(verticalScrollBar(), whole.top(), whole.bottom(), viewport()->height());
    show(horizontalScrollBar(), whole.left(), whole.right(), viewport()->width());
    const HeadRef head = m_scene.tiles()[size_t(index)].head;
    if (head == m_marks.current) return;
    setCurrent(head);
    Q_EMIT currentChanged(head);
}

void OverviewView::keyPressEvent(QKeyEvent *event)
{
    const int index = m_scene.indexOf(m_marks.current);
    if (index < 0 || (event->modifiers() & ~Qt::KeypadModifier) != Qt::NoModifier)
        return QAbstractScrollArea::keyPressEvent(event);
    switch (event->key()) {
    case Qt::Key_Left:
        return moveTo(m_scene.neighbour(m_layout, index, -1, 0));
    case Qt::Key_Right:
        return moveTo(m_scene.neighbour(m_layout, index, 1, 0));
    case Qt::Key_Up:
        return moveTo(m_scene.neighbour(m_layout, index, 0, -1));
    case Qt::Key_Down:
        return moveTo(m_scene.neighbour(m_layout, index, 0, 1));
    case Qt::Key_Return:
    case Qt::Key_Enter:
        Q_EMIT opened(m_marks.current);
        return;
    case Qt::Key_Space:
        return toggle(m_marks.current);
    default:
        QAbstractScrollArea::keyPressEvent(event);
    }
}

void OverviewView::mouseMoveEvent(QMouseEvent *event)
{
    const int index = m_scene.tileAt(m_layout, event->position() + offset());
    if (index == m_marks.hovered) return;
    m_marks.hovered = index;
    viewport()->setCursor(index < 0 ? Qt::ArrowCursor : Qt::PointingHandCursor);
    viewport()->update();
    Q_EMIT hovered(index < 0 ? QString() : sentenceOf(m_scene.tiles()[size_t(index)].head));
}

void OverviewView::mousePressEvent(QMouseEvent *event)
{
    const int index = m_scene.tileAt(m_layout, event->position() + offset());
    if (index < 0 || event->button() != Qt::LeftButton) return;
    moveTo(index);
    const HeadRef head = m_scene.tiles()[size_t(index)].head;
    if (event->modifiers() & (Qt::ControlModifier | Qt::ShiftModifier))
        toggle(head);
    else
        Q_EMIT opened(head);
}

bool OverviewView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave && m_marks.hovered >= 0) {
        m_marks.hovered = -1;
        viewport()->update();
        Q_EMIT hovered(QString());
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void OverviewView::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    m_marks.hasFocus = true;
    viewport()->update();
}

void OverviewView::focusOutEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusOutEvent(event);
    m_marks.hasFocus = false;
    viewport()->update();
}

void OverviewView::changeEvent(QEvent *event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) relayout();
}

void OverviewView::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    relayout();
}

void OverviewView::paintEvent(QPaintEvent *)
{
    const FigureStyle style = FigureStyle::ofTheme();
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), style.tokens.surface);
    painter.translate(-offset());
    m_scene.paint(painter, m_layout, QRectF(viewport()->rect()).translated(offset()), m_marks, style);
}

} // namespace orrery::ui
