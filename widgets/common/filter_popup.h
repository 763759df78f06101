// SPDX-License-Identifier: GPL-3.0-or-later
// A list to choose one of many from, with a line above it that leaves what has all the typed words: hundreds of runs by
// name and tag. Deletes itself when it closes. GUI thread only.
#pragma once

#include <QFrame>

class QAbstractItemModel;
class QLineEdit;
class QListView;
class QModelIndex;

namespace orrery::ui {

class ToneLabel;
class WordsFilter;

class FilterPopup : public QFrame {
    Q_OBJECT
public:
    /// What a row is found by besides its text, one text (tags); shown behind it.
    static constexpr int kWordsRole = Qt::UserRole + 60;

    /// @param model a list, outlives the popup   @param current row to begin at; -1: the first
    FilterPopup(QAbstractItemModel &model, int current, const QString &placeholder, QWidget *parent);
    void showUnder(const QWidget &anchor);
    [[nodiscard]] QLineEdit *line() const { return m_line; }
    [[nodiscard]] QListView *list() const { return m_list; }

Q_SIGNALS:
    void chosen(int row); ///< of the model; the popup closes

protected:
    void paintEvent(QPaintEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void filter(const QString &words);
    void choose(const QModelIndex &index);

    WordsFilter *m_filter;
    QLineEdit *m_line;
    QListView *m_list;
    ToneLabel *m_none;
};

} // namespace orrery::ui
