// SPDX-License-Identifier: GPL-3.0-or-later
// Where ticks stand and what they say: steps of 1, 2, 5; whole minutes and hours for durations; decades for
// log axes. Private to widgets/plots.
#pragma once

#include "widgets/plots/plot_types.h"
#include "widgets/plots/qcustomplot_wrapper.h"

namespace orrery::ui {

class PlotTicker : public QCPAxisTicker {
public:
    void setFormat(AxisFormat format) { m_format = format; }
    void setLogarithmic(bool isLogarithmic) { m_isLogarithmic = isLogarithmic; }
    /// Labels show value / 10^exponent; the axis title names the power.
    void setExponent(int exponent) { m_exponent = exponent; }
    [[nodiscard]] int exponent() const { return m_exponent; }
    /// The common power of ten that labels of this range need; 0 for none.
    [[nodiscard]] int neededExponent(const PlotRange &range) const;

protected:
    double getTickStep(const QCPRange &range) override;
    int getSubTickCount(double) override { return 0; }
    QVector<double> createTickVector(double tickStep, const QCPRange &range) override;
    QString getTickLabel(double tick, const QLocale &, QChar, int) override;

private:
    QVector<double> logTicks(const QCPRange &range) const;

    AxisFormat m_format = AxisFormat::Value;
    bool m_isLogarithmic = false;
    bool m_hasDecades = false; ///< the last ticks were decades, not even steps
    int m_exponent = 0;
    double m_step = 1;
};

/// The smallest of 1, 2, 5 × 10^k that is at least `step` (> 0).
double niceStep(double step);
/// The same for seconds: 1 2 5 10 15 30 s, 1 2 5 10 15 30 min, 1 2 3 6 12 h, days.
double niceDurationStep(double seconds);

} // namespace orrery::ui
