// SPDX-License-Identifier: GPL-3.0-or-later
// What stands in a panel that has nothing to show yet: one sentence on what will appear, and the buttons that
// make it appear. GUI thread only.
#pragma once

#include <QWidget>

class QPushButton;

namespace orrery::ui {

class ToneLabel;
class WrapRow;

class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(const QString &title, const QString &sentence, QWidget *parent = nullptr);
    void setTexts(const QString &title, const QString &sentence);
    /// The first button is the primary one. Connect to clicked(); the widget owns it.
    QPushButton *addButton(const QString &text, const QString &iconName = {});
    /// A plain button, where another panel beside this one already has the primary one.
    QPushButton *addPlainButton(const QString &text, const QString &iconName = {});
    /// Words take more lines in a narrow place: as high as they are at the width that it has.
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    ToneLabel *m_title, *m_sentence;
    WrapRow *m_buttons;
};

} // namespace orrery::ui
