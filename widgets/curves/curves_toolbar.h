// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in the title row of the loss chart: smoothing, log axis, step or time, follow, fit. GUI thread
// only.
#pragma once

#include "widgets/curves/shown_series.h"

#include <QWidget>

class QLabel;
class QSlider;
class QToolButton;

namespace orrery::ui {

class SegmentedChoice;

class CurvesToolbar : public QWidget {
    Q_OBJECT
public:
    explicit CurvesToolbar(QWidget *parent = nullptr);
    /// Weight kept per point, 0 … 0.999.
    [[nodiscard]] double smoothing() const;
    void setSmoothing(double smoothing);
    [[nodiscard]] XMode xMode() const { return m_mode; }
    void setXMode(XMode mode);
    /// Not while another row has the choice of the axis.
    void setAxisVisible(bool isVisible);
    void setLogY(bool isLogarithmic);
    void setFollowing(bool isFollowing);

Q_SIGNALS:
    void smoothingChanged(double smoothing);
    void xModeChosen(orrery::ui::XMode mode);
    void logYChosen(bool isLogarithmic);
    void followChosen(bool isFollowing);
    void fitChosen();

private:
    void showSmoothing();

    QSlider *m_slider;
    QLabel *m_value;
    SegmentedChoice *m_xMode;
    QToolButton *m_logY;
    QToolButton *m_follow;
    QToolButton *m_fit;
    XMode m_mode = XMode::Step;
};

} // namespace orrery::ui
