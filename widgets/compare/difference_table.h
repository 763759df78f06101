// SPDX-License-Identifier: GPL-3.0-or-later
// Settings beside each other as a table, with a search, a choice of all of them or those that differ, and a text where
// there are no rows. Whoever owns it fills the model and says what that text is. GUI thread only.
#pragma once

#include <QWidget>

class QCheckBox;
class QLineEdit;
class QStackedWidget;
class QTableView;

namespace orrery::ui {

class DifferenceModel;
class EmptyState;

class DifferenceTable : public QWidget {
    Q_OBJECT
public:
    struct Words {
        QString objectName; ///< "difference": its parts are differenceTable, differenceSearch, differenceAll
        QString tableName, searchName, allHint;
    };
    explicit DifferenceTable(const Words &words, QWidget *parent = nullptr);
    [[nodiscard]] DifferenceModel *model() const { return m_model; }
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    [[nodiscard]] QCheckBox *allBox() const { return m_all; }
    [[nodiscard]] EmptyState *empty() const { return m_empty; }
    [[nodiscard]] QString searched() const; ///< without blanks around it
    void showRows(bool hasRows);
    void setSearchable(bool isSearchable);

Q_SIGNALS:
    void chosen(); ///< what is searched, or all or not: the model has it by now

private:
    void layOut();

    DifferenceModel *m_model;
    QTableView *m_view;
    QLineEdit *m_search;
    QCheckBox *m_all;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
};

} // namespace orrery::ui
