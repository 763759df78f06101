// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/run_query.h"

#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/curves/run_specs.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString tr(const char *text) { return QCoreApplication::translate("RunQuery", text); }

constexpr std::array kStates = {RunState::Created,  RunState::Starting,  RunState::Running,  RunState::Paused,
                                RunState::Stopping, RunState::Stopped,   RunState::Finished, RunState::Failed,
                                RunState::Crashed,  RunState::Unreadable};
constexpr std::array kAlarms = {AlarmKind::NonFinite, AlarmKind::Spike,       AlarmKind::Divergence,
                                AlarmKind::Plateau,   AlarmKind::Overfitting, AlarmKind::NoReport,
                                AlarmKind::DiskFull};

QStringList stateNames()
{
    QStringList names;
    for (const RunState state : kStates) names << QLatin1String(runStateName(state));
    return names;
}

QStringList alarmNames()
{
    QStringList names;
    for (const AlarmKind kind : kAlarms) names << QLatin1String(alarmKindName(kind));
    return names;
}

QString unknownValue(const QString &key, const QString &value, const QStringList &expected)
{
    return tr("“%1:%2” filters nothing: expected one of %3.").arg(key, value, expected.join(u", "_s));
}

QString unquoted(QString text) { return text.remove(u'"'); }

/// A number of the status or a setting. @return whether it is one, as below
bool readComparison(const QString &token, RunQuery::Term &term, QString &problem)
{
    const auto compared = splitComparison(token);
    if (!compared) return false;
    const bool isOrder = compared->comparison != Comparison::Equal;
    const auto wrong = [&](const QString &expected) {
        problem = tr("“%1” filters nothing: expected %2.").arg(token, expected);
        return true;
    };
    term.comparison = compared->comparison;
    term.name = compared->name;
    term.wanted = compared->value;
    if (isStatusNumber(compared->name)) {
        const bool isTime = unitOf(compared->name) == NumberUnit::Time;
        const auto number = comparedNumber(compared->value, unitOf(compared->name));
        if (!number)
            return wrong(isTime ? tr("a time behind the sign, such as %1>2h (s, m, h, d)").arg(compared->name)
                                : tr("a number behind the sign, such as %1<1.5 or %1>=2k").arg(compared->name));
        term.kind = RunQuery::Kind::Number;
        term.number = *number;
        return true;
    }
    const SettingName setting = settingOfName(compared->name);
    if (!setting.possible.isEmpty())
        return wrong(tr("one of the settings %1, written out").arg(setting.possible.join(u", "_s)));
    if (setting.key.isEmpty()) {
        if (!isOrder) return false; // a colon in a word
        return wrong(tr("a number of the run (%1) or a setting, such as optimizer.lr, before the sign")
                         .arg(statusNumberNames().join(u", "_s)));
    }
    if (compared->value.isEmpty()) return wrong(tr("a value behind the sign, such as lr:0.001"));
    if (isOrder && !setting.isOrdered)
        return wrong(tr("“:” before the value, as %1 is no number").arg(setting.key));
    if (isOrder && !comparedNumber(compared->value, NumberUnit::Plain))
        return wrong(tr("a number behind the sign, such as optimizer.lr>1e-3"));
    term.kind = RunQuery::Kind::Setting;
    term.name = setting.key;
    term.isText = setting.isText;
    return true;
}

/// @return whether it is a token; then `term` is filled in, or `problem` says why not
bool readToken(const QString &token, RunQuery::Term &term, QString &problem)
{
    using Kind = RunQuery::Kind;
    const qsizetype colon = token.indexOf(u':');
    if (colon <= 0) return readComparison(token, term, problem);
    const QString key = token.first(colon).toCaseFolded();
    const QString value = unquoted(token.mid(colon + 1)).toCaseFolded();
    if (key == u"tag") {
        term.kind = Kind::Tag;
        if (value.isEmpty()) problem = tr("“tag:” filters nothing: expected a tag behind it.");
    } else if (key == u"state") {
        term.kind = Kind::State;
        term.state = runStateFromName(toStd(value));
        if (term.state == RunState::Unknown) problem = unknownValue(key, value, stateNames());
    } else if (key == u"alarm") {
        term.kind = Kind::Alarm;
        term.alarm = alarmKindFromName(toStd(value));
        if (term.alarm == AlarmKind::Unknown) problem = unknownValue(key, value, alarmNames());
    } else if (key == u"has") {
        term.kind = value == u"tag" ? Kind::HasTag : Kind::HasAlarm;
        if (value != u"alarm" && value != u"tag") problem = unknownValue(key, value, {u"alarm"_s, u"tag"_s});
    } else if (key == u"is") {
        term.kind = value == u"live" ? Kind::Live : value == u"any" ? Kind::Any : Kind::Archived;
        if (value != u"live" && value != u"any" && value != u"archived")
            problem = unknownValue(key, value, {u"live"_s, u"archived"_s, u"any"_s});
    } else {
        return readComparison(token, term, problem);
    }
    term.wanted = value;
    return true;
}

} // namespace

RunText searchedText(const RunStatus &status)
{
    RunText searched;
    // The word and the reason, not the line: "10" must not find each run at step 8,210.
    QString text = runTitle(status) + u' ' + fromStd(status.id) + u' ' + runStateWord(status.state) + u' ' +
                   QLatin1String(runStateName(status.state)) + u' ' + fromStd(status.error);
    for (const std::string &tag : status.labels.tags) {
        searched.tags << fromStd(tag).toCaseFolded();
        text += u' ' + searched.tags.back();
    }
    searched.text = (text + u' ' + fromStd(status.directory)).toCaseFolded();
    return searched;
}

QStringList RunQuery::split(const QString &text)
{
    QStringList parts;
    QString part;
    bool isQuoted = false;
    for (const QChar letter : text) {
        if (letter == u'"') isQuoted = !isQuoted;
        if (letter.isSpace() && !isQuoted) {
            if (!part.isEmpty()) parts << part;
            part.clear();
        } else {
            part += letter;
        }
    }
    if (!part.isEmpty()) parts << part;
    return parts;
}

RunQuery RunQuery::parse(const QString &text)
{
    RunQuery query;
    const QStringList parts = split(text);
    for (const QString &part : parts) {
        Term term;
        term.text = part;
        const bool hasMinus = part.size() > 1 && part.startsWith(u'-');
        const QString rest = hasMinus ? part.mid(1) : part;
        QString problem;
        if (readToken(rest, term, problem)) {
            term.isNot = hasMinus;
        } else {
            term.isNot = hasMinus;
            term.wanted = unquoted(rest).toCaseFolded();
            if (term.wanted.isEmpty()) continue;
        }
        if (!problem.isEmpty()) {
            if (query.m_problem.isEmpty()) query.m_problem = problem;
            continue;
        }
        if (term.kind == Kind::Any || (term.kind == Kind::Archived && !term.isNot))
            query.m_wantsArchived = true;
        query.m_terms.push_back(std::move(term));
    }
    return query;
}

bool RunQuery::holds(const Term &term, const RunFacts &run)
{
    const auto isHeld = [&] {
        const RunStatus &status = run.status;
        switch (term.kind) {
        case Kind::Word:
            return run.text.contains(term.wanted);
        case Kind::Tag:
            return run.tags.contains(term.wanted);
        case Kind::State:
            return status.state == term.state;
        case Kind::Alarm:
            return std::any_of(status.alarms.begin(), status.alarms.end(),
                               [&term](const RunAlarm &alarm) { return alarm.kind == term.alarm; });
        case Kind::HasAlarm:
            return !status.alarms.empty();
        case Kind::HasTag:
            return !run.tags.isEmpty();
        case Kind::Live:
            return isLiveState(status.state);
        case Kind::Archived:
            return status.labels.isArchived;
        case Kind::Any:
            return true;
        case Kind::Number:
            return ui::holds(statusNumber(status, term.name).value_or(std::nan("")), term.comparison, term.number);
        case Kind::Setting:
            return settingHolds(run.specs->plainValue(fromStd(status.id), term.name), term.comparison, term.wanted,
                                term.isText);
        }
        return true;
    };
    // Of settings that are not known (yet) nobody can say, neither that they are so nor that they are not.
    if (term.kind == Kind::Setting && !(run.specs && run.specs->isKnown(fromStd(run.status.id)))) return false;
    return isHeld() != (term.isNot && term.kind != Kind::Any);
}

bool RunQuery::matches(const RunFacts &run) const
{
    if (run.status.labels.isArchived && !m_wantsArchived) return false;
    bool isStateAsked = false, isStateFound = false;
    for (const Term &term : m_terms) {
        if (term.kind == Kind::State && !term.isNot) { // of several one: a run has only one
            isStateAsked = true;
            isStateFound = isStateFound || holds(term, run);
        } else if (!holds(term, run)) {
            return false;
        }
    }
    return !isStateAsked || isStateFound;
}

bool RunQuery::wantsSettings() const
{
    return std::any_of(m_terms.begin(), m_terms.end(), [](const Term &term) { return term.kind == Kind::Setting; });
}

bool RunQuery::contains(const QString &text, const QString &token)
{
    return split(text).contains(token, Qt::CaseInsensitive);
}

QString RunQuery::toggled(const QString &text, const QString &token)
{
    QStringList parts = split(text);
    const bool wasThere = contains(text, token);
    const bool isPlace = token == u"is:archived" || token == u"is:any";
    parts.removeIf([&](const QString &part) {
        return part.compare(token, Qt::CaseInsensitive) == 0 ||
               (isPlace && (part.compare(u"is:archived", Qt::CaseInsensitive) == 0 ||
                            part.compare(u"is:any", Qt::CaseInsensitive) == 0));
    });
    if (!wasThere) parts << token;
    return parts.join(u' ');
}

QString RunQuery::tagToken(const QString &tag)
{
    return tag.contains(u' ') ? u"tag:\"%1\""_s.arg(tag) : u"tag:"_s + tag;
}

QString RunQuery::stateToken(RunState state) { return u"state:"_s + QLatin1String(runStateName(state)); }

QString RunQuery::alarmToken(AlarmKind kind) { return u"alarm:"_s + QLatin1String(alarmKindName(kind)); }

QStringList RunQuery::completions(const QString &word, const QStringList &tags)
{
    const bool isNot = word.startsWith(u'-');
    const QString begun = isNot ? word.mid(1) : word;
    if (begun.isEmpty()) return {};
    QStringList all = {u"has:alarm"_s, u"has:tag"_s, u"is:archived"_s, u"is:any"_s, u"is:live"_s};
    for (const QString &tag : tags) all << tagToken(tag);
    for (const RunState state : kStates) all << stateToken(state);
    for (const AlarmKind kind : kAlarms) all << alarmToken(kind);
    for (const QString &name : statusNumberNames()) all << name + u'<' << name + u'>';
    QStringList found;
    for (const QString &token : std::as_const(all)) {
        // "ta" finds tags, "base" finds "tag:baseline"; what is complete needs nothing.
        const QString value = unquoted(token.section(u':', 1));
        const bool begins = token.startsWith(begun, Qt::CaseInsensitive) ||
                            (!begun.contains(u':') && value.startsWith(begun, Qt::CaseInsensitive));
        if (begins && token.compare(begun, Qt::CaseInsensitive) != 0)
            found << (isNot ? u"-"_s : QString()) + token;
    }
    // By key or by its last part ("lr"); there are too many for a single letter.
    if (begun.size() < 2) return found;
    const QStringList keys = settingKeys();
    for (const QString &key : keys) {
        const QString token = key + u':';
        const bool begins = token.startsWith(begun, Qt::CaseInsensitive) ||
                            key.section(u'.', -1).startsWith(begun, Qt::CaseInsensitive);
        if (begins && token.compare(begun, Qt::CaseInsensitive) != 0)
            found << (isNot ? u"-"_s : QString()) + token;
    }
    return found;
}

} // namespace orrery::ui
