// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the curves of a PlotView inside the axes. Private to widgets/plots.
#pragma once

#include "widgets/plots/plot_scene.h"

namespace orrery::ui {

/// Cost grows with the pixels, not with the points: buckets that fall into one pixel column are merged with
/// exact extrema.
class CurveLayer : public QCPLayerable {
public:
    CurveLayer(QCustomPlot *plot, const PlotScene &scene);

protected:
    void applyDefaultAntialiasingHint(QCPPainter *) const override {}
    QRect clipRect() const override;
    void draw(QCPPainter *painter) override;

private:
    void drawRaw(QCPPainter *painter, const PlotCurve &curve) const;
    void drawCrowd(QCPPainter *painter) const;
    [[nodiscard]] bool isInCrowd(const PlotCurve &curve) const;
    void drawDenseRaw(QCPPainter *painter, const PlotCurve &curve, size_t first, size_t last,
                      QColor color) const;
    void drawSparseRaw(QCPPainter *painter, const PlotCurve &curve, size_t first, size_t last,
                       QColor color) const;
    void drawLine(QCPPainter *painter, const PlotCurve &curve) const;
    void drawGlyphs(QCPPainter *painter, const PlotCurve &curve) const;

    const PlotScene &m_scene;
};

} // namespace orrery::ui
