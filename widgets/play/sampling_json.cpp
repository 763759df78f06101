// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/sampling_json.h"

#include "widgets/play/stop_lines.h"

#include <QCoreApplication>
#include <QJsonArray>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

class Texts {
    Q_DECLARE_TR_FUNCTIONS(SamplingWords)
};

const SamplingSettings kUsual;

} // namespace

void insertSampling(QJsonObject &json, const SamplingSettings &sampling)
{
    json.insert(u"temperature"_s, sampling.temperature);
    json.insert(u"top_k"_s, static_cast<qint64>(sampling.topK));
    json.insert(u"top_p"_s, sampling.topP);
    json.insert(u"seed"_s, QString::number(sampling.seed));
    if (sampling.minP > 0) json.insert(u"min_p"_s, sampling.minP);
    if (sampling.typicalP < 1) json.insert(u"typical_p"_s, sampling.typicalP);
    if (sampling.repetitionPenalty != 1) json.insert(u"repetition_penalty"_s, sampling.repetitionPenalty);
    if (sampling.penaltyWindow != kUsual.penaltyWindow)
        json.insert(u"penalty_window"_s, static_cast<qint64>(sampling.penaltyWindow));
    QJsonArray stop;
    for (const std::string &text : sampling.stop) stop.append(stopLineOf(text));
    if (!stop.isEmpty()) json.insert(u"stop"_s, stop);
}

SamplingSettings samplingOf(const QJsonObject &json)
{
    const auto number = [&json](QLatin1StringView key, double usual, double least, double most) {
        return std::clamp(json.value(key).toDouble(usual), least, most);
    };
    SamplingSettings sampling;
    sampling.temperature = number("temperature"_L1, kUsual.temperature, 0, 10);
    sampling.topK = std::max<qint64>(0, json.value("top_k"_L1).toInteger(kUsual.topK));
    sampling.topP = number("top_p"_L1, kUsual.topP, 0.001, 1);
    sampling.seed = json.value("seed"_L1).toString().toULongLong();
    sampling.minP = number("min_p"_L1, kUsual.minP, 0, 1);
    sampling.typicalP = number("typical_p"_L1, kUsual.typicalP, 0.001, 1);
    sampling.repetitionPenalty = number("repetition_penalty"_L1, kUsual.repetitionPenalty, 0.1, 10);
    sampling.penaltyWindow =
        std::max<qint64>(0, json.value("penalty_window"_L1).toInteger(kUsual.penaltyWindow));
    for (const QJsonValue &line : json.value("stop"_L1).toArray())
        if (std::string text = stopTextOf(line.toString()); !text.empty())
            sampling.stop.push_back(std::move(text));
    return sampling;
}

QStringList samplingWords(const SamplingSettings &sampling)
{
    QStringList words{Texts::tr("temperature %1").arg(sampling.temperature)};
    if (sampling.topK > 0) words << Texts::tr("top-k %1").arg(sampling.topK);
    if (sampling.topP < 1) words << Texts::tr("top-p %1").arg(sampling.topP);
    if (sampling.minP > 0) words << Texts::tr("min-p %1").arg(sampling.minP);
    if (sampling.typicalP < 1) words << Texts::tr("typical %1").arg(sampling.typicalP);
    if (sampling.repetitionPenalty != 1)
        words << (sampling.penaltyWindow > 0
                      ? Texts::tr("repetition penalty %1 over %2 tokens")
                            .arg(sampling.repetitionPenalty)
                            .arg(sampling.penaltyWindow)
                      : Texts::tr("repetition penalty %1").arg(sampling.repetitionPenalty));
    for (const std::string &text : sampling.stop) words << Texts::tr("stop “%1”").arg(stopLineOf(text));
    words << Texts::tr("seed %1").arg(sampling.seed);
    return words;
}

bool hasChances(const GeneratedToken &token)
{
    return token.chance > 0 || std::any_of(token.alternatives.begin(), token.alternatives.end(),
                                           [](const TokenAlternative &one) { return one.chance > 0; });
}

} // namespace orrery::ui
