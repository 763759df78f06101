// SPDX-License-Identifier: GPL-3.0-or-later
// One connection: its name, how one gets there, and a test of it with the comparison of the certificate. Knows no file. GUI
// thread only.
#pragma once

#include "app/workbench/connection_probe.h"

#include <QWidget>

class QGroupBox;
class QLineEdit;
class QPushButton;
class QStackedWidget;

namespace orrery::ui {

class Banner;
class SegmentedChoice;
class ToneLabel;

class ConnectionForm : public QWidget {
    Q_OBJECT
public:
    explicit ConnectionForm(QWidget *parent = nullptr);
    /// What was typed before is gone, and so is a test under way.
    void setConnection(const Connection &connection);
    /// As it stands in the fields.
    [[nodiscard]] Connection connection() const;
    [[nodiscard]] bool isChanged() const;
    /// Shown at its field where it belongs to one, else in the banner.
    void showError(const Error &error);
    void showUndo(const QString &message);
    void clearMessages();
    void focusName();
    /// Connects once and says what came of it; asks for the fingerprint where that is open.
    void test();

Q_SIGNALS:
    void edited();
    void undoRequested();

private:
    QWidget *makeTlsPage();
    QWidget *makeSocketPage();
    QWidget *makeComparison();
    void connectProbe();
    void refresh();
    void askForFingerprint(const QString &shown, const QString &message);

    Connection m_given;
    QString m_shownFingerprint; ///< that waits for a decision
    ConnectionProbe m_probe;
    Banner *m_banner;
    QLineEdit *m_name, *m_address, *m_token, *m_fingerprint, *m_socket, *m_ssh;
    SegmentedChoice *m_kind;
    QStackedWidget *m_pages;
    QGroupBox *m_comparison;
    ToneLabel *m_comparisonText, *m_comparedFingerprint, *m_sshCommand, *m_result;
    QPushButton *m_test, *m_same, *m_differ;
    bool m_isSetting = false;
    bool m_isUndoOffered = false;
};

} // namespace orrery::ui
