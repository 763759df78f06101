// SPDX-License-Identifier: GPL-3.0-or-later
// How a version comes out of another: it begins with the other's tokens and goes its own way from one of
// them. Values; GUI thread only by use.
#pragma once

#include "widgets/play/generation_version.h"

#include <QString>

namespace orrery::ui {

/// Begins as the parent does before `token`, has `chosen` in its place (with the parent's candidates there),
/// and goes on behind it, by the step that the parent is of; sampling.maxTokens counts what is to come.
VersionPtr branchedVersion(const VersionPtr &parent, int token, const TokenAlternative &chosen,
                           const SamplingSettings &sampling);
/// The same, but the token is kept as it is.
VersionPtr continuedVersion(const VersionPtr &parent, int token, const SamplingSettings &sampling);
/// What the version was asked, with the tokens that it was given, once more.
VersionPtr repeatedVersion(const VersionPtr &version, const SamplingSettings &sampling);

/// A token that ends such an answer rather than being part of it.
bool isEndToken(const TokenAlternative &token, const GenerationVersion &version);
/// It ends with what it was given: no model is asked.
void endAsChosen(GenerationVersion &version, const TokenAlternative &end);

/// The token as it is said, with what else was likely there.
GeneratedToken chosenToken(const GeneratedToken &place, const TokenAlternative &chosen);
/// Ids of the first `count` tokens.
std::vector<int32_t> tokenIds(const GenerationVersion &version, size_t count);

/// Prompt, hole and files.
bool isSameQuestion(const GenerateRequest &a, const GenerateRequest &b);
/// One version goes from a list: those that began as it did now began as its parent.
void adoptChildren(const std::vector<VersionPtr> &versions, const VersionPtr &gone);
/// “the” in place of “a”; empty where it parts from none.
QString partingText(const GenerationVersion &version);

} // namespace orrery::ui
