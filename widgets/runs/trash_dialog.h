// SPDX-License-Identifier: GPL-3.0-or-later
// What was deleted on the engine's machine: back to where it was, or away for good. Only the latter asks, and says how
// much goes. Enter restores, Del deletes for good, F5 looks again, Esc cancels or closes. Deletes itself. GUI thread only.
#pragma once

#include "widgets/session/engine_session.h"

#include <QDialog>
#include <QStringList>

#include <deque>
#include <optional>
#include <vector>

class QAction;
class QLineEdit;
class QPushButton;
class QSortFilterProxyModel;
class QStackedWidget;
class QTableView;

namespace orrery::ui {

class Banner;
class EmptyState;
class ProgressRow;
class ToneLabel;
class TrashModel;

class TrashDialog : public QDialog {
    Q_OBJECT
public:
    /// @param session must outlive it
    TrashDialog(EngineSession &session, QWidget *parent);

    [[nodiscard]] QTableView *table() const { return m_table; }
    [[nodiscard]] Banner *banner() const { return m_banner; }
    void reject() override; ///< while something is being done, that ends first

public Q_SLOTS:
    void refresh();
    void restoreSelected();
    void deleteSelected(); ///< asks
    void deleteAll();      ///< asks

Q_SIGNALS:
    /// They are not in the trash any more: ids, and the folders where they were.
    void restored(const QStringList &runs);
    void deletedForGood(const QStringList &runs);

private:
    enum class Verb : uint8_t { Restore, Delete };
    /// What is being done, some runs at a time.
    struct Work {
        Verb verb = Verb::Restore;
        std::deque<DeletedRun> open;
        std::vector<DeletedRun> done;
        size_t numAll = 0, numAtATime = 1;
        bool isCancelled = false;
    };
    void makeTable();
    QWidget *makeFoot();
    [[nodiscard]] std::vector<DeletedRun> selected() const;
    void ask(std::vector<DeletedRun> runs);
    void begin(Verb verb, std::vector<DeletedRun> runs);
    void goOn();
    void take(std::vector<DeletedRun> runs);
    void end(const std::optional<Error> &error);
    void showProgress();
    void updateState();

    EngineSession &m_session;
    TrashModel *m_model;
    QSortFilterProxyModel *m_shown;
    Banner *m_banner;
    QLineEdit *m_filter;
    QTableView *m_table;
    QStackedWidget *m_pages;
    EmptyState *m_empty;
    ProgressRow *m_progress;
    ToneLabel *m_sum;
    QPushButton *m_restore, *m_delete, *m_deleteAll, *m_close;
    QAction *m_restoreAction = nullptr, *m_deleteAction = nullptr;
    std::optional<Work> m_work;
    bool m_isReading = false, m_hasRead = false;
    quint64 m_number = 0; ///< of a question: answers of another engine, and older ones, are dropped
};

} // namespace orrery::ui
