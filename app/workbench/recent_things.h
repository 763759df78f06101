// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of runs and models and links that were opened last, the newest first, and the menu that opens them again. Of each
// host its own: a path of one means nothing to another. Kept in the settings. GUI thread only.
#pragma once

#include <QObject>
#include <QStringList>

#include <functional>

class QMenu;
class QSettings;

namespace orrery::ui {

class RecentThings : public QObject {
    Q_OBJECT
public:
    static constexpr int kMaxThings = 10;
    /// @param host what the user calls the host of now; empty: this computer
    RecentThings(QSettings &settings, std::function<QString()> host, QObject *parent = nullptr);
    void add(const QString &thing);
    void remove(const QString &thing);
    void clear();
    [[nodiscard]] QStringList things() const;
    /// Filled each time it opens: the things, and "Clear".
    void fill(QMenu &menu);

Q_SIGNALS:
    void chosen(const QString &thing);
    void changed();

private:
    [[nodiscard]] QString key() const;
    void keep(const QStringList &things);

    QSettings &m_settings;
    std::function<QString()> m_host;
};

} // namespace orrery::ui
