// SPDX-License-Identifier: GPL-3.0-or-later
// Asks how a layout is called; what is wrong with a name stands under it. Deletes itself. GUI thread only.
#pragma once

#include <QDialog>

#include <functional>

class QLineEdit;
class QPushButton;

namespace orrery::ui {

class ToneLabel;

class LayoutNameDialog : public QDialog {
    Q_OBJECT
public:
    struct About {
        QString title, sentence, verb, name;
        std::function<QString(const QString &)> problem; ///< with a name; empty: it can be used
    };
    LayoutNameDialog(About about, QWidget *parent);
    [[nodiscard]] QString name() const;
    [[nodiscard]] QLineEdit *line() const { return m_line; }
    [[nodiscard]] QString problem() const;
    /// The name was right, and yet it did not work: the dialog stays.
    void showProblem(const QString &text);

Q_SIGNALS:
    void chosen(const QString &name); ///< whoever has done it, accepts

private:
    void check();

    About m_about;
    QLineEdit *m_line;
    ToneLabel *m_problem;
    QPushButton *m_save;
};

} // namespace orrery::ui
