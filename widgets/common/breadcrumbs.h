// SPDX-License-Identifier: GPL-3.0-or-later
// Where one is (all heads › layer › head › token; run › step › text › token), each a button that leads there, with
// back and forward where somebody has these. GUI thread only.
#pragma once

#include <QList>
#include <QStringList>
#include <QWidget>

class QLayout;
class QToolButton;

namespace orrery::ui {

class Breadcrumbs : public QWidget {
    Q_OBJECT
public:
    /// Wraps: for narrow docks. A path goes on in a further row, and long names are cut in their middle.
    enum class Room : uint8_t { OneLine, Wraps };
    explicit Breadcrumbs(QWidget *parent = nullptr, Room room = Room::OneLine);
    /// The last one is where we are.
    /// @param plain levels before it that lead nowhere: words in place of buttons
    void setPath(const QStringList &path, const QList<int> &plain = {});
    [[nodiscard]] const QStringList &path() const { return m_path; }
    void setHistory(bool canGoBack, bool canGoForward);
    void setHistoryVisible(bool isVisible);

Q_SIGNALS:
    void chosen(int level);
    void backRequested();
    void forwardRequested();

private:
    void add(QWidget *part);
    [[nodiscard]] QWidget *makeWord(const QString &name, bool isHere, QWidget *parent) const;
    [[nodiscard]] QWidget *makeLink(const QString &name, int level, QWidget *parent);
    [[nodiscard]] QString shown(const QString &name) const;

    QStringList m_path;
    QList<int> m_plain;
    Room m_room;
    QLayout *m_layout;
    QToolButton *m_back, *m_forward;
    QList<QWidget *> m_parts;
};

} // namespace orrery::ui
