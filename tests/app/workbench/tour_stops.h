// SPDX-License-Identifier: GPL-3.0-or-later
// The stops of the walk that makes the pictures (tour.cpp): each does with the window what docs/tour.md tells
// its reader to do, waits until it has come, and saves what is seen. GUI thread only.
#pragma once

#include "app/workbench/main_window.h"
#include "app/workbench/rpc_session.h"

#include <QString>
#include <QStringList>

#include <functional>

class QSettings;

namespace orrery::ui {

class TourStops {
public:
    /// @param folder where the pictures go   @param scratch for files that the walk needs
    TourStops(RpcSession &session, MainWindow &window, const QString &folder, const QString &scratch)
        : m_session(session), m_window(window), m_folder(folder), m_scratch(scratch)
    {
    }
    bool open();         ///< the window, connected
    bool tour();         ///< docs/tour.md
    bool conversation(); ///< docs/playground.md
    /// The later chapters of docs/tour.md (tour_more.cpp). @param local how the window's own host is reached
    bool more(const HostConnectOptions &local, QSettings &settings);

private:
    bool newRun();
    bool start();
    bool breakpoint();
    bool heads();
    bool modalities();
    bool answer();
    bool branch();
    bool why();
    bool memory();
    bool sweep(); // tour_more.cpp, and what follows
    bool compared();
    bool columns();
    bool modelInAndOut();
    bool farHost(const HostConnectOptions &local, QSettings &settings);
    bool help();

    [[nodiscard]] const RunStatus *run() const; ///< the last one that was made; null: none
    bool generate();
    void lock(int token); ///< a token of the answer
    void settle();        ///< what was asked has come, what is pending was drawn
    void picture(const char *name, QWidget *of = nullptr); ///< null: of the window
    bool wait(const char *what, int seconds, const std::function<bool()> &condition);
    /// A part of the window; one that is not there ends the walk.
    template <typename T> T *part(const char *name)
    {
        T *found = m_window.findChild<T *>(QLatin1String(name));
        if (!found) qFatal("the tour ended: the window has no \"%s\"", name);
        return found;
    }
    /// Presses a choice of a row of choices.
    void choose(const char *row, const QString &id);

    RpcSession &m_session;
    MainWindow &m_window;
    QString m_folder, m_scratch;
    QStringList m_sweep; ///< ids
};

} // namespace orrery::ui
