// SPDX-License-Identifier: GPL-3.0-or-later
// The docked read-out beside the chart: title, table of name and value, number of points behind them. Ctrl+C
// or its button copies it as tab-separated text. GUI thread only.
#pragma once

#include "widgets/curves/reading.h"

#include <QWidget>

class QAbstractItemView;
class QTableView;
class QToolButton;

namespace orrery::ui {

class ElidedLabel;
class ReadoutModel;

class ReadoutView : public QWidget {
    Q_OBJECT
public:
    explicit ReadoutView(QWidget *parent = nullptr);
    void setReading(const Reading &reading);
    [[nodiscard]] const Reading &reading() const;
    [[nodiscard]] QAbstractItemView *table() const;
    void copy() const;

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void applyTheme();
    void applyShape();

    ReadoutModel *m_model;
    ElidedLabel *m_title;
    ElidedLabel *m_foot;
    QToolButton *m_copy;
    QTableView *m_table;
};

} // namespace orrery::ui
