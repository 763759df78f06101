// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of the engine's computer, which may be another one. GUI thread only.
#pragma once

#include <QString>

#include <functional>

class QWidget;

namespace orrery::ui {

class EngineSession;

/// False where the engine's home is not on this computer: paths of the engine mean nothing here then.
bool areEngineFoldersHere(const EngineSession &session);

/// Asks for a folder without blocking: it is chosen where the engine's folders are here, else typed.
/// @param accept what the button says
/// @param directory where choosing begins; empty: where Qt begins   @param name of the dialog's object
void askForEngineFolder(const EngineSession &session, QWidget *parent, const QString &title,
                        const QString &accept, const QString &directory, const QString &name,
                        std::function<void(const QString &path)> take);

} // namespace orrery::ui
