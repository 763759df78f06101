// SPDX-License-Identifier: GPL-3.0-or-later
// The filter box of the list of runs, with a menu that writes its tokens and says how the list is grouped and
// sorted. What the box does not understand stands under it. GUI thread only.
#pragma once

#include "widgets/runs/run_arrangement.h"

#include <QStringList>
#include <QWidget>

#include <functional>

class QLineEdit;
class QMenu;
class QToolButton;

namespace orrery::ui {

class ToneLabel;

class RunFilterBar : public QWidget {
    Q_OBJECT
public:
    /// @param tags in use, for the menu and to be proposed
    explicit RunFilterBar(std::function<QStringList()> tags, QWidget *parent = nullptr);
    [[nodiscard]] QLineEdit *line() const { return m_line; }
    [[nodiscard]] QToolButton *menuButton() const { return m_button; }
    [[nodiscard]] QMenu *menu() const { return m_menu; } ///< filled when it opens
    void setProblem(const QString &problem);
    void setGrouping(RunGrouping grouping);
    void setOrder(RunOrder order);
    [[nodiscard]] RunGrouping grouping() const { return m_grouping; }
    [[nodiscard]] RunOrder order() const { return m_order; }

Q_SIGNALS:
    void filterChanged(const QString &text);
    void groupingChosen(orrery::ui::RunGrouping grouping);
    void orderChosen(orrery::ui::RunOrder order);
    void openAllChosen(bool isOpen);

private:
    void fillMenu();
    void addToken(QMenu &menu, const QString &text, const QString &token);
    void addArchive();

    std::function<QStringList()> m_tags;
    QLineEdit *m_line;
    QToolButton *m_button;
    QMenu *m_menu;
    ToneLabel *m_problem;
    RunGrouping m_grouping = RunGrouping::None;
    RunOrder m_order = RunOrder::Newest;
};

/// What may stand in a box that filters runs.
QString runFilterHelp();

/// Words of links and settings: "none", "state" …; "newest", "name" ….
QString groupingKey(RunGrouping grouping);
RunGrouping groupingFromKey(const QString &key); ///< None for what is no grouping
QString orderKey(RunOrder order);
RunOrder orderFromKey(const QString &key); ///< Newest for what is no order

} // namespace orrery::ui
