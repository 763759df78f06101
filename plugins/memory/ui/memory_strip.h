// SPDX-License-Identifier: GPL-3.0-or-later
// What is remembered along the text: a block for each event, as wide as its place in the text and as high as
// its usage, and where there is room a line of how surprising its tokens were; pinned ones carry a mark.
// Several texts stand one behind the other. Blocks narrower than a pixel share a column, so that a paint costs
// what is in sight. GUI thread only.
#pragma once

#include <QWidget>

#include <vector>

namespace orrery::ui {
struct ThemeTokens;
}

namespace orrery::memory_ui {

class MemoryModel;

class MemoryStrip : public QWidget {
    Q_OBJECT
public:
    explicit MemoryStrip(const MemoryModel *model, QWidget *parent = nullptr);
    void setSelected(int index); ///< event of the model; −1: none
    [[nodiscard]] int selected() const { return m_selected; }
    void fit(); ///< all texts in sight
    void zoom(double factor, double atPixel);
    [[nodiscard]] int eventAt(const QPointF &position) const; ///< −1: none
    [[nodiscard]] QRectF blockRect(int index) const;          ///< of an event, where it is drawn
    [[nodiscard]] QRectF plotArea() const;
    [[nodiscard]] int numBlocks() const; ///< that a paint draws
    /// Whether a token is wide enough for its surprise to be drawn, and anything is known of it.
    [[nodiscard]] bool showsSurprise() const;
    [[nodiscard]] QString summary() const;
    /// What is in sight, on white paper of that width and figureHeight().
    void paintFigure(QPainter &painter, double width) const;
    [[nodiscard]] double figureHeight() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void eventChosen(int index);    ///< by a person
    void eventActivated(int index); ///< Enter or double click on a block

protected:
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    static constexpr int kPinLane = 12;
    static constexpr double kOwnBlock = 3; ///< pixels from which an event has a block of its own
    /// One event, or the events of one column of pixels with the one of the highest usage.
    struct Block {
        float left, right;
        float usage;
        int index;
        int numEvents;
        bool isPinned, isShown;
    };
    const std::vector<Block> &blocks() const;
    void makeBlocks() const;
    void takeModel();
    void setView(double from, double to);
    void stepTo(int by, bool toEnd = false);
    void showSelected();
    [[nodiscard]] double pixelOf(double place) const;
    [[nodiscard]] double placeOf(double pixel) const;
    [[nodiscard]] int labelHeight() const;
    [[nodiscard]] double heightOf(double usage) const;
    void paintContent(QPainter &painter) const;
    [[nodiscard]] const ui::ThemeTokens &colors() const;
    void paintAxes(QPainter &painter) const;
    void paintBlocks(QPainter &painter) const;
    void paintSurprise(QPainter &painter) const;

    const MemoryModel *m_model;
    mutable std::vector<Block> m_blocks;
    mutable bool m_isStale = true;
    mutable QRectF m_area; ///< of m_areaSize
    mutable QSize m_areaSize;
    double m_from = 0, m_to = 1; ///< places in sight
    bool m_isFitted = true;
    int m_selected = -1, m_hovered = -1;
    double m_pressedAt = -1, m_pressedFrom = 0;
    bool m_isPanning = false;
    bool m_isPaper = false; ///< drawn with the colours of paper
};

} // namespace orrery::memory_ui
