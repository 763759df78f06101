// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of one run, read from its spec.json: every value as text, whether the file states it or an older program
// left it to a default, and whether it is the default. Pure; any thread.
#pragma once

#include "core/spec/field_table.h"

#include <QHash>
#include <QList>
#include <QString>
#include <QStringList>

#include <memory>

namespace orrery::ui {

struct SettingValue {
    QString key;
    QString text;          ///< as parseFieldValue() reads it back
    bool isStated = true;  ///< false: spec.json does not have it, and what stands here held
    bool isDefault = false; ///< of its preset
};

struct RunSettings {
    using Ptr = std::shared_ptr<const RunSettings>;

    RunSpec spec; ///< with the defaults of what is not stated; meaningless when there is a problem
    FieldTable::Ptr table;
    QList<SettingValue> values; ///< in the table's order; what it does not know comes last
    QString importedFrom;       ///< log of another program; such a run has no settings
    QStringList branchChanged;  ///< keys that its branching changed
    QString problem;            ///< why it is no spec that this program reads; values are then as they stand in the file

    [[nodiscard]] const SettingValue *find(const QString &key) const;
    [[nodiscard]] bool hasSettings() const { return importedFrom.isEmpty() && !values.isEmpty(); }
    /// Tokens of one step; 0: not known.
    [[nodiscard]] double tokensPerStep() const;

    QHash<QString, qsizetype> index;
};

/// Never fails: what is wrong with the text is its problem.
RunSettings::Ptr readRunSettings(const QString &specJson);

/// "Learning rate"; the key when no field is known.
QString settingLabel(const RunSettings &settings, const QString &key);
QString settingGroup(const RunSettings &settings, const QString &key);
/// With its unit: "20000 steps". Empty texts are said as such.
QString settingValueText(const RunSettings &settings, const SettingValue &value);

} // namespace orrery::ui
