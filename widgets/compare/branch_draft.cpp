// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/branch_draft.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

const QString kStepsKey = u"train.steps"_s, kTotalKey = u"schedule.total_steps"_s;

QString tr(const char *text) { return QCoreApplication::translate("BranchDraft", text); }

QJsonValue jsonOf(const FieldValue &value)
{
    return std::visit(
        [](const auto &one) -> QJsonValue {
            using T = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<T, bool>) return one;
            if constexpr (std::is_same_v<T, int64_t>) return qint64(one);
            if constexpr (std::is_same_v<T, double>) return one;
            if constexpr (std::is_same_v<T, std::string>) return fromStd(one);
            QJsonArray list;
            if constexpr (std::is_same_v<T, std::vector<double>>)
                for (const double entry : one) list.append(entry);
            if constexpr (std::is_same_v<T, std::vector<std::string>>)
                for (const std::string &entry : one) list.append(fromStd(entry));
            return list;
        },
        value);
}

} // namespace

BranchDraft::BranchDraft(QString run, RunSettings::Ptr parent, qint64 totalSteps)
    : m_run(std::move(run)), m_parent(std::move(parent)), m_totalSteps(totalSteps)
{
}

std::optional<BranchRule> BranchDraft::ruleOf(const QString &key) const
{
    return branchRuleOf(m_parent->spec, toStd(key));
}

QString BranchDraft::parentText(const QString &key) const
{
    // A resume may have given the parent more steps than its spec says; a branch goes on to there.
    if (key == kStepsKey && m_totalSteps > 0) return QString::number(m_totalSteps);
    const SettingValue *value = m_parent->find(key);
    return value ? value->text : QString();
}

void BranchDraft::set(const QString &key, const QString &text) { m_given.insert(key, text); }

/// The parent's settings with what is given, as the engine makes them.
SpecBuilder BranchDraft::builder(QMap<QString, QString> *unreadable) const
{
    SpecBuilder builder(m_parent->table);
    for (const SettingValue &value : m_parent->values) {
        const QString text = m_given.contains(value.key) ? QString() : parentText(value.key);
        if (!text.isEmpty()) (void)builder.setText(toStd(value.key), toStd(text));
    }
    for (auto it = m_given.cbegin(); it != m_given.cend(); ++it)
        if (const Result<void> taken = builder.setText(toStd(it.key()), toStd(it.value())); !taken && unreadable)
            unreadable->insert(it.key(), errorText(taken.error()));
    // A schedule that ended with the parent ends with the branch, where it may.
    const bool isTotalFree =
        !m_given.contains(kTotalKey) && m_given.contains(kStepsKey) && !ruleOf(kTotalKey);
    if (isTotalFree && m_parent->spec.schedule.totalSteps == m_parent->spec.train.steps)
        (void)builder.setValue(toStd(kTotalKey), FieldValue{builder.preview().train.steps});
    return builder;
}

QList<BranchChange> BranchDraft::changes() const
{
    QList<BranchChange> changes;
    for (const SettingValue &value : m_parent->values) {
        const auto given = m_given.constFind(value.key);
        if (given == m_given.cend()) continue;
        const Field *field = m_parent->table->find(toStd(value.key));
        if (!field) continue;
        const Result<FieldValue> parsed = parseFieldValue(*field, toStd(*given));
        if (parsed)
            changes.append({value.key, settingLabel(*m_parent, value.key), parentText(value.key),
                            fromStd(fieldValueText(*parsed))});
    }
    return changes;
}

QMap<QString, QString> BranchDraft::problems() const
{
    QMap<QString, QString> problems;
    if (m_step < 0) problems.insert(QString(), tr("Choose the checkpoint to begin with."));
    const RunSpec preview = builder(&problems).preview();
    for (const FieldProblem &problem : findBranchProblems(m_parent->spec, preview, *m_parent->table)) {
        const QString key = fromStd(problem.key);
        if (!problems.contains(key)) problems.insert(key, errorText(problem.error));
    }
    if (m_step >= 0 && preview.train.steps <= m_step && !problems.contains(kStepsKey))
        problems.insert(kStepsKey, tr("Steps count on from the checkpoint: found %1, expected more than %2. Set a higher total, or "
                                          "begin with an earlier checkpoint.")
                                       .arg(preview.train.steps)
                                       .arg(m_step));
    return problems;
}

QString BranchDraft::changesJson() const
{
    QJsonObject json;
    for (const BranchChange &change : changes())
        if (const Field *field = m_parent->table->find(toStd(change.key)))
            if (const Result<FieldValue> value = parseFieldValue(*field, toStd(change.after)))
                json.insert(change.key, jsonOf(*value));
    if (!m_name.isEmpty()) json.insert(u"name"_s, m_name);
    return json.isEmpty() ? QString() : QString::fromUtf8(QJsonDocument(json).toJson(QJsonDocument::Compact));
}

QString BranchDraft::command(bool start) const
{
    if (m_step < 0) return {};
    QStringList arguments{u"branch"_s, m_run, u"--step"_s, QString::number(m_step)};
    for (const BranchChange &change : changes()) arguments << u"--set"_s << change.key + u'=' + change.after;
    if (!m_name.isEmpty()) addTextOption(arguments, u"--name"_s, m_name);
    if (start) arguments << u"--start"_s;
    return engineCommand(arguments);
}

QString BranchDraft::proposedName() const
{
    const QString parent = fromStd(m_parent->spec.name);
    return m_step < 0 ? QString() : u"%1-from-%2"_s.arg(parent.isEmpty() ? m_run : parent).arg(m_step);
}

} // namespace orrery::ui
