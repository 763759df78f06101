// SPDX-License-Identifier: GPL-3.0-or-later
// The log of a run: filter box, kinds, table that follows its end until the user scrolls up, copy. In a narrow dock the text gets
// the room: no kinds, steps as wide as they are, two lines where one is too short. GUI thread only.
#pragma once

#include "core/spec/run_records.h"

#include <QWidget>

#include <vector>

class QComboBox;
class QLineEdit;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace orrery::ui {

class EmptyState;
class EventModel;

class EventTable : public QWidget {
    Q_OBJECT
public:
    explicit EventTable(QWidget *parent = nullptr);
    void appendEvents(const std::vector<RunEvent> &events);
    void clear();
    void setEmptyTexts(const QString &title, const QString &sentence);
    [[nodiscard]] bool isFollowing() const;
    /// Selected rows, or all shown ones when none is selected, tab-separated with a header line.
    [[nodiscard]] QString copyText() const;
    /// All shown rows as CSV, times in seconds.
    [[nodiscard]] QString csv() const;
    [[nodiscard]] int kind() const; ///< of the filter; −1: all
    void setKind(int kind);
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] EventModel *model() const { return m_model; }
    [[nodiscard]] QLineEdit *filterBox() const { return m_filter; }
    /// The row of filter and buttons, which a panel may put into its title row, and takes back.
    [[nodiscard]] QWidget *bar() const { return m_bar; }
    void takeBar();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void fillKinds();
    void applyFilter();
    void showEnd();
    void updateState();
    void fitColumns();
    void fitRows(int first);
    void copy();

    EventModel *m_model;
    QTableView *m_view;
    QWidget *m_bar;
    QLineEdit *m_filter;
    QComboBox *m_kinds;
    QToolButton *m_follow;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
    int64_t m_largestStep = 0; ///< that was told
    int m_textWidth = 0;       ///< of the column
    bool m_isNarrow = false;
    bool m_isScrollingItself = false;
};

} // namespace orrery::ui
