// SPDX-License-Identifier: GPL-3.0-or-later
// A few choices beside each other, one of them on. Arrow keys move, each is a radio button to assistive
// tools. GUI thread.
#pragma once

#include <QStringList>
#include <QWidget>

class QAbstractButton;
class QHBoxLayout;

namespace orrery::ui {

class SegmentedChoice : public QWidget {
    Q_OBJECT
public:
    explicit SegmentedChoice(QWidget *parent = nullptr);
    void addChoice(const QString &id, const QString &text, const QString &toolTip = {});
    /// Does not signal. An unknown id switches all off.
    void setCurrent(const QString &id);
    [[nodiscard]] QString current() const { return m_current; }
    [[nodiscard]] QAbstractButton *button(const QString &id) const;

Q_SIGNALS:
    void chosen(const QString &id); ///< by a person

private:
    class Segment;
    QHBoxLayout *m_layout;
    QStringList m_ids;
    QList<QAbstractButton *> m_buttons;
    QString m_current;
};

} // namespace orrery::ui
