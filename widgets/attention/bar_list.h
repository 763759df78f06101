// SPDX-License-Identifier: GPL-3.0-or-later
// Names with bars and numbers below each other: what a token looks at, or what the model would say with and
// without a head. One linear scale for all bars, from 0, or from the middle where values may be negative. GUI
// thread only.
#pragma once

#include "widgets/attention/summarized_view.h"

#include <QColor>
#include <QImage>
#include <QWidget>

#include <vector>

namespace orrery::ui {

struct FigureStyle;

struct BarRow {
    QString label;
    std::vector<double> values; ///< a bar each, on top of each other; NaN: none
    QString number;
    int place = -1;      ///< for whoever clicks it
    QImage picture = {}; ///< beside the label
};

class BarList : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    explicit BarList(const QString &name, QWidget *parent = nullptr);
    /// @param series names of the values, for assistive tools and the copied table; as many as values in each
    /// row
    void setRows(std::vector<BarRow> rows, const QStringList &series);
    /// Which colour the n-th value has; by the theme, so a rule and not a colour.
    enum class Colors : uint8_t { Accent, WithAndWithout, Heads };
    void setColors(Colors colors);
    [[nodiscard]] const std::vector<BarRow> &rows() const { return m_rows; }
    [[nodiscard]] double limit() const { return m_limit; } ///< what the longest possible bar stands for
    [[nodiscard]] QColor color(int series) const;
    [[nodiscard]] QString summary() const override;
    [[nodiscard]] QString toText() const; ///< tab-separated
    /// On white paper of that width and figureHeight().
    void paintFigure(QPainter &painter, double width) const;
    [[nodiscard]] double figureHeight() const { return double(m_rows.size()) * rowHeight(); }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void activated(int place);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    [[nodiscard]] int rowHeight() const;
    struct Look; ///< what a row is drawn with
    void paintRow(QPainter &painter, int index, double top, const Look &look) const;
    [[nodiscard]] QColor colorIn(const FigureStyle &style, int series) const;

    std::vector<BarRow> m_rows;
    QStringList m_series;
    Colors m_colors = Colors::Accent;
    double m_limit = 1;
    bool m_isSigned = false;
    int m_current = 0;
};

} // namespace orrery::ui
