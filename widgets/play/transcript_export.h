// SPDX-License-Identifier: GPL-3.0-or-later
// A transcript to take along: as a page to read, as data, and as a table of its tokens. Pure; any thread.
#pragma once

#include "core/base/result.h"
#include "widgets/play/conversation_model.h"

#include <QByteArray>
#include <QString>

#include <vector>

namespace orrery::ui {

/// A prompt with its answer, or the turns of a conversation.
struct Transcript {
    std::vector<Turn> turns;                ///< as they are shown; a prompt's answer is one turn
    std::string prompt;                     ///< not of a conversation
    std::optional<std::string> infill = {}; ///< behind the hole
    [[nodiscard]] bool isEmpty() const { return turns.empty(); }
};

/// As it is now, with versions of its own: the model may go on with those that are shown. What stands beside
/// the shown versions is left out; no export has it.
Transcript snapshotOf(const Transcript &transcript);
/// Headings for turns, the texts fenced as they are, models and settings below.
QString transcriptMarkdown(const Transcript &transcript);
/// Of any page: a text in a fence that it does not have itself, and an answer with its model and settings below.
QString fencedMarkdown(const QString &text);
QString answerMarkdown(const GenerationVersion &version);
/// A line for each token of an answer: turn, token, id, text, probability, entropy.
QString transcriptCsv(const Transcript &transcript);
/// By the ending of the path: md or csv; it overwrites. @error Io, InvalidInput: another ending
Result<void> saveTranscript(const Transcript &transcript, const QString &path);

} // namespace orrery::ui
