// SPDX-License-Identifier: GPL-3.0-or-later
// The command-line twin of what a panel does, for "Copy as command". Pure; any thread.
#pragma once

#include "core/spec/generation.h"

#include <QString>
#include <QStringList>

#include <string_view>

namespace orrery::ui {

/// Quoted for a POSIX shell when it needs to be.
QString shellQuoted(const QString &argument);
/// "orrery-engine" and the arguments, each quoted.
QString engineCommand(const QStringList &arguments);
/// @param verb as EngineSession::control: pause, continue, step, checkpoint, stop
/// Adds an option with its text; with "=" where the text begins with a dash and would be read as an option.
void addTextOption(QStringList &arguments, const QString &option, const QString &text);
/// The argument as a shell that knows $'…' (bash, zsh, ksh) gives it, byte for byte, for what is no text.
QString byteQuoted(std::string_view bytes);
QString controlCommand(const QString &run, const QString &verb, qint64 steps = 1);
QString settingCommand(const QString &run, const QString &key, const QString &value);
QString resumeCommand(const QString &run);
/// {"messages":[{"content":"…","role":"user"}, …]} on one line: what --messages takes, and as long as it is
/// text alone, training data, too. Pictures and recordings stand there by their names, which must be paths to
/// be found again: in lists of their own, or where a turn has both, as parts of its content in their order.
QString messagesJson(const std::vector<ChatMessage> &messages);
/// ".png", ".jpg" or ".jpeg": for what has no bytes that would say it.
bool hasPictureEnding(const QString &name);
/// A conversation is piped into the command.
/// Stop texts that are no UTF-8 stand as byteQuoted().
/// @param media options for pictures and recordings: "--image", "a.png"; before the prompt
QString generateCommand(const QString &model, const GenerateRequest &request, const QStringList &media = {});

void copyToClipboard(const QString &text);

} // namespace orrery::ui
