// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/similarity_map.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/color_map.h"
#include "widgets/theme/theme.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QLinearGradient>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr double kBar = 12, kGap = 6, kMaxLabelShare = 0.3;
constexpr int kPage = 10;

/// −1 … 1 to a position in the colours.
double positionOf(float value) { return (static_cast<double>(value) + 1) / 2; }

} // namespace

SimilarityMap::SimilarityMap(QWidget *parent) : QWidget(parent)
{
    setObjectName(u"similarityMap"_s);
    setAccessibleName(tr("How alike the events are"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, [this] {
        m_image = QImage();
        update();
    });
}

void SimilarityMap::setSimilarity(Similarity similarity, QStringList names)
{
    const QPoint before = m_current;
    m_similarity = similarity.isWhole() ? std::move(similarity) : Similarity{};
    m_names = std::move(names);
    m_names.resize(m_similarity.size());
    m_longestName.clear();
    for (const QString &name : std::as_const(m_names))
        if (name.size() > m_longestName.size()) m_longestName = name;
    setOrder(m_order);
    const int last = m_similarity.size() - 1;
    setCurrent(before.x() < 0 || last < 0 ? QPoint(-1, -1)
                                          : QPoint(std::min(before.x(), last), std::min(before.y(), last)));
}

void SimilarityMap::setOrder(Order order)
{
    const qint64 row = eventAt(m_current.y()), column = eventAt(m_current.x());
    m_order = order;
    if (order == Order::Likeness) {
        m_places = orderByLikeness(m_similarity);
    } else {
        m_places.resize(static_cast<size_t>(m_similarity.size()));
        std::iota(m_places.begin(), m_places.end(), 0);
    }
    m_image = QImage();
    if (m_current.x() >= 0) setCurrent({placeOf(column), placeOf(row)});
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
    update();
}

qint64 SimilarityMap::eventAt(int place) const
{
    if (place < 0 || place >= static_cast<int>(m_places.size())) return 0;
    const auto number = static_cast<size_t>(m_places[static_cast<size_t>(place)]);
    return number < m_similarity.events.size() ? m_similarity.events[number] : 0;
}

int SimilarityMap::placeOf(qint64 event) const
{
    for (int place = 0; event != 0 && place < static_cast<int>(m_places.size()); ++place)
        if (eventAt(place) == event) return place;
    return -1;
}

QString SimilarityMap::nameAt(int place) const { return m_names.value(m_places[static_cast<size_t>(place)]); }

void SimilarityMap::setSelected(qint64 event)
{
    if (event == m_selected) return;
    m_selected = event;
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
    update();
}

QRectF SimilarityMap::areaIn(const QSizeF &size, const QFont &font) const
{
    const QFontMetricsF metrics(font);
    const double scaleWidth = kGap + kBar + 7 + metrics.horizontalAdvance(u"−0.5"_s) + 2;
    const double top = std::ceil(metrics.height() / 2), bottom = std::ceil(metrics.height()) + 4;
    const double longest =
        std::max(metrics.horizontalAdvance(u"00,000"_s), metrics.horizontalAdvance(m_longestName));
    const double labels = std::floor(std::min(longest + kGap, size.width() * kMaxLabelShare));
    const double edge = std::floor(
        std::max(16.0, std::min(size.width() - labels - scaleWidth, size.height() - top - bottom)));
    return {labels, top, edge, edge};
}

QRectF SimilarityMap::mapArea() const { return areaIn(size(), ui::typeFont(ui::TypeSize::Small)); }

QPoint SimilarityMap::cellAt(const QPointF &position) const
{
    const QRectF area = mapArea();
    if (m_similarity.size() == 0 || !area.contains(position)) return {-1, -1};
    const double cell = area.width() / m_similarity.size();
    const int last = m_similarity.size() - 1;
    return {std::min(last, static_cast<int>((position.x() - area.left()) / cell)),
            std::min(last, static_cast<int>((position.y() - area.top()) / cell))};
}

QString SimilarityMap::reading() const
{
    if (m_current.x() < 0 || m_current.y() < 0) return {};
    const float value = m_similarity.at(m_places[static_cast<size_t>(m_current.y())],
                                        m_places[static_cast<size_t>(m_current.x())]);
    const QString number =
        std::isfinite(value) ? ui::fixedText(static_cast<double>(value), 3) : ui::unknownText();
    if (m_current.x() == m_current.y())
        return tr("Event %1 with itself: %2").arg(integerText(eventAt(m_current.y())), number);
    return tr("Event %1 “%2” and event %3 “%4”: %5")
        .arg(integerText(eventAt(m_current.y())), nameAt(m_current.y()), integerText(eventAt(m_current.x())),
             nameAt(m_current.x()), number);
}

QString SimilarityMap::summary() const
{
    const int count = m_similarity.size();
    if (count < 2) return tr("Too few events to compare.");
    int first = 0, second = 1;
    double sum = 0;
    for (int a = 0; a < count; ++a)
        for (int b = a + 1; b < count; ++b) {
            sum += static_cast<double>(m_similarity.at(a, b));
            if (m_similarity.at(a, b) > m_similarity.at(first, second)) {
                first = a;
                second = b;
            }
        }
    QString text = tr("%1 events; cosine %2 on average, most alike events %3 and %4 with %5.")
                       .arg(integerText(count), ui::fixedText(sum * 2 / (double(count) * (count - 1)), 2),
                            integerText(m_similarity.events[static_cast<size_t>(first)]),
                            integerText(m_similarity.events[static_cast<size_t>(second)]),
                            ui::fixedText(static_cast<double>(m_similarity.at(first, second)), 2));
    if (const QString now = reading(); !now.isEmpty()) text += u' ' + now + u'.';
    return text;
}

QString SimilarityMap::toText() const
{
    QString text = u"event"_s;
    for (int column = 0; column < m_similarity.size(); ++column)
        text += u'\t' + QString::number(eventAt(column));
    for (int row = 0; row < m_similarity.size(); ++row) {
        text += u'\n' + QString::number(eventAt(row));
        for (int column = 0; column < m_similarity.size(); ++column)
            text += u'\t' + QString::number(
                                static_cast<double>(m_similarity.at(m_places[static_cast<size_t>(row)],
                                                                    m_places[static_cast<size_t>(column)])),
                                'g', 5);
    }
    return text + u'\n';
}

QImage SimilarityMap::makeImage(const ui::ColorMap &map, QRgb unknown) const
{
    const int count = m_similarity.size();
    QImage image(count, count, QImage::Format_RGB32);
    for (int row = 0; row < count; ++row) {
        auto *line = reinterpret_cast<QRgb *>(image.scanLine(row));
        for (int column = 0; column < count; ++column) {
            const float value =
                m_similarity.at(m_places[static_cast<size_t>(row)], m_places[static_cast<size_t>(column)]);
            line[column] = std::isfinite(value) ? map.at(positionOf(value)) : unknown;
        }
    }
    return image;
}

void SimilarityMap::paintLabels(QPainter &painter, const QRectF &area, const ui::FigureStyle &style) const
{
    const ui::ThemeTokens &tokens = style.tokens;
    const QFontMetricsF metrics(painter.font());
    const int count = m_similarity.size(), chosen = placeOf(m_selected);
    const double cell = area.width() / count;
    // As many as fit; the chosen one and the one that is read stand before others.
    double nextFree = area.top() - metrics.height();
    const auto label = [&](int place, bool isStrong) {
        const double middle = area.top() + (place + 0.5) * cell;
        painter.setPen(isStrong ? tokens.text : tokens.secondary);
        painter.drawText(QRectF(0, middle - metrics.height() / 2, area.left() - kGap, metrics.height()),
                         Qt::AlignRight | Qt::AlignVCenter,
                         metrics.elidedText(nameAt(place), Qt::ElideRight, area.left() - kGap));
    };
    const auto isNear = [&](int place, int other) {
        return other >= 0 && place != other && std::abs(place - other) * cell < metrics.height();
    };
    for (int place = 0; place < count; ++place) {
        const bool isStrong = place == chosen || place == m_current.y();
        const double top = area.top() + (place + 0.5) * cell - metrics.height() / 2;
        if (!isStrong && (top < nextFree || isNear(place, chosen) || isNear(place, m_current.y()))) continue;
        if (place == chosen && isNear(place, m_current.y())) continue; // what is read now
        label(place, isStrong);
        nextFree = top + metrics.height();
    }
    painter.setPen(tokens.secondary);
    painter.drawText(QRectF(area.left(), area.bottom() + 4, area.width(), metrics.height()),
                     Qt::AlignHCenter | Qt::AlignTop,
                     metrics.elidedText(m_order == Order::Time ? tr("events, oldest first →")
                                                               : tr("events, like beside like →"),
                                        Qt::ElideRight, area.width()));
}

void SimilarityMap::paintMarks(QPainter &painter, const QRectF &area, const ui::FigureStyle &style) const
{
    const ui::ThemeTokens &tokens = style.tokens;
    const double cell = area.width() / m_similarity.size();
    const auto box = [&](const QRectF &rect) {
        // Two lines, so that one of them is seen on any colour.
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(tokens.surface, 1));
        painter.drawRect(rect.adjusted(-1.5, -1.5, 0.5, 0.5));
        painter.setPen(QPen(tokens.text, 1));
        painter.drawRect(rect.adjusted(-0.5, -0.5, -0.5, -0.5));
    };
    if (const int place = placeOf(m_selected); place >= 0)
        box(QRectF(area.left(), area.top() + place * cell, area.width(), std::max(2.0, cell)));
    if (m_current.x() >= 0)
        box(QRectF(area.left() + m_current.x() * cell, area.top() + m_current.y() * cell, std::max(3.0, cell),
                   std::max(3.0, cell)));
}

void SimilarityMap::paintScale(QPainter &painter, const QRectF &bar, const ui::FigureStyle &style)
{
    const ui::ThemeTokens &tokens = style.tokens;
    const QFontMetricsF metrics(painter.font());
    QLinearGradient gradient(bar.bottomLeft(), bar.topLeft());
    constexpr int kStops = 32;
    for (int i = 0; i <= kStops; ++i)
        gradient.setColorAt(double(i) / kStops, QColor::fromRgb(style.diverging().at(double(i) / kStops)));
    painter.setPen(QPen(tokens.border, 1));
    painter.setBrush(gradient);
    painter.drawRect(bar.adjusted(-0.5, -0.5, 0.5, 0.5));
    painter.setPen(tokens.secondary);
    for (const double tick : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
        if (bar.height() < 5 * metrics.height() && std::abs(tick) == 0.5) continue;
        const double y = bar.bottom() - bar.height() * (tick + 1) / 2;
        painter.drawLine(QPointF(bar.right() + 1, y), QPointF(bar.right() + 3, y));
        painter.drawText(QRectF(bar.right() + 7, y - metrics.height() / 2, 60, metrics.height()),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         ui::fixedText(tick, std::abs(tick) == 0.5 ? 1 : 0));
    }
    painter.drawText(QRectF(bar.left(), bar.bottom() + 4, 70, metrics.height()), Qt::AlignLeft | Qt::AlignTop,
                     tr("cosine"));
}

void SimilarityMap::paintOn(QPainter &painter, const QSizeF &size, const ui::FigureStyle &style) const
{
    if (m_similarity.size() == 0) return;
    painter.setFont(style.small);
    const QRectF area = areaIn(size, style.small);
    // More events than pixels: their mean is smoother than every n-th of them.
    painter.setRenderHint(QPainter::SmoothPixmapTransform, area.width() < m_similarity.size());
    painter.drawImage(area,
                      m_image.isNull() ? makeImage(style.diverging(), style.tokens.grid.rgb()) : m_image);
    paintLabels(painter, area, style);
    paintScale(painter, QRectF(area.right() + kGap, area.top(), kBar, area.height()), style);
    paintMarks(painter, area, style);
}

void SimilarityMap::paintFigure(QPainter &painter, const QSizeF &size) const
{
    // On paper: another map of colours, and no marks of where somebody stands.
    SimilarityMap copy;
    copy.setSimilarity(m_similarity, m_names);
    copy.setOrder(m_order);
    copy.paintOn(painter, size, ui::FigureStyle::ofPaper());
}

void SimilarityMap::paintEvent(QPaintEvent *)
{
    const ui::FigureStyle style = ui::FigureStyle::ofTheme();
    if (m_image.isNull() && m_similarity.size() > 0)
        m_image = makeImage(style.diverging(), style.tokens.grid.rgb());
    QPainter painter(this);
    paintOn(painter, size(), style);
    if (!hasFocus() || m_similarity.size() == 0) return;
    painter.setPen(QPen(style.tokens.accent, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(mapArea().adjusted(-2.5, -2.5, 1.5, 1.5));
}

void SimilarityMap::setCurrent(QPoint cell)
{
    if (cell == m_current) return;
    m_current = cell;
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
    Q_EMIT readingChanged(reading());
    update();
}

bool SimilarityMap::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        auto *help = static_cast<QHelpEvent *>(event);
        const bool isOnMap = cellAt(QPointF(help->pos())).x() >= 0;
        QToolTip::showText(help->globalPos(),
                           isOnMap ? u"<p>%1</p>"_s.arg(reading().toHtmlEscaped()) : QString(), this);
        return true;
    }
    return QWidget::event(event);
}

void SimilarityMap::mouseMoveEvent(QMouseEvent *event) { setCurrent(cellAt(event->position())); }

void SimilarityMap::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    if (!hasFocus()) setCurrent({-1, -1});
}

void SimilarityMap::mousePressEvent(QMouseEvent *event)
{
    const QPoint cell = cellAt(event->position());
    if (event->button() != Qt::LeftButton || cell.x() < 0) return;
    setCurrent(cell);
    Q_EMIT eventChosen(eventAt(cell.y()));
}

void SimilarityMap::moveBy(int columns, int rows)
{
    const int last = m_similarity.size() - 1;
    if (last < 0) return;
    QPoint from = m_current;
    if (from.x() < 0) {
        const int place = std::max(0, placeOf(m_selected));
        return setCurrent({place, place});
    }
    from += QPoint(columns, rows);
    setCurrent({std::clamp(from.x(), 0, last), std::clamp(from.y(), 0, last)});
}

void SimilarityMap::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) return ui::copyToClipboard(toText());
    const int count = m_similarity.size();
    switch (event->key()) {
    case Qt::Key_Left:
        return moveBy(-1, 0);
    case Qt::Key_Right:
        return moveBy(1, 0);
    case Qt::Key_Up:
        return moveBy(0, -1);
    case Qt::Key_Down:
        return moveBy(0, 1);
    case Qt::Key_PageUp:
        return moveBy(0, -kPage);
    case Qt::Key_PageDown:
        return moveBy(0, kPage);
    case Qt::Key_Home:
        return moveBy(-count, 0);
    case Qt::Key_End:
        return moveBy(count, 0);
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        if (m_current.y() >= 0) Q_EMIT eventChosen(eventAt(m_current.y()));
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

void SimilarityMap::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    update();
}

void SimilarityMap::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace orrery::memory_ui
