// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/example_runs.h"

#include "widgets/common/engine_command.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStringList>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString textOf(const QJsonValue &value)
{
    if (!value.isArray()) return value.toVariant().toString();
    QStringList parts;
    for (const QJsonValue &one : value.toArray()) parts << textOf(one);
    return parts.join(u',');
}

} // namespace

QString textExampleSpec()
{
    return uR"({"name": "code", "data.path": "example", "model.preset": "tiny", "train.checkpoint_every": 200, "train.keep_last": 12})"_s;
}

QString pictureExampleSpec()
{
    return uR"({
        "name": "shapes", "data.path": "gen:shapes?tasks=caption&min_shapes=1&max_shapes=2&colors=4&shapes=4",
        "plugins.use": ["memory"], "plugins.memory.episodic_size": 256, "model.window": 16,
        "model.layers": 3, "model.width": 64, "model.heads": 4, "model.context": 96, "model.dropout": 0,
        "train.steps": 800, "train.batch_size": 12, "train.checkpoint_every": 100, "train.keep_last": 20,
        "optimizer.lr": 0.004, "probes.frames_every": 5})"_s;
}

QString exampleNamed(const QString &spec, const QStringList &taken)
{
    QJsonObject settings = QJsonDocument::fromJson(spec.toUtf8()).object();
    const QString name = settings.value("name"_L1).toString();
    QString free = name;
    for (int number = 2; taken.contains(free); ++number) free = name + u'-' + QString::number(number);
    settings["name"_L1] = free;
    return QString::fromUtf8(QJsonDocument(settings).toJson(QJsonDocument::Compact));
}

QString exampleCommand(const QString &spec)
{
    QJsonObject settings = QJsonDocument::fromJson(spec.toUtf8()).object();
    QStringList arguments{u"train"_s};
    // Those that have options of their own.
    for (const auto &[option, key] : {std::pair(u"--name"_s, u"name"_s), {u"--data"_s, u"data.path"_s}, {u"--steps"_s, u"train.steps"_s}})
        if (const QJsonValue value = settings.take(key); !value.isUndefined()) arguments << option << textOf(value);
    for (auto it = settings.constBegin(); it != settings.constEnd(); ++it)
        arguments << u"--set"_s << it.key() + u'=' + textOf(it.value());
    return engineCommand(arguments);
}

} // namespace orrery::ui
