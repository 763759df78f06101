// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/starred_heads.h"

#include "core/spec/field_table.h"
#include "widgets/common/number_text.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <limits>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr const char *kKey = "probes.starred";

std::vector<HeadRef> headsOf(const std::vector<std::string> &names)
{
    std::vector<HeadRef> heads;
    for (const std::string &name : names)
        if (HeadRef head; headFromName(name, head)) heads.push_back(head);
    return heads;
}

/// ["1.0","2.3"]: as the setting is written.
std::string valueOf(const std::vector<HeadRef> &heads)
{
    std::vector<std::string> names;
    for (const HeadRef &head : heads) names.push_back(headName(head));
    return fieldValueText(names);
}

} // namespace

StarredHeads::StarredHeads(EngineSession &session, QObject *parent)
    : QObject(parent), m_session(session), m_log(session)
{
    connect(&session, &EngineSession::updated, this, &StarredHeads::takeUpdate);
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        if (m_session.connectionState() == ConnectionState::Connected) readAgain();
    });
    connect(&m_log, &EventLog::added, this, &StarredHeads::takeEvents);
    connect(&m_log, &EventLog::added, this, &StarredHeads::read);
    connect(&m_log, &EventLog::failed, this, [this] { m_hasFailed = true; });
}

void StarredHeads::setRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    ++m_generation;
    m_log.setRun(run);
    m_confirmed.clear();
    m_asked.clear();
    m_accepted.clear();
    m_isFrozenKnown = m_isKnown = m_hasFailed = false;
    Q_EMIT changed();
}

void StarredHeads::setFrozen(const QStringList &names)
{
    if (m_run.isEmpty() || std::exchange(m_isFrozenKnown, true)) return; // what comes later is told by events
    std::vector<std::string> texts;
    for (const QString &name : names) texts.push_back(toStd(name));
    m_confirmed = headsOf(texts);
    Q_EMIT changed();
    readAgain();
}

void StarredHeads::takeUpdate(const RunUpdate &update)
{
    if (m_run.isEmpty() || update.run != m_run) return;
    // First, so that the events of this update stand behind those that were missed.
    if (update.mustReplay || update.numDropped > 0) readAgain();
    m_log.addLive(update.events);
}

void StarredHeads::readAgain()
{
    if (!m_isFrozenKnown) return; // setFrozen() does
    m_isKnown = m_hasFailed = false;
    m_accepted.clear(); // their events are among what is read
    ++m_reading;
    m_log.read();
    waitForLog();
    Q_EMIT changed();
}

/// The log tells what it found, and not that it found nothing: answers come in order, so a question behind
/// its own is answered when it knows whether there are more.
void StarredHeads::waitForLog()
{
    m_session.listEvents(
        m_run, std::numeric_limits<qint64>::max(), this,
        [this, generation = m_generation, reading = m_reading](const Result<std::vector<RunEvent>> &answer) {
            if (generation != m_generation || reading != m_reading) return;
            if (m_log.isReading()) return waitForLog();
            m_hasFailed = m_hasFailed || !answer.ok();
            m_isKnown = !m_hasFailed;
            Q_EMIT changed();
        });
}

void StarredHeads::takeEvents(const std::vector<RunEvent> &events)
{
    for (const RunEvent &event : events) {
        if (event.kind != EventKind::Setting) continue;
        const QJsonObject payload =
            QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
        if (payload.value("key"_L1).toString() != QLatin1String(kKey)) continue;
        const Result<FieldValue> value =
            parseFieldValue(*findField(kKey), toStd(payload.value("value"_L1).toString()));
        if (const auto *names = value ? std::get_if<std::vector<std::string>>(&value.value()) : nullptr)
            takeSetting(headsOf(*names));
    }
}

void StarredHeads::takeSetting(std::vector<HeadRef> heads)
{
    const auto own = std::find(m_accepted.begin(), m_accepted.end(), heads);
    const bool isAccepted = own != m_accepted.end();
    m_accepted.erase(m_accepted.begin(), isAccepted ? own + 1 : own);
    if (!m_accepted.empty()) return; // a later one of ours is known already
    const auto asked = std::find_if(m_asked.begin(), m_asked.end(), [&heads](const Asked &one) {
        return !one.wasTold && one.heads == heads;
    });
    if (!isAccepted && asked != m_asked.end()) asked->wasTold = true;
    if (std::exchange(m_confirmed, heads) != heads) Q_EMIT changed();
}

void StarredHeads::takeAnswer(const Result<RunStatus> &answer)
{
    const Asked asked = m_asked.front(); // answers come in order
    m_asked.pop_front();
    if (answer.ok() && !asked.wasTold) {
        m_confirmed = asked.heads;
        m_accepted.push_back(asked.heads);
    }
    Q_EMIT changed();
    if (!answer.ok()) Q_EMIT failed(answer.error());
}

const std::vector<HeadRef> &StarredHeads::heads() const
{
    return m_asked.empty() ? m_confirmed : m_asked.back().heads;
}

bool StarredHeads::isStarred(const HeadRef &head) const
{
    return std::find(heads().begin(), heads().end(), head) != heads().end();
}

void StarredHeads::toggle(const std::vector<HeadRef> &heads, bool isLive)
{
    if (m_run.isEmpty() || heads.empty() || !m_isKnown) return;
    std::vector<HeadRef> next = this->heads();
    const bool haveAll =
        std::all_of(heads.begin(), heads.end(), [this](const HeadRef &head) { return isStarred(head); });
    for (const HeadRef &head : heads) {
        std::erase(next, head);
        if (!haveAll) next.push_back(head);
    }
    if (!isLive) {
        m_confirmed = std::move(next);
        Q_EMIT changed();
        Q_EMIT noted();
        return;
    }
    m_asked.push_back({.heads = next}); // seen at once: it is taken back where the engine refuses
    Q_EMIT changed();
    m_session.control(m_run, u"set"_s, 1, {kKey, valueOf(next)}, this,
                      [this, generation = m_generation](const Result<RunStatus> &answer) {
                          if (generation == m_generation) takeAnswer(answer);
                      });
}

QString StarredHeads::settingText() const { return QLatin1String(kKey) + u'=' + fromStd(valueOf(heads())); }

} // namespace orrery::ui
