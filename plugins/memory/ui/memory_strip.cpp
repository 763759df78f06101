// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_strip.h"

#include "plugins/memory/ui/memory_model.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr int kBarHeight = 52, kMinBar = 2, kPage = 10;
constexpr double kMinTokensInSight = 8, kDragPixels = 4;

} // namespace

MemoryStrip::MemoryStrip(const MemoryModel *model, QWidget *parent) : QWidget(parent), m_model(model)
{
    setObjectName(u"memoryStrip"_s);
    setAccessibleName(tr("Events along the text"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(model, &MemoryModel::shownChanged, this, &MemoryStrip::takeModel);
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, [this] {
        m_isStale = true;
        m_areaSize = {};
        updateGeometry();
        update();
    });
    takeModel();
}

int MemoryStrip::labelHeight() const { return QFontMetrics(ui::typeFont(ui::TypeSize::Small)).height(); }

QSize MemoryStrip::sizeHint() const { return {480, kPinLane + kBarHeight + 6 + 2 * labelHeight() + 4}; }

QSize MemoryStrip::minimumSizeHint() const { return {160, sizeHint().height()}; }

QRectF MemoryStrip::plotArea() const
{
    // Asked for with each event: metrics of fonts are not.
    if (m_areaSize != size()) {
        m_areaSize = size();
        const QFontMetrics metrics(ui::typeFont(ui::TypeSize::Small));
        const int left =
            std::max(metrics.horizontalAdvance(u"00.00"_s), metrics.horizontalAdvance(tr("usage"))) + 6;
        // The scale of the surprise keeps its room where a zoom leaves no line: nothing jumps.
        const int right = 6 + (m_model->maxSurprise() > 0 ? metrics.horizontalAdvance(u"0.00"_s) : 0);
        m_area = QRectF(left, metrics.height() + kPinLane, std::max(1, width() - left - right), kBarHeight);
    }
    return m_area;
}

double MemoryStrip::pixelOf(double place) const
{
    const QRectF area = plotArea();
    return area.left() + (place - m_from) / (m_to - m_from) * area.width();
}

double MemoryStrip::placeOf(double pixel) const
{
    const QRectF area = plotArea();
    return m_from + (pixel - area.left()) / area.width() * (m_to - m_from);
}

double MemoryStrip::heightOf(double usage) const
{
    const double most = m_model->maxUsage();
    return most > 0 && usage > 0 ? std::max<double>(kMinBar, usage / most * kBarHeight) : kMinBar;
}

void MemoryStrip::takeModel()
{
    m_isStale = true;
    m_areaSize = {};
    m_hovered = -1;
    const double length = static_cast<double>(std::max<int64_t>(m_model->length(), 1));
    if (m_isFitted || m_to > length) {
        m_from = 0;
        m_to = length;
        m_isFitted = true;
    }
    if (m_selected >= static_cast<int>(m_model->events().size())) m_selected = -1;
    update();
}

void MemoryStrip::setView(double from, double to)
{
    const double length = static_cast<double>(std::max<int64_t>(m_model->length(), 1));
    const double width = std::clamp(to - from, std::min(kMinTokensInSight, length), length);
    m_from = std::clamp(from, 0.0, length - width);
    m_to = m_from + width;
    m_isFitted = width >= length;
    m_isStale = true;
    update();
}

void MemoryStrip::fit() { setView(0, static_cast<double>(m_model->length())); }

void MemoryStrip::zoom(double factor, double atPixel)
{
    const double fixed = placeOf(atPixel);
    const double width = (m_to - m_from) / factor;
    const double share = (fixed - m_from) / (m_to - m_from);
    setView(fixed - share * width, fixed + (1 - share) * width);
}

const std::vector<MemoryStrip::Block> &MemoryStrip::blocks() const
{
    if (m_isStale) makeBlocks();
    return m_blocks;
}

int MemoryStrip::numBlocks() const { return static_cast<int>(blocks().size()); }

void MemoryStrip::makeBlocks() const
{
    m_isStale = false;
    m_blocks.clear();
    const QRectF area = plotArea();
    const double perToken = area.width() / (m_to - m_from);
    int column = -1; // of the last block, when it collects a column of pixels
    for (const int index : m_model->byPlace()) {
        const MemoryEvent &event = m_model->events()[static_cast<size_t>(index)];
        const auto begin = static_cast<double>(m_model->placeOf(index));
        const double end = begin + static_cast<double>(event.lastToken - event.firstToken + 1);
        if (begin >= m_to) break;
        if (end <= m_from) continue;
        const double left = std::max(area.left() + (begin - m_from) * perToken, area.left()),
                     right = std::min(area.left() + (end - m_from) * perToken, area.right());
        const double usage = std::isfinite(event.meanUsage) ? event.meanUsage : 0;
        Block block{static_cast<float>(left), static_cast<float>(right), static_cast<float>(usage), index, 1,
                    event.isPinned,           m_model->isShown(index)};
        if (right - left >= kOwnBlock) {
            column = -1;
            m_blocks.push_back(block);
            continue;
        }
        const int at = static_cast<int>(left);
        if (at == column) {
            Block &last = m_blocks.back();
            ++last.numEvents;
            last.isPinned |= block.isPinned;
            // What is found stands before what is not, then what is used most.
            if (block.isShown > last.isShown || (block.isShown == last.isShown && block.usage > last.usage)) {
                last.usage = block.usage;
                last.index = block.index;
                last.isShown = block.isShown;
            }
            continue;
        }
        column = at;
        block.left = static_cast<float>(at);
        block.right = static_cast<float>(std::max<double>(at + 1, right));
        m_blocks.push_back(block);
    }
}

int MemoryStrip::eventAt(const QPointF &position) const
{
    int found = -1;
    double nearest = 3; // pixels beside a block still mean it
    for (const Block &block : blocks()) {
        const double x = position.x();
        const double distance = x < block.left ? block.left - x : x > block.right ? x - block.right : 0;
        if (distance < nearest || (distance == 0 && nearest == 0)) {
            nearest = distance;
            found = block.index;
        }
    }
    return found;
}

QRectF MemoryStrip::blockRect(int index) const
{
    if (index < 0 || index >= static_cast<int>(m_model->events().size())) return {};
    const MemoryEvent &event = m_model->events()[static_cast<size_t>(index)];
    const QRectF area = plotArea();
    const auto begin = static_cast<double>(m_model->placeOf(index));
    const double left = pixelOf(begin);
    const double right =
        std::max(pixelOf(begin + static_cast<double>(event.lastToken - event.firstToken + 1)), left + 1);
    const double height = heightOf(event.meanUsage);
    return QRectF(left, area.bottom() - height, right - left, height);
}

void MemoryStrip::setSelected(int index)
{
    if (index == m_selected) return;
    m_selected = index;
    showSelected();
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
    update();
}

void MemoryStrip::showSelected()
{
    if (m_selected < 0 || m_isFitted) return;
    const auto place = static_cast<double>(m_model->placeOf(m_selected));
    if (place >= m_from && place < m_to) return;
    const double width = m_to - m_from;
    setView(place - width / 2, place + width / 2);
}

QString MemoryStrip::summary() const
{
    const size_t numEvents = m_model->events().size();
    if (numEvents == 0) return tr("Nothing is remembered.");
    const auto numPinned = std::count_if(m_model->events().begin(), m_model->events().end(),
                                         [](const MemoryEvent &event) { return event.isPinned; });
    const QString texts = m_model->texts().size() == 1
                              ? tr("one text")
                              : tr("%1 texts").arg(integerText(static_cast<qint64>(m_model->texts().size())));
    QString text = tr("%1 events along %2 tokens of %3, %4 pinned.")
                       .arg(integerText(static_cast<qint64>(numEvents)), integerText(m_model->length()),
                            texts, integerText(numPinned));
    if (m_selected >= 0) {
        const MemoryEvent &event = m_model->events()[static_cast<size_t>(m_selected)];
        text += u' ' + tr("Selected: %1, tokens %2, usage %3%4.")
                           .arg(sourceSentence(event.source), placeText(event), usageText(event.meanUsage),
                                event.isPinned ? tr(", pinned") : QString());
    }
    return text;
}

void MemoryStrip::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_isStale = true;
}

bool MemoryStrip::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    auto *help = static_cast<QHelpEvent *>(event);
    const int index = eventAt(help->pos());
    if (index < 0) {
        QToolTip::hideText();
        event->ignore();
        return true;
    }
    const MemoryEvent &found = m_model->events()[static_cast<size_t>(index)];
    int numEvents = 1;
    for (const Block &block : blocks())
        if (block.index == index) numEvents = block.numEvents;
    QString text = u"<p>%1</p><p>%2</p><p>%3</p>"_s.arg(visibleText(found, 200).toHtmlEscaped(),
                                                        provenanceText(found).toHtmlEscaped(),
                                                        usageSentence(found).toHtmlEscaped());
    if (numEvents > 1)
        text += u"<p>%1</p>"_s.arg(
            tr("And %1 more here: zoom in to see them.").arg(integerText(numEvents - 1)).toHtmlEscaped());
    QToolTip::showText(help->globalPos(), text, this);
    return true;
}

void MemoryStrip::mousePressEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) return;
    m_pressedAt = event->position().x();
    m_pressedFrom = m_from;
    m_isPanning = false;
}

void MemoryStrip::mouseMoveEvent(QMouseEvent *event)
{
    if (m_pressedAt >= 0) {
        const double by = event->position().x() - m_pressedAt;
        if (std::abs(by) < kDragPixels && !m_isPanning) return;
        m_isPanning = true;
        const double width = m_to - m_from, from = m_pressedFrom - by / plotArea().width() * width;
        setView(from, from + width);
        return;
    }
    const int hovered = eventAt(event->position());
    if (hovered == m_hovered) return;
    m_hovered = hovered;
    setCursor(hovered >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void MemoryStrip::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton || m_pressedAt < 0) return;
    m_pressedAt = -1;
    if (std::exchange(m_isPanning, false)) return;
    const int index = eventAt(event->position());
    if (index < 0) return;
    setSelected(index);
    Q_EMIT eventChosen(index);
}

void MemoryStrip::mouseDoubleClickEvent(QMouseEvent *event)
{
    const int index = eventAt(event->position());
    if (index >= 0 && m_isFitted)
        Q_EMIT eventActivated(index);
    else
        fit();
}

void MemoryStrip::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_hovered = -1;
    update();
}

void MemoryStrip::wheelEvent(QWheelEvent *event)
{
    const double by = event->angleDelta().y() / 120.0;
    if (by == 0 || m_model->length() == 0) return event->ignore();
    zoom(std::pow(1.25, by), event->position().x());
    event->accept();
}

void MemoryStrip::stepTo(int by, bool toEnd)
{
    // Along the text, among what the filter shows.
    const std::vector<int> &order = m_model->byPlace();
    if (order.empty()) return;
    const auto size = static_cast<int>(order.size());
    const auto current = std::find(order.begin(), order.end(), m_selected);
    int at = current == order.end() ? (by > 0 ? -1 : size) : static_cast<int>(current - order.begin());
    if (toEnd) at = by > 0 ? size : -1;
    const int direction = toEnd ? -by : by > 0 ? 1 : -1;
    int left = toEnd ? 1 : std::abs(by), found = -1;
    for (at += direction; at >= 0 && at < size && left > 0; at += direction)
        if (m_model->isShown(order[static_cast<size_t>(at)])) {
            found = order[static_cast<size_t>(at)];
            --left;
        }
    if (found < 0) return;
    setSelected(found);
    Q_EMIT eventChosen(found);
}

void MemoryStrip::keyPressEvent(QKeyEvent *event)
{
    const double middle = plotArea().center().x();
    switch (event->key()) {
    case Qt::Key_Left:
        return stepTo(-1);
    case Qt::Key_Right:
        return stepTo(1);
    case Qt::Key_PageUp:
        return stepTo(-kPage);
    case Qt::Key_PageDown:
        return stepTo(kPage);
    case Qt::Key_Home:
        return stepTo(-1, true);
    case Qt::Key_End:
        return stepTo(1, true);
    case Qt::Key_Plus:
    case Qt::Key_Equal:
        return zoom(1.5, m_selected >= 0 && !blockRect(m_selected).intersected(plotArea()).isEmpty()
                             ? blockRect(m_selected).center().x()
                             : middle);
    case Qt::Key_Minus:
        return zoom(1 / 1.5, middle);
    case Qt::Key_0:
        return fit();
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_selected >= 0) Q_EMIT eventActivated(m_selected);
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

} // namespace orrery::memory_ui
