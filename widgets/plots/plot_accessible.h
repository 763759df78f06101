// SPDX-License-Identifier: GPL-3.0-or-later
// Lets screen readers speak a PlotView: name, role "chart" and a sentence about each curve. Private to
// widgets/plots.
#pragma once

namespace orrery::ui {

/// Registers the interface with Qt; later calls do nothing.
void installPlotAccessibility();

} // namespace orrery::ui
