// SPDX-License-Identifier: GPL-3.0-or-later
// "Of which": what each module that is on costs a new run, a line each with parameters, memory and time; with
// two or more what all of them cost together. Hidden without any. Where it is narrow, names stand above their
// numbers. GUI thread only.
#pragma once

#include "core/spec/module_cost.h"

#include <QList>
#include <QStringList>
#include <QWidget>

class QGridLayout;

namespace orrery::ui {

class ElidedLabel;
class ToneLabel;

class ModuleCostTable : public QWidget {
    Q_OBJECT
public:
    explicit ModuleCostTable(QWidget *parent = nullptr);
    /// @param spec that they are the modules of  @param table has the names of its settings  @param
    /// isTimeKnown of this device
    void setCosts(const ModuleCosts &costs, const RunSpec &spec, const FieldTable &table, bool isTimeKnown);
    /// Names and numbers with tabs between; empty without modules.
    [[nodiscard]] QString toText() const;
    [[nodiscard]] bool isStacked() const { return m_isStacked; } ///< names above their numbers

protected:
    void contextMenuEvent(QContextMenuEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    struct Row {
        ElidedLabel *name;
        QList<ToneLabel *> values; ///< parameters, memory, time
    };
    struct Line {
        QString name;
        QStringList values;
        QString toolTip;
    };
    [[nodiscard]] static Line lineOf(const QString &name, const QString &against, const ModuleCost &cost,
                                     bool isTimeKnown);
    [[nodiscard]] Row makeRow(const QStringList &heads);
    void showLines(const QList<Line> &lines);
    void arrange();
    void place();

    QGridLayout *m_layout;
    Row m_heads;
    QList<Row> m_rows;
    bool m_isStacked = false;
};

} // namespace orrery::ui
