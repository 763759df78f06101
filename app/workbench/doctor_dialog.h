// SPDX-License-Identifier: GPL-3.0-or-later
// Help ▸ Check this computer: what a training needs, found or missing, with what to do for each; to be copied as text. Under it
// what the engine of another computer tells of itself, where the window works with one. Not modal. GUI thread only.
#pragma once

#include "app/workbench/doctor_checks.h"

#include <QDialog>

#include <vector>

class QPushButton;
class QVBoxLayout;

namespace orrery::ui {

class Banner;
class EngineSession;
class ProgressRow;
class ToneLabel;

class DoctorDialog : public QDialog {
    Q_OBJECT
public:
    /// @param host name of the computer that the window works with; empty: this one
    DoctorDialog(EngineSession &session, std::filesystem::path program, QString host, QWidget *parent);
    [[nodiscard]] DoctorChecks *checks() const { return m_checks; }
    [[nodiscard]] QString text() const; ///< as it is copied
    [[nodiscard]] QString verdict() const;

private:
    void start();
    void add(const DoctorCheck &check);
    void addHost();
    void showVerdict();
    [[nodiscard]] QString hostText() const;
    static QString titleOf(const QString &check);

    EngineSession &m_session;
    const QString m_host;
    DoctorChecks *m_checks;
    std::vector<DoctorCheck> m_found;
    bool m_isCancelled = false, m_hasFailed = false;
    ToneLabel *m_verdict;
    Banner *m_banner;
    ProgressRow *m_progress;
    QWidget *m_list;
    QVBoxLayout *m_rows;
    ToneLabel *m_hostText = nullptr;
    QPushButton *m_again, *m_copy;
};

} // namespace orrery::ui
