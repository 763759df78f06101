// SPDX-License-Identifier: GPL-3.0-or-later
// Which modality looks at which, as small square tables: what is known of a head, how it is coloured, painted
// and written down. GUI thread only, because the colour maps are.
#pragma once

#include "widgets/attention/figure_style.h"
#include "widgets/attention/flow_history.h"
#include "widgets/attention/snapshot.h"

#include <QRectF>
#include <QString>

#include <vector>

class QPainter;

namespace orrery::ui {

enum class FlowKind : uint8_t {
    Mass,    ///< of what a modality's tokens look at, the share that falls on each modality
    Learned, ///< the factor that the model learned for it, before the softmax
};

/// Those that have tokens here, in the order text, image, audio.
std::vector<Modality> modalitiesOf(const std::vector<InspectedToken> &tokens);
QString modalityTitle(Modality modality); ///< "Text"
/// Null: none of this head.
const ModalityFlow *flowOf(const std::vector<ModalityFlow> &flows, const HeadRef &head);
/// NaN: not known. `from` looks at `to`.
double flowValue(const ModalityFlow &flow, FlowKind kind, Modality from, Modality to);
QString flowText(double value, FlowKind kind); ///< "41 %", "× 1.20"

/// From a value to a colour: a share on a linear scale from 0 to 1; a factor on a logarithmic one around 1.
struct FlowScale {
    FlowKind kind = FlowKind::Mass;
    double limit = 2; ///< factor at the end of the colours
    [[nodiscard]] double position(double value) const;
    [[nodiscard]] QRgb color(double value, const FigureStyle &style) const;
};
/// The one that all these fit on.
FlowScale flowScale(const std::vector<ModalityFlow> &flows, FlowKind kind);

/// A table of one head in a square. @param hasText numbers in the cells and names at the sides
void paintFlow(QPainter &painter, const QRectF &area, const ModalityFlow &flow, const FlowScale &scale,
               const std::vector<Modality> &modalities, bool hasText, const FigureStyle &style);
/// In which its numbers and names stand beside each other.
QSizeF leastFlowSize(FlowKind kind, const std::vector<Modality> &modalities, const FigureStyle &style);
/// Below the scale; one that has no room is empty.
struct FlowScaleNumbers {
    QString least, middle, most;
};
/// @param width of the bar in pixels. The neutral factor stays before the least one.
FlowScaleNumbers flowScaleNumbers(const FlowScale &scale, double width, const FigureStyle &style);
/// The scale with its numbers, lying; as wide as the area.
inline constexpr double kFlowScaleHeight = 28;
void paintFlowScale(QPainter &painter, const QRectF &area, const FlowScale &scale, const FigureStyle &style);
/// One line for each head and pair: of the step that is shown, and of those that were kept.
QString flowsCsv(const Snapshot &now, const std::vector<FlowPoint> &points);

} // namespace orrery::ui
