// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/prefix_models.h"

#include "core/spec/objective_mix.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

bool isDirectory(const QString &model) { return model.contains(u'/'); }

QString keyOf(const QString &model) { return isDirectory(model) ? model : model.section(u'@', 0, 0); }

ObjectiveSpec objectiveOf(const QJsonObject &spec)
{
    const QJsonObject group = spec.value("objective"_L1).toObject();
    ObjectiveSpec objective;
    if (group.contains("name"_L1)) objective.name = toStd(group.value("name"_L1).toString());
    if (const QJsonValue mix = group.value("mix"_L1); mix.isArray()) {
        objective.mix.clear();
        for (const QJsonValue &share : mix.toArray()) objective.mix.push_back(share.toDouble());
    }
    return objective;
}

} // namespace

PrefixModels::PrefixModels(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        if (m_session.connectionState() == ConnectionState::Connected) return;
        ++m_engineNumber;
        m_answers.clear();
        Q_EMIT changed();
    });
}

void PrefixModels::want(const QString &model)
{
    const QString key = keyOf(model);
    if (key.isEmpty() || m_answers.contains(key) || m_session.connectionState() != ConnectionState::Connected) return;
    m_answers[key].problem = tr("What this model has learned is still being read.");
    const auto reply = [this, key, number = m_engineNumber](const Result<QString> &spec) {
        if (number == m_engineNumber) take(key, spec);
    };
    if (!isDirectory(key)) return m_session.getSpec(key, this, reply);
    std::unique_ptr<PendingRequest> pending = m_session.modelSettings(key, this, reply);
    if (Answer &answer = m_answers[key]; !answer.isKnown) answer.pending = std::move(pending);
}

void PrefixModels::take(const QString &key, const Result<QString> &spec)
{
    Answer &answer = m_answers[key];
    answer.isKnown = true;
    answer.problem.clear(); // where it cannot be read, the engine says it to who asks
    const Result<QString> text = !spec             ? Result<QString>(spec.error())
                                 : isDirectory(key) ? *spec
                                                    : specTextOfRun(*spec);
    const QJsonObject json = text ? QJsonDocument::fromJson(text->toUtf8()).object() : QJsonObject();
    if (const ObjectiveSpec objective = objectiveOf(json); !json.isEmpty() && objectiveShares(objective).prefix <= 0)
        answer.problem = objective.name == "hybrid"
                             ? tr("This model was trained without prefixes: their share in objective.mix is 0.")
                             : tr("This model was trained without prefixes (objective %1): it never saw what stands behind "
                                  "a token. Train one with the objective hybrid.")
                                   .arg(fromStd(objective.name));
    Q_EMIT changed();
}

QString PrefixModels::problem(const QString &model) const
{
    const auto found = m_answers.find(keyOf(model));
    return found == m_answers.end() ? QString() : found->second.problem;
}

} // namespace orrery::ui
