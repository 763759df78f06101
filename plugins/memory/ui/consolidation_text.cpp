// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/consolidation_text.h"

#include "widgets/common/number_text.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

class Words {
    Q_DECLARE_TR_FUNCTIONS(Consolidation)
};

constexpr qint64 kMostBackground = 256; ///< texts of all kinds that the engine reads
constexpr size_t kMostNamed = 3;

bool isText(const MemoryEvent &event, size_t token)
{
    return token >= event.modalities.size() || event.modalities[token] == Modality::Text;
}

QString namesText(const std::vector<std::string> &names)
{
    QStringList shown;
    for (size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) shown << ui::fromStd(names[i]);
    const QString list = shown.join(u", "_s);
    return names.size() <= kMostNamed
               ? list
               : Words::tr("%1 and %2 more").arg(list, ui::integerText(static_cast<qint64>(names.size() - kMostNamed)));
}

QString changeText(double before, double after)
{
    return Words::tr("from %1 to %2 nats a token").arg(ui::lossText(before), ui::lossText(after));
}

} // namespace

Learnable learnableOf(const std::vector<MemoryEvent> &events)
{
    Learnable found;
    qint64 length = 0; ///< of the text that goes on
    const auto endText = [&] {
        if (length >= 2) found.textLengths.push_back(length);
        length = 0;
    };
    for (size_t i = 0; i < events.size(); ++i) {
        const MemoryEvent &event = events[i];
        const bool goesOn = i > 0 && event.source == events[i - 1].source && event.firstToken == events[i - 1].lastToken + 1;
        if (!goesOn) endText();
        qint64 numTokens = 0;
        for (size_t t = 0; t < event.tokenIds.size(); ++t) {
            if (isText(event, t)) {
                ++length;
                ++numTokens;
            } else {
                endText();
                ++found.numMediaTokens;
            }
        }
        if (numTokens == 0) continue;
        found.numTokens += numTokens;
        const auto same = std::find_if(found.sources.begin(), found.sources.end(),
                                       [&event](const Learnable::Source &source) { return source.name == event.source; });
        if (same != found.sources.end())
            same->numTokens += numTokens;
        else
            found.sources.push_back({event.source, numTokens});
    }
    endText();
    return found;
}

LearningCost costOf(const Learnable &learnable, qint64 numPasses, const LearningModel &model)
{
    qint64 numTokens = 0, numWindows = 0;
    for (const qint64 length : learnable.textLengths) {
        numTokens += length;
        numWindows += model.context > 0 ? (length - 2) / model.context + 1 : 1;
    }
    // Beside each stretch of a context one of the texts of all kinds, which is as long at most.
    const qint64 numBeside = numWindows * model.context;
    LearningCost cost;
    cost.numRead = numPasses * (numTokens + numBeside) + kMostBackground * model.context;
    cost.seconds = model.tokensPerSecond > 0 && model.context > 0
                       ? static_cast<double>(cost.numRead) / model.tokensPerSecond
                       : std::numeric_limits<double>::quiet_NaN();
    cost.numBytes = model.numParameters * sizeof(float);
    return cost;
}

QString costText(const Learnable &learnable, qint64 numPasses, const LearningModel &model)
{
    const LearningCost cost = costOf(learnable, numPasses, model);
    QString text = Words::tr("%1 passes over %2 remembered tokens, each stretch beside a text of all kinds: at most %3 tokens to read.")
                       .arg(ui::integerText(numPasses), ui::integerText(learnable.numTokens), ui::integerText(cost.numRead));
    if (model.context <= 0)
        text = Words::tr("%1 passes over %2 remembered tokens, each stretch beside a text of all kinds.")
                   .arg(ui::integerText(numPasses), ui::integerText(learnable.numTokens));
    text += u' ' + (std::isnan(cost.seconds)
                        ? Words::tr("How long that takes shows after the first passes.")
                        : Words::tr("About %1 at the speed of the training (%2).")
                              .arg(ui::durationText(cost.seconds), ui::speedText(model.tokensPerSecond)));
    if (cost.numBytes > 0) text += u' ' + Words::tr("The new model takes %1.").arg(ui::bytesText(cost.numBytes));
    return text;
}

QString sourcesTitle(const Learnable &learnable)
{
    return Words::tr("%1 sources, %2 tokens")
        .arg(ui::integerText(static_cast<qint64>(learnable.sources.size())), ui::integerText(learnable.numTokens));
}

QString phaseText(const ConsolidationAmount &amount)
{
    const auto counted = [&amount](const QString &text) {
        return text.arg(ui::integerText(std::min(amount.numDone + 1, amount.numTotal)), ui::integerText(amount.numTotal));
    };
    switch (amount.phase) {
    case ConsolidationPhase::Loading:
        return Words::tr("loading the model");
    case ConsolidationPhase::Reading:
        return Words::tr("reading texts of all kinds");
    case ConsolidationPhase::Comparing:
        return counted(Words::tr("looking at what they need, text %1 of %2"));
    case ConsolidationPhase::Learning:
        return counted(Words::tr("learning, pass %1 of %2"));
    case ConsolidationPhase::Writing:
        return Words::tr("writing the new model");
    case ConsolidationPhase::Unknown:
        break;
    }
    return Words::tr("under way");
}

double phaseFraction(const ConsolidationAmount &amount)
{
    const bool isCounted = amount.phase == ConsolidationPhase::Comparing || amount.phase == ConsolidationPhase::Learning;
    if (!isCounted || amount.numTotal <= 0) return -1;
    return static_cast<double>(amount.numDone) / static_cast<double>(amount.numTotal);
}

QString learnedText(const ModelConsolidationSummary &summary)
{
    return Words::tr("A new model has learned %1: the loss over what was remembered went %2.")
        .arg(namesText(summary.learned), changeText(summary.lossBefore, summary.lossAfter));
}

QString learnedHint(const ModelConsolidationSummary &summary)
{
    QStringList parts;
    if (summary.numProtected > 0)
        parts << Words::tr("Protected were %1 texts of %2; over some of them it went %3.")
                     .arg(ui::integerText(summary.numProtected), namesText(summary.protectedFrom),
                          changeText(summary.protectedBefore, summary.protectedAfter));
    parts << Words::tr("%1 semantic slots were changed.").arg(ui::integerText(summary.numSlots));
    parts << Words::tr("It stands in %1. Its config.json names what it learned, and no wipe of a memory takes that out of its weights.")
                 .arg(ui::fromStd(summary.directory));
    return parts.join(u' ');
}

QString learnedName(const QString &run, qint64 step)
{
    static const QRegularExpression others(u"[^\\w.-]+"_s, QRegularExpression::UseUnicodePropertiesOption);
    QString name = run;
    name.replace(others, u"-"_s);
    while (name.startsWith(u'.') || name.startsWith(u'-')) name.remove(0, 1);
    if (name.isEmpty()) name = u"model"_s;
    return step < 0 ? name + u"-learned"_s : u"%1-step-%2-learned"_s.arg(name).arg(step);
}

} // namespace orrery::memory_ui
