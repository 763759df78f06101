// SPDX-License-Identifier: GPL-3.0-or-later
// The foot of the panel: which training step is shown, back and on, play and its speed, live, and what it is
// compared with. Shows a FrameFeed and drives it. GUI thread only.
#pragma once

#include <QWidget>

class QComboBox;
class QHBoxLayout;
class QPushButton;
class QToolButton;

namespace orrery::ui {

class ElidedLabel;
class FrameFeed;
class FrameSlider;
class SegmentedChoice;
class ToneLabel;

class Scrubber : public QWidget {
    Q_OBJECT
public:
    explicit Scrubber(FrameFeed &feed, QWidget *parent = nullptr);
    [[nodiscard]] FrameSlider *slider() const { return m_slider; }
    [[nodiscard]] bool isDifference() const;
    void setDifference(bool isDifference); ///< does not signal
    /// Another picture than a kept step is shown: the way back is the slider.
    void setAside(const QString &reason);
    void setRunLive(bool isLive);
    void refreshAge(); ///< "0.4 s ago"
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void differenceChosen(bool isDifference);
    void touched(); ///< a person wants a kept step

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void arrange(); ///< the comparison goes to a row of its own where there is no room
    void refreshList();
    void refreshPlace();

    FrameFeed &m_feed;
    FrameSlider *m_slider;
    ToneLabel *m_step;
    ElidedLabel *m_info;
    QToolButton *m_back, *m_play, *m_on, *m_live;
    QComboBox *m_speed;
    SegmentedChoice *m_mode;
    QPushButton *m_compare;
    QHBoxLayout *m_row, *m_second;
    QString m_aside;
    bool m_isRunLive = false, m_isNarrow = false;
};

} // namespace orrery::ui
