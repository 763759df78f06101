// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of a run beside what the form of a new run holds now: what another training would do differently, and from here the
// run's values into the form, one by one or all. Follows the form. GUI thread only; asks the engine, which outlives it.
#pragma once

#include "widgets/compare/run_settings.h"
#include "widgets/session/engine_session.h"

#include <QDialog>
#include <QTimer>

#include <functional>

class QCheckBox;
class QLineEdit;
class QPushButton;
class QTableView;

namespace orrery::ui {

class Banner;
class DifferenceModel;
class DifferenceTable;
class ToneLabel;

class FormDifference : public QDialog {
    Q_OBJECT
public:
    /// @param form a spec as JSON, of what the form holds now, as long as this lives
    FormDifference(EngineSession &session, std::function<QString()> form, QWidget *parent = nullptr);
    void setRun(const QString &run);
    [[nodiscard]] const QString &run() const { return m_run; }
    [[nodiscard]] DifferenceModel *model() const { return m_model; }
    [[nodiscard]] QTableView *view() const { return m_view; }
    [[nodiscard]] QCheckBox *allBox() const;
    [[nodiscard]] QLineEdit *searchBox() const;
    [[nodiscard]] QPushButton *takeButton() const { return m_take; }
    /// Keys and texts of the run: of the selected rows that differ, else of all that do.
    [[nodiscard]] QList<std::pair<QString, QString>> values() const;

public Q_SLOTS:
    void formChanged(); ///< soon it is read again

Q_SIGNALS:
    void valuesTaken(const QList<std::pair<QString, QString>> &values, const QString &title);
    void formRequested();

private:
    void makeLayout();
    void read();
    void take(const RunSettings::Ptr &settings);
    void showForm();
    void showState();

    EngineSession &m_session;
    std::function<QString()> m_form;
    QString m_run, m_title;
    RunSettings::Ptr m_settings; ///< of the run; null: not read yet
    DifferenceTable *m_table;
    DifferenceModel *m_model; ///< the table's, as the view
    QTableView *m_view;
    ToneLabel *m_headline;
    Banner *m_banner;
    QPushButton *m_take, *m_open;
    QTimer m_timer;
};

} // namespace orrery::ui
