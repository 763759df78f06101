// SPDX-License-Identifier: GPL-3.0-or-later
// The one way to ask for a file or folder of the engine's computer, which may be another one. GUI thread only.
#pragma once

#include <QString>
#include <QStringList>

#include <functional>

class QWidget;

namespace orrery::ui {

class EngineSession;

enum class PathKind : uint8_t { Folder, File };

struct PathQuestion {
    QString title;
    QString name; ///< of the dialog's object
    PathKind kind = PathKind::Folder;
    QString accept = {};    ///< what the button says; empty: "Open"
    QString directory = {}; ///< where choosing begins; empty: where the last one ended
    QStringList filters = {};
    QString current = {}; ///< what a path that is typed begins with
};

/// Asks without blocking: the path is chosen where the engine is of this computer, else typed. Closing takes nothing.
void askForEnginePath(const EngineSession &session, QWidget *parent, const PathQuestion &question,
                      std::function<void(const QString &path)> take);

/// The same of this computer, whatever the engine is.
void askForPathHere(QWidget *parent, const PathQuestion &question, std::function<void(const QString &path)> take);

} // namespace orrery::ui
