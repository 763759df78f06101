// SPDX-License-Identifier: GPL-3.0-or-later
// A line edit with its unit written inside at the right, and a red edge while its text breaks a rule. GUI
// thread only. A text that has no room ends in "…" while nobody writes, and its hover has all of it. Leaves the keys of undo and redo to what is around it while there is nothing of its own to take back.
#pragma once

#include <QLineEdit>

namespace orrery::ui {

class UnitLineEdit : public QLineEdit {
    Q_OBJECT
public:
    explicit UnitLineEdit(const QString &unit = {}, QWidget *parent = nullptr);
    void setUnit(const QString &unit);
    [[nodiscard]] QString unit() const { return m_unit; }
    void setInvalid(bool isInvalid);
    [[nodiscard]] bool isInvalid() const { return m_isInvalid; }
    /// Whether the text is wider than its place.
    [[nodiscard]] bool isCut() const;

    bool event(QEvent *event) override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void applyMargins();
    [[nodiscard]] QRect textPlace() const;
    [[nodiscard]] QString hover() const;
    void paintUnit();
    void paintCut();

    QString m_unit;
    bool m_isInvalid = false;
};

} // namespace orrery::ui
