// SPDX-License-Identifier: GPL-3.0-or-later
// A colour scale that lies: its colours with the numbers of its ends, what they stand for, and whether equal
// lengths are equal numbers. GUI thread only.
#pragma once

#include "widgets/attention/heat_image.h"
#include "widgets/attention/summarized_view.h"

#include <QWidget>

namespace orrery::ui {

void paintScaleBar(QPainter &painter, const QRectF &area, const HeatScale &scale, const QString &what,
                   const FigureStyle &style);

class ScaleBar : public QWidget, public SummarizedView {
    Q_OBJECT
public:
    explicit ScaleBar(QWidget *parent = nullptr);
    /// @param what "attention weight", "share in nats"
    void setScale(const HeatScale &scale, const QString &what);
    [[nodiscard]] QString text() const; ///< "share in nats, −0.5 … 0.5, linear"
    [[nodiscard]] QString summary() const override { return text(); }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    HeatScale m_scale;
    QString m_what;
};

} // namespace orrery::ui
