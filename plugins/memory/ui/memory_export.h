// SPDX-License-Identifier: GPL-3.0-or-later
// Events as text, CSV and JSON, and the commands that do the same from a terminal. Pure, but for the file;
// any thread.
#pragma once

#include "core/base/result.h"
#include "core/spec/memory_events.h"

#include <QString>

#include <vector>

namespace orrery::memory_ui {

enum class ExportFormat : uint8_t { Text, Csv, Json };

/// Text: tab-separated, white space made visible, for a note. CSV and JSON: the texts as they are.
QString exportedEvents(const std::vector<MemoryEvent> &events, ExportFormat format);
/// @error Io
Result<void> writeExport(const QString &path, const std::vector<MemoryEvent> &events, ExportFormat format);

/// Whose memory a command is about.
struct Remembering {
    QString model;
    QString file = {}; ///< a memory file; empty: what is saved with the model
};
QString listCommand(const Remembering &of);
QString pinCommand(const Remembering &of, qint64 event, bool isPinned);
QString forgetCommand(const Remembering &of, const QString &source);
/// Teaches all of it to a new model beside this one, in the folder in which the terminal is; on another host, where paths are
/// that machine's, in this one.
QString learnCommand(const Remembering &of, const QString &folderThere = {});
QString similarityCommand(const Remembering &of, qint64 maxEvents);
/// What is read from the memory, and what would be said after these edits.
QString lookCommand(const Remembering &of, const QString &prompt, const std::vector<MemoryEdit> &edits = {});

} // namespace orrery::memory_ui
