// SPDX-License-Identifier: GPL-3.0-or-later
// Which columns the table of final values has: a list to search and to tick, applied at once. Owned by who opens it; deletes
// itself when closed. GUI thread only.
#pragma once

#include "widgets/compare/values_column.h"

#include <QDialog>

class QCheckBox;
class QLineEdit;
class QListWidget;

namespace orrery::ui {

class ToneLabel;

class ColumnChooser : public QDialog {
    Q_OBJECT
public:
    explicit ColumnChooser(QWidget *parent = nullptr);
    /// @param isOn the ticked ones; what the table has and nobody offers is listed, too
    void setColumns(const std::vector<ValuesColumn> &offered, const std::vector<ValuesColumn> &isOn);
    void setDiffering(bool isOn, int number); ///< whether columns of differing settings come by themselves
    /// All that there is now, with series and settings that came later. Keeps what is ticked.
    void offer(const std::vector<ValuesColumn> &more);
    [[nodiscard]] QListWidget *list() const { return m_list; }
    [[nodiscard]] QLineEdit *searchBox() const { return m_search; }
    [[nodiscard]] std::vector<ValuesColumn> chosen() const; ///< in the order of the list

Q_SIGNALS:
    void columnsChosen(const std::vector<orrery::ui::ValuesColumn> &columns);
    void differingChosen(bool isOn);
    void ordinaryRequested(); ///< as they were at first

private:
    void add(const ValuesColumn &column, bool isOn);
    void filter();

    QLineEdit *m_search;
    QCheckBox *m_differing;
    QListWidget *m_list;
    ToneLabel *m_noMatch;
    bool m_isFilling = false;
};

} // namespace orrery::ui
