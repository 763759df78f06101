// SPDX-License-Identifier: GPL-3.0-or-later
// The splitters inside the panels of a window: where they stand, and that they stand there again. One that is not seen yet
// takes its place when it is. GUI thread only; owned by the window.
#pragma once

#include <QHash>
#include <QList>
#include <QObject>
#include <QVariantMap>

class QSplitter;
class QWidget;

namespace orrery::ui {

class WindowSplitters : public QObject {
    Q_OBJECT
public:
    explicit WindowSplitters(QWidget &window);
    /// Of those that can be seen: name to list of pixels.
    [[nodiscard]] QVariantMap sizes() const;
    /// In the next turn of the event loop, or when it is seen first. Others stay as they are, and so does one with another number of parts.
    void setSizes(const QVariantMap &sizes);
    /// Those that can be seen, as they stood before anybody moved them.
    void reset();

Q_SIGNALS:
    void moved();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void adopt();
    void settle(QSplitter *splitter);
    [[nodiscard]] static QString nameOf(const QSplitter &splitter);

    QWidget &m_window;
    QHash<QString, QList<int>> m_first;   ///< as laid out without anybody's wish
    QHash<QString, QList<int>> m_waiting; ///< for their splitters to be seen
};

} // namespace orrery::ui
