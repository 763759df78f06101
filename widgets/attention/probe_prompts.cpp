// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/probe_prompts.h"

#include "core/spec/field_table.h"
#include "widgets/common/number_text.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr const char *kKey = "probes.prompts";

/// Nothing: the event is about another setting.
std::optional<QStringList> promptsOf(const RunEvent &event)
{
    if (event.kind != EventKind::Setting) return std::nullopt;
    const QJsonObject payload = QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
    if (payload.value("key"_L1).toString() != QLatin1String(kKey)) return std::nullopt;
    const Result<FieldValue> value = parseFieldValue(*findField(kKey), toStd(payload.value("value"_L1).toString()));
    const auto *texts = value ? std::get_if<std::vector<std::string>>(&value.value()) : nullptr;
    if (!texts) return std::nullopt;
    QStringList prompts;
    for (const std::string &text : *texts) prompts << fromStd(text);
    return prompts;
}

} // namespace

ProbePrompts::ProbePrompts(EngineSession &session, QObject *parent) : QObject(parent), m_session(session) {}

void ProbePrompts::setRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    ++m_generation;
    m_texts.clear();
    m_asked.clear();
    m_accepted.reset();
    m_numFrozen = 0;
    m_isFrozenKnown = m_isAsking = m_isAskedTold = false;
}

void ProbePrompts::setFrozen(const QStringList &texts)
{
    if (m_run.isEmpty() || std::exchange(m_isFrozenKnown, true)) return; // what comes later is told by events
    m_texts = texts;
    m_numFrozen = static_cast<int>(texts.size());
    Q_EMIT changed();
}

void ProbePrompts::takeEvents(const std::vector<RunEvent> &events)
{
    const QStringList before = m_texts;
    for (const RunEvent &event : events) {
        std::optional<QStringList> texts = promptsOf(event);
        if (!texts) continue;
        // What was set before ours is no news any more.
        if (m_accepted && *texts != *m_accepted) continue;
        m_accepted.reset();
        m_isAskedTold = m_isAskedTold || (m_isAsking && *texts == m_asked);
        m_texts = std::move(*texts);
    }
    if (m_texts != before) Q_EMIT changed();
}

int ProbePrompts::numberOf(const QString &text) const
{
    const auto index = static_cast<int>(m_texts.indexOf(text));
    return index < m_numFrozen ? index : index + 1;
}

void ProbePrompts::add(const QString &text)
{
    if (text.isEmpty() || m_texts.contains(text)) return;
    set(m_texts + QStringList{text}, text);
}

void ProbePrompts::takeBack(const QString &text)
{
    if (m_texts.isEmpty() || m_texts.back() != text || m_texts.size() <= m_numFrozen) return;
    set(m_texts.first(m_texts.size() - 1), {});
}

void ProbePrompts::set(const QStringList &next, const QString &text)
{
    if (m_run.isEmpty() || !m_isFrozenKnown || std::exchange(m_isAsking, true)) return;
    std::vector<std::string> texts;
    for (const QString &one : next) texts.push_back(toStd(one));
    m_asked = next;
    m_isAskedTold = false;
    Q_EMIT changed();
    m_session.control(m_run, u"set"_s, 1, {kKey, fieldValueText(texts)}, this,
                      [this, next, text, generation = m_generation](const Result<RunStatus> &answer) {
                          if (generation != m_generation) return;
                          m_isAsking = false;
                          // Its event may have come before: then what has been set since stands there.
                          if (answer.ok() && !m_isAskedTold && m_texts != next) {
                              m_texts = next;
                              m_accepted = next;
                          }
                          Q_EMIT changed();
                          if (!answer.ok())
                              Q_EMIT failed(answer.error());
                          else if (!text.isEmpty())
                              Q_EMIT added(text);
                      });
}

} // namespace orrery::ui
