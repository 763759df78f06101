// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/session_checks.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>

#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kSlack = 1e-5; ///< of what is rounded to 32 bits
constexpr qsizetype kMaxShown = 40;

class Texts {
    Q_DECLARE_TR_FUNCTIONS(SessionChecks)
};

QString shown(const QJsonValue &value)
{
    if (value.isUndefined()) return Texts::tr("missing");
    const QByteArray list = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
    const QString text = QString::fromUtf8(list.mid(1, list.size() - 2));
    return text.size() > kMaxShown ? text.left(kMaxShown) + u'…' : text;
}

QString faultOf(const QString &key, const QJsonValue &value, const QString &rule)
{
    return Texts::tr("%1 is %2, which is %3").arg(key, shown(value), rule);
}

/// @param most infinite: any number from 0 on
QString numberFault(const QString &key, const QJsonValue &value, double most)
{
    const double number = value.toDouble(-1);
    if (value.isDouble() && number >= -kSlack && number <= most + kSlack) return {};
    return faultOf(key, value, std::isfinite(most) ? Texts::tr("no number from 0 to %1").arg(most) : Texts::tr("no number from 0 on"));
}

/// A text, or bytes that are none.
bool isText(const QJsonValue &value)
{
    return value.isString() || value.toObject().value("hex"_L1).isString();
}

/// What a token and another candidate for its place have in common.
QString candidateFault(const QJsonObject &json)
{
    const QJsonValue id = json.value("id"_L1), text = json.value("text"_L1), chance = json.value("chance"_L1);
    if (!id.isDouble() || id.toInt(-1) < 0) return faultOf(u"id"_s, id, Texts::tr("no number of a token"));
    if (!isText(text)) return faultOf(u"text"_s, text, Texts::tr("no text"));
    if (QString fault = numberFault(u"p"_s, json.value("p"_L1), 1); !fault.isEmpty()) return fault;
    return chance.isUndefined() ? QString() : numberFault(u"chance"_s, chance, 1);
}

QString tokenFault(const QJsonValue &token)
{
    if (!token.isObject()) return Texts::tr("it is %1, which is no object").arg(shown(token));
    const QJsonObject json = token.toObject();
    if (QString fault = candidateFault(json); !fault.isEmpty()) return fault;
    if (QString fault = numberFault(u"entropy"_s, json.value("entropy"_L1), std::numeric_limits<double>::infinity()); !fault.isEmpty())
        return fault;
    const QJsonValue alternatives = json.value("alternatives"_L1);
    if (!alternatives.isUndefined() && !alternatives.isArray())
        return faultOf(u"alternatives"_s, alternatives, Texts::tr("no list"));
    for (const QJsonValue &one : alternatives.toArray())
        if (QString fault = candidateFault(one.toObject()); !fault.isEmpty()) return Texts::tr("of an alternative %1").arg(fault);
    return {};
}

} // namespace

QString sessionFault(const QJsonObject &document)
{
    const QJsonValue answers = document.value("answers"_L1);
    if (!answers.isUndefined() && !answers.isArray()) return faultOf(u"answers"_s, answers, Texts::tr("no list"));
    int number = 0;
    for (const QJsonValue &answer : answers.toArray()) {
        const QString place = Texts::tr("answer %1").arg(++number);
        if (!answer.isObject()) return Texts::tr("%1 is %2, which is no object").arg(place, shown(answer));
        const QJsonValue tokens = answer.toObject().value("tokens"_L1);
        if (tokens.isUndefined()) continue;
        if (!tokens.isArray()) return place + u": "_s + faultOf(u"tokens"_s, tokens, Texts::tr("no list"));
        int at = 0;
        for (const QJsonValue &token : tokens.toArray()) {
            ++at;
            if (const QString fault = tokenFault(token); !fault.isEmpty())
                return Texts::tr("%1, token %2: %3").arg(place).arg(at).arg(fault);
        }
    }
    return {};
}

} // namespace orrery::ui
