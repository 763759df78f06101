// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/run_settings.h"

#include "core/spec/data_defaults.h"
#include "widgets/common/field_editor.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("RunSettings", text); }

QString plainText(const QJsonValue &value)
{
    if (value.isArray())
        return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    return value.toVariant().toString();
}

/// As the field writes it, so that "0.001" and "1e-3" are one value.
QString canonicalText(const Field *field, const QString &text)
{
    if (!field) return text;
    const Result<FieldValue> value = parseFieldValue(*field, toStd(text));
    return value ? fromStd(fieldValueText(*value)) : text;
}

/// Keys and texts as they stand in the file.
void flatten(const FieldTable &table, const QString &prefix, const QJsonObject &object,
             QList<std::pair<QString, QString>> &found)
{
    for (auto it = object.begin(); it != object.end(); ++it) {
        const QString key = prefix + it.key();
        const Field *field = table.find(toStd(key));
        if (it.value().isObject() && !field)
            flatten(table, key + u'.', it.value().toObject(), found);
        else if (key != u"spec_version")
            found.append({key, canonicalText(field, plainText(it.value()))});
    }
}

RunSpec defaultsFor(const RunSpec &spec)
{
    RunSpec defaults;
    applyPreset(defaults, spec.model.preset);
    defaults.data.path = spec.data.path;
    applyDataDefaults(defaults);
    defaults.data.path.clear();
    return defaults;
}

void add(RunSettings &settings, SettingValue value)
{
    settings.index.insert(value.key, settings.values.size());
    settings.values.append(std::move(value));
}

/// What the file is besides its settings.
void readOrigin(RunSettings &settings, const QJsonObject &root)
{
    settings.importedFrom = root.value("imported_from"_L1).toString();
    for (const QJsonValue &key : root.value("branch"_L1).toObject().value("changed"_L1).toArray())
        settings.branchChanged << key.toString();
}

} // namespace

const SettingValue *RunSettings::find(const QString &key) const
{
    const auto found = index.constFind(key);
    return found == index.constEnd() ? nullptr : &values[*found];
}

double RunSettings::tokensPerStep() const
{
    if (!hasSettings() || !problem.isEmpty()) return 0;
    return double(spec.train.batchSize) * double(spec.train.accumulation) * double(spec.model.context);
}

RunSettings::Ptr readRunSettings(const QString &specJson)
{
    auto settings = std::make_shared<RunSettings>();
    settings->table = FieldTable::builtIn();
    const Result<QString> text = specTextOfRun(specJson);
    if (!text) {
        settings->problem = errorText(text.error());
        return settings;
    }
    readOrigin(*settings, QJsonDocument::fromJson(specJson.toUtf8()).object());
    const std::string spec = toStd(*text);
    settings->table = FieldTable::describedBy(spec);
    QList<std::pair<QString, QString>> stated;
    flatten(*settings->table, QString(), QJsonDocument::fromJson(text->toUtf8()).object(), stated);
    SpecBuilder builder(settings->table);
    if (const Result<void> taken = builder.setJson(spec); !taken) {
        settings->problem = errorText(taken.error());
        for (const auto &[key, value] : std::as_const(stated)) add(*settings, {key, value, true, false});
        return settings;
    }
    QSet<QString> keys;
    for (const auto &[key, value] : std::as_const(stated)) keys.insert(key);
    settings->spec = builder.preview();
    const RunSpec defaults = defaultsFor(settings->spec);
    for (const Field &field : settings->table->fields()) {
        const QString key = fromStd(field.key);
        const std::string value = fieldValueText(field.get(settings->spec));
        const bool isOfPlugin = key.startsWith("plugins."_L1); // their defaults are known where they are installed
        add(*settings, {key, fromStd(value), keys.contains(key),
                        !isOfPlugin && value == fieldValueText(field.get(defaults))});
    }
    return settings;
}

QString settingLabel(const RunSettings &settings, const QString &key)
{
    const Field *field = settings.table->find(toStd(key));
    return field && !field->label.empty() ? fieldText(field->label) : key;
}

QString settingGroup(const RunSettings &settings, const QString &key)
{
    if (const Field *field = settings.table->find(toStd(key))) return fieldText(field->group);
    return tr("Not known to this version");
}

QString settingValueText(const RunSettings &settings, const SettingValue &value)
{
    if (value.text.isEmpty()) return tr("(empty)");
    const Field *field = settings.table->find(toStd(value.key));
    return field ? fieldValueWithUnit(*field, value.text) : value.text;
}

} // namespace orrery::ui
