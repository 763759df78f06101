// SPDX-License-Identifier: GPL-3.0-or-later
// The kept frames on one line of training steps: place, base of the comparison, where attempts begin, round
// numbers below. Its value is the index of a frame; frames stand where their step is, so that gaps are seen. Where
// a run keeps starred heads at more steps than all heads, a long mark is a step of all heads and a short one of
// starred heads alone. GUI thread only.
#pragma once

#include "core/spec/frames.h"

#include <QAbstractSlider>

#include <vector>

namespace orrery::ui {

class FrameSlider : public QAbstractSlider {
    Q_OBJECT
public:
    explicit FrameSlider(QWidget *parent = nullptr);
    /// @param leftOut steps of starred heads alone that cannot be chosen here, in their order
    void setFrames(const std::vector<FrameInfo> &frames, const std::vector<int64_t> &leftOut = {});
    /// "Step 490, of starred heads alone, kept step 41 of 45"; empty without frames.
    [[nodiscard]] QString sentenceOf(int index) const;
    /// -1: none is drawn.
    void setBase(int index);
    [[nodiscard]] int frameAt(double x) const;
    [[nodiscard]] double xOf(int index) const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void moved(int index);     ///< by a person
    void baseMoved(int index); ///< Shift held

protected:
    bool event(QEvent *event) override;
    void sliderChange(SliderChange change) override;
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    void pick(double x, bool isBase);
    [[nodiscard]] double xOfStep(double step) const;
    void paintTicks(QPainter &painter, double y) const;
    void paintMarks(QPainter &painter, double y) const;
    void describe(); ///< for whoever does not see it

    struct Place {
        int64_t step;
        int32_t attempt;
        bool isStarred; ///< kept of starred heads alone
    };
    std::vector<Place> m_frames;
    std::vector<int64_t> m_leftOut;
    bool m_hasStarred = false; ///< among those that can be chosen
    int m_base = -1;
};

/// 1-2-5 steps between `from` and `to`, at most `count`.
std::vector<int64_t> roundSteps(int64_t from, int64_t to, int count);

} // namespace orrery::ui
