// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/modality_view.h"

#include "widgets/attention/overview_scene.h"
#include "widgets/common/counted.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {

QString flowSentence(const ModalityFlow &flow, FlowKind kind, const std::vector<Modality> &modalities)
{
    QStringList rows;
    for (Modality from : modalities) {
        QStringList values;
        for (Modality to : modalities)
            values << modalityTitle(to) + u' ' + flowText(flowValue(flow, kind, from, to), kind);
        rows << QCoreApplication::translate("ModalityView", "%1 looks at %2")
                    .arg(modalityTitle(from), values.join(u", "_s));
    }
    return rows.join(u"; "_s);
}

ModalityView::ModalityView(QWidget *parent) : QAbstractScrollArea(parent)
{
    setObjectName(u"modalityView"_s);
    setAccessibleName(tr("Modalities of all heads"));
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    setMinimumSize(220, 140);
    connect(&Theme::instance(), &Theme::changed, this, &ModalityView::relayout);
}

void ModalityView::setContent(const SnapshotPtr &now, FlowKind kind)
{
    m_grid.setContent(now, kind);
    m_marks.hasCurrent = !m_grid.isEmpty();
    relayout();
    announceSummary(this);
}

void ModalityView::setCurrent(const HeadRef &head)
{
    if (head == m_marks.current) return;
    m_marks.current = head;
    viewport()->update();
    announceSummary(this);
}

void ModalityView::relayout()
{
    const QSizeF space = maximumViewportSize();
    m_layout = m_grid.layout(space, FigureStyle::ofTheme());
    const auto setRange = [](QScrollBar *bar, double whole, double page, double step) {
        bar->setPageStep(int(page));
        bar->setSingleStep(int(step));
        bar->setRange(0, whole > page + 0.5 ? int(std::ceil(whole - page)) : 0);
    };
    setRange(verticalScrollBar(), m_layout.size.height(), space.height(), m_layout.tile);
    setRange(horizontalScrollBar(), m_layout.size.width(), space.width(), m_layout.tile);
    viewport()->update();
}

QPointF ModalityView::offset() const
{
    return {double(horizontalScrollBar()->value()), double(verticalScrollBar()->value())};
}

QRectF ModalityView::tileRect(const HeadRef &head) const
{
    return m_grid.isEmpty() ? QRectF() : m_grid.tileRect(m_layout, head).translated(-offset());
}

QString ModalityView::sentenceOf(const HeadRef &head) const
{
    const ModalityFlow *flow = m_grid.isEmpty() ? nullptr : flowOf(m_grid.flows(), head);
    if (!flow) return {};
    return headTitle(head) + u": "_s + flowSentence(*flow, m_grid.scale().kind, m_grid.modalities());
}

QString ModalityView::summary() const
{
    if (m_grid.isEmpty()) return tr("No modalities yet");
    return counted(std::ssize(m_grid.flows()), tr("1 head. "), tr("%1 heads. ")) + sentenceOf(m_marks.current);
}

HeadRef ModalityView::headAt(const QPointF &position) const
{
    if (!m_grid.isEmpty())
        for (const ModalityFlow &flow : m_grid.flows())
            if (m_grid.tileRect(m_layout, flow.head).adjusted(-4, -4, 4, 4).contains(position + offset()))
                return flow.head;
    return {-1, -1};
}

void ModalityView::moveTo(const HeadRef &head)
{
    if (m_grid.isEmpty() || !flowOf(m_grid.flows(), head)) return;
    const QRectF tile =
        m_grid.tileRect(m_layout, head).adjusted(-m_layout.labelWidth, -m_layout.headerHeight, 6, 6);
    const auto show = [](QScrollBar *bar, double from, double to, double page) {
        if (from < bar->value()) bar->setValue(int(from));
        if (to > bar->value() + page) bar->setValue(int(std::ceil(to - page)));
    };
    show(verticalScrollBar(), tile.top(), tile.bottom(), viewport()->height());
    show(horizontalScrollBar(), tile.left(), tile.right(), viewport()->width());
    if (head == m_marks.current) return;
    setCurrent(head);
    Q_EMIT currentChanged(head);
}

void ModalityView::keyPressEvent(QKeyEvent *event)
{
    const HeadRef here = m_marks.current;
    if (m_grid.isEmpty() || (event->modifiers() & ~Qt::KeypadModifier) != Qt::NoModifier)
        return QAbstractScrollArea::keyPressEvent(event);
    switch (event->key()) {
    case Qt::Key_Left:
        return moveTo({here.layer, here.head - 1});
    case Qt::Key_Right:
        return moveTo({here.layer, here.head + 1});
    case Qt::Key_Up:
        return moveTo({here.layer - 1, here.head});
    case Qt::Key_Down:
        return moveTo({here.layer + 1, here.head});
    case Qt::Key_Return:
    case Qt::Key_Enter:
        Q_EMIT opened(here);
        return;
    default:
        QAbstractScrollArea::keyPressEvent(event);
    }
}

void ModalityView::mouseMoveEvent(QMouseEvent *event)
{
    const HeadRef head = headAt(event->position());
    if (head == m_marks.hovered) return;
    m_marks.hovered = head;
    viewport()->update();
    Q_EMIT hovered(sentenceOf(head));
}

void ModalityView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton) moveTo(headAt(event->position()));
}

void ModalityView::mouseDoubleClickEvent(QMouseEvent *event)
{
    if (const HeadRef head = headAt(event->position()); head.layer >= 0) Q_EMIT opened(head);
}

bool ModalityView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave && m_marks.hovered.layer >= 0) {
        m_marks.hovered = {-1, -1};
        viewport()->update();
        Q_EMIT hovered(QString());
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void ModalityView::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    m_marks.hasFocus = true;
    viewport()->update();
}

void ModalityView::focusOutEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusOutEvent(event);
    m_marks.hasFocus = false;
    viewport()->update();
}

void ModalityView::changeEvent(QEvent *event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) relayout();
}

void ModalityView::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    relayout();
}

void ModalityView::paintEvent(QPaintEvent *)
{
    const FigureStyle style = FigureStyle::ofTheme();
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), style.tokens.surface);
    painter.translate(-offset());
    m_grid.paint(painter, m_layout, m_marks, style);
}

FlowTable::FlowTable(const QString &name, FlowKind kind, QWidget *parent) : QWidget(parent), m_kind(kind)
{
    setAccessibleName(name);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void FlowTable::setFlow(const ModalityFlow &flow, const FlowScale &scale, std::vector<Modality> modalities)
{
    m_flow = flow;
    m_scale = scale;
    m_modalities = std::move(modalities);
    updateGeometry();
    update();
    announceSummary(this);
}

QSize FlowTable::minimumSizeHint() const
{
    const QSize least = leastFlowSize(m_kind, m_modalities, FigureStyle::ofTheme()).toSize();
    return {least.width(), least.height() + int(kFlowScaleHeight) + space::kOne};
}

QString FlowTable::summary() const { return flowSentence(m_flow, m_kind, m_modalities); }

void FlowTable::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const FigureStyle style = FigureStyle::ofTheme();
    const QRectF table = QRectF(rect()).adjusted(0, 0, 0, -(kFlowScaleHeight + space::kOne));
    paintFlow(painter, table, m_flow, m_scale, m_modalities, true, style);
    paintFlowScale(painter, {0, table.bottom() + space::kOne, table.width(), kFlowScaleHeight}, m_scale,
                   style);
}

} // namespace orrery::ui
