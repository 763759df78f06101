// SPDX-License-Identifier: GPL-3.0-or-later
// The two trainings that begin with one click: as a spec for EngineSession::createRun, and as a terminal says them. Pure; any
// thread but for the host of commands.
#pragma once

#include <QString>
#include <QStringList>

namespace orrery::ui {

/// Text of this computer. Every 200th step is kept, so that there is something to talk to and to branch from all along the way.
QString textExampleSpec();
/// Pictures with captions that are made, and a memory: that of docs/tour.md.
QString pictureExampleSpec();
/// With a name that none of those has: "shapes", else "shapes-2".  @param spec one of the above
QString exampleNamed(const QString &spec, const QStringList &taken);
/// @param spec one of the above: JSON with dotted keys
QString exampleCommand(const QString &spec);

} // namespace orrery::ui
