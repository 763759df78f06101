// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over the curves of a PlotView: marks and direct labels (drawn with the curves), cursor, rubber
// band and focus ring (in a buffer of their own, so that moving the mouse repaints no curve). Private to
// widgets/plots.
#pragma once

#include "widgets/plots/plot_scene.h"

namespace orrery::ui {

class AnnotationLayer : public QCPLayerable {
public:
    AnnotationLayer(QCustomPlot *plot, const PlotScene &scene);

protected:
    void applyDefaultAntialiasingHint(QCPPainter *) const override {}
    void draw(QCPPainter *painter) override;

private:
    void drawTitle(QCPPainter *painter) const;
    void drawNote(QCPPainter *painter) const;
    void drawMarks(QCPPainter *painter) const;
    void drawLegend(QCPPainter *painter) const;
    void drawEndLabels(QCPPainter *painter) const;

    const PlotScene &m_scene;
};

class CursorLayer : public QCPLayerable {
public:
    CursorLayer(QCustomPlot *plot, const PlotScene &scene);

protected:
    void applyDefaultAntialiasingHint(QCPPainter *) const override {}
    void draw(QCPPainter *painter) override;

private:
    const PlotScene &m_scene;
};

/// What stands above the curves is clear of the ring of the focus.
inline constexpr int kTitleLeft = 6, kTitleRight = 6;
/// Height of the row of marks above the x axis, in pixels; fitting leaves it free.
inline constexpr int kMarkRowHeight = 16;

} // namespace orrery::ui
