// SPDX-License-Identifier: GPL-3.0-or-later
// Where one is (all heads › layer › head › token), each a button that leads there, with back and forward. GUI
// thread only.
#pragma once

#include <QStringList>
#include <QWidget>

class QHBoxLayout;
class QToolButton;

namespace orrery::ui {

class Breadcrumbs : public QWidget {
    Q_OBJECT
public:
    explicit Breadcrumbs(QWidget *parent = nullptr);
    /// The last one is where we are.
    void setPath(const QStringList &path);
    [[nodiscard]] const QStringList &path() const { return m_path; }
    void setHistory(bool canGoBack, bool canGoForward);

Q_SIGNALS:
    void chosen(int level);
    void backRequested();
    void forwardRequested();

private:
    QStringList m_path;
    QHBoxLayout *m_layout;
    QToolButton *m_back, *m_forward;
    QList<QWidget *> m_parts;
};

} // namespace orrery::ui
