// SPDX-License-Identifier: GPL-3.0-or-later
// The docked read-out beside the chart: title, table of name and value, number of points behind them. Ctrl+C
// or its button copies it as tab-separated text; the menu of a series begins a breakpoint. GUI thread only.
#pragma once

#include "widgets/curves/reading.h"

#include <QWidget>

class QAbstractItemView;
class QAction;
class QMenu;
class QTableView;
class QToolButton;

namespace orrery::ui {

class ElidedLabel;
class ToneLabel;
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

Q_SIGNALS:
    /// "loss > ": the run is to pause when the chosen series crosses a value.
    void breakpointRequested(const QString &beginning);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void applyTheme();
    void applyShape();
    void makeMenu();
    void updateMenu();

    ReadoutModel *m_model;
    ElidedLabel *m_title;
    ToneLabel *m_foot;
    QToolButton *m_copy;
    QTableView *m_table;
    QMenu *m_menu; ///< while it is open, its series stays
    QAction *m_copyAction, *m_above, *m_below;
    QString m_series; ///< of the row that the menu is of
};

} // namespace orrery::ui
