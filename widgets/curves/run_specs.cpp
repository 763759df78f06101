// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/run_specs.h"

#include "core/spec/field_values.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr auto kSeed = "seed"_L1;
constexpr auto kName = "name"_L1;

double number(const QJsonObject &spec, QLatin1StringView group, QLatin1StringView key)
{
    return spec.value(group).toObject().value(key).toDouble();
}

QString plainText(const QJsonObject &spec, const QString &key)
{
    QJsonValue value = spec;
    const QStringList parts = key.split(u'.');
    for (const QString &part : parts) value = value.toObject().value(part);
    if (value.isUndefined() || value.isNull()) return {};
    if (value.isDouble()) return QString::number(value.toDouble(), 'g', 17);
    if (value.isArray()) return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    return value.toVariant().toString();
}

} // namespace

RunSpecs::RunSpecs(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &EngineSession::runsChanged, this, [this] {
        if (m_session.runs().empty() && m_session.connectionState() == ConnectionState::Connecting) clear();
    });
}

void RunSpecs::clear()
{
    ++m_engineNumber;
    m_specs.clear();
    m_waiting.clear();
    m_underWay.clear();
    m_numUnderWay = 0;
    m_error.reset();
    Q_EMIT changed();
}

void RunSpecs::want(const QStringList &runs)
{
    m_waiting.clear(); // what is not wanted any more is not asked for
    for (const QString &run : runs)
        if (!run.isEmpty() && !m_specs.contains(run) && !m_underWay.contains(run)) m_waiting << run;
    m_error.reset();
    ask();
}

void RunSpecs::ask()
{
    while (m_numUnderWay < kMaxUnderWay && !m_waiting.isEmpty()) {
        const QString run = m_waiting.takeFirst();
        m_underWay << run;
        ++m_numUnderWay;
        m_session.getSpec(run, this, [this, run, number = m_engineNumber](Result<QString> answer) {
            if (number != m_engineNumber) return;
            --m_numUnderWay;
            m_underWay.removeOne(run);
            if (!answer.ok()) {
                m_error = answer.error();
            } else if (auto spec = read(*answer)) {
                m_specs.insert(run, *std::move(spec));
            } else {
                m_error = Error{ErrorCode::InvalidInput,
                                "Cannot read the settings of run " + quotedValue(toStd(run)) +
                                    ": found no JSON object, expected its spec.json.",
                                "Look at spec.json in the run's folder."};
            }
            ask();
            Q_EMIT changed();
        });
    }
}

std::optional<RunSpecs::Spec> RunSpecs::read(const QString &json)
{
    const auto text = specTextOfRun(json);
    if (!text.ok()) return std::nullopt;
    Spec spec;
    const QJsonObject document = QJsonDocument::fromJson(text->toUtf8()).object();
    const QJsonObject whole = QJsonDocument::fromJson(json.toUtf8()).object();
    // An imported run has the fields of a spec, but they say nothing of it.
    const bool isImported = !whole.value("imported_from"_L1).toString().isEmpty();
    if (isImported) return spec;
    for (const SpecEntry &entry : specEntries(*text)) {
        if (entry.key == "spec_version"_L1) continue;
        spec.order << entry.key;
        spec.values.insert(entry.key, entry.value);
        spec.labels.insert(entry.key, entry.label);
        spec.plain.insert(entry.key, plainText(document, entry.key));
    }
    spec.tokensPerStep = number(document, "train"_L1, "batch_size"_L1) *
                         number(document, "train"_L1, "accumulation"_L1) *
                         number(document, "model"_L1, "context"_L1);
    return spec;
}

bool RunSpecs::hasSettings(const QString &run) const
{
    const auto found = m_specs.constFind(run);
    return found != m_specs.constEnd() && !found->order.isEmpty();
}

double RunSpecs::tokensPerStep(const QString &run) const
{
    const auto found = m_specs.constFind(run);
    return found == m_specs.constEnd() ? 0 : found->tokensPerStep;
}

QString RunSpecs::value(const QString &run, const QString &key) const
{
    const auto found = m_specs.constFind(run);
    return found == m_specs.constEnd() ? unknownText() : found->values.value(key, unknownText());
}

QString RunSpecs::plainValue(const QString &run, const QString &key) const
{
    const auto found = m_specs.constFind(run);
    return found == m_specs.constEnd() ? QString() : found->plain.value(key);
}

QList<SpecKey> RunSpecs::differingKeys(const QStringList &runs) const
{
    QStringList order;
    QHash<QString, QString> labels;
    QHash<QString, QSet<QString>> values;
    for (const QString &run : runs) {
        const auto spec = m_specs.constFind(run);
        if (spec == m_specs.constEnd()) continue;
        for (const QString &key : spec->order)
            if (!labels.contains(key)) {
                order << key;
                labels.insert(key, spec->labels.value(key));
            }
    }
    for (const QString &run : runs)
        if (hasSettings(run))
            for (const QString &key : std::as_const(order)) values[key].insert(value(run, key));
    QList<SpecKey> differing;
    std::optional<SpecKey> seed;
    for (const QString &key : std::as_const(order)) {
        if (key == kName || values.value(key).size() < 2) continue;
        if (key == kSeed)
            seed = SpecKey{key, labels.value(key)};
        else
            differing << SpecKey{key, labels.value(key)};
    }
    if (seed) differing << *seed;
    return differing;
}

} // namespace orrery::ui
