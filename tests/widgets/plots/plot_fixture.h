// SPDX-License-Identifier: GPL-3.0-or-later
// A chart with a known curve, on the offscreen platform.
#pragma once

#include "widgets/plots/plot_view.h"

#include <QApplication>
#include <QTest>

#include <cmath>
#include <memory>

namespace orrery::ui::test {

/// Steps 1 … n with y = f(step), raw and line alike.
template <typename F> PlotCurve makeCurve(int numPoints, F f)
{
    PlotCurve curve;
    curve.name = QStringLiteral("train");
    curve.color = QColor(0, 114, 178);
    for (int step = 1; step <= numPoints; ++step) {
        const double y = f(step);
        curve.raw.push_back({double(step), y, y, y});
        curve.line.emplace_back(step, y);
    }
    return curve;
}

inline std::unique_ptr<PlotView> makeView(std::vector<PlotCurve> curves)
{
    auto view = std::make_unique<PlotView>();
    view->resize(600, 300);
    view->setTitle(QStringLiteral("Loss"));
    view->setXAxis(AxisFormat::Count, QStringLiteral("step"));
    view->setCurves(std::move(curves));
    view->show();
    QCoreApplication::processEvents();
    view->flush();
    QCoreApplication::processEvents();
    return view;
}

} // namespace orrery::ui::test
