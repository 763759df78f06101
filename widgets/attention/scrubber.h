// SPDX-License-Identifier: GPL-3.0-or-later
// The foot of the panel: which training step is shown, back and on, play and its speed, live, and what it is
// compared with. Shows a FrameFeed and drives it. GUI thread only.
#pragma once

#include <QList>
#include <QWidget>

#include <utility>

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
    /// What such a picture can be compared with: what it is called, and the model that is asked.
    /// @param whyNot shown where there is none
    void setBases(const QList<std::pair<QString, QString>> &bases, const QString &current, const QString &whyNot);
    void setRunLive(bool isLive);
    void refreshAge(); ///< "0.4 s ago"
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void differenceChosen(bool isDifference);
    void baseChosen(const QString &model); ///< one of setBases()
    void touched(); ///< a person wants a kept step

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void arrange(); ///< the comparison goes to a row of its own where there is no room
    void refreshList();
    void refreshPlace();
    void refreshComparison();
    [[nodiscard]] QString keptText() const;

    FrameFeed &m_feed;
    FrameSlider *m_slider;
    ToneLabel *m_step;
    ElidedLabel *m_info;
    QToolButton *m_back, *m_play, *m_on, *m_live;
    QComboBox *m_speed, *m_against;
    SegmentedChoice *m_mode;
    QPushButton *m_compare;
    QHBoxLayout *m_row, *m_second;
    QString m_aside, m_whyNoBase;
    QList<std::pair<QString, QString>> m_bases;
    bool m_isRunLive = false, m_isNarrow = false;
};

} // namespace orrery::ui
