// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in a panel that has nothing to show yet: one sentence on what will appear, and the buttons that
// make it appear. GUI thread only.
#pragma once

#include <QWidget>

class QHBoxLayout;
class QPushButton;

namespace orrery::ui {

class ToneLabel;

class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(const QString &title, const QString &sentence, QWidget *parent = nullptr);
    void setTexts(const QString &title, const QString &sentence);
    /// The first button is the primary one. Connect to clicked(); the widget owns it.
    QPushButton *addButton(const QString &text, const QString &iconName = {});
    /// A plain button, where another panel beside this one already has the primary one.
    QPushButton *addPlainButton(const QString &text, const QString &iconName = {});

private:
    ToneLabel *m_title, *m_sentence;
    QHBoxLayout *m_buttons;
};

} // namespace orrery::ui
