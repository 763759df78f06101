// SPDX-License-Identifier: GPL-3.0-or-later
// The tokens that were read, in lines; tinted by how much the active row looks at each. Scrolls when there
// are many. Arrows, Home and End move, Enter or a click chooses a token. GUI thread only.
#pragma once

#include "core/spec/inspection.h"
#include "widgets/attention/heat_image.h"
#include "widgets/attention/summarized_view.h"

#include <QAbstractScrollArea>
#include <QImage>

#include <vector>

namespace orrery::ui {

class TokenStrip : public QAbstractScrollArea, public SummarizedView {
    Q_OBJECT
public:
    explicit TokenStrip(QWidget *parent = nullptr);
    void setTokens(const std::vector<InspectedToken> &tokens);
    /// In place of a token's name; null: the name. None, or one a token.
    void setThumbnails(std::vector<QImage> thumbnails);
    [[nodiscard]] int numTokens() const { return int(m_labels.size()); }
    /// @param weights one a token, or none: no tint   @param active tokens that look, outlined
    void setWeights(std::vector<float> weights, const HeatScale &scale, TokenRange active);
    [[nodiscard]] const std::vector<float> &weights() const { return m_weights; }
    [[nodiscard]] TokenRange active() const { return m_active; }
    [[nodiscard]] QRectF tokenRect(int token) const; ///< in the viewport
    /// Scrolls so that its line is seen, also when the lines are broken anew; -1: none any more.
    void reveal(int token);
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void chosen(int token);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void relayout();
    void scrollTo(int token);
    [[nodiscard]] int cursorAfter(int key) const;
    [[nodiscard]] int lineHeight() const;

    void paintThumbnail(QPainter &painter, const QRectF &area, const QImage &thumbnail,
                        const QColor &ground) const;

    std::vector<QString> m_labels;
    std::vector<QImage> m_thumbnails;
    std::vector<QRectF> m_places;
    std::vector<float> m_weights;
    HeatScale m_scale;
    TokenRange m_active{-1, -1};
    int m_cursor = 0, m_revealed = -1;
    int m_scrollTarget = -1; ///< stays in sight when the lines change: what was revealed, or the cursor that keys moved since
    int m_numLines = 1;
};

} // namespace orrery::ui
