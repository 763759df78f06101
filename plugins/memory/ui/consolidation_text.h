// SPDX-License-Identifier: GPL-3.0-or-later
// What a model would learn of its memory, what that costs, how far it is and what came of it, in words. Pure; any thread.
#pragma once

#include "core/spec/consolidation.h"

#include <QString>

#include <vector>

namespace orrery::memory_ui {

/// What of a memory can be learned: its texts. Patches and frames have no words.
struct Learnable {
    struct Source {
        std::string name;
        qint64 numTokens = 0;
    };
    std::vector<Source> sources;     ///< in the order of the memory
    std::vector<qint64> textLengths; ///< tokens; events of a source that touch are one text
    qint64 numTokens = 0;
    qint64 numMediaTokens = 0; ///< that are left out
};
/// The engine cuts texts in the same way (plugins/memory/engine/consolidation.h).
Learnable learnableOf(const std::vector<MemoryEvent> &events);

struct LearningCost {
    qint64 numRead = 0; ///< tokens that are learned from, at most: all passes, with what is read beside
    double seconds = 0; ///< NaN: nobody knows the speed
    quint64 numBytes = 0; ///< of the new model; 0: not known
};
/// What is known of the model; 0: it is not.
struct LearningModel {
    qint64 context = 0;
    double tokensPerSecond = 0; ///< of its training
    quint64 numParameters = 0;
};
LearningCost costOf(const Learnable &learnable, qint64 numPasses, const LearningModel &model);
QString costText(const Learnable &learnable, qint64 numPasses, const LearningModel &model);

QString sourcesTitle(const Learnable &learnable); ///< "3 sources, 1,204 tokens"
QString phaseText(const ConsolidationAmount &amount); ///< "pass 3 of 40"
double phaseFraction(const ConsolidationAmount &amount); ///< −1: not known
/// What was learned, and the numbers of before and after.
QString learnedText(const ModelConsolidationSummary &summary);
QString learnedHint(const ModelConsolidationSummary &summary); ///< what was protected, and where the model is

/// "code-7M-step-8000-learned". @param run what people call the run or model @param step below 0: none is named
QString learnedName(const QString &run, qint64 step);

} // namespace orrery::memory_ui
