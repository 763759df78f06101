// SPDX-License-Identifier: GPL-3.0-or-later
// A text that is looked at, as the command line of inspect says it. Pure but for the files that this window has read; any thread.
#pragma once

#include "core/spec/generation.h"

#include <QString>
#include <QStringList>

#include <optional>

namespace orrery::ui {

struct TextWords {
    QStringList options;
    QString input; ///< what the command reads from standard input: a conversation as JSON; empty: nothing
};

/// Nothing where it has no words for it: a hole, a picture or recording in no file (it was pasted, or changed since), bytes that are no text,
/// more of it than an argument may have.
std::optional<TextWords> textWords(const GenerateRequest &text);
TextWords tokenWords(const std::vector<int32_t> &ids); ///< exact tokens
/// "orrery-engine inspect …", with what it reads from standard input before it.
/// @param before subcommand and model @param behind what is asked of the text
QString inspectCommand(const QStringList &before, const TextWords &text, const QStringList &behind);

} // namespace orrery::ui
