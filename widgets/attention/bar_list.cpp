// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/bar_list.h"

#include "widgets/attention/figure_style.h"
#include "widgets/attention/heat_image.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/contrast.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {

BarList::BarList(const QString &name, QWidget *parent) : QWidget(parent)
{
    setAccessibleName(name);
    setFocusPolicy(Qt::TabFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        updateGeometry();
        update();
    });
}

int BarList::rowHeight() const { return QFontMetrics(typeFont(TypeSize::Base)).height() + 3; }

QSize BarList::sizeHint() const { return {210, std::max(1, int(m_rows.size())) * rowHeight()}; }
QSize BarList::minimumSizeHint() const { return {140, sizeHint().height()}; }

void BarList::setRows(std::vector<BarRow> rows, const QStringList &series)
{
    const bool isOther = rows.size() != m_rows.size();
    m_rows = std::move(rows);
    m_series = series;
    double largest = 0;
    m_isSigned = false;
    for (const BarRow &row : m_rows)
        for (double value : row.values)
            if (std::isfinite(value)) {
                largest = std::max(largest, std::abs(value));
                m_isSigned = m_isSigned || value < 0;
            }
    m_limit = niceLimit(largest);
    m_current = std::clamp(m_current, 0, std::max(0, int(m_rows.size()) - 1));
    if (isOther) updateGeometry();
    update();
    announceSummary(this);
}

void BarList::setColors(Colors colors)
{
    m_colors = colors;
    update();
}

struct BarList::Look {
    FigureStyle style;
    double width = 0;
    bool hasFocus = false;
};

QColor BarList::color(int series) const { return colorIn(FigureStyle::ofTheme(), series); }

QColor BarList::colorIn(const FigureStyle &style, int series) const
{
    if (m_colors == Colors::Heads) return style.headColor(series);
    return series == 0 ? style.tokens.accent : style.headColor(1);
}

QString BarList::summary() const
{
    if (m_rows.empty()) return tr("Nothing to list");
    QStringList parts;
    for (const BarRow &row : m_rows) parts << row.label + u' ' + row.number;
    return parts.join(u"; "_s);
}

QString BarList::toText() const
{
    QStringList lines{tr("Name") + u'\t' + m_series.join(u'\t')};
    for (const BarRow &row : m_rows) {
        QString line = row.label;
        for (double value : row.values) line += u'\t' + QString::number(value, 'g', 6);
        lines << line;
    }
    return lines.join(u'\n');
}

void BarList::paintRow(QPainter &painter, int index, double top, const Look &look) const
{
    const BarRow &row = m_rows[size_t(index)];
    const ThemeTokens &tokens = look.style.tokens;
    const QRectF area(4, top, look.width - 8, rowHeight());
    if (look.hasFocus && index == m_current) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(tokens.selection);
        painter.drawRoundedRect(QRectF(0, top, look.width, rowHeight()), 4, 4);
    }
    const QFont mono = typeFont(TypeSize::Mono), base = typeFont(TypeSize::Base);
    const QFontMetricsF labels(mono), numbers(base);
    double numberWidth = numbers.horizontalAdvance(u"0.000"_s);
    for (const BarRow &one : m_rows)
        numberWidth = std::max(numberWidth, numbers.horizontalAdvance(one.number));
    double labelWidth = 0;
    const double edge = area.height() - 4; // of a picture
    for (const BarRow &one : m_rows) {
        const double before = one.picture.isNull() ? 0 : edge + 4;
        labelWidth = std::max(labelWidth, before + labels.horizontalAdvance(one.label));
    }
    labelWidth = std::min(labelWidth, std::max(48.0, (area.width() - numberWidth) * 0.5));
    painter.setFont(mono);
    painter.setPen(tokens.text);
    const double before = row.picture.isNull() ? 0 : edge + 4;
    if (!row.picture.isNull()) painter.drawImage(QRectF(area.left(), top + 2, edge, edge), row.picture);
    painter.drawText(QRectF(area.left() + before, top, labelWidth - before, area.height()),
                     Qt::AlignLeft | Qt::AlignVCenter,
                     labels.elidedText(row.label, Qt::ElideRight, labelWidth - before));
    painter.setFont(base);
    painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter, row.number);
    const QRectF room(area.left() + labelWidth + 8, top, area.width() - labelWidth - numberWidth - 16,
                      area.height());
    if (room.width() < 6 || row.values.empty()) return;
    const double zero = m_isSigned ? room.center().x() : room.left();
    const double full = m_isSigned ? room.width() / 2 : room.width();
    const auto count = double(row.values.size());
    const double thick = std::clamp(std::floor((area.height() - 6 - (count - 1)) / count), 2.0, 9.0);
    double y = top + std::round((area.height() - thick * count - (count - 1)) / 2);
    painter.setPen(Qt::NoPen);
    for (int i = 0; i < std::ssize(row.values); ++i, y += thick + 1) {
        painter.setBrush(tokens.grid);
        painter.drawRect(QRectF(room.left(), y, room.width(), thick));
        const double value = row.values[size_t(i)];
        if (!std::isfinite(value) || value == 0) continue;
        const double length = std::max(1.0, full * std::min(1.0, std::abs(value) / m_limit));
        painter.setBrush(value < 0 ? look.style.headColor(1) : colorIn(look.style, i));
        painter.drawRect(QRectF(value < 0 ? zero - length : zero, y, length, thick));
    }
}

void BarList::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Look look{FigureStyle::ofTheme(), double(width()), hasFocus()};
    for (int i = 0; i < std::ssize(m_rows); ++i) paintRow(painter, i, double(i) * rowHeight(), look);
}

void BarList::paintFigure(QPainter &painter, double width) const
{
    const Look look{FigureStyle::ofPaper(), width, false};
    for (int i = 0; i < std::ssize(m_rows); ++i) paintRow(painter, i, double(i) * rowHeight(), look);
}

void BarList::mousePressEvent(QMouseEvent *event)
{
    const int index = int(event->position().y()) / rowHeight();
    if (event->button() != Qt::LeftButton || index < 0 || index >= std::ssize(m_rows)) return;
    m_current = index;
    update();
    Q_EMIT activated(m_rows[size_t(index)].place);
}

void BarList::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) return copyToClipboard(toText());
    const int by = event->key() == Qt::Key_Down ? 1 : event->key() == Qt::Key_Up ? -1 : 0;
    if (by != 0 && !m_rows.empty()) {
        m_current = std::clamp(m_current + by, 0, int(m_rows.size()) - 1);
        return update();
    }
    const bool isEnter =
        event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space;
    if (isEnter && !m_rows.empty()) {
        Q_EMIT activated(m_rows[size_t(m_current)].place);
        return;
    }
    QWidget::keyPressEvent(event);
}

void BarList::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    update();
}

void BarList::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

} // namespace orrery::ui
