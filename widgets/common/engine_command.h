// SPDX-License-Identifier: GPL-3.0-or-later
// The command-line twin of what a panel does, for "Copy as command". Pure; any thread.
#pragma once

#include "core/spec/generation.h"

#include <QString>
#include <QStringList>

namespace orrery::ui {

/// Quoted for a POSIX shell when it needs to be.
QString shellQuoted(const QString &argument);
/// "orrery-engine" and the arguments, each quoted.
QString engineCommand(const QStringList &arguments);
/// @param verb as EngineSession::control: pause, continue, step, checkpoint, stop
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
/// @param media options for pictures and recordings: "--image", "a.png"; before the prompt
QString generateCommand(const QString &model, const GenerateRequest &request, const QStringList &media = {});

void copyToClipboard(const QString &text);

} // namespace orrery::ui
