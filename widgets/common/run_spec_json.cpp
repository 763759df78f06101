// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/run_spec_json.h"

#include "core/spec/field_table.h"
#include "widgets/common/field_text.h"
#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("RunSpecJson", text); }

bool isSettingOrGroup(const QString &key)
{
    const std::string wanted = toStd(key);
    if (key == u"spec_version" || key == u"plugins" || findField(wanted)) return true;
    for (const Field &field : specFields())
        if (field.key.starts_with(wanted + '.')) return true;
    return false;
}

/// Splits the document into the settings and the rest, whether they are nested under "spec" or stand side by
/// side.
void splitDocument(const QJsonObject &root, QJsonObject &spec, QJsonObject &rest)
{
    if (root.value("spec"_L1).isObject()) {
        spec = root.value("spec"_L1).toObject();
        rest = root;
        rest.remove("spec"_L1);
        return;
    }
    for (auto it = root.begin(); it != root.end(); ++it)
        (isSettingOrGroup(it.key()) ? spec : rest).insert(it.key(), it.value());
}

QString plainText(const QJsonValue &value)
{
    if (value.isString()) return value.toString();
    if (value.isArray())
        return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    if (value.isObject())
        return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
    const QVariant number = value.toVariant();
    // As everywhere else: 0.0005, not 5e-04.
    return number.typeId() == QMetaType::Double ? fromStd(fieldValueText(number.toDouble()))
                                                : number.toString();
}

void flatten(const QString &prefix, const QJsonObject &object, QList<SpecEntry> &entries)
{
    for (auto it = object.begin(); it != object.end(); ++it) {
        const QString key = prefix + it.key();
        if (it.value().isObject() && !findField(toStd(key))) {
            flatten(key + u'.', it.value().toObject(), entries);
            continue;
        }
        const Field *field = findField(toStd(key));
        SpecEntry entry{key, key, plainText(it.value()),
                        key.startsWith(u"plugins."_s) ? tr("Plugins") : tr("Frozen with")};
        if (field) {
            entry.label = fieldText(field->label);
            entry.group = fieldText(field->group);
            if (!field->unit.empty() && it.value().isDouble()) entry.value += u' ' + fieldText(field->unit);
        }
        entries.append(entry);
    }
}

} // namespace

Result<QString> specTextOfRun(const QString &specJson)
{
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(specJson.toUtf8(), &problem);
    if (!document.isObject())
        return Error{ErrorCode::InvalidInput,
                     "Cannot read \"spec.json\": found " + toStd(problem.errorString()) +
                         ", expected a JSON object.",
                     "Look at spec.json in the run's folder."};
    QJsonObject spec, rest;
    splitDocument(document.object(), spec, rest);
    return QString::fromUtf8(QJsonDocument(spec).toJson(QJsonDocument::Compact));
}

QList<SpecEntry> specEntries(const QString &specJson)
{
    QJsonObject spec, rest;
    splitDocument(QJsonDocument::fromJson(specJson.toUtf8()).object(), spec, rest);
    QList<SpecEntry> found, ordered;
    flatten(QString(), spec, found);
    for (const Field &field : specFields()) // the table's order, which JSON objects lose
        for (const SpecEntry &entry : std::as_const(found))
            if (entry.key == fromStd(field.key)) ordered.append(entry);
    for (const SpecEntry &entry : std::as_const(found))
        if (!findField(toStd(entry.key))) ordered.append(entry);
    flatten(QString(), rest, ordered);
    return ordered;
}

} // namespace orrery::ui
