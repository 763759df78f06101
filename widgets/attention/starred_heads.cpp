// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/starred_heads.h"

#include "core/spec/field_table.h"
#include "widgets/common/number_text.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
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

StarredHeads::StarredHeads(EngineSession &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (update.run == m_run && !m_run.isEmpty()) takeEvents(update.events);
    });
}

void StarredHeads::setRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    ++m_generation;
    m_numAsked = 0;
    m_isFrozenKnown = false;
    take({});
}

void StarredHeads::setFrozen(const QStringList &names)
{
    if (std::exchange(m_isFrozenKnown, true)) return; // what comes later is told by updates
    std::vector<std::string> texts;
    for (const QString &name : names) texts.push_back(toStd(name));
    if (m_numAsked == 0) take(headsOf(texts));
    readEvents(0);
}

void StarredHeads::readEvents(qint64 afterId)
{
    m_session.listEvents(m_run, afterId, this,
                         [this, generation = m_generation](const Result<std::vector<RunEvent>> &answer) {
                             if (generation != m_generation || !answer.ok() || answer->empty()) return;
                             takeEvents(answer.value());
                             if (std::ssize(answer.value()) >= EngineSession::kEventPage)
                                 readEvents(answer->back().id);
                         });
}

void StarredHeads::takeEvents(const std::vector<RunEvent> &events)
{
    for (const RunEvent &event : events) {
        if (event.kind != EventKind::Setting || m_numAsked > 0) continue;
        const QJsonObject payload =
            QJsonDocument::fromJson(QByteArray::fromStdString(event.payload)).object();
        if (payload.value("key"_L1).toString() != QLatin1String(kKey)) continue;
        const Result<FieldValue> value =
            parseFieldValue(*findField(kKey), toStd(payload.value("value"_L1).toString()));
        if (const auto *names = value ? std::get_if<std::vector<std::string>>(&value.value()) : nullptr)
            take(headsOf(*names));
    }
}

void StarredHeads::take(std::vector<HeadRef> heads)
{
    if (std::exchange(m_heads, heads) != heads) Q_EMIT changed();
}

bool StarredHeads::isStarred(const HeadRef &head) const
{
    return std::find(m_heads.begin(), m_heads.end(), head) != m_heads.end();
}

void StarredHeads::toggle(const std::vector<HeadRef> &heads, bool isLive)
{
    if (m_run.isEmpty() || heads.empty()) return;
    const std::vector<HeadRef> before = m_heads;
    std::vector<HeadRef> next = before;
    const bool haveAll =
        std::all_of(heads.begin(), heads.end(), [this](const HeadRef &head) { return isStarred(head); });
    for (const HeadRef &head : heads) {
        std::erase(next, head);
        if (!haveAll) next.push_back(head);
    }
    take(next); // at once: it is taken back where the engine refuses
    if (!isLive) {
        Q_EMIT noted();
        return;
    }
    ++m_numAsked;
    m_session.control(m_run, u"set"_s, 1, {kKey, valueOf(next)}, this,
                      [this, before, generation = m_generation](const Result<RunStatus> &answer) {
                          if (generation != m_generation) return;
                          --m_numAsked;
                          if (answer.ok()) return;
                          take(before);
                          Q_EMIT failed(answer.error());
                      });
}

QString StarredHeads::settingText() const { return QLatin1String(kKey) + u'=' + fromStd(valueOf(m_heads)); }

} // namespace orrery::ui
