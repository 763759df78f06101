// SPDX-License-Identifier: GPL-3.0-or-later
// The controls of the loss chart: smoothing, log axis, step or time, follow, fit. They stand in its title row where that is
// wide enough for them and the name of a run, else in a row of their own, which goes on in a further one. GUI thread only.
#pragma once

#include "widgets/curves/shown_series.h"

#include <QWidget>

class QBoxLayout;
class QLabel;
class QSlider;
class QToolButton;

namespace orrery::ui {

class PanelFrame;
class SegmentedChoice;

class CurvesToolbar : public QWidget {
    Q_OBJECT
public:
    explicit CurvesToolbar(QWidget *parent = nullptr);
    /// Places itself from now on.   @param rows of its content; both outlive it
    void standIn(PanelFrame &frame, QBoxLayout &rows);
    [[nodiscard]] bool isInTitle() const { return m_isInTitle; }
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

protected:
    bool eventFilter(QObject *watched, QEvent *event) override; ///< the frame is wider or narrower

private:
    void showSmoothing();
    void place();

    QSlider *m_slider;
    QLabel *m_value;
    SegmentedChoice *m_xMode;
    QToolButton *m_logY;
    QToolButton *m_follow;
    QToolButton *m_fit;
    XMode m_mode = XMode::Step;
    PanelFrame *m_frame = nullptr;
    QBoxLayout *m_rows = nullptr;
    int m_neededWidth = 0; ///< with all of its controls: they do not jump when one of them is hidden
    bool m_isInTitle = false;
};

} // namespace orrery::ui
