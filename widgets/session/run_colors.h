// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the colours of Theme::runColor() a run has. A run keeps its index while others come and go, and,
// where there are settings, from one start of the program to the next; no two listed runs share one. GUI
// thread only. One for the whole window, instance(); others are made by tests.
#pragma once

#include "core/spec/run_records.h"

#include <QHash>
#include <QObject>
#include <QSet>
#include <QString>

#include <vector>

class QSettings;

namespace orrery::ui {

class RunColors : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    /// The one that all panels ask.
    static RunColors &instance();

    /// Where indices are remembered ("runs/colors"); what stands there is taken over, but for runs that are
    /// listed with another index. @param settings owned by the caller, who takes it back with nullptr before
    /// it dies
    void setSettings(QSettings *settings);

    /// Index of a run for Theme::runColor() and Theme::runPenStyle(): the one it has, else the lowest that no
    /// listed run has. Who is asked for counts as listed until the next setRuns().
    int indexOf(const QString &run);
    /// Tells all runs there are, in any order. New ones get indices by their age; those of runs that are gone
    /// may be given away, and are given back to a run that returns (an undone delete) where nobody has taken
    /// them.
    void setRuns(const std::vector<RunStatus> &runs);

Q_SIGNALS:
    /// A run has another index than it was told before (it returned, and its index was taken).
    void indexChanged(const QString &run);

private:
    struct Entry {
        int index = 0;
        qint64 seen = 0; ///< the last list it stood in
    };
    int takeLowest();
    void list(const QString &run);
    void forgetOldest();
    void remember();

    QHash<QString, Entry> m_entries; ///< of runs that are or were listed
    QSet<QString> m_listed;
    QSet<int> m_used; ///< by listed runs
    int m_lowest = 0; ///< nothing below is free
    qint64 m_numLists = 0;
    bool m_isChanged = false; ///< since it was remembered
    QSettings *m_settings = nullptr;
};

} // namespace orrery::ui
