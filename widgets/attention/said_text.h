// SPDX-License-Identifier: GPL-3.0-or-later
// What is told of an answer to a question about something that was said (InspectRequest::asSaid): whether it is read with what
// the model remembered then. Any thread.
#pragma once

#include "core/spec/inspection.h"

#include <QString>

namespace orrery::ui {

/// The engine's own note; of one that does not know the question, what that means.
QString saidNote(const InspectReport &report, bool isAskedAsSaid);
/// The model reads a memory, and this is of the text by itself: what it remembered then is not kept, or the engine does not
/// know the question.
bool lacksItsMemory(const InspectReport &report, bool isAskedAsSaid);
/// Why, and what to do.
QString lackHint(const InspectReport &report);

} // namespace orrery::ui
