// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/modality_flow.h"

#include "widgets/common/number_text.h"
#include "widgets/theme/contrast.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QLinearGradient>
#include <QPainter>

#include <algorithm>
#include <cmath>
#include <initializer_list>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("ModalityFlow", text); }

constexpr double kGap = 1;

size_t edgeOf(const std::vector<float> &values)
{
    return static_cast<size_t>(std::lround(std::sqrt(double(values.size()))));
}

QString factorText(double factor) { return u"× "_s + significantText(factor, 3); }

QRectF namedArea(const QRectF &area, const std::vector<Modality> &modalities, const QFontMetricsF &metrics)
{
    double width = 0;
    for (Modality one : modalities) width = std::max(width, metrics.horizontalAdvance(modalityTitle(one)));
    const QRectF room = area.adjusted(std::ceil(width) + 6, metrics.height() + 2, 0, 0);
    const double edge = std::max(10.0, std::floor(std::min(room.width(), room.height())));
    return {room.topLeft(), QSizeF(edge, edge)};
}

} // namespace

std::vector<Modality> modalitiesOf(const std::vector<InspectedToken> &tokens)
{
    std::vector<Modality> present;
    for (Modality one : kModalities)
        if (std::any_of(tokens.begin(), tokens.end(),
                        [one](const InspectedToken &token) { return token.modality == one; }))
            present.push_back(one);
    return present;
}

QString modalityTitle(Modality modality)
{
    switch (modality) {
    case Modality::Text:
        return tr("Text");
    case Modality::Image:
        return tr("Image");
    case Modality::Audio:
        return tr("Audio");
    case Modality::Unknown:
        break;
    }
    return unknownText();
}

const ModalityFlow *flowOf(const std::vector<ModalityFlow> &flows, const HeadRef &head)
{
    const auto found =
        std::find_if(flows.begin(), flows.end(), [&](const ModalityFlow &one) { return one.head == head; });
    return found == flows.end() ? nullptr : &*found;
}

double flowValue(const ModalityFlow &flow, FlowKind kind, Modality from, Modality to)
{
    const std::vector<float> &values = kind == FlowKind::Mass ? flow.mass : flow.weights;
    const size_t edge = edgeOf(values), row = modalityIndex(from), column = modalityIndex(to);
    if (row >= edge || column >= edge) return std::nan("");
    return double(values[row * edge + column]);
}

QString flowText(double value, FlowKind kind)
{
    if (!std::isfinite(value)) return unknownText();
    return kind == FlowKind::Mass ? percentText(value * 100) : factorText(value);
}

double FlowScale::position(double value) const
{
    if (!std::isfinite(value)) return kind == FlowKind::Mass ? 0 : 0.5;
    if (kind == FlowKind::Mass) return std::clamp(value, 0.0, 1.0);
    return std::clamp(0.5 + 0.5 * std::log(std::max(value, 1e-9)) / std::log(limit), 0.0, 1.0);
}

QRgb FlowScale::color(double value, const FigureStyle &style) const
{
    return (kind == FlowKind::Mass ? style.sequential() : style.diverging()).at(position(value));
}

FlowScale flowScale(const std::vector<ModalityFlow> &flows, FlowKind kind)
{
    FlowScale scale{.kind = kind};
    if (kind == FlowKind::Mass) return scale;
    double farthest = 0;
    for (const ModalityFlow &flow : flows)
        for (float one : flow.weights)
            if (std::isfinite(one) && one > 0) farthest = std::max(farthest, std::abs(std::log(double(one))));
    for (const double limit : {1.1, 1.2, 1.5, 2.0, 5.0, 10.0, 100.0, 1e4}) {
        scale.limit = limit;
        if (farthest <= std::log(limit) * 1.0001) break;
    }
    return scale;
}

QSizeF leastFlowSize(FlowKind kind, const std::vector<Modality> &modalities, const FigureStyle &style)
{
    constexpr double kPadding = 6; // of a number, both sides together
    const QFontMetricsF metrics(style.small);
    const double number = metrics.horizontalAdvance(kind == FlowKind::Mass ? flowText(1, kind) : flowText(0.888, kind));
    double name = 0;
    for (Modality one : modalities) name = std::max(name, metrics.horizontalAdvance(modalityTitle(one)));
    const double edge = std::ceil(std::max(number, name) + kPadding) * double(modalities.size());
    const QRectF room(0, 0, 1'000, 1'000);
    const QPointF corner = namedArea(room, modalities, metrics).topLeft();
    return {corner.x() + edge, corner.y() + edge};
}

void paintFlow(QPainter &painter, const QRectF &area, const ModalityFlow &flow, const FlowScale &scale,
               const std::vector<Modality> &modalities, bool hasText, const FigureStyle &style)
{
    if (modalities.empty()) return;
    painter.save();
    painter.setFont(style.small);
    const QFontMetricsF metrics(style.small);
    const QRectF cells = hasText ? namedArea(area, modalities, metrics) : area;
    const auto count = static_cast<int>(modalities.size());
    const auto edgeAt = [&](double from, int index) {
        return std::round(from + cells.width() * index / count);
    };
    for (int row = 0; row < count; ++row)
        for (int column = 0; column < count; ++column) {
            const double value =
                flowValue(flow, scale.kind, modalities[size_t(row)], modalities[size_t(column)]);
            const QRectF cell(
                QPointF(edgeAt(cells.left(), column), edgeAt(cells.top(), row)),
                QPointF(edgeAt(cells.left(), column + 1) - kGap, edgeAt(cells.top(), row + 1) - kGap));
            const QColor ground = QColor::fromRgb(scale.color(value, style));
            painter.fillRect(cell, ground);
            if (!hasText) continue;
            const bool isDarkReadable = contrastRatio(Qt::black, ground) > contrastRatio(Qt::white, ground);
            painter.setPen(isDarkReadable ? Qt::black : Qt::white);
            painter.drawText(cell, Qt::AlignCenter, flowText(value, scale.kind));
        }
    if (hasText) {
        painter.setPen(style.tokens.secondary);
        for (int i = 0; i < count; ++i) {
            const double middle = cells.width() * (i + 0.5) / count;
            const QString name = modalityTitle(modalities[size_t(i)]);
            painter.drawText(QRectF(area.left(), cells.top() + middle - metrics.height() / 2,
                                    cells.left() - area.left() - 6, metrics.height()),
                             Qt::AlignRight | Qt::AlignVCenter, name);
            painter.drawText(
                QRectF(cells.left() + middle - 60, cells.top() - metrics.height() - 2, 120, metrics.height()),
                Qt::AlignHCenter | Qt::AlignVCenter, name);
        }
    }
    painter.restore();
}

FlowScaleNumbers flowScaleNumbers(const FlowScale &scale, double width, const FigureStyle &style)
{
    const QFontMetricsF metrics(style.small);
    const bool isMass = scale.kind == FlowKind::Mass;
    const QString least = isMass ? u"0 %"_s : factorText(1 / scale.limit),
                  most = isMass ? u"100 %"_s : factorText(scale.limit);
    const auto fits = [&](const QString &middle, std::initializer_list<QString> ends) {
        double widest = 0;
        for (const QString &end : ends) widest = std::max(widest, metrics.horizontalAdvance(end));
        return metrics.horizontalAdvance(middle) + 2 * widest + 8 <= width;
    };
    for (const QString &middle : {isMass ? u"50 %"_s : tr("1 = neutral"), isMass ? QString() : u"1"_s})
        if (!middle.isEmpty() && fits(middle, {least, most})) return {least, middle, most};
    // The lower end is one divided by the upper one; what is neutral is told by nothing else.
    if (!isMass && fits(u"1"_s, {most})) return {QString(), u"1"_s, most};
    return {least, QString(), most};
}

void paintFlowScale(QPainter &painter, const QRectF &area, const FlowScale &scale, const FigureStyle &style)
{
    painter.save();
    painter.setFont(style.small);
    const QFontMetricsF metrics(style.small);
    const double word =
        metrics.horizontalAdvance(scale.kind == FlowKind::Mass ? tr("linear") : tr("logarithmic"));
    const QRectF bar(area.left(), area.top(), std::min(area.width() - std::ceil(word) - 12, 220.0), 10);
    QLinearGradient colors(bar.topLeft(), bar.topRight());
    constexpr int kStops = 48;
    const ColorMap &map = scale.kind == FlowKind::Mass ? style.sequential() : style.diverging();
    for (int i = 0; i <= kStops; ++i)
        colors.setColorAt(double(i) / kStops, QColor::fromRgb(map.at(double(i) / kStops)));
    painter.setPen(QPen(style.tokens.border, 1));
    painter.setBrush(colors);
    painter.drawRect(bar.adjusted(-0.5, -0.5, 0.5, 0.5));
    painter.setPen(style.tokens.secondary);
    const QRectF below(bar.left(), bar.bottom() + 2, bar.width(), metrics.height());
    const bool isMass = scale.kind == FlowKind::Mass;
    const FlowScaleNumbers numbers = flowScaleNumbers(scale, bar.width(), style);
    painter.drawText(below, Qt::AlignLeft, numbers.least);
    painter.drawText(below, Qt::AlignHCenter, numbers.middle);
    painter.drawText(below, Qt::AlignRight, numbers.most);
    painter.drawText(QRectF(bar.right() + 10, bar.top() - metrics.height() / 2 + 5,
                            area.right() - bar.right() - 10, metrics.height()),
                     Qt::AlignLeft | Qt::AlignVCenter, isMass ? tr("linear") : tr("logarithmic"));
    painter.restore();
}

QString flowsCsv(const Snapshot &now, const std::vector<FlowPoint> &points)
{
    QString text = u"step,layer,head,from,to,mass,learned_factor\n"_s;
    const auto number = [](double value) {
        return std::isfinite(value) ? QString::number(value, 'g', 7) : QString();
    };
    const std::vector<Modality> modalities = modalitiesOf(now.report.tokens);
    const auto add = [&](int64_t step, const std::vector<ModalityFlow> &flows) {
        for (const ModalityFlow &flow : flows)
            for (Modality from : modalities)
                for (Modality to : modalities)
                    text += QString::number(step) + u',' + QString::number(flow.head.layer) + u',' +
                            QString::number(flow.head.head) + u',' + QString::fromLatin1(modalityName(from)) +
                            u',' + QString::fromLatin1(modalityName(to)) + u',' +
                            number(flowValue(flow, FlowKind::Mass, from, to)) + u',' +
                            number(flowValue(flow, FlowKind::Learned, from, to)) + u'\n';
    };
    bool isShownKept = false;
    for (const FlowPoint &point : points) {
        add(point.step, point.flows);
        isShownKept = isShownKept || (now.isKept && point.step == now.report.step && !point.flows.empty());
    }
    if (!isShownKept) add(now.report.step, now.report.flows);
    return text;
}

} // namespace orrery::ui
