// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/frame_slider.h"

#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kMargin = 9, kGrooveY = 11;
constexpr double kMarkPitch = 3; ///< marks that are nearer to each other are drawn as one

} // namespace

std::vector<int64_t> roundSteps(int64_t from, int64_t to, int count)
{
    std::vector<int64_t> steps;
    if (to <= from || count < 1) return {from};
    double width = double(to - from) / count;
    const double decade = std::pow(10.0, std::floor(std::log10(std::max(1.0, width))));
    double stride = decade * 10;
    for (const double factor : {1.0, 2.0, 5.0, 10.0})
        if (decade * factor >= width) {
            stride = decade * factor;
            break;
        }
    for (auto step = int64_t(std::ceil(double(from) / stride) * stride); step <= to; step += int64_t(stride))
        steps.push_back(step);
    return steps;
}

FrameSlider::FrameSlider(QWidget *parent) : QAbstractSlider(parent)
{
    setObjectName(u"frameSlider"_s);
    setAccessibleName(tr("Training step"));
    setOrientation(Qt::Horizontal);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setToolTip(tr(
        "Kept steps of the training. Drag or press the arrow keys; with Shift, the step to compare with."));
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize FrameSlider::sizeHint() const
{
    return {300, int(kGrooveY) + 12 + QFontMetrics(typeFont(TypeSize::Small)).height()};
}
QSize FrameSlider::minimumSizeHint() const { return {120, sizeHint().height()}; }

void FrameSlider::setFrames(const std::vector<FrameInfo> &frames, const std::vector<int64_t> &leftOut)
{
    m_frames.clear();
    m_leftOut = leftOut;
    m_hasStarred = false;
    for (const FrameInfo &frame : frames) {
        m_frames.push_back({frame.step, frame.attempt, frame.kind == FrameKind::Heads});
        m_hasStarred = m_hasStarred || m_frames.back().isStarred;
    }
    setRange(0, std::max(0, int(frames.size()) - 1));
    setPageStep(std::max(1, int(frames.size()) / 20));
    setEnabled(frames.size() > 1);
    describe();
    update();
}

QString FrameSlider::sentenceOf(int index) const
{
    if (index < 0 || index >= std::ssize(m_frames)) return {};
    const Place &place = m_frames[size_t(index)];
    QStringList parts{tr("Step %1").arg(integerText(place.step))};
    if (place.isStarred)
        parts << tr("of starred heads alone");
    else if (m_hasStarred || !m_leftOut.empty())
        parts << tr("of all heads");
    parts << tr("kept step %1 of %2").arg(integerText(index + 1), integerText(qint64(m_frames.size())));
    return parts.join(u", "_s);
}

void FrameSlider::describe() { setAccessibleDescription(sentenceOf(value())); }

void FrameSlider::sliderChange(SliderChange change)
{
    QAbstractSlider::sliderChange(change);
    if (change == SliderValueChange) describe();
}

/// What stands under the pointer, and what can be done.
bool FrameSlider::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip) return QAbstractSlider::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    QStringList lines;
    if (!m_frames.empty()) lines << sentenceOf(frameAt(help->pos().x()));
    if (!m_leftOut.empty())
        lines << tr("Short marks: kept of starred heads alone. Open a starred head to go through them.");
    else if (m_hasStarred)
        lines << tr("Long marks: kept of all heads; short marks: of starred heads alone.");
    lines << tr("Drag or press the arrow keys; with Shift, the step to compare with.");
    QToolTip::showText(help->globalPos(), lines.join(u'\n'), this);
    return true;
}

void FrameSlider::setBase(int index)
{
    m_base = index;
    update();
}

double FrameSlider::xOfStep(double step) const
{
    const double first = double(m_frames.front().step), last = double(m_frames.back().step);
    const double share = last > first ? (step - first) / (last - first) : 0.5;
    return kMargin + share * (width() - 2 * kMargin);
}

double FrameSlider::xOf(int index) const
{
    return m_frames.empty()
               ? 0
               : xOfStep(double(m_frames[size_t(std::clamp(index, 0, int(m_frames.size()) - 1))].step));
}

int FrameSlider::frameAt(double x) const
{
    if (m_frames.empty()) return -1;
    int best = 0;
    // By halving: there may be a hundred thousand.
    const auto next = std::partition_point(m_frames.begin(), m_frames.end(), [&](const Place &place) {
        return xOfStep(double(place.step)) < x;
    });
    best = std::min(int(next - m_frames.begin()), int(m_frames.size()) - 1);
    if (best > 0 && x - xOf(best - 1) < xOf(best) - x) --best;
    return best;
}

void FrameSlider::pick(double x, bool isBase)
{
    const int index = frameAt(x);
    if (index < 0) return;
    if (isBase) {
        Q_EMIT baseMoved(index);
        return;
    }
    if (index == value()) return;
    setValue(index);
    Q_EMIT moved(index);
}

void FrameSlider::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton)
        pick(event->position().x(), event->modifiers() & Qt::ShiftModifier);
}

void FrameSlider::mouseMoveEvent(QMouseEvent *event)
{
    if (event->buttons() & Qt::LeftButton)
        pick(event->position().x(), event->modifiers() & Qt::ShiftModifier);
}

void FrameSlider::wheelEvent(QWheelEvent *event)
{
    // The pointer comes over it while a low panel is scrolled.
    if (!hasFocus()) return event->ignore();
    const int by = event->angleDelta().y() > 0 ? 1 : -1;
    const int next = std::clamp(value() + by, minimum(), maximum());
    if (next == value()) return;
    setValue(next);
    Q_EMIT moved(next);
}

void FrameSlider::keyPressEvent(QKeyEvent *event)
{
    const int here = event->modifiers() & Qt::ShiftModifier ? std::max(0, m_base) : value();
    int next = here;
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down:
        next = here - 1;
        break;
    case Qt::Key_Right:
    case Qt::Key_Up:
        next = here + 1;
        break;
    case Qt::Key_PageDown:
        next = here - pageStep();
        break;
    case Qt::Key_PageUp:
        next = here + pageStep();
        break;
    case Qt::Key_Home:
        next = minimum();
        break;
    case Qt::Key_End:
        next = maximum();
        break;
    default:
        return QAbstractSlider::keyPressEvent(event);
    }
    next = std::clamp(next, minimum(), maximum());
    if (event->modifiers() & Qt::ShiftModifier) {
        Q_EMIT baseMoved(next);
        return;
    }
    if (next == value()) return;
    setValue(next);
    Q_EMIT moved(next);
}

void FrameSlider::focusInEvent(QFocusEvent *event)
{
    QAbstractSlider::focusInEvent(event);
    update();
}

void FrameSlider::focusOutEvent(QFocusEvent *event)
{
    QAbstractSlider::focusOutEvent(event);
    update();
}

void FrameSlider::paintTicks(QPainter &painter, double y) const
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const QFontMetricsF metrics(typeFont(TypeSize::Small));
    painter.setFont(typeFont(TypeSize::Small));
    painter.setPen(tokens.secondary);
    double lastRight = -1e9;
    const int count = std::max(1, int(width() / 110));
    for (const int64_t step : roundSteps(m_frames.front().step, m_frames.back().step, count)) {
        const double x = xOfStep(double(step));
        const QString text = integerText(step);
        const double half = metrics.horizontalAdvance(text) / 2;
        const double left = std::clamp(x - half, 0.0, std::max(0.0, width() - 2 * half));
        if (left < lastRight + 8) continue;
        lastRight = left + 2 * half;
        painter.drawLine(QPointF(x, y + 5), QPointF(x, y + 8));
        painter.drawText(QPointF(left, y + 9 + metrics.ascent()), text);
    }
}

/// Above the line: long ones of all heads, short ones of starred heads alone, pale where they cannot be chosen here.
void FrameSlider::paintMarks(QPainter &painter, double y) const
{
    if (!m_hasStarred && m_leftOut.empty()) return; // all are of one kind
    const ThemeTokens &tokens = Theme::instance().tokens();
    const auto draw = [&](double &last, double x, double height, const QColor &color) {
        if (x - last < kMarkPitch) return;
        last = x;
        painter.setPen(QPen(color, 1));
        painter.drawLine(QPointF(x, y - 3 - height), QPointF(x, y - 3));
    };
    double lastLong = -1e9, lastShort = -1e9, lastPale = -1e9;
    const double left = kMargin, right = width() - kMargin;
    QColor pale = tokens.secondary;
    pale.setAlphaF(0.45F);
    for (const int64_t step : m_leftOut)
        if (const double x = xOfStep(double(step)); x >= left && x <= right) draw(lastPale, x, 2, pale);
    for (const Place &place : m_frames)
        if (place.isStarred)
            draw(lastShort, xOfStep(double(place.step)), 2, tokens.secondary);
        else
            draw(lastLong, xOfStep(double(place.step)), 5, tokens.secondary);
}

void FrameSlider::paintEvent(QPaintEvent *)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.border);
    painter.drawRoundedRect(QRectF(kMargin, kGrooveY - 2, width() - 2 * kMargin, 4), 2, 2);
    if (m_frames.empty()) return;
    const double here = xOf(value());
    painter.setBrush(tokens.accent);
    painter.drawRoundedRect(QRectF(kMargin, kGrooveY - 2, std::max(0.0, here - kMargin), 4), 2, 2);
    // Where an attempt begins.
    painter.setPen(QPen(tokens.warning, 1.5));
    for (size_t i = 1; i < m_frames.size(); ++i)
        if (m_frames[i].attempt != m_frames[i - 1].attempt) {
            const double x = xOf(int(i));
            painter.drawLine(QPointF(x, kGrooveY - 8), QPointF(x, kGrooveY + 5));
        }
    paintMarks(painter, kGrooveY);
    paintTicks(painter, kGrooveY);
    if (m_base >= 0 && m_base < std::ssize(m_frames)) {
        const double x = xOf(m_base);
        painter.setPen(QPen(tokens.text, 1.5));
        painter.setBrush(tokens.surface);
        const QPointF diamond[] = {
            {x, kGrooveY - 7}, {x + 6, kGrooveY}, {x, kGrooveY + 7}, {x - 6, kGrooveY}};
        painter.drawPolygon(diamond, 4);
    }
    painter.setPen(QPen(tokens.accent, hasFocus() ? 2.5 : 1.5));
    painter.setBrush(isEnabled() ? tokens.surface : tokens.border);
    painter.drawEllipse(QPointF(here, kGrooveY), 6, 6);
}

} // namespace orrery::ui
