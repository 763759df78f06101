// SPDX-License-Identifier: GPL-3.0-or-later
// A text for the model to read, and what its heads read from their memories at the last token; beside it which values of
// the semantic memory all of it read most. A row of the remembered memory leads to its event. GUI thread only.
#pragma once

#include "core/base/result.h"
#include "core/spec/inspection.h"

#include <QWidget>

class QAbstractItemModel;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QTableView;

namespace orrery::ui {
class Banner;
class EmptyState;
class SegmentedChoice;
class ToneLabel;
} // namespace orrery::ui

namespace orrery::memory_ui {

class MemoryModel;
class ReadsModel;
class TokenNames;
class UsesModel;

class ReadsPane : public QWidget {
    Q_OBJECT
public:
    /// @param events and names as ReadsModel has them
    ReadsPane(const MemoryModel &events, const TokenNames &names, QWidget *parent = nullptr);
    [[nodiscard]] QString prompt() const;
    void setPrompt(const QString &text);
    void focusPrompt();
    /// @param canRemember the memory is there and empty, so that reading a text replaces nothing
    void setState(bool hasModel, bool isLooking, bool isReading, bool canRemember);
    /// @param subject what was looked at, where it is not the text in the field
    void showReport(const InspectReport &report, const QString &subject = {});
    void showError(const Error &error);
    void clear(); ///< another model
    void namesChanged(); ///< of tokens, or other events
    [[nodiscard]] const ReadsModel *model() const { return m_model; }
    [[nodiscard]] const UsesModel *uses() const { return m_uses; }
    /// "token": what was read at the token; "values": what was read most. What has nothing to show waits.
    [[nodiscard]] QString page() const { return m_page; }
    void setPage(const QString &page);

Q_SIGNALS:
    void lookRequested();
    void cancelRequested();
    void rememberRequested();
    void promptChanged();
    void pageChanged(); ///< by a person
    void slotActivated(qint64 event, qint64 slot); ///< of one that is remembered

private:
    void makeTable(QTableView *view, QAbstractItemModel *model);
    void fitColumns();
    void showState();

    ReadsModel *m_model;
    UsesModel *m_uses;
    QLineEdit *m_prompt;
    QPushButton *m_look, *m_remember;
    ui::Banner *m_banner;
    ui::ToneLabel *m_summary;
    ui::SegmentedChoice *m_pages;
    QTableView *m_view, *m_usesView;
    QStackedWidget *m_stack, *m_tables;
    QString m_page, m_subject, m_note;
    ui::EmptyState *m_empty;
    bool m_hasModel = false, m_isLooking = false, m_isReading = false, m_canRemember = false,
         m_hasReport = false;
};

} // namespace orrery::memory_ui
