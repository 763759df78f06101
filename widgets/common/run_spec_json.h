// SPDX-License-Identifier: GPL-3.0-or-later
// Reads spec.json of a run as the engine hands it out: the spec beside what it was frozen with. Pure; any
// thread.
#pragma once

#include "core/base/result.h"

#include <QList>
#include <QString>

namespace orrery::ui {

struct SpecEntry {
    QString key;   ///< "optimizer.lr"
    QString label; ///< "Learning rate", or the key when the field table does not know it
    QString value; ///< with unit
    QString group;
};

/// The spec alone as JSON text, for SpecBuilder::setJson(). @error InvalidInput for broken JSON
Result<QString> specTextOfRun(const QString &specJson);
/// All settings, then what the run was frozen with ("digest", "cpu_model" …), flat. Empty for broken JSON.
QList<SpecEntry> specEntries(const QString &specJson);

} // namespace orrery::ui
